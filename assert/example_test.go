package assert_test

import (
	"context"
	"fmt"
	"time"

	"github.com/imagefake/imagefake/assert"
	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// printer is a TB that prints, in the place of the *testing.T of a test.
type printer struct{ recorder }

func (*printer) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// example returns a server on which an image was created, the first reply of the create having been lost.
func example() (fake.TB, *fake.Server, string) {
	cloud, err := fake.Start(fake.WithClock(fake.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))), fake.WithPlan(fake.AtOnce()))
	if err != nil {
		panic(err)
	}
	cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.First(1), Do: fake.LoseReply()})
	images := compute.NewImageServiceClient(cloud.ConnAs("ci"))
	for _, key := range []string{"key-1", "key-1"} {
		ctx := metadata.AppendToOutgoingContext(context.Background(), "idempotency-key", key)
		_, _ = images.Create(ctx, &compute.CreateImageRequest{FolderId: "f", Name: "web", Family: "web", Source: &compute.CreateImageRequest_DiskId{DiskId: "disk"}})
	}
	return &printer{}, cloud, cloud.Images()[0].Id
}

func ExampleCalled() {
	t, cloud, _ := example()
	defer cloud.Close()

	assert.Called(t, cloud, fake.Like(&compute.CreateImageRequest{Name: "web", Family: "web-2"}))
	// Output:
	// assert.Called: expected at least one call: CreateImageRequest like {name: "web", family: "web-2"}. There is none among 2 calls
	//   nearest:
	//     #1 ImageCreate by ci on image fd8mrfpjfhnh57e2s922: Unavailable (the reply was lost)
	//       met by the fault: on ImageCreate, first 1: lose the reply
	//       family: want "web-2", got "web"
	//     #7 ImageCreate by ci on image fd8mrfpjfhnh57e2s922: OK
	//       family: want "web-2", got "web"
	//   the record has 2 ImageCreate
}

func ExampleImage() {
	t, cloud, id := example()
	defer cloud.Close()

	fmt.Println(assert.Image(t, cloud, id, assert.Status(compute.Image_READY), assert.Family("web")))
	// Output: true
}

func ExampleSequence() {
	t, cloud, _ := example()
	defer cloud.Close()

	fmt.Println(assert.Sequence(t, cloud, fake.ImageCreate, fake.ImageCreate))
	// Output: true
}

func ExampleOutcomes() {
	t, cloud, _ := example()
	defer cloud.Close()

	fmt.Println(assert.Outcomes(t, cloud, fake.ImageCreate, codes.Unavailable, codes.OK))
	// Output: true
}

func ExampleRequest() {
	t, cloud, _ := example()
	defer cloud.Close()

	request := assert.Request[*compute.CreateImageRequest](t, cloud, fake.Match(func(r *compute.CreateImageRequest) bool { return r.Name == "db" }))
	fmt.Println(request == nil)
	// Output:
	// assert.Request: expected one CreateImageRequest: a CreateImageRequest that matches. There is none
	//   the latest calls:
	//     #1 ImageCreate by ci on image fd8mrfpjfhnh57e2s922: Unavailable (the reply was lost)
	//       met by the fault: on ImageCreate, first 1: lose the reply
	//     #7 ImageCreate by ci on image fd8mrfpjfhnh57e2s922: OK
	//   the record has 2 ImageCreate
	// true
}

func ExampleKeysKept() {
	t, cloud, _ := example()
	defer cloud.Close()

	fmt.Println(assert.KeysKept(t, cloud))
	// Output: true
}

func ExampleChanged() {
	t, cloud, id := example()
	defer cloud.Close()
	before := cloud.Snapshot()

	cloud.SetImageStatus(id, compute.Image_ERROR)

	assert.Changed(t, cloud, before, map[string][]assert.Check{"web": {assert.Family("web")}})
	// Output:
	// assert.Changed: expected exactly these resources to have changed: web
	//   it differs:
	//     web: status: want READY, got ERROR, and no check is about that field
}

func ExampleEventually() {
	t, cloud, id := example()
	defer cloud.Close()
	go cloud.SetImageStatus(id, compute.Image_ERROR)

	fmt.Println(assert.Eventually(t, cloud, func() bool { return cloud.Image(id).Status == compute.Image_ERROR }))
	// Output: true
}

func ExampleMust() {
	t, cloud, _ := example()
	defer cloud.Close()
	must := assert.Must(t) // where this fails, the test ends

	fmt.Println(assert.CalledTimes(must, cloud, 2, fake.ImageCreate))
	// Output: true
}
