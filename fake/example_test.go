package fake_test

import (
	"context"
	"fmt"
	"time"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// In a test it is New(t), which closes the server with the test. Start is for everything else.
func Example() {
	cloud, _ := fake.Start(fake.WithStandardImages())
	defer cloud.Close()
	images := compute.NewImageServiceClient(cloud.Conn())

	newest, err := images.GetLatestByFamily(context.Background(), &compute.GetImageLatestByFamilyRequest{
		FolderId: fake.StandardImages, Family: "ubuntu-2204-lts"})

	fmt.Println(newest.GetName(), err)
	// Output: ubuntu-22-04-lts-v20240603 <nil>
}

func ExampleServer_AddImages() {
	cloud, _ := fake.Start()
	defer cloud.Close()

	added := cloud.AddImages(&compute.Image{FolderId: "b1g", Name: "web-1", Family: "web"})[0]

	fmt.Println(added.Status, added.Os.Type, cloud.Image(added.Id).Family)
	// Output: READY LINUX web
}

// Code that makes an image of a disk needs a service for disks: none of it is written by hand.
func ExampleWithNeighbours() {
	cloud, _ := fake.Start(fake.WithNeighbours(&compute.DiskService_ServiceDesc), fake.WithPlan(fake.AtOnce()))
	defer cloud.Close()
	ctx := context.Background()

	op, _ := compute.NewDiskServiceClient(cloud.Conn()).Create(ctx, &compute.CreateDiskRequest{FolderId: "b1g", Name: "data", Size: 20 << 30})
	disk := &compute.Disk{}
	op.GetResponse().UnmarshalTo(disk)
	op, _ = compute.NewImageServiceClient(cloud.Conn()).Create(ctx, &compute.CreateImageRequest{
		FolderId: "b1g", Source: &compute.CreateImageRequest_DiskId{DiskId: disk.Id}})
	image := &compute.Image{}
	op.GetResponse().UnmarshalTo(image)

	fmt.Println(disk.Name, disk.Status, image.MinDiskSize>>30)
	// Output: data READY 20
}

// What the conventions of the API do not tell, a handler does.
func ExampleWithHandler() {
	output := func(_ context.Context, r *compute.GetInstanceSerialPortOutputRequest) (*compute.GetInstanceSerialPortOutputResponse, error) {
		return &compute.GetInstanceSerialPortOutputResponse{Contents: "login:"}, nil
	}
	cloud, _ := fake.Start(fake.WithNeighbours(&compute.InstanceService_ServiceDesc),
		fake.WithHandler(compute.InstanceService_GetSerialPortOutput_FullMethodName, output))
	defer cloud.Close()

	reply, err := compute.NewInstanceServiceClient(cloud.Conn()).GetSerialPortOutput(context.Background(),
		&compute.GetInstanceSerialPortOutputRequest{InstanceId: "fhm"})

	fmt.Println(reply.GetContents(), err)
	// Output: login: <nil>
}

// A test can stop at every point of an operation, look, and decide how it goes on.
func ExampleServer_NextOperation() {
	cloud, _ := fake.Start(fake.WithPlan(fake.Finish(fake.ByHand())))
	defer cloud.Close()
	images := compute.NewImageServiceClient(cloud.Conn())
	go images.Create(context.Background(), &compute.CreateImageRequest{
		FolderId: "b1g", Source: &compute.CreateImageRequest_SnapshotId{SnapshotId: "snapshot"}})

	op := cloud.NextOperation(context.Background(), fake.ImageCreate)
	fmt.Println(cloud.Image(op.ResourceID()).Status)
	op.RollBack(codes.Internal, "disk read error") // the error is set, the operation is not done: it is rolling back
	fmt.Println(op.Done())
	op.Step() // rolled back
	fmt.Println(op.Done(), cloud.Image(op.ResourceID()))
	// Output:
	// CREATING
	// false
	// true <nil>
}

func ExamplePlan() {
	plan := fake.Plan{
		Steps: []fake.Step{
			{Name: "allocate", When: fake.Polls(1)},
			{Name: "copy", When: fake.After(10 * time.Minute)},
		},
		Err:      status.New(codes.Internal, "disk read error"),
		Rollback: fake.After(time.Minute),
	}
	fmt.Println(plan)
	// Output: allocate poll 1, copy after 10m0s, then fails with Internal: disk read error, rolled back after 1m0s
}

func ExampleManualClock() {
	clock := fake.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	cloud, _ := fake.Start(fake.WithClock(clock), fake.WithPlan(fake.Finish(fake.After(20*time.Minute))))
	defer cloud.Close()
	op, _ := compute.NewImageServiceClient(cloud.Conn()).Create(context.Background(), &compute.CreateImageRequest{
		FolderId: "b1g", Source: &compute.CreateImageRequest_SnapshotId{SnapshotId: "snapshot"}})

	fmt.Println(clock.AdvanceToNext(), cloud.Operation(op.Id).Done())
	// Output: 20m0s true
}

func ExampleServer_Inject() {
	cloud, _ := fake.Start()
	defer cloud.Close()
	lost := cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.First(1), Do: fake.LoseReply()})
	images := compute.NewImageServiceClient(cloud.Conn())

	_, err := images.Create(context.Background(), &compute.CreateImageRequest{
		FolderId: "b1g", Name: "web", Source: &compute.CreateImageRequest_SnapshotId{SnapshotId: "snapshot"}})

	fmt.Println(status.Code(err), lost.Fired(), len(cloud.Images())) // the caller sees an error, and the image is there
	// Output: Unavailable 1 1
}

func ExampleServer_Calls() {
	cloud, _ := fake.Start(fake.WithSeed(7))
	defer cloud.Close()
	client := operation.NewOperationServiceClient(cloud.ConnAs("janitor"))
	_, _ = client.Cancel(context.Background(), &operation.CancelOperationRequest{OperationId: "fd8gone"})

	for _, call := range cloud.Calls(fake.ByCaller("janitor")) {
		fmt.Println(call.String(), call.Status.Code(), call.OperationID)
	}
	// Output: #1 OperationCancel by janitor NotFound fd8gone
}

func ExampleServer_Fork() {
	base, _ := fake.Start(fake.WithStandardImages())
	defer base.Close()
	base.AddImages(&compute.Image{FolderId: "b1g", Name: "web"})
	var t fake.TB = printer{} // a *testing.T

	one, two := base.Fork(t), base.Fork(t)
	defer one.Close() // with a *testing.T the end of the test does that
	defer two.Close()
	one.AddImages(&compute.Image{FolderId: "b1g", Name: "api"})

	fmt.Println(len(one.Images()) - len(two.Images()))
	// Output: 1
}

// printer is a test for examples, which have none.
type printer struct{}

func (printer) Helper()                           {}
func (printer) Name() string                      { return "Example" }
func (printer) Logf(format string, args ...any)   { fmt.Printf(format+"\n", args...) }
func (printer) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (printer) FailNow()                          {}
func (printer) Failed() bool                      { return false }
func (printer) Cleanup(func())                    {}
