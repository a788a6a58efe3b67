package assert_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/assert"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
)

// What the comments of the checks promise and the goldens do not show: something happens to a server, and the check passes or does not.
func TestWhatChecksPromise(t *testing.T) {
	ctx := context.Background()
	images := func(cloud *fake.Server, caller string) compute.ImageServiceClient {
		return compute.NewImageServiceClient(cloud.ConnAs(caller))
	}
	list := func(cloud *fake.Server) {
		_, _ = images(cloud, "ci").List(ctx, &compute.ListImagesRequest{FolderId: "f"})
	}
	create := func(cloud *fake.Server, caller string) *operation.Operation {
		op, _ := images(cloud, caller).Create(ctx, &compute.CreateImageRequest{FolderId: "f", Source: &compute.CreateImageRequest_DiskId{DiskId: "d"}})
		return op
	}
	fails := func(cloud *fake.Server, n int, on fake.Method, code codes.Code) {
		cloud.Inject(fake.Fault{On: on, When: fake.First(n), Do: fake.Return(code)})
	}
	for name, c := range map[string]struct {
		happens func(*fake.Server)
		check   func(fake.TB, *fake.Server) bool
		passes  bool
	}{
		"a pause lasts from the answer, not from the arrival": {func(cloud *fake.Server) {
			cloud.Inject(fake.Fault{On: fake.ImageList, Do: fake.Delay(10 * time.Second)})
			list(cloud)
			time.Sleep(time.Second)
			list(cloud)
		}, func(t fake.TB, s *fake.Server) bool {
			return assert.Gaps(t, s, fake.ImageList, assert.Pauses{AtMost: 2 * time.Second})
		}, true},
		"a run of tries ends with what worked": {func(cloud *fake.Server) {
			cloud.Inject(fake.Fault{On: fake.ImageList, When: fake.While(func() bool { n := len(cloud.Calls()); return n != 3 && n != 6 }), Do: fake.Return(codes.Aborted)})
			for _, pause := range []time.Duration{1, 2, 1, 1, 2, 0} {
				list(cloud)
				time.Sleep(pause * time.Second)
			}
		}, func(t fake.TB, s *fake.Server) bool {
			return assert.Backoff(t, s, fake.ImageList, assert.Growth{Factor: 2})
		}, true},
		"a try that comes before the answer is one": {func(cloud *fake.Server) {
			cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.First(1), Do: fake.Delay(time.Minute)})
			done := make(chan bool)
			go func() { create(cloud, "ci"); close(done) }()
			time.Sleep(time.Second)
			create(cloud, "ci")
			<-done
		}, func(t fake.TB, s *fake.Server) bool { return assert.KeysKept(t, s) }, false},
		"equal requests of two callers are no tries of one": {func(cloud *fake.Server) {
			fails(cloud, 1, fake.ImageCreate, codes.Unavailable)
			create(cloud, "ci")
			create(cloud, "ops")
		}, func(t fake.TB, s *fake.Server) bool { return assert.KeysKept(t, s) }, true},
		"who asks about another's operation need not follow it": {func(cloud *fake.Server) {
			op := create(cloud, "ci")
			get := &operation.GetOperationRequest{OperationId: op.Id}
			_, _ = operation.NewOperationServiceClient(cloud.ConnAs("ops")).Get(ctx, get)
			time.Sleep(time.Hour)
			_, _ = operation.NewOperationServiceClient(cloud.ConnAs("ci")).Get(ctx, get)
		}, func(t fake.TB, s *fake.Server) bool { return assert.Awaited(t, s) }, true},
		"work that has ended meanwhile had not ended then": {func(cloud *fake.Server) {
			create(cloud, "ci")
			time.Sleep(time.Second)
			list(cloud)
			time.Sleep(time.Hour)
		}, func(t fake.TB, s *fake.Server) bool {
			return assert.Before(t, s, fake.Work(fake.ImageCreate), fake.ImageList)
		}, false},
		"the page size may change within a list": {func(cloud *fake.Server) {
			for range 3 {
				cloud.AddImages(&compute.Image{FolderId: "f"})
			}
			page, _ := images(cloud, "ci").List(ctx, &compute.ListImagesRequest{FolderId: "f", PageSize: 1})
			_, _ = images(cloud, "ci").List(ctx, &compute.ListImagesRequest{FolderId: "f", PageSize: 2, PageToken: page.GetNextPageToken()})
		}, func(t fake.TB, s *fake.Server) bool { return assert.PagesRead(t, s) }, true},
		"a check of labels is about those that it was given": {func(cloud *fake.Server) {
			cloud.AddImages(&compute.Image{Id: "im", FolderId: "f", Labels: map[string]string{"a": "1"}})
		}, func(t fake.TB, s *fake.Server) bool {
			labels := map[string]string{"a": "1"}
			check := assert.Labels(labels)
			labels["a"] = "2"
			return assert.Image(t, s, "im", check)
		}, true},
	} {
		t.Run(name, func(t *testing.T) { requirePromise(t, c.happens, c.check, c.passes) })
	}
	for _, code := range []codes.Code{codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied, codes.Unauthenticated,
		codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented, codes.Unavailable, codes.Aborted} {
		t.Run(fmt.Sprintf("asking again after %v", code), func(t *testing.T) {
			requirePromise(t, func(cloud *fake.Server) { fails(cloud, 1, fake.ImageList, code); list(cloud); list(cloud) },
				func(t fake.TB, s *fake.Server) bool { return assert.NotRepeated(t, s) }, code == codes.Unavailable || code == codes.Aborted)
		})
	}
}

func requirePromise(t *testing.T, happens func(*fake.Server), check func(fake.TB, *fake.Server) bool, passes bool) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.After(time.Minute))))
		happens(cloud)
		r := new(recorder)
		require.Equal(t, passes, check(r, cloud), "%v", r.failures)
		require.Equal(t, passes, len(r.failures) == 0)
	})
}
