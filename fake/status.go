package fake

import (
	"fmt"
	"unicode/utf8"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// pack wraps the details of a status.
func pack(details []proto.Message) ([]*anypb.Any, error) {
	var packed []*anypb.Any
	for i, detail := range details {
		if detail == nil || !detail.ProtoReflect().IsValid() {
			return nil, fmt.Errorf("detail %d is nil", i+1)
		}
		held, err := anypb.New(detail)
		if err != nil {
			return nil, fmt.Errorf("detail %d, a %T, does not marshal: %w", i+1, detail, err)
		}
		packed = append(packed, held)
	}
	return packed, nil
}

// wrongStatus returns why a status that the test made cannot reach a client as it is, "" if it can.
func wrongStatus(st *spb.Status) string {
	switch code := codes.Code(st.Code); {
	case code > codes.Unauthenticated:
		return fmt.Sprintf("%d is no gRPC code", code)
	case !utf8.ValidString(st.Message):
		return fmt.Sprintf("the text is no UTF-8: %q; no message of protobuf can carry it", st.Message)
	}
	return ""
}
