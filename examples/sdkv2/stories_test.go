package sdkv2

import (
	"context"
	"testing"

	"github.com/imagefake/imagefake/examples/internal/stories"
	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-sdk/v2/pkg/options"
	"github.com/yandex-cloud/go-sdk/v2/pkg/options/retry"
	"github.com/yandex-cloud/go-sdk/v2/pkg/transport/middleware/idempotency"
	"google.golang.org/grpc"
)

// TestStories goes with the SDK through the catalogue of known failures.
func TestStories(t *testing.T) {
	stories.Run(t, func(t *testing.T, cloud *fake.Server, opts stories.Options) stories.Client {
		return storyClient{client{newImageClient(newSDK(t, cloud, sdkOptions(opts)...))}}
	})
}

func sdkOptions(opts stories.Options) (sdk []options.Option) {
	if len(opts.Retry) > 0 {
		policy := []retry.RetryOption{retry.WithRetryableStatusCodes(retry.DefaultNameConfig(), opts.Retry...)}
		if opts.Persistent {
			policy = append(policy, retry.WithThrottlingMode(retry.ThrottlingModePersistent))
		}
		sdk = append(sdk, options.WithRetryOptions(policy...))
	}
	if opts.Keys {
		sdk = append(sdk, options.WithCustomDialOptions(grpc.WithChainUnaryInterceptor(idempotency.Interceptor())))
	}
	return sdk
}

type storyClient struct{ client }

func (c storyClient) Latest(ctx context.Context, folder, family string) (*compute.Image, error) {
	return c.images.GetLatestByFamily(ctx, &compute.GetImageLatestByFamilyRequest{FolderId: folder, Family: family})
}

func (c storyClient) Pages(ctx context.Context, folder string, size int64) ([]*compute.Image, error) {
	return c.images.Iterator(ctx, &compute.ListImagesRequest{FolderId: folder, PageSize: size}).TakeAll()
}
