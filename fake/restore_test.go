package fake_test

import (
	"context"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
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
