package fake_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
)

// Two hundred servers that live at once share nothing: with one seed and one script, each leaves the same record and the same state,
// to the last id. Half of them have another seed and other faults, so that what leaks from one to another is seen.
func TestTwoHundredServersSideBySide(t *testing.T) {
	const servers = 200
	type life struct{ transcript, ids, state string }
	lives, errs := make([]life, servers), make([]error, servers)
	var all, born sync.WaitGroup
	born.Add(servers)
	for i := range servers {
		all.Go(func() {
			clock := fake.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			cloud, err := fake.Start(fake.WithSeed(uint64(1+i%2)), fake.WithClock(clock), fake.WithStandardImages(),
				fake.WithPlan(fake.Finish(fake.After(time.Minute)), fake.ImageUpdate))
			born.Done()
			born.Wait()
			if err != nil {
				errs[i] = err
				return
			}
			chance := 0.3 + 0.4*float64(i%2)
			cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.Chance(chance), Do: fake.Return(codes.Unavailable)})
			cloud.Inject(fake.Fault{On: fake.ImageGet, When: fake.Every(3), Do: fake.Lag(1), Optional: true})
			live(cloud, clock)
			lives[i] = life{transcript: cloud.Transcript(), state: cloud.Snapshot().String()}
			for _, im := range cloud.Images() {
				lives[i].ids += im.Id + " "
			}
			errs[i] = cloud.Close()
		})
	}
	all.Wait()

	for i := range servers {
		require.NoError(t, errs[i], "server %d", i)
		require.Equal(t, lives[i%2].transcript, lives[i].transcript, "server %d", i)
		require.Equal(t, lives[i%2].state, lives[i].state, "server %d", i)
	}
	require.NotEqual(t, lives[0].ids, lives[1].ids, "two seeds")
	require.NotEqual(t, lives[0].transcript, lives[1].transcript, "two seeds, and other chances")
	for _, expected := range []string{"Unavailable", "READY", "DELETING", "access bindings changed", "restored", "key-1", "failed"} {
		require.Contains(t, lives[0].transcript, expected, "the script has everything in it")
	}
}

// live is a script with something of everything that a server keeps. Its errors are part of the transcript.
func live(cloud *fake.Server, clock *fake.ManualClock) {
	ctx := context.Background()
	ann, bob := clientsOf(cloud.ConnAs("ann")), clientsOf(cloud.ConnAs("bob"))
	var started []*operation.Operation
	for n := range 8 {
		keyed := withKey(ctx, fmt.Sprint("key of ", n%6))
		if op, err := ann.Create(keyed, fromDisk(fmt.Sprintf("image-%d", n))); err == nil {
			started = append(started, op)
		}
	}
	for _, op := range started {
		_, _ = bob.ops.Get(ctx, &operation.GetOperationRequest{OperationId: op.Id})
	}
	before := cloud.Snapshot()
	for n, im := range cloud.Images(func(im *compute.Image) bool { return im.FolderId == folder }) {
		_, _ = bob.Update(ctx, &compute.UpdateImageRequest{ImageId: im.Id, Name: fmt.Sprintf("renamed-%d", n)})
		if n == 0 {
			_, _ = ann.Delete(ctx, &compute.DeleteImageRequest{ImageId: im.Id}) // the update will fail
		}
		_, _ = ann.SetAccessBindings(ctx, &access.SetAccessBindingsRequest{ResourceId: im.Id, AccessBindings: []*access.AccessBinding{
			{RoleId: "viewer", Subject: &access.Subject{Id: "bob", Type: "userAccount"}}}})
	}
	clock.Advance(time.Minute)
	for _, op := range cloud.Operations() {
		_, _ = ann.ops.Get(ctx, &operation.GetOperationRequest{OperationId: op.ID()})
	}
	for _, im := range cloud.Images(func(im *compute.Image) bool { return im.FolderId == folder }) {
		_, _ = bob.Get(ctx, &compute.GetImageRequest{ImageId: im.Id})
		_, _ = bob.ListAccessBindings(ctx, &access.ListAccessBindingsRequest{ResourceId: im.Id})
	}
	_, _ = ann.List(ctx, &compute.ListImagesRequest{FolderId: folder, OrderBy: "name desc", PageSize: 2})
	_, _ = ann.GetLatestByFamily(ctx, &compute.GetImageLatestByFamilyRequest{FolderId: fake.StandardImages, Family: "debian-12"})
	cloud.Restore(before)
	_, _ = bob.Create(ctx, fromDisk("after-all"))
}
