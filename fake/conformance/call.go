package conformance

import (
	"context"
	"fmt"
	"sync"

	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// A method is what a request is sent to.
type method struct {
	name      string // /package.Service/Method
	operation bool   // of the OperationService
	reply     protoreflect.MessageType
}

// methods are those that cases call, by the full name of the request.
var methods = sync.OnceValue(func() map[protoreflect.FullName]method {
	all := make(map[protoreflect.FullName]method)
	for _, service := range []string{
		compute.ImageService_ServiceDesc.ServiceName, operation.OperationService_ServiceDesc.ServiceName,
	} {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
		if err != nil {
			panic(err) // both are imported above
		}
		served := found.(protoreflect.ServiceDescriptor).Methods()
		for i := range served.Len() {
			m := served.Get(i)
			reply, err := protoregistry.GlobalTypes.FindMessageByName(m.Output().FullName())
			if err != nil {
				panic(err)
			}
			all[m.Input().FullName()] = method{
				name:      fmt.Sprintf("/%s/%s", service, m.Name()),
				operation: service == operation.OperationService_ServiceDesc.ServiceName,
				reply:     reply,
			}
		}
	}
	return all
})

// An answer is what came.
type answer struct {
	reply  proto.Message // nil where the call failed
	status *status.Status
	header metadata.MD // of the response
}

// call sends a request to the method that its type tells.
func (target Target) call(ctx context.Context, request proto.Message, key string) answer {
	m, known := methods()[request.ProtoReflect().Descriptor().FullName()]
	if !known {
		return answer{status: status.Newf(codes.Internal, "no method takes a %T", request)}
	}
	if key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "idempotency-key", key)
	}
	conn := target.Compute
	if m.operation {
		conn = target.Operation
	}
	reply := m.reply.New().Interface()
	var header metadata.MD
	if err := conn.Invoke(ctx, m.name, request, reply, grpc.Header(&header)); err != nil {
		return answer{status: status.Convert(err), header: header}
	}
	return answer{reply: reply, status: status.New(codes.OK, ""), header: header}
}

// field returns the path that the BadRequest detail of a refusal names first, "" without one.
func (a answer) field() string {
	for _, detail := range a.status.Details() {
		if bad, ok := detail.(*errdetails.BadRequest); ok && len(bad.FieldViolations) > 0 {
			return bad.FieldViolations[0].Field
		}
	}
	return ""
}

// requestID returns the id in the RequestInfo detail of an error, "" without one.
func (a answer) requestID() string {
	for _, detail := range a.status.Details() {
		if info, ok := detail.(*errdetails.RequestInfo); ok {
			return info.RequestId
		}
	}
	return ""
}

// resourceOf returns the id in the metadata of an operation, "" if there is none.
func resourceOf(op *operation.Operation) string {
	held, err := op.GetMetadata().UnmarshalNew()
	if err != nil {
		return ""
	}
	switch m := held.(type) {
	case interface{ GetImageId() string }:
		return m.GetImageId()
	case interface{ GetResourceId() string }:
		return m.GetResourceId()
	}
	return ""
}

func isCreate(request proto.Message) bool {
	_, is := request.(*compute.CreateImageRequest)
	return is
}

// Constructors of requests, for the tables of cases.

func get(id string) proto.Message { return &compute.GetImageRequest{ImageId: id} }

func latest(folder, family string) proto.Message {
	return &compute.GetImageLatestByFamilyRequest{FolderId: folder, Family: family}
}

func poll(id string) proto.Message { return &operation.GetOperationRequest{OperationId: id} }

func cancel(id string) proto.Message { return &operation.CancelOperationRequest{OperationId: id} }

func remove(id string) proto.Message { return &compute.DeleteImageRequest{ImageId: id} }

func history(id string) proto.Message { return &compute.ListImageOperationsRequest{ImageId: id} }

func bindings(id string) proto.Message { return &access.ListAccessBindingsRequest{ResourceId: id} }

// image returns a request for an image from the public one, with changes.
func image(name string, change ...func(*compute.CreateImageRequest)) proto.Message {
	r := &compute.CreateImageRequest{FolderId: "{folder}", Name: name, Source: &compute.CreateImageRequest_ImageId{ImageId: "{base}"}}
	for _, f := range change {
		f(r)
	}
	return r
}

// update returns a request to update an image, with the fields of the mask.
func update(r *compute.UpdateImageRequest, mask ...string) proto.Message {
	r.UpdateMask = maskOf(mask)
	return r
}

// list returns a request for the images of the case alone, whatever else is in the folder.
func list(filter string, change ...func(*compute.ListImagesRequest)) proto.Message {
	r := &compute.ListImagesRequest{FolderId: "{folder}", Filter: filter}
	for _, f := range change {
		f(r)
	}
	return r
}
