package fake_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
)

// A restored state gives out the same ids again: what had an id before must not stand in the way of what has it now.
func TestOperationsBegunAfterARestoreAreHandedOut(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())))
	start := cloud.Snapshot()
	var former *fake.Operation
	for range 3 {
		op, image := clientsOf(cloud.ConnAs("web")).create(t, fromDisk("web"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		next := cloud.NextOperation(ctx, fake.ImageCreate)
		cancel()
		require.Equal(t, []string{op.Id, image}, []string{next.ID(), next.ResourceID()})
		if former != nil {
			require.Equal(t, former.ID(), next.ID(), "equal seeds, equal calls, equal ids")
		}
		require.Len(t, cloud.Operations(fake.OnResource(image)), 1)
		next.Complete()
		former = next
		cloud.Restore(start)
		require.Nil(t, former.Proto())
	}
}

// Restore changes everything at once: who waits for what the state has learns of it, and a poll for what it does not have is answered.
func TestARestoreWakesWhoeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())))
		c := clientsOf(cloud.Conn())
		start := cloud.Snapshot()
		op, image := c.create(t, fromDisk("web"))
		c.poll(t, op.Id) // whoever comes back at once is held
		later := cloud.Snapshot()
		polled, seen := make(chan error), make(chan error)
		go func() {
			_, err := c.ops.Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
			polled <- err
		}()
		synctest.Wait()
		at := time.Now()
		cloud.Restore(start)
		require.Equal(t, codes.NotFound.String(), codeName(<-polled))
		go func() { seen <- cloud.Await(t.Context(), func() bool { return cloud.Image(image) != nil }) }()
		synctest.Wait()
		cloud.Restore(later)
		require.NoError(t, <-seen)
		require.Equal(t, at, time.Now())
		cloud.Restore(start)

		again, _ := c.create(t, fromDisk("web"))
		require.Equal(t, op.Id, again.Id)
		c.poll(t, again.Id)
		require.Equal(t, at, time.Now(), "the first poll of an operation is answered at once, whatever had its id before")
	})
}

// A server keeps its own options whatever state it is given.
func TestAStateBringsNoOptions(t *testing.T) {
	small := fake.New(t, atOnce, fake.WithQuota(fake.Quota{Images: 1}))
	large := fake.New(t, atOnce)
	small.Restore(large.Snapshot())
	c := clientsOf(small.Conn())
	c.create(t, fromDisk("one"))
	_, err := c.Create(t.Context(), fromDisk("two"))
	require.Equal(t, codes.ResourceExhausted.String(), codeName(err))
}

// What came with a state from another server was started by calls of that server: the record here knows nothing of them.
func TestOperationsOfAnotherServerCountWithoutMatchersOnly(t *testing.T) {
	origin := fake.New(t)
	op, image := clientsOf(origin.Conn()).create(t, fromDisk("web"))
	restored := fake.New(t)
	restored.Restore(origin.Snapshot())
	for name, cloud := range map[string]*fake.Server{"fork": origin.Fork(t), "restored": restored} {
		t.Run(name, func(t *testing.T) {
			c := clientsOf(cloud.Conn())
			require.True(t, c.poll(t, op.Id).Done, "the first call here moves the operation of the first call there")
			require.Len(t, cloud.Operations(), 1)
			require.Empty(t, cloud.Operations(fake.ImageCreate))
			require.Empty(t, cloud.Operations(fake.OperationGet))
			require.Empty(t, cloud.Operations(fake.OnResource(image)))
			own, _ := c.create(t, fromDisk("data"))
			require.Equal(t, own.Id, cloud.NextOperation(t.Context()).ID())
			require.Len(t, cloud.Operations(fake.ImageCreate), 1)
		})
	}
	require.False(t, origin.Operation(op.Id).Done())
	require.Len(t, origin.Operations(fake.ImageCreate), 1)
	require.Equal(t, op.Id, origin.NextOperation(t.Context()).ID())
}

// Two operations that had one id, one after the other, have a handle each, and a handle answers for its own alone.
func TestHandlesBelongToTheOperationThatTheStateHas(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())), fake.WithRecord(100))
	c := clientsOf(cloud.Conn())
	seeded := cloud.AddImages(named("seeded"))[0].Id
	start := cloud.Snapshot()
	op, image := c.create(t, &compute.CreateImageRequest{FolderId: folder, Name: "web", Source: &compute.CreateImageRequest_SnapshotId{SnapshotId: "s"}})
	created := cloud.Operation(op.Id)
	later := cloud.Snapshot()

	cloud.Restore(start)
	again, err := c.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: seeded})
	require.NoError(t, err)
	require.Equal(t, op.Id, again.Id, "equal seeds, equal places, equal ids")
	deleted := cloud.NextOperation(t.Context())
	require.Equal(t, fake.ImageDelete, deleted.Method())
	require.NotSame(t, created, deleted)
	require.Nil(t, created.Proto(), "the create is not in this state")
	require.Contains(t, created.String(), "is not in the state of the server any more")
	require.False(t, created.Done())

	cloud.Restore(later)
	require.Same(t, created, cloud.Operation(op.Id))
	require.Equal(t, []any{fake.ImageCreate, image}, []any{created.Method(), created.ResourceID()})
	require.Nil(t, deleted.Proto())
	require.Same(t, created, cloud.NextOperation(t.Context()), "it has not been handed out yet, and is in the state")
	require.Equal(t, []*fake.Operation{created}, cloud.Operations(fake.ImageCreate))
	require.Empty(t, cloud.Operations(fake.ImageDelete))
}
