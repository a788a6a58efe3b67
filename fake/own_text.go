package fake

import (
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/world"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// ownText returns the status with which the service itself would answer a request with a code, as far as it ever does. It is the
// caller's to change.
func (s *Server) ownText(e *errand, code codes.Code) *spb.Status {
	st := s.knownText(e, code)
	if st == nil {
		return &spb.Status{Code: int32(code), Message: defaultTexts[code]}
	}
	st = proto.Clone(st).(*spb.Status)
	st.Code = int32(code)
	return st
}

// tooMany is what whoever asks too often is told.
const tooMany = "too many requests"

// defaultTexts are for codes with which the service never answers such a request.
var defaultTexts = map[codes.Code]string{
	codes.Canceled:           "the operation was cancelled",
	codes.Unknown:            "unknown error",
	codes.InvalidArgument:    "Request validation error",
	codes.DeadlineExceeded:   "deadline exceeded",
	codes.NotFound:           "not found",
	codes.AlreadyExists:      "already exists",
	codes.PermissionDenied:   "Permission denied",
	codes.ResourceExhausted:  tooMany,
	codes.FailedPrecondition: "the resource is not in a state that allows this",
	codes.Aborted:            "the request was aborted, try again",
	codes.OutOfRange:         "out of range",
	codes.Unimplemented:      "not implemented",
	codes.Internal:           "internal server error",
	codes.Unavailable:        "the service is unavailable, try again later",
	codes.DataLoss:           "data loss",
}

// knownText returns nil where the service has no text for the code, or none that fits the request.
func (s *Server) knownText(e *errand, code codes.Code) *spb.Status {
	switch code {
	case codes.NotFound:
		return e.row.missing(e)
	case codes.AlreadyExists:
		if r, named := e.Request.(interface{ GetName() string }); named && r.GetName() != "" {
			return contract.Taken(e.row.kind, r.GetName())
		}
	case codes.PermissionDenied:
		if folder := s.folderOf(e); folder != "" {
			return contract.FolderDenied(folder)
		}
	case codes.Unauthenticated:
		return contract.TokenInvalid()
	case codes.ResourceExhausted:
		return e.row.full(s)
	}
	return nil
}

// countedImages returns how many images the quota counts.
func (s *Server) countedImages() (n int64) {
	s.look(func(w *world.World) { n = w.Counted().Images })
	return n
}

// folderOf returns the folder a request goes to, by itself or through a resource.
func (s *Server) folderOf(e *errand) (folder string) {
	if r, ok := e.Request.(interface{ GetFolderId() string }); ok {
		return r.GetFolderId()
	}
	s.look(func(w *world.World) { folder = folderOf(w.Resource(e.ResourceID)) })
	return folder
}

func retryInfo(d time.Duration) proto.Message {
	return &errdetails.RetryInfo{RetryDelay: durationpb.New(d)}
}
