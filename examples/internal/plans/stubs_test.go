package plans

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

func TestStubs(t *testing.T) {
	Run(t, func(_ *testing.T, cloud *fake.Server) Client {
		return stubs{compute.NewImageServiceClient(cloud.Conn()), operation.NewOperationServiceClient(cloud.Conn())}
	})
}

// stubs is the client that needs no SDK.
type stubs struct {
	images     compute.ImageServiceClient
	operations operation.OperationServiceClient
}

func (s stubs) Create(ctx context.Context, r *compute.CreateImageRequest) (Operation, error) {
	return s.wrap(s.images.Create(ctx, r))
}

func (s stubs) Update(ctx context.Context, r *compute.UpdateImageRequest) (Operation, error) {
	return s.wrap(s.images.Update(ctx, r))
}

func (s stubs) Delete(ctx context.Context, r *compute.DeleteImageRequest) (Operation, error) {
	return s.wrap(s.images.Delete(ctx, r))
}

func (s stubs) Get(ctx context.Context, image string) (*compute.Image, error) {
	return s.images.Get(ctx, &compute.GetImageRequest{ImageId: image})
}

func (s stubs) List(ctx context.Context, folder string) ([]*compute.Image, error) {
	reply, err := s.images.List(ctx, &compute.ListImagesRequest{FolderId: folder})
	return reply.GetImages(), err
}

func (s stubs) History(ctx context.Context, image string) ([]*operation.Operation, error) {
	reply, err := s.images.ListOperations(ctx, &compute.ListImageOperationsRequest{ImageId: image})
	return reply.GetOperations(), err
}

func (s stubs) Cancel(ctx context.Context, id string) error {
	_, err := s.operations.Cancel(ctx, &operation.CancelOperationRequest{OperationId: id})
	return err
}

func (s stubs) wrap(op *operation.Operation, err error) (Operation, error) {
	return &stubOperation{op, s.operations}, err
}

type stubOperation struct {
	seen    *operation.Operation
	service operation.OperationServiceClient
}

func (o *stubOperation) Proto() *operation.Operation { return o.seen }

func (o *stubOperation) Poll(ctx context.Context) error { return o.look(ctx) }

func (o *stubOperation) look(ctx context.Context, opts ...grpc.CallOption) error {
	seen, err := o.service.Get(ctx, &operation.GetOperationRequest{OperationId: o.seen.Id}, opts...)
	if err == nil {
		o.seen = seen
	}
	return err
}

// Wait polls as often as the service asks for.
func (o *stubOperation) Wait(ctx context.Context) error {
	for !o.seen.Done {
		var header metadata.MD
		if err := o.look(ctx, grpc.Header(&header)); err != nil {
			return err
		}
		if o.seen.Done {
			break
		}
		select {
		case <-time.After(pause(header)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return status.ErrorProto(o.seen.GetError())
}

// pause is how long the service wants a client to wait before the next poll.
func pause(header metadata.MD) time.Duration {
	for _, seconds := range header.Get("x-operation-poll-interval") {
		if n, err := strconv.Atoi(seconds); err == nil {
			return time.Duration(n) * time.Second
		}
	}
	return time.Second
}
