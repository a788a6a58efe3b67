package sdkv2

import (
	"context"

	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"github.com/yandex-cloud/go-sdk/v2/pkg/iterator"
	sdkop "github.com/yandex-cloud/go-sdk/v2/pkg/operation"
	"github.com/yandex-cloud/go-sdk/v2/pkg/sdkresolvers"
	"github.com/yandex-cloud/go-sdk/v2/pkg/transport"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"
)

// imageClient is a client of the ImageService made of the parts of SDK v2: connector, operation, iterator, resolver.
//
// The SDK's own such client, NewImageClient of github.com/yandex-cloud/go-sdk/services/compute/v1, is a module apart with releases of
// its own, which not every module proxy has. It is made of the same parts: code that has it calls it with what newImageClient gets
// here, an SDK or the fake itself.
type imageClient struct{ connector transport.Connector }

func newImageClient(connector transport.Connector) imageClient { return imageClient{connector} }

const (
	imageService     = "yandex.cloud.compute.v1.ImageService"
	operationService = "yandex.cloud.operation.OperationService"
)

// stub returns the gRPC stub for one method.
func (c imageClient) stub(ctx context.Context, method protoreflect.Name) (compute.ImageServiceClient, error) {
	conn, err := c.connector.GetConnection(ctx, protoreflect.FullName(imageService).Append(method))
	if err != nil {
		return nil, err
	}
	return compute.NewImageServiceClient(conn), nil
}

// call makes one call: invoke is a method of the stub, as in compute.ImageServiceClient.Get.
func call[Q, A any](
	ctx context.Context, c imageClient, method protoreflect.Name,
	invoke func(compute.ImageServiceClient, context.Context, Q, ...grpc.CallOption) (*A, error), request Q, opts ...grpc.CallOption,
) (*A, error) {
	stub, err := c.stub(ctx, method)
	if err != nil {
		return nil, err
	}
	return invoke(stub, ctx, request, opts...)
}

func (c imageClient) Get(ctx context.Context, r *compute.GetImageRequest) (*compute.Image, error) {
	return call(ctx, c, "Get", compute.ImageServiceClient.Get, r)
}

func (c imageClient) GetLatestByFamily(ctx context.Context, r *compute.GetImageLatestByFamilyRequest) (*compute.Image, error) {
	return call(ctx, c, "GetLatestByFamily", compute.ImageServiceClient.GetLatestByFamily, r)
}

func (c imageClient) List(ctx context.Context, r *compute.ListImagesRequest, opts ...grpc.CallOption) (*compute.ListImagesResponse, error) {
	return call(ctx, c, "List", compute.ImageServiceClient.List, r, opts...)
}

func (c imageClient) ListOperations(ctx context.Context, r *compute.ListImageOperationsRequest) (*compute.ListImageOperationsResponse, error) {
	return call(ctx, c, "ListOperations", compute.ImageServiceClient.ListOperations, r)
}

func (c imageClient) ListAccessBindings(ctx context.Context, r *access.ListAccessBindingsRequest) (*access.ListAccessBindingsResponse, error) {
	return call(ctx, c, "ListAccessBindings", compute.ImageServiceClient.ListAccessBindings, r)
}

func (c imageClient) Create(ctx context.Context, r *compute.CreateImageRequest) (*sdkop.Operation, error) {
	pb, err := call(ctx, c, "Create", compute.ImageServiceClient.Create, r)
	return c.operation(pb, err, &compute.CreateImageMetadata{}, &compute.Image{})
}

func (c imageClient) Update(ctx context.Context, r *compute.UpdateImageRequest) (*sdkop.Operation, error) {
	pb, err := call(ctx, c, "Update", compute.ImageServiceClient.Update, r)
	return c.operation(pb, err, &compute.UpdateImageMetadata{}, &compute.Image{})
}

func (c imageClient) Delete(ctx context.Context, r *compute.DeleteImageRequest) (*sdkop.Operation, error) {
	pb, err := call(ctx, c, "Delete", compute.ImageServiceClient.Delete, r)
	return c.operation(pb, err, &compute.DeleteImageMetadata{}, &emptypb.Empty{})
}

func (c imageClient) SetAccessBindings(ctx context.Context, r *access.SetAccessBindingsRequest) (*sdkop.Operation, error) {
	pb, err := call(ctx, c, "SetAccessBindings", compute.ImageServiceClient.SetAccessBindings, r)
	return c.operation(pb, err, &access.SetAccessBindingsMetadata{}, &access.AccessBindingsOperationResult{})
}

func (c imageClient) UpdateAccessBindings(ctx context.Context, r *access.UpdateAccessBindingsRequest) (*sdkop.Operation, error) {
	pb, err := call(ctx, c, "UpdateAccessBindings", compute.ImageServiceClient.UpdateAccessBindings, r)
	return c.operation(pb, err, &access.UpdateAccessBindingsMetadata{}, &access.AccessBindingsOperationResult{})
}

// operation makes an operation of the SDK, which insists on these types of metadata and response.
func (c imageClient) operation(pb *operation.Operation, err error, metadata, response proto.Message) (*sdkop.Operation, error) {
	if err != nil {
		return nil, err
	}
	return sdkop.NewOperation(pb, &sdkop.Concretization{
		Poll: func(ctx context.Context, id string, opts ...grpc.CallOption) (sdkop.YCOperation, error) {
			operations, err := c.operations(ctx, "Get")
			if err != nil {
				return nil, err
			}
			return operations.Get(ctx, &operation.GetOperationRequest{OperationId: id}, opts...)
		},
		MetadataType:  metadata,
		ResponseType:  response,
		GetResourceID: func(m proto.Message) string { return m.(interface{ GetImageId() string }).GetImageId() },
	})
}

func (c imageClient) operations(ctx context.Context, method protoreflect.Name) (operation.OperationServiceClient, error) {
	conn, err := c.connector.GetConnection(ctx, protoreflect.FullName(operationService).Append(method))
	if err != nil {
		return nil, err
	}
	return operation.NewOperationServiceClient(conn), nil
}

// Iterator lists the images of a folder, page by page.
func (c imageClient) Iterator(ctx context.Context, r *compute.ListImagesRequest) *iterator.Iterator[*compute.ListImagesRequest, *compute.Image] {
	fetch := func(ctx context.Context, r *compute.ListImagesRequest, opts ...grpc.CallOption) (iterator.PageResponse[*compute.Image], error) {
		reply, err := c.List(ctx, r, opts...)
		return imagePage{reply}, err
	}
	return iterator.NewIterator(ctx, r, fetch)
}

type imagePage struct{ *compute.ListImagesResponse }

func (p imagePage) Items() []*compute.Image { return p.Images }

// imageResolver finds the id of an image by its name.
type imageResolver struct {
	sdkresolvers.BaseNameResolver
	client imageClient
}

func newImageResolver(name string, client imageClient, opts ...sdkresolvers.ResolveOption) sdkresolvers.Resolver {
	return &imageResolver{sdkresolvers.NewBaseNameResolver(name, "image", opts...), client}
}

func (r *imageResolver) Run(ctx context.Context) error {
	if err := r.EnsureFolderID(); err != nil {
		return err
	}
	return r.FindName(r.client.Iterator(ctx, &compute.ListImagesRequest{
		FolderId: r.FolderID(),
		Filter:   sdkresolvers.CreateResolverFilter("name", r.Name),
		PageSize: sdkresolvers.DefaultResolverPageSize,
	}).TakeAll())
}
