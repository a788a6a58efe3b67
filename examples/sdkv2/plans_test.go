package sdkv2

import (
	"context"
	"testing"

	"github.com/imagefake/imagefake/examples/internal/plans"
	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	sdkop "github.com/yandex-cloud/go-sdk/v2/pkg/operation"
)

// TestPlans goes with the SDK through the table that every kind of client goes through.
func TestPlans(t *testing.T) {
	plans.Run(t, func(t *testing.T, cloud *fake.Server) plans.Client { return client{newImageClient(newSDK(t, cloud))} })
}

type client struct{ images imageClient }

func (c client) Create(ctx context.Context, r *compute.CreateImageRequest) (plans.Operation, error) {
	return wrap(c.images.Create(ctx, r))
}

func (c client) Update(ctx context.Context, r *compute.UpdateImageRequest) (plans.Operation, error) {
	return wrap(c.images.Update(ctx, r))
}

func (c client) Delete(ctx context.Context, r *compute.DeleteImageRequest) (plans.Operation, error) {
	return wrap(c.images.Delete(ctx, r))
}

func (c client) Get(ctx context.Context, image string) (*compute.Image, error) {
	return c.images.Get(ctx, &compute.GetImageRequest{ImageId: image})
}

func (c client) List(ctx context.Context, folder string) ([]*compute.Image, error) {
	return c.images.Iterator(ctx, &compute.ListImagesRequest{FolderId: folder}).TakeAll()
}

func (c client) History(ctx context.Context, image string) ([]*operation.Operation, error) {
	reply, err := c.images.ListOperations(ctx, &compute.ListImageOperationsRequest{ImageId: image})
	return reply.GetOperations(), err
}

func (c client) Cancel(ctx context.Context, id string) error {
	operations, err := c.images.operations(ctx, "Cancel")
	if err != nil {
		return err
	}
	_, err = operations.Cancel(ctx, &operation.CancelOperationRequest{OperationId: id})
	return err
}

func wrap(op *sdkop.Operation, err error) (plans.Operation, error) {
	if err != nil {
		return nil, err
	}
	return waiter{op}, nil
}

type waiter struct{ op *sdkop.Operation }

func (w waiter) Proto() *operation.Operation    { return w.op.Proto().(*operation.Operation) }
func (w waiter) Poll(ctx context.Context) error { return w.op.PollOnce(ctx) }

func (w waiter) Wait(ctx context.Context) error {
	_, err := w.op.Wait(ctx)
	return err
}
