package contract

import (
	"fmt"
	"strings"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/quota"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Every function in this file makes a new status. It is a value: nobody changes it after that. Tests may rely on codes and details;
// on texts only where they are [seen].

// InvalidRequest refuses a request that breaks a rule, with a google.rpc.BadRequest detail. The form of the text is [seen].
func InvalidRequest(v *Violation) *spb.Status { return InvalidField(v.Field, v.Path, v.Reason) }

// InvalidField does the same for what is found wrong only when a field is read: filter, order_by, page_token, update_mask. field
// is in Go spelling, path in that of the proto files.
func InvalidField(field, path, reason string) *spb.Status {
	reason = valid(reason)
	return refusal(codes.InvalidArgument, fmt.Sprintf("Request validation error: %s: %s", field, reason),
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: path, Description: reason}}})
}

// NotModelled refuses a request with a field that the fake does not model, at the path that Unmodelled returned [choice].
func NotModelled(method, path string) *spb.Status {
	return refusal(codes.Unimplemented, fmt.Sprintf(
		"%s: this fake does not model the request field %s, and refuses it rather than ignore it: leave it out", method, path))
}

// ImageNotFound is the answer for an image, or a family, that is not there [seen].
func ImageNotFound(idOrFamily string) *spb.Status {
	return notFound(codes.NotFound, "Image", idOrFamily)
}

// SourceImageNotFound is what Create answers for a source image that is not there [seen].
func SourceImageNotFound(id string) *spb.Status {
	return notFound(codes.FailedPrecondition, "Image", id)
}

// DiskNotFound is what Create answers for a source disk outside a closed set.
func DiskNotFound(id string) *spb.Status { return notFound(codes.FailedPrecondition, "Disk", id) }

// SnapshotNotFound is what Create answers for a source snapshot outside a closed set.
func SnapshotNotFound(id string) *spb.Status {
	return notFound(codes.FailedPrecondition, "Snapshot", id)
}

// OperationNotFound is the answer for an operation that is not there [choice].
func OperationNotFound(id string) *spb.Status { return notFound(codes.NotFound, "Operation", id) }

// NotFound is how a service of the cloud says that it has no resource of a kind with that id [choice: as images do].
func NotFound(kind, id string) *spb.Status { return notFound(codes.NotFound, kind, id) }

// NotReady refuses what needs an image in another state [choice].
func NotReady(id string, st compute.Image_Status) *spb.Status {
	return refusal(codes.FailedPrecondition, fmt.Sprintf("Image %s is not ready: %s", quote(id), st))
}

// ResourceNotReady refuses what needs a resource of a neighbour in another state, after NotReady [choice].
func ResourceNotReady(kind, id, state string) *spb.Status {
	return refusal(codes.FailedPrecondition, fmt.Sprintf("%s %s is not ready: %s", kind, quote(id), state))
}

// ResourceInUse refuses what cannot be done to a resource that another one uses [choice].
func ResourceInUse(kind, id, by string) *spb.Status {
	return refusal(codes.FailedPrecondition, fmt.Sprintf("%s %s is in use by %s", kind, quote(id), by))
}

// NameTaken refuses a name that another image of the folder has. [seen] for instances.
func NameTaken(name string) *spb.Status { return Taken("Image", name) }

// Taken is how a service of the cloud says that a resource of a kind has that name already [choice: as images do].
func Taken(kind, name string) *spb.Status {
	return refusal(codes.AlreadyExists, fmt.Sprintf("%s with name %s already exists", kind, quote(name)))
}

// MinDiskSize refuses a min_disk_size below the need of the source, in bytes. Its code is [choice].
func MinDiskSize(need int64) *spb.Status {
	return refusal(codes.InvalidArgument, fmt.Sprintf("Minimal disk size should be greater or equal than %d", need))
}

// ImagesQuota refuses one image more than the limit, with a yandex.cloud.quota.QuotaFailure detail. [seen] for other resources.
func ImagesQuota(limit, usage int64) *spb.Status {
	return exceeded("number of images", "compute.images.count", limit, usage, 1)
}

