package baker_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/examples/baker"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const folder = "b1gbaker"

func newBaker(cloud *fake.Server) *baker.Baker { return baker.New(cloud.Conn(), folder) }

func named(name string) func(*compute.Image) bool {
	return func(im *compute.Image) bool { return im.Name == name }
}

func TestBakeFromTheNewestBase(t *testing.T) {
	cloud := fake.New(t, fake.WithStandardImages())

	image, err := newBaker(cloud).Bake(t.Context(), "web", "ubuntu-2204-lts")

	require.NoError(t, err)
	require.Equal(t, compute.Image_READY, cloud.Image(image.Id).Status)
	require.Equal(t, "ubuntu-22-04-lts-v20240603", image.Labels["base"])
}

func TestARollbackSeenFromTheCaller(t *testing.T) {
	cloud := fake.New(t, fake.WithStandardImages(), fake.WithPlan(fake.Finish(fake.ByHand()), fake.ImageCreate))
	done := make(chan error, 1)
	go func() { _, err := newBaker(cloud).Bake(t.Context(), "web", "ubuntu-2204-lts"); done <- err }()

	op := cloud.NextOperation(t.Context(), fake.ImageCreate)
	require.Equal(t, compute.Image_CREATING, cloud.Image(op.ImageID()).Status)
	op.Fail(codes.Internal, "disk read error") // the error is set, done is false: rolling back
	require.Equal(t, compute.Image_CREATING, cloud.Image(op.ImageID()).Status)
	op.Step() // rolled back

	require.ErrorContains(t, <-done, "disk read error")
	require.Nil(t, cloud.Image(op.ImageID()))
}

func TestALostReplyAndALaggingReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the baker's pauses cost nothing here
		cloud := fake.New(t, fake.WithStandardImages())
		cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.First(1), Do: fake.LoseReply()})
		cloud.Inject(fake.Fault{On: fake.OperationGet, When: fake.First(3), Do: fake.Return(codes.NotFound, "")})

		_, err := newBaker(cloud).Bake(t.Context(), "web", "ubuntu-2204-lts")

		require.NoError(t, err)
		creates := cloud.Calls(fake.ImageCreate)
		require.Len(t, creates, 2)
		require.Equal(t, creates[0].Key, creates[1].Key, "the retry carries the key of the first try")
		require.Len(t, cloud.Images(named("web")), 1)
	})
}

func TestTwentyMinutesOfBaking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // no clock to pass around
		cloud := fake.New(t, fake.WithStandardImages(), fake.WithPlan(fake.Finish(fake.After(20*time.Minute))))
		start := time.Now()
		_, err := newBaker(cloud).Bake(t.Context(), "web", "ubuntu-2204-lts")
		require.NoError(t, err)
		require.Equal(t, 20*time.Minute, time.Since(start))
	})
}

// A bake that is stuck ends with the caller's deadline, and cleans up: the operation is cancelled, the image gone.
func TestAStuckBakeTimesOutCleanly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithStandardImages(), fake.WithPlan(fake.Finish(fake.Never()), fake.ImageCreate))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()

		_, err := newBaker(cloud).Bake(ctx, "web", "ubuntu-2204-lts")

		require.Equal(t, codes.DeadlineExceeded, status.Code(err))
		require.Empty(t, cloud.Images(named("web")))
		require.True(t, cloud.Operations(fake.ImageCreate)[0].Done())
	})
}

// A cancel that comes too late leaves a finished image behind; the baker deletes it.
func TestACancelThatArrivesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := fake.Finish(fake.After(time.Hour + 30*time.Second))
		slow.TooLate = true
		cloud := fake.New(t, fake.WithStandardImages(), fake.WithPlan(slow, fake.ImageCreate))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()

		_, err := newBaker(cloud).Bake(ctx, "web", "ubuntu-2204-lts")

		require.Equal(t, codes.DeadlineExceeded, status.Code(err))
		require.Len(t, cloud.Calls(fake.OperationCancel), 1)
		require.NoError(t, cloud.Operations(fake.ImageCreate)[0].Wait(t.Context()), "the create went on to success")
		require.Empty(t, cloud.Images(named("web")))
	})
}

func TestRetireKeepsTheNewest(t *testing.T) {
	cloud := fake.New(t)
	for day := range int64(150) { // more than a page
		cloud.AddImages(&compute.Image{FolderId: folder, Name: fmt.Sprintf("web-%03d", day), Family: "web",
			CreatedAt: &timestamppb.Timestamp{Seconds: 1_700_000_000 + day*86_400}})
	}
	cloud.AddImages(&compute.Image{FolderId: folder, Name: "api", Family: "api"})

	retired, err := newBaker(cloud).Retire(t.Context(), "web", 2)

	require.NoError(t, err)
	require.Equal(t, 148, retired)
	var left []string
	for _, im := range cloud.Images() {
		left = append(left, im.Name)
	}
	require.Equal(t, []string{"web-148", "web-149", "api"}, left)
}
