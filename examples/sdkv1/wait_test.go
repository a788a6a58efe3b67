package sdkv1

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	ycsdk "github.com/yandex-cloud/go-sdk"
	sdkop "github.com/yandex-cloud/go-sdk/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// create starts an operation to wait for.
func create(t *testing.T, sdk *ycsdk.SDK) *sdkop.Operation {
	t.Helper()
	op, err := sdk.WrapOperation(sdk.Compute().Image().Create(t.Context(), &compute.CreateImageRequest{
		FolderId: folder,
		Name:     "web",
		Source:   &compute.CreateImageRequest_DiskId{DiskId: "fhmdisk0000000000000"},
	}))
	require.NoError(t, err)
	return op
}

func TestWaitAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.After(time.Hour))))
		start := time.Now()

		op := create(t, newSDK(t, cloud))
		require.NoError(t, op.Wait(t.Context()))

		require.Equal(t, time.Hour, time.Since(start))
		require.LessOrEqual(t, len(cloud.Calls(fake.OperationGet)), 200, "held polls are few")
	})
}

func TestWaitAnHourAtTheServicesPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.After(time.Hour))), fake.WithPollInterval(5*time.Second))
		start := time.Now()

		op := create(t, newSDK(t, cloud))
		require.NoError(t, op.Wait(t.Context()))

		require.Equal(t, time.Hour, time.Since(start))
		require.Len(t, cloud.Calls(fake.OperationGet), 1+int(time.Hour/(5*time.Second)))
	})
}

func TestWaitUntilTheTestSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())))
		creating := create(t, newSDK(t, cloud))
		waited := make(chan error, 1)
		go func() { waited <- creating.Wait(t.Context()) }()

		op := cloud.NextOperation(t.Context(), fake.ImageCreate)
		require.Equal(t, compute.Image_CREATING, cloud.Image(op.ResourceID()).Status)
		synctest.Wait() // the SDK polls, and the poll is held
		op.RollBack(codes.Internal, "disk read error")
		require.Equal(t, compute.Image_CREATING, cloud.Image(op.ResourceID()).Status, "it is rolling back")
		synctest.Wait()
		op.Step()

		require.ErrorContains(t, <-waited, "disk read error")
		require.Nil(t, cloud.Image(op.ResourceID()))
	})
}

func TestWaitForgivesThreeNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t)
		cloud.Inject(fake.Fault{On: fake.OperationGet, When: fake.First(3), Do: fake.Return(codes.NotFound)})

		require.NoError(t, create(t, newSDK(t, cloud)).Wait(t.Context()))
	})
}

func TestWaitDoesNotForgiveTheFourthNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t)
		cloud.Inject(fake.Fault{On: fake.OperationGet, When: fake.First(4), Do: fake.Return(codes.NotFound)})

		err := create(t, newSDK(t, cloud)).Wait(t.Context())

		require.Equal(t, codes.NotFound, status.Code(err))
		require.ErrorContains(t, err, "poll fail")
		require.Len(t, cloud.Calls(fake.OperationGet), 4)
	})
}

func TestWaitForAStuckOperationTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithPlan(fake.Stuck()))
		const patience = 10*time.Minute - 5*time.Second // no poll is due at that very moment
		ctx, stop := context.WithTimeout(t.Context(), patience)
		defer stop()
		start := time.Now()

		err := create(t, newSDK(t, cloud)).Wait(ctx)

		require.Equal(t, codes.DeadlineExceeded, status.Code(err))
		require.Equal(t, patience, time.Since(start))
	})
}

func TestCancel(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Stuck()))
	op := create(t, newSDK(t, cloud))

	require.NoError(t, op.Cancel(t.Context()))

	require.True(t, op.Failed())
	require.Equal(t, codes.Canceled, status.Code(op.Wait(t.Context())))
	require.Empty(t, cloud.Images(), "a cancelled create leaves nothing behind")
}

func TestCancelTooLate(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Plan{Steps: []fake.Step{{Name: "copy", When: fake.Polls(1)}}, TooLate: true}))
	op := create(t, newSDK(t, cloud))

	require.NoError(t, op.Cancel(t.Context()), "a cancel that is not heeded is no error")

	require.False(t, op.Done())
	require.NoError(t, op.Wait(t.Context()))
	require.Equal(t, compute.Image_READY, cloud.Images()[0].Status)
}
