package sdkv1

import (
	"context"
	"testing"

	"github.com/imagefake/imagefake/examples/internal/stories"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-sdk/pkg/idempotency"
	"github.com/yandex-cloud/go-sdk/pkg/retry/v1"
	"google.golang.org/grpc"
)

// TestStories goes with the SDK through the catalogue of known failures.
func TestStories(t *testing.T) {
	stories.Run(t, func(t *testing.T, cloud *fake.Server, opts stories.Options) stories.Client {
		sdk := newSDK(t, cloud, dialOptions(t, opts)...)
		// The SDK asks for the endpoints of all services before its first call. That is over when the story begins.
		_, err := sdk.Compute().Image().List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
		require.NoError(t, err)
		return storyClient{client{sdk}}
	})
}

func dialOptions(t *testing.T, opts stories.Options) (dial []grpc.DialOption) {
	t.Helper()
	if len(opts.Retry) > 0 {
		policy := []retry.RetryOption{retry.WithRetryableStatusCodes(retry.DefaultNameConfig(), opts.Retry...)}
		if opts.Persistent {
			policy = append(policy, retry.WithThrottlingMode(retry.ThrottlingModePersistent))
		}
		retries, err := retry.RetryDialOption(policy...)
		require.NoError(t, err)
		dial = append(dial, retries)
	}
	if opts.Keys {
		dial = append(dial, grpc.WithChainUnaryInterceptor(idempotency.Interceptor()))
	}
	return dial
}

type storyClient struct{ client }

func (c storyClient) Latest(ctx context.Context, folder, family string) (*compute.Image, error) {
	return c.sdk.Compute().Image().GetLatestByFamily(ctx, &compute.GetImageLatestByFamilyRequest{FolderId: folder, Family: family})
}

func (c storyClient) Pages(ctx context.Context, folder string, size int64) ([]*compute.Image, error) {
	return c.sdk.Compute().Image().ImageIterator(ctx, &compute.ListImagesRequest{FolderId: folder, PageSize: size}).TakeAll()
}
