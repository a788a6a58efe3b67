package sdkv1

import (
	"testing"
	"testing/synctest"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-sdk/pkg/idempotency"
	"github.com/yandex-cloud/go-sdk/pkg/requestid"
	"github.com/yandex-cloud/go-sdk/pkg/retry/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

func TestRetryOfUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the SDK waits between its attempts: here that costs nothing
		cloud := fake.New(t)
		image := cloud.AddImages(&compute.Image{FolderId: folder})[0]
		cloud.Inject(fake.Fault{On: fake.ImageGet, When: fake.First(2), Do: fake.Return(codes.Unavailable)})
		retries, err := retry.DefaultRetryDialOption()
		require.NoError(t, err)

		_, err = newSDK(t, cloud, retries).Compute().Image().Get(t.Context(), &compute.GetImageRequest{ImageId: image.Id})

		require.NoError(t, err)
		require.Equal(t, []int{1, 2, 3}, attempts(cloud.Calls(fake.ImageGet)))
	})
}

func TestRetryGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t)
		cloud.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Return(codes.Unavailable)})
		retries, err := retry.RetryDialOption(retry.WithRetries(retry.DefaultNameConfig(), 2))
		require.NoError(t, err)

		_, err = newSDK(t, cloud, retries).Compute().Image().Get(t.Context(), &compute.GetImageRequest{ImageId: "fd8any"})

		require.Equal(t, codes.Unavailable, status.Code(err))
		require.Equal(t, []int{1, 2}, attempts(cloud.Calls(fake.ImageGet)))
	})
}

func TestRetryOfOtherCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t)
		image := cloud.AddImages(&compute.Image{FolderId: folder})[0]
		cloud.Inject(fake.Fault{On: fake.ImageGet, When: fake.First(1), Do: fake.Throttle(0)})
		retries, err := retry.RetryDialOption(retry.WithRetryableStatusCodes(retry.DefaultNameConfig(), codes.ResourceExhausted))
		require.NoError(t, err)

		_, err = newSDK(t, cloud, retries).Compute().Image().Get(t.Context(), &compute.GetImageRequest{ImageId: image.Id})

		require.NoError(t, err)
		require.Equal(t, []int{1, 2}, attempts(cloud.Calls(fake.ImageGet)))
	})
}

func TestNoRetryUnlessAsked(t *testing.T) {
	cloud := fake.New(t)
	cloud.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Return(codes.Unavailable)})

	_, err := newSDK(t, cloud).Compute().Image().Get(t.Context(), &compute.GetImageRequest{ImageId: "fd8any"})

	require.Equal(t, codes.Unavailable, status.Code(err))
	require.Len(t, cloud.Calls(fake.ImageGet), 1)
}

// What the service itself answers comes with headers, and gRPC does not repeat that, whatever the code.
func TestNoRetryOfAnAnswerWithHeaders(t *testing.T) {
	cloud := fake.New(t)
	retries, err := retry.RetryDialOption(retry.WithRetryableStatusCodes(retry.DefaultNameConfig(), codes.NotFound))
	require.NoError(t, err)

	_, err = newSDK(t, cloud, retries).Compute().Image().Get(t.Context(), &compute.GetImageRequest{ImageId: "fd8nosuchimage000000"})

	require.Equal(t, codes.NotFound, status.Code(err))
	require.Equal(t, []int{1}, attempts(cloud.Calls(fake.ImageGet)))
}

func TestRetryAfterALostReplyKeepsTheIdempotencyKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t)
		cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.First(1), Do: fake.LoseReply()})
		retries, err := retry.DefaultRetryDialOption()
		require.NoError(t, err)
		sdk := newSDK(t, cloud, retries, grpc.WithChainUnaryInterceptor(idempotency.Interceptor()))

		op, err := sdk.WrapOperation(sdk.Compute().Image().Create(t.Context(), &compute.CreateImageRequest{
			FolderId: folder,
			Name:     "web",
			Source:   &compute.CreateImageRequest_DiskId{DiskId: "fhmdisk0000000000000"},
		}))
		require.NoError(t, err)
		require.NoError(t, op.Wait(t.Context()))

		creates := cloud.Calls(fake.ImageCreate)
		require.Equal(t, []int{1, 2}, attempts(creates))
		require.NotEmpty(t, creates[0].Key)
		require.Equal(t, creates[0].Key, creates[1].Key)
		require.Len(t, cloud.Images(), 1)
	})
}

func TestIdempotencyKeyOfTheCaller(t *testing.T) {
	cloud := fake.New(t)
	sdk := newSDK(t, cloud, grpc.WithChainUnaryInterceptor(idempotency.Interceptor()))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", "6c1d31f2-6b0e-4bd5-a9a0-5b8a1d1b7c11")
	create := &compute.CreateImageRequest{
		FolderId: folder,
		Name:     "web",
		Source:   &compute.CreateImageRequest_DiskId{DiskId: "fhmdisk0000000000000"},
	}

	first, err := sdk.WrapOperation(sdk.Compute().Image().Create(ctx, create))
	require.NoError(t, err)
	require.NoError(t, first.Wait(ctx)) // the key goes with the polls too, and means nothing there
	again, err := sdk.WrapOperation(sdk.Compute().Image().Create(ctx, create))
	require.NoError(t, err)

	require.Equal(t, first.Id(), again.Id())
	require.True(t, again.Done(), "a repeat is answered with the operation as it is now")
	require.Len(t, cloud.Images(), 1)
}

func TestRequestIDsInErrors(t *testing.T) {
	cloud := fake.New(t)
	sdk := newSDK(t, cloud, grpc.WithChainUnaryInterceptor(requestid.Interceptor()))

	_, err := sdk.Compute().Image().Get(t.Context(), &compute.GetImageRequest{ImageId: "fd8nosuchimage000000"})

	ids, ok := requestid.RequestIDsFromError(err)
	require.True(t, ok)
	call := cloud.Calls(fake.ImageGet)[0]
	require.Equal(t, call.ReplyHeader.Get("x-request-id"), []string{ids.ServerRequestID})
	require.Equal(t, call.ReplyHeader.Get("x-server-trace-id"), []string{ids.ServerTraceID})
	require.Equal(t, call.Header.Get("x-client-request-id"), []string{ids.ClientRequestID})
	require.Equal(t, call.Header.Get("x-client-trace-id"), []string{ids.ClientTraceID})
}

func attempts(calls []fake.Call) []int {
	var all []int
	for _, c := range calls {
		all = append(all, c.Attempt)
	}
	return all
}
