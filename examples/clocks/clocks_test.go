// Package clocks shows that the fake clocks people already have drive the fake cloud as they are: no adapter, no wrapper.
package clocks

import (
	"testing"
	"time"

	benbjohnson "github.com/benbjohnson/clock"
	"github.com/imagefake/imagefake/fake"
	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	kubernetes "k8s.io/utils/clock/testing"
)

var newYear = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A clock with what moves it, under whatever name.
type clock struct {
	fake.Clock
	advance func(time.Duration)
}

func clocks() map[string]clock {
	work := clockwork.NewFakeClockAt(newYear)
	kube := kubernetes.NewFakeClock(newYear)
	mock := benbjohnson.NewMock()
	mock.Set(newYear)
	return map[string]clock{
		"clockwork":          {work, work.Advance},
		"k8s.io/utils/clock": {kube, kube.Step},
		"benbjohnson/clock":  {mock, mock.Add},
		"fake.NewClock":      manual(),
	}
}

func manual() clock {
	c := fake.NewClock(newYear)
	return clock{c, c.Advance}
}

// Every call that starts after a clock was moved sees the state of the new time.
func TestStateFollowsTheClock(t *testing.T) {
	for name, c := range clocks() {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t, fake.WithClock(c), fake.WithPlan(fake.Finish(fake.After(20*time.Minute))))
			images := compute.NewImageServiceClient(cloud.Conn())
			_, err := images.Create(t.Context(), &compute.CreateImageRequest{
				FolderId: "b1g", Name: "web", Source: &compute.CreateImageRequest_SnapshotId{SnapshotId: "snapshot"}})
			require.NoError(t, err)
			op := cloud.NextOperation(t.Context())

			for _, status := range []compute.Image_Status{compute.Image_CREATING, compute.Image_READY} {
				c.advance(10 * time.Minute)
				image, err := images.Get(t.Context(), &compute.GetImageRequest{ImageId: op.ResourceID()})
				require.NoError(t, err)
				require.Equal(t, status, image.Status)
			}
			require.Equal(t, newYear.Add(20*time.Minute), op.Proto().ModifiedAt.AsTime())
		})
	}
}

// What waits on a clock wakes when it is moved: here the second poll of an operation, by which a client without a pause comes back at
// once, and which the server holds until something happens.
func TestAHeldPollWakes(t *testing.T) {
	for name, c := range clocks() {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t, fake.WithClock(c), fake.WithPlan(fake.Finish(fake.After(20*time.Minute))))
			started, err := compute.NewImageServiceClient(cloud.Conn()).Create(t.Context(), &compute.CreateImageRequest{
				FolderId: "b1g", Name: "web", Source: &compute.CreateImageRequest_SnapshotId{SnapshotId: "snapshot"}})
			require.NoError(t, err)
			operations := operation.NewOperationServiceClient(cloud.Conn())
			poll := &operation.GetOperationRequest{OperationId: started.Id}
			first, err := operations.Get(t.Context(), poll)
			require.NoError(t, err)
			require.False(t, first.Done)
			polled := make(chan *operation.Operation, 1)
			go func() {
				defer close(polled)
				if op, err := operations.Get(t.Context(), poll); err == nil {
					polled <- op
				}
			}()
			require.NoError(t, cloud.Await(t.Context(), func() bool { return len(cloud.Calls(fake.OperationGet)) == 2 }))

			c.advance(20 * time.Minute)

			op, answered := <-polled
			require.True(t, answered)
			require.True(t, op.Done)
		})
	}
}
