package fake_test

import (
	"context"
	"fmt"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/quota"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

const (
	mib = int64(1) << 20
	gib = int64(1) << 30
)

// outcome is how a call is to be answered. The zero outcome is success.
type outcome struct {
	code    codes.Code
	text    string
	names   []string        // what the text names, in place of it: where the contract leaves the wording open
	details []proto.Message // beside the RequestInfo that every error has
}

// send makes the call that a request belongs to.
func send(ctx context.Context, cc *grpc.ClientConn, request proto.Message) (reply proto.Message, header metadata.MD, err error) {
	c, h := clientsOf(cc), grpc.Header(&header)
	switch r := request.(type) {
	case *compute.GetImageRequest:
		reply, err = c.Get(ctx, r, h)
	case *compute.GetImageLatestByFamilyRequest:
		reply, err = c.GetLatestByFamily(ctx, r, h)
	case *compute.ListImagesRequest:
		reply, err = c.List(ctx, r, h)
	case *compute.CreateImageRequest:
		reply, err = c.Create(ctx, r, h)
	case *compute.UpdateImageRequest:
		reply, err = c.Update(ctx, r, h)
	case *compute.DeleteImageRequest:
		reply, err = c.Delete(ctx, r, h)
	case *compute.ListImageOperationsRequest:
		reply, err = c.ListOperations(ctx, r, h)
	case *access.ListAccessBindingsRequest:
		reply, err = c.ListAccessBindings(ctx, r, h)
	case *access.SetAccessBindingsRequest:
		reply, err = c.SetAccessBindings(ctx, r, h)
	case *access.UpdateAccessBindingsRequest:
		reply, err = c.UpdateAccessBindings(ctx, r, h)
	case *operation.GetOperationRequest:
		reply, err = c.ops.Get(ctx, r, h)
	case *operation.CancelOperationRequest:
		reply, err = c.ops.Cancel(ctx, r, h)
	case *endpoint.GetApiEndpointRequest:
		reply, err = endpoint.NewApiEndpointServiceClient(cc).Get(ctx, r, h)
	case *endpoint.ListApiEndpointsRequest:
		reply, err = endpoint.NewApiEndpointServiceClient(cc).List(ctx, r, h)
	case *iam.CreateIamTokenRequest:
		reply, err = iam.NewIamTokenServiceClient(cc).Create(ctx, r, h)
	case *iam.CreateIamTokenForServiceAccountRequest:
		reply, err = iam.NewIamTokenServiceClient(cc).CreateForServiceAccount(ctx, r, h)
	default:
		err = fmt.Errorf("no method takes a %T: add it to send", request)
	}
	return reply, header, err
}

var (
	uuidForm  = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	traceForm = regexp.MustCompile(`^([0-9a-f]+):[0-9a-f]+:([0-9a-f]+):1$`)
)

// requireOutcome checks an answer: code, text and details in full, and the headers that every answer of the service has.
func requireOutcome(t *testing.T, want outcome, header metadata.MD, err error) {
	t.Helper()
	got := status.Convert(err)
	require.Equal(t, want.code.String(), got.Code().String(), got.Message())
	if want.names == nil {
		require.Equal(t, want.text, got.Message())
	}
	for _, name := range want.names {
		require.Contains(t, got.Message(), name)
	}
	require.Len(t, header["x-request-id"], 1)
	require.Regexp(t, uuidForm, header["x-request-id"][0])
	require.Len(t, header["x-server-trace-id"], 1)
	trace := traceForm.FindStringSubmatch(header["x-server-trace-id"][0])
	require.NotNil(t, trace, "x-server-trace-id: %v", header["x-server-trace-id"])
	require.Equal(t, trace[1], trace[2], "the trace id begins and ends alike")

	var details []proto.Message
	for _, detail := range got.Details() {
		details = append(details, detail.(proto.Message))
	}
	var all []proto.Message
	if want.code != codes.OK {
		all = append(all, want.details...)
		all = append(all, &errdetails.RequestInfo{RequestId: header["x-request-id"][0]})
	}
	require.Empty(t, cmp.Diff(all, details, protocmp.Transform(), cmpopts.EquateEmpty()), "details of %q (-want +got)", got.Message())
}

// Images that the refusals meet. Each has a name of its own, which is its id; all but away's are in folder.
const (
	ready    = "fd8ready000000000000"
	creating = "fd8creating000000000"
	failed   = "fd8error000000000000"
	deleting = "fd8deleting000000000"
	away     = "fd8away0000000000000" // in otherFolder, READY
	large    = "fd8large000000000000" // needs 8 GiB
	nowhere  = "fd8nowhere0000000000" // never was

	otherFolder = "b1gother"
)

// stock fills a server with them.
func stock(cloud *fake.Server) {
	small := func(id string, st compute.Image_Status) *compute.Image {
		return &compute.Image{Id: id, FolderId: folder, Name: id, Status: st, MinDiskSize: 4 * mib}
	}
	cloud.AddImages(
		small(ready, compute.Image_READY), small(creating, compute.Image_CREATING),
		small(failed, compute.Image_ERROR), small(deleting, compute.Image_DELETING),
		&compute.Image{Id: large, FolderId: folder, Name: large, Size: 8 * gib, StorageSize: gib, MinDiskSize: 16 * gib, Family: "web"},
		&compute.Image{Id: away, FolderId: otherFolder, Name: away, Family: "web"},
		&compute.Image{FolderId: folder, Family: "unready", Status: compute.Image_CREATING},
	)
}

// Requests, short enough for a table.

func get(id string) proto.Message            { return &compute.GetImageRequest{ImageId: id} }
func remove(id string) proto.Message         { return &compute.DeleteImageRequest{ImageId: id} }
func listOperations(id string) proto.Message { return &compute.ListImageOperationsRequest{ImageId: id} }
func listBindings(id string) proto.Message   { return &access.ListAccessBindingsRequest{ResourceId: id} }
func setBindings(id string) proto.Message    { return &access.SetAccessBindingsRequest{ResourceId: id} }

func latest(folder, family string) proto.Message {
	return &compute.GetImageLatestByFamilyRequest{FolderId: folder, Family: family}
}

func describe(id string) proto.Message {
	return &compute.UpdateImageRequest{ImageId: id, Description: "new", UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"description"}}}
}