// PooledImagesQuota refuses one pooled image more than the limit, after ImagesQuota [choice].
func PooledImagesQuota(limit, usage int64) *spb.Status {
	return exceeded("number of pooled images", "compute.pooledImages.count", limit, usage, 1)
}

// ImagesSizeQuota refuses an image of so many bytes more than the limit, after ImagesQuota [choice].
func ImagesSizeQuota(limit, usage, more int64) *spb.Status {
	return exceeded("total size of images", "compute.images.size", limit, usage, more)
}

func exceeded(what, metric string, limit, usage, more int64) *spb.Status {
	return refusal(codes.ResourceExhausted, "The limit on maximum "+what+" has exceeded.",
		&quota.QuotaFailure{Violations: []*quota.QuotaFailure_Violation{{
			Metric:   &quota.QuotaMetric{Name: metric, Limit: limit, Usage: float64(usage)},
			Required: usage + more,
		}}})
}

// CountLimit refuses one more of what there are too many of. [seen] for instances.
func CountLimit(things string) *spb.Status {
	return refusal(codes.ResourceExhausted, "The limit on maximum number of "+things+" has exceeded.")
}

// OperationsLimit refuses one running operation more than the limit, which the service does not name [seen].
func OperationsLimit() *spb.Status {
	return CountLimit("active operations")
}

// FolderDenied refuses a folder that the caller has no access to. [seen] for Create.
func FolderDenied(folder string) *spb.Status {
	return refusal(codes.PermissionDenied, "Permission denied to folder "+folder)
}

// FolderNotFound is what Create answers for a folder that does not exist. [seen] for instances.
func FolderNotFound(id string) *spb.Status { return notFound(codes.FailedPrecondition, "Folder", id) }

// TokenInvalid refuses a call without a token, or with one that is not known [seen].
func TokenInvalid() *spb.Status { return refusal(codes.Unauthenticated, "The token is invalid") }

// TokenExpired refuses a token past its time [seen].
func TokenExpired() *spb.Status { return refusal(codes.Unauthenticated, "The token has expired") }

// URLInvalid refuses a source URI that is none of Object Storage, or ends an operation whose object is no image [seen].
func URLInvalid() *spb.Status { return refusal(codes.InvalidArgument, "url source invalid") }

// URLNotFound ends an operation whose source object is missing [seen].
func URLNotFound() *spb.Status { return refusal(codes.InvalidArgument, "url source not found") }

// URLForbidden ends an operation whose source object is not to be read [seen].
func URLForbidden() *spb.Status { return refusal(codes.InvalidArgument, "url source forbidden") }

// Cancelled ends an operation that was cancelled.
func Cancelled() *spb.Status { return refusal(codes.Canceled, "Cancelled by client") }

// WithRequestInfo returns a copy of st with a google.rpc.RequestInfo detail appended that carries the request id. The copy shares
// the other details with st, which stays as it is.
func WithRequestInfo(st *spb.Status, id string) *spb.Status {
	details := make([]*anypb.Any, 0, len(st.GetDetails())+1)
	details = append(details, st.GetDetails()...)
	return &spb.Status{
		Code: st.GetCode(), Message: st.GetMessage(),
		Details: append(details, packed(&errdetails.RequestInfo{RequestId: valid(id)})),
	}
}

func notFound(code codes.Code, kind, id string) *spb.Status {
	return refusal(code, fmt.Sprintf("%s %s not found", kind, quote(id)))
}

func refusal(code codes.Code, text string, details ...proto.Message) *spb.Status {
	st := &spb.Status{Code: int32(code), Message: valid(text)}
	for _, d := range details {
		st.Details = append(st.Details, packed(d))
	}
	return st
}

func packed(detail proto.Message) *anypb.Any {
	a, err := anypb.New(detail)
	if err != nil { // only text that is not UTF-8 does that, and valid has seen all of it
		panic(fmt.Sprintf("contract: detail %T cannot be encoded: %v", detail, err))
	}
	return a
}

// valid makes text fit for a status, which could not be sent with invalid UTF-8 in it.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
