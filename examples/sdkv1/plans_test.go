package sdkv1

import (
	"context"
	"testing"

	"github.com/imagefake/imagefake/examples/internal/plans"
	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	ycsdk "github.com/yandex-cloud/go-sdk"
	sdkop "github.com/yandex-cloud/go-sdk/operation"
)

// TestPlans goes with the SDK through the table that every kind of client goes through.
func TestPlans(t *testing.T) {
	plans.Run(t, func(t *testing.T, cloud *fake.Server) plans.Client { return client{newSDK(t, cloud)} })
}

type client struct{ sdk *ycsdk.SDK }

func (c client) Create(ctx context.Context, r *compute.CreateImageRequest) (plans.Operation, error) {
	return c.wrap(c.sdk.Compute().Image().Create(ctx, r))
}

func (c client) Update(ctx context.Context, r *compute.UpdateImageRequest) (plans.Operation, error) {
	return c.wrap(c.sdk.Compute().Image().Update(ctx, r))
}

func (c client) Delete(ctx context.Context, r *compute.DeleteImageRequest) (plans.Operation, error) {
	return c.wrap(c.sdk.Compute().Image().Delete(ctx, r))
}

func (c client) Get(ctx context.Context, image string) (*compute.Image, error) {
	return c.sdk.Compute().Image().Get(ctx, &compute.GetImageRequest{ImageId: image})
}

func (c client) List(ctx context.Context, folder string) ([]*compute.Image, error) {
	return c.sdk.Compute().Image().ImageIterator(ctx, &compute.ListImagesRequest{FolderId: folder}).TakeAll()
}

func (c client) History(ctx context.Context, image string) ([]*operation.Operation, error) {
	return c.sdk.Compute().Image().ImageOperationsIterator(ctx, &compute.ListImageOperationsRequest{ImageId: image}).TakeAll()
}

func (c client) Cancel(ctx context.Context, id string) error {
	_, err := c.sdk.Operation().Cancel(ctx, &operation.CancelOperationRequest{OperationId: id})
	return err
}

func (c client) wrap(op *operation.Operation, err error) (plans.Operation, error) {
	wrapped, err := c.sdk.WrapOperation(op, err)
	if err != nil {
		return nil, err
	}
	return waiter{wrapped}, nil
}

type waiter struct{ *sdkop.Operation }

func (w waiter) Poll(ctx context.Context) error { return w.Operation.Poll(ctx) }
func (w waiter) Wait(ctx context.Context) error { return w.Operation.Wait(ctx) }