func rename(id, name string) proto.Message {
	return &compute.UpdateImageRequest{ImageId: id, Name: name, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}}}
}

func resize(id string, size int64) proto.Message {
	return &compute.UpdateImageRequest{ImageId: id, MinDiskSize: size, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"min_disk_size"}}}
}

func addBinding(id string) proto.Message {
	return &access.UpdateAccessBindingsRequest{ResourceId: id, AccessBindingDeltas: []*access.AccessBindingDelta{{
		Action:        access.AccessBindingAction_ADD,
		AccessBinding: &access.AccessBinding{RoleId: "viewer", Subject: &access.Subject{Id: "someone", Type: "userAccount"}},
	}}}
}

func fromImage(id string) *compute.CreateImageRequest {
	return &compute.CreateImageRequest{FolderId: folder, Source: &compute.CreateImageRequest_ImageId{ImageId: id}}
}

func fromDiskOf(id string, size int64) *compute.CreateImageRequest {
	return &compute.CreateImageRequest{FolderId: folder, MinDiskSize: size, Source: &compute.CreateImageRequest_DiskId{DiskId: id}}
}

func fromSnapshot(id string, size int64) *compute.CreateImageRequest {
	return &compute.CreateImageRequest{FolderId: folder, MinDiskSize: size, Source: &compute.CreateImageRequest_SnapshotId{SnapshotId: id}}
}

func fromObject(uri string) *compute.CreateImageRequest {
	return &compute.CreateImageRequest{FolderId: folder, Source: &compute.CreateImageRequest_Uri{Uri: uri}}
}

// in puts a request for a new image into another folder.
func in(folder string, r *compute.CreateImageRequest) *compute.CreateImageRequest {
	r.FolderId = folder
	return r
}

// sized asks for a disk size.
func sized(size int64, r *compute.CreateImageRequest) *compute.CreateImageRequest {
	r.MinDiskSize = size
	return r
}

// Outcomes of the contract, by their texts.

func notFound(kind, id string) outcome {
	return outcome{code: codes.NotFound, text: fmt.Sprintf("%s \"%s\" not found", kind, id)}
}

func noSource(kind, id string) outcome {
	return outcome{code: codes.FailedPrecondition, text: fmt.Sprintf("%s \"%s\" not found", kind, id)}
}

func notReady(id, st string) outcome {
	return outcome{code: codes.FailedPrecondition, text: fmt.Sprintf("Image \"%s\" is not ready: %s", id, st)}
}

func nameTaken(name string) outcome {
	return outcome{code: codes.AlreadyExists, text: fmt.Sprintf("Image with name \"%s\" already exists", name)}
}

func tooSmall(need int64) outcome {
	return outcome{code: codes.InvalidArgument, text: fmt.Sprintf("Minimal disk size should be greater or equal than %d", need)}
}

// missing is the reason given for a required field that is absent or empty.
const missing = "missing required field"

func denied(folder string) outcome {
	return outcome{code: codes.PermissionDenied, text: "Permission denied to folder " + folder}
}

func imagesQuota(limit int64) outcome {
	return quotaExceeded("number of images", "compute.images.count", limit, limit, 1)
}

func quotaExceeded(what, metric string, limit, usage, more int64) outcome {
	return outcome{
		code: codes.ResourceExhausted,
		text: "The limit on maximum " + what + " has exceeded.",
		details: []proto.Message{&quota.QuotaFailure{Violations: []*quota.QuotaFailure_Violation{{
			Metric:   &quota.QuotaMetric{Name: metric, Limit: limit, Usage: float64(usage)},
			Required: usage + more,
		}}}},
	}
}

var (
	operationsLimit = outcome{code: codes.ResourceExhausted, text: "The limit on maximum number of active operations has exceeded."}
	badURL          = outcome{code: codes.InvalidArgument, text: "url source invalid"}
	badToken        = outcome{code: codes.Unauthenticated, text: "The token is invalid"}
	staleToken      = outcome{code: codes.Unauthenticated, text: "The token has expired"}
)
