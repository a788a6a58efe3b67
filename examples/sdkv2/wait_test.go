package sdkv2

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	sdkop "github.com/yandex-cloud/go-sdk/v2/pkg/operation"
	"github.com/yandex-cloud/go-sdk/v2/pkg/transport"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// create starts an operation to wait for.
func create(t *testing.T, connector transport.Connector) *sdkop.Operation {
	t.Helper()
	op, err := newImageClient(connector).Create(t.Context(), &compute.CreateImageRequest{
		FolderId: folder,
		Name:     "web",
		Source:   &compute.CreateImageRequest_DiskId{DiskId: "fhmdisk0000000000000"},
	})
	require.NoError(t, err)
	return op
}

// In this hour the SDK pings 120 times, on a connection that has little else to do.
func TestWaitAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.After(time.Hour))))
		start := time.Now()

		_, err := create(t, newSDK(t, cloud)).Wait(t.Context())

		require.NoError(t, err)
		require.Equal(t, time.Hour, time.Since(start))
		require.LessOrEqual(t, len(cloud.Calls(fake.OperationGet)), 200, "held polls are few")
	})
}

func TestWaitAnHourAtTheServicesPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.After(time.Hour))), fake.WithPollInterval(5*time.Second))
		start := time.Now()

		_, err := create(t, newSDK(t, cloud)).Wait(t.Context())

		require.NoError(t, err)
		require.Equal(t, time.Hour, time.Since(start))
		require.Len(t, cloud.Calls(fake.OperationGet), 1+int(time.Hour/(5*time.Second)))
	})
}

func TestWaitUntilTheTestSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())))
		creating := create(t, newSDK(t, cloud))
		waited := make(chan error, 1)
		go func() {
			_, err := creating.Wait(t.Context())
			waited <- err
		}()

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

func TestPollOnce(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.Polls(2))))
	op := create(t, newSDK(t, cloud))

	require.NoError(t, op.PollOnce(t.Context()))
	require.False(t, op.Done())
	require.NoError(t, op.PollOnce(t.Context()))
	require.True(t, op.Done())

	require.Equal(t, op.ResourceID(), op.Response().(*compute.Image).Id)
}

// A plan that is to fail at once still answers the first call with a running operation: of one that is done with an error already
// the SDK would lose the status.
func TestFailureAtOnceKeepsItsStatus(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Plan{Err: status.New(codes.ResourceExhausted, "no more space")}))

	_, err := create(t, newSDK(t, cloud)).Wait(t.Context())

	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.ErrorContains(t, err, "no more space")
}

func TestWaitForgivesThreeNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t)
		cloud.Inject(fake.Fault{On: fake.OperationGet, When: fake.First(3), Do: fake.Return(codes.NotFound)})

		_, err := create(t, newSDK(t, cloud)).Wait(t.Context())

		require.NoError(t, err)
	})
}

func TestWaitDoesNotForgiveTheFourthNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t)
		cloud.Inject(fake.Fault{On: fake.OperationGet, When: fake.First(4), Do: fake.Return(codes.NotFound)})

		_, err := create(t, newSDK(t, cloud)).Wait(t.Context())

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

		_, err := create(t, newSDK(t, cloud)).Wait(ctx)

		require.Equal(t, codes.DeadlineExceeded, status.Code(err))
		require.Equal(t, patience, time.Since(start))
	})
}

// SDK v2 has no cancel of its own: its connections carry the OperationService's.
func cancel(t *testing.T, connector transport.Connector, op *sdkop.Operation) *operation.Operation {
	t.Helper()
	conn, err := connector.GetConnection(t.Context(), "yandex.cloud.operation.OperationService.Cancel")
	require.NoError(t, err)
	answer, err := operation.NewOperationServiceClient(conn).Cancel(t.Context(), &operation.CancelOperationRequest{OperationId: op.ID()})
	require.NoError(t, err, "a cancel that is not heeded is no error")
	return answer
}

func TestCancel(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Stuck()))
	sdk := newSDK(t, cloud)
	op := create(t, sdk)

	require.True(t, cancel(t, sdk, op).Done)

	_, err := op.Wait(t.Context())
	require.Equal(t, codes.Canceled, status.Code(err))
	require.Empty(t, cloud.Images(), "a cancelled create leaves nothing behind")
}

func TestCancelTooLate(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Plan{Steps: []fake.Step{{Name: "copy", When: fake.Polls(1)}}, TooLate: true}))
	sdk := newSDK(t, cloud)
	op := create(t, sdk)

	require.False(t, cancel(t, sdk, op).Done)

	_, err := op.Wait(t.Context())
	require.NoError(t, err)
	require.Equal(t, compute.Image_READY, cloud.Images()[0].Status)
}
