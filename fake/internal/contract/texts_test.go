package contract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/quota"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/anypb"
)

func badRequest(path, reason string) proto.Message {
	return &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: path, Description: reason}}}
}

func TestTexts(t *testing.T) {
	long := strings.Repeat("o", 100)
	for _, tt := range []struct {
		got     *spb.Status
		code    codes.Code
		text    string
		details []proto.Message
	}{
		{InvalidRequest(&Violation{Field: "Name", Path: "name", Reason: badName}), codes.InvalidArgument,
			"Request validation error: Name: invalid resource name", []proto.Message{badRequest("name", "invalid resource name")}},
		{InvalidRequest(Published.Check(labelled(map[string]string{"k": "V"}))), codes.InvalidArgument,
			`Request validation error: Labels: invalid label value "V"`, []proto.Message{badRequest(`labels["k"]`, `invalid label value "V"`)}},
		{InvalidField("UpdateMask", "update_mask", "no \xff"), codes.InvalidArgument,
			"Request validation error: UpdateMask: no \uFFFD", []proto.Message{badRequest("update_mask", "no \uFFFD")}},
		{NotModelled("ImageCreate", "os.7"), codes.Unimplemented,
			"ImageCreate: this fake does not model the request field os.7, and refuses it rather than ignore it: leave it out", nil},
		{ImageNotFound("fd8"), codes.NotFound, `Image "fd8" not found`, nil},
		{SourceImageNotFound("fd8"), codes.FailedPrecondition, `Image "fd8" not found`, nil},
		{DiskNotFound("fhm"), codes.FailedPrecondition, `Disk "fhm" not found`, nil},
		{FolderNotFound("b1g"), codes.FailedPrecondition, `Folder "b1g" not found`, nil},
		{SnapshotNotFound("fd8"), codes.FailedPrecondition, `Snapshot "fd8" not found`, nil},
		{OperationNotFound("fd8"), codes.NotFound, `Operation "fd8" not found`, nil},
		{OperationNotFound(long), codes.NotFound, `Operation "` + long[:64] + `…" not found`, nil},
		{NotReady("fd8", compute.Image_DELETING), codes.FailedPrecondition, `Image "fd8" is not ready: DELETING`, nil},
		{NameTaken("abc"), codes.AlreadyExists, `Image with name "abc" already exists`, nil},
		{MinDiskSize(4194304), codes.InvalidArgument, "Minimal disk size should be greater or equal than 4194304", nil},
		{ImagesQuota(8, 9), codes.ResourceExhausted, "The limit on maximum number of images has exceeded.",
			[]proto.Message{&quota.QuotaFailure{Violations: []*quota.QuotaFailure_Violation{{
				Metric: &quota.QuotaMetric{Name: "compute.images.count", Limit: 8, Usage: 9}, Required: 10}}}}},
		{OperationsLimit(), codes.ResourceExhausted, "The limit on maximum number of active operations has exceeded.", nil},
		{FolderDenied("b1g"), codes.PermissionDenied, "Permission denied to folder b1g", nil},
		{TokenInvalid(), codes.Unauthenticated, "The token is invalid", nil},
		{TokenExpired(), codes.Unauthenticated, "The token has expired", nil},
		{URLInvalid(), codes.InvalidArgument, "url source invalid", nil},
		{URLNotFound(), codes.InvalidArgument, "url source not found", nil},
		{URLForbidden(), codes.InvalidArgument, "url source forbidden", nil},
		{Cancelled(), codes.Canceled, "Cancelled by client", nil},
	} {
		t.Run(tt.text, func(t *testing.T) {
			want := &spb.Status{Code: int32(tt.code), Message: tt.text, Details: pack(t, tt.details...)}
			require.Empty(t, cmp.Diff(want, tt.got, protocmp.Transform()))

			before := proto.Clone(tt.got)
			with := WithRequestInfo(tt.got, "r1")
			want.Details = append(want.Details, pack(t, &errdetails.RequestInfo{RequestId: "r1"})...)
			require.Empty(t, cmp.Diff(want, with, protocmp.Transform()))
			require.Empty(t, cmp.Diff(before, tt.got, protocmp.Transform()), "WithRequestInfo changed its argument")
		})
	}
}

func pack(t *testing.T, details ...proto.Message) []*anypb.Any {
	var all []*anypb.Any
	for _, d := range details {
		a, err := anypb.New(d)
		require.NoError(t, err)
		all = append(all, a)
	}
	return all
}

// A status with room behind its details is where an append would write into what two copies share.
func TestWithRequestInfoSharesNoRoom(t *testing.T) {
	st := ImagesQuota(1, 1)
	st.Details = append(make([]*anypb.Any, 0, 4), st.Details...)
	one, two := WithRequestInfo(st, "one"), WithRequestInfo(st, "two")
	for id, with := range map[string]*spb.Status{"one": one, "two": two} {
		info := &errdetails.RequestInfo{}
		require.NoError(t, with.Details[1].UnmarshalTo(info))
		require.Equal(t, id, info.RequestId)
	}
}
