package fake_test

import (
	"context"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
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
