package baker_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/assert"
	"github.com/imagefake/imagefake/examples/baker"
	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const folder = "b1gbaker"

// bake makes the image "web" from the newest Ubuntu 22.04.
func bake(ctx context.Context, cloud *fake.Server) (id string, err error) {
	image, err := baker.New(cloud.Conn(), folder).Bake(ctx, "web", "ubuntu-2204-lts")
	return image.GetId(), err
}

func TestBakeFromTheNewestBase(t *testing.T) {
	cloud := fake.New(t, fake.WithStandardImages())

	id, err := bake(t.Context(), cloud)

	require.NoError(t, err)
	assert.Image(t, cloud, id, assert.Status(compute.Image_READY), assert.Family("web"),
		assert.Labels(map[string]string{"base": "ubuntu-22-04-lts-v20240603"}))
	assert.Sequence(t, cloud, fake.ImageGetLatestByFamily, fake.ImageCreate, fake.OperationGet)
	assert.Awaited(t, cloud)
}

func TestARollbackSeenFromTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithStandardImages(), fake.WithPlan(fake.Finish(fake.ByHand()), fake.ImageCreate))
		before := cloud.Snapshot()
		done := make(chan error, 1)
		go func() { _, err := bake(t.Context(), cloud); done <- err }()

		op := cloud.NextOperation(t.Context(), fake.ImageCreate)
		synctest.Wait() // until the baker waits for an answer: so the transcript is the same in every run
		assert.Image(t, cloud, op.ResourceID(), assert.Status(compute.Image_CREATING))
		op.RollBack(codes.Internal, "disk read error") // the error is set, done is false: rolling back
		synctest.Wait()
		assert.Image(t, cloud, op.ResourceID(), assert.Status(compute.Image_CREATING))
		op.Step() // rolled back

		require.ErrorContains(t, <-done, "disk read error")
		assert.Image(t, cloud, op.ResourceID(), assert.Gone())
		assert.NothingLeft(t, cloud, before)
	})
}

func TestALostReplyAndALaggingReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the baker's pauses cost nothing here
		cloud := fake.New(t, fake.WithStandardImages())
		cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.First(1), Do: fake.LoseReply()})
		cloud.Inject(fake.Fault{On: fake.OperationGet, When: fake.First(3), Do: fake.Return(codes.NotFound)})

		id, err := bake(t.Context(), cloud)

		require.NoError(t, err)
		assert.Image(t, cloud, id, assert.Status(compute.Image_READY))
		assert.Outcomes(t, cloud, fake.ImageCreate, codes.Unavailable, codes.OK)
		assert.KeysKept(t, cloud)
	})
}

func TestABusyServiceIsAskedLessAndLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithStandardImages())
		cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.First(4), Do: fake.Throttle(time.Second)})

		_, err := bake(t.Context(), cloud)

		require.NoError(t, err)
		assert.CalledTimes(t, cloud, 5, fake.ImageCreate)
		assert.Backoff(t, cloud, fake.ImageCreate, assert.Growth{Factor: 2})
	})
}

func TestTwentyMinutesOfBaking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // no clock to pass around
		cloud := fake.New(t, fake.WithStandardImages(), fake.WithPlan(fake.Finish(fake.After(20*time.Minute))))
		start := time.Now()
		_, err := bake(t.Context(), cloud)
		require.NoError(t, err)
		require.Equal(t, 20*time.Minute, time.Since(start))
	})
}

// A bake that is stuck ends with the caller's deadline, and cleans up: the operation is cancelled, the image gone.
func TestAStuckBakeTimesOutCleanly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithStandardImages(), fake.WithPlan(fake.Stuck(), fake.ImageCreate))
		before := cloud.Snapshot()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()

		_, err := bake(ctx, cloud)

		require.Equal(t, codes.DeadlineExceeded, status.Code(err))
		assert.Called(t, cloud, fake.OperationCancel)
		assert.NothingLeft(t, cloud, before)
	})
}

// A cancel that comes too late leaves a finished image behind; the baker deletes it.
func TestACancelThatArrivesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := fake.Finish(fake.After(time.Hour + 30*time.Second))
		slow.TooLate = true
		cloud := fake.New(t, fake.WithStandardImages(), fake.WithPlan(slow, fake.ImageCreate))
		before := cloud.Snapshot()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()

		_, err := bake(ctx, cloud)

		require.Equal(t, codes.DeadlineExceeded, status.Code(err))
		require.NoError(t, cloud.Operations(fake.ImageCreate)[0].Wait(t.Context()), "the create went on to success")
		assert.Before(t, cloud, fake.OperationCancel, fake.ImageDelete)
		assert.NothingLeft(t, cloud, before)
	})
}

// Every single fault at every single call, and two at once as far as the budget goes.
func TestEveryFault(t *testing.T) {
	scenario.Explore(t, func(t *scenario.T) error {
		before := t.Cloud().Snapshot()
		id, err := bake(t.Context(), t.Cloud())
		if err == nil {
			assert.Image(t, t.Cloud(), id, assert.Status(compute.Image_READY))
		} else {
			assert.NothingLeft(t, t.Cloud(), before)
		}
		assert.KeysKept(t, t.Cloud())
		return err
	}, scenario.OnServer(fake.WithStandardImages()),
		scenario.Faults(scenario.Unavailable, scenario.LostReply, scenario.ReplicaLag, scenario.Throttled, scenario.ConnectionCut, scenario.Deadline),
		scenario.Pairs(200))
}

func TestRetireKeepsTheNewest(t *testing.T) {
	cloud := fake.New(t)
	for day := range int64(150) { // more than a page
		cloud.AddImages(&compute.Image{FolderId: folder, Name: fmt.Sprintf("web-%03d", day), Family: "web",
			CreatedAt: &timestamppb.Timestamp{Seconds: 1_700_000_000 + day*86_400}})
	}
	cloud.AddImages(&compute.Image{FolderId: folder, Name: "api", Family: "api"})

	retired, err := baker.New(cloud.Conn(), folder).Retire(t.Context(), "web", 2)

	require.NoError(t, err)
	require.Equal(t, 148, retired)
	assert.PagesRead(t, cloud)
	assert.Awaited(t, cloud)
	var left []string
	for _, im := range cloud.Images() {
		left = append(left, im.Name)
	}
	require.Equal(t, []string{"web-148", "web-149", "api"}, left)
}
