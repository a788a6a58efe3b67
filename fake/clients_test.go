package fake_test

import (
	"context"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// folder is where the tests of this package make images.
const folder = "b1gfolder"

// clients is the services as a program uses them.
type clients struct {
	compute.ImageServiceClient
	ops operation.OperationServiceClient
}

func clientsOf(cc grpc.ClientConnInterface) clients {
	return clients{compute.NewImageServiceClient(cc), operation.NewOperationServiceClient(cc)}
}

// poll asks once how an operation stands.
func (c clients) poll(t *testing.T, id string) *operation.Operation {
	t.Helper()
	op, err := c.ops.Get(t.Context(), &operation.GetOperationRequest{OperationId: id})
	require.NoError(t, err)
	return op
}

// untilDone polls without a pause until the operation is done: its first poll is answered at once, and the next ones are held.
func (c clients) untilDone(ctx context.Context, id string) (*operation.Operation, error) {
	for {
		op, err := c.ops.Get(ctx, &operation.GetOperationRequest{OperationId: id})
		if err != nil || op.Done {
			return op, err
		}
	}
}

// fromDisk is a request that a server takes without being told of anything before.
func fromDisk(name string) *compute.CreateImageRequest {
	return &compute.CreateImageRequest{
		FolderId: folder, Name: name, Source: &compute.CreateImageRequest_DiskId{DiskId: "epd00000000000000000"}}
}

// create starts the creation of an image and returns the operation and the image's id.
func (c clients) create(t *testing.T, r *compute.CreateImageRequest) (op *operation.Operation, image string) {
	t.Helper()
	op, err := c.Create(t.Context(), r)
	require.NoError(t, err)
	made := new(compute.CreateImageMetadata)
	require.NoError(t, op.GetMetadata().UnmarshalTo(made))
	return op, made.ImageId
}

// withKey adds an idempotency key to the calls of a context.
func withKey(ctx context.Context, key string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "idempotency-key", key)
}

// named is a seed: an image with a name in the folder of the tests.
func named(name string) *compute.Image { return &compute.Image{FolderId: folder, Name: name} }

// atOnce makes operations end in the first reply, where a test is not about operations.
var atOnce = fake.WithPlan(fake.AtOnce())

// codeName returns the name of an error's gRPC code.
func codeName(err error) string { return status.Code(err).String() }

// ctxOf returns a test's context, for helpers that serve rapid's tests too.
func ctxOf(t any) context.Context { return t.(interface{ Context() context.Context }).Context() }

// withToken adds an IAM token to the calls of a context.
func withToken(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}
