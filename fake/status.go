package fake

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
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

// ownKeys are the keys that gRPC or HTTP/2 use themselves, beside all that begin with ":" or "grpc-".
var ownKeys = []string{
	"connection", "content-length", "content-type", "host", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade",
	"user-agent",
}

// wrongTrailer returns why trailers cannot reach a client as they are, "" if they can.
func wrongTrailer(trailer metadata.MD) string {
	for key, values := range trailer {
		reserved := strings.HasPrefix(key, ":") || strings.HasPrefix(key, "grpc-") && key != "grpc-retry-pushback-ms" || slices.Contains(ownKeys, key)
		switch {
		case key == "":
			return "the key of a trailer is empty: name one"
		case reserved:
			return fmt.Sprintf("the trailer %q belongs to gRPC or HTTP/2 themselves: name another key, or change the status", key)
		case strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "":
			return fmt.Sprintf("no trailer can have the key %q: letters, digits, '-', '_' and '.' are allowed", key)
		}
		for _, value := range values {
			outside := func(r rune) bool { return r < ' ' || r > '~' }
			if !strings.HasSuffix(key, "-bin") && (strings.ContainsFunc(value, outside) || strings.TrimSpace(value) != value) {
				return fmt.Sprintf("the value %q of the trailer %q would not arrive as it is: printable ASCII without blanks at the ends does; "+
					"for any bytes let the key end in \"-bin\"", value, key)
			}
		}
	}
	return ""
}

// headerLimit is how large all headers of a reply together may be for a grpc-go client, less what the server adds itself, in bytes.
const headerLimit = 16<<20 - 8<<10

// tooLarge returns why a status and its trailers do not fit into the headers of a reply, "" if they do. The text is in them twice:
// with escapes of three bytes for all but printable ASCII, and with the details.
func tooLarge(st *spb.Status, trailer metadata.MD) string {
	const overhead = 32 // a header, by HTTP/2's way of counting
	size := len(st.Message) + base64.StdEncoding.EncodedLen(proto.Size(st))
	for i := range len(st.Message) {
		if c := st.Message[i]; c < ' ' || c > '~' || c == '%' {
			size += 2
		}
	}
	for key, values := range trailer {
		for _, value := range values {
			if strings.HasSuffix(key, "-bin") {
				size += base64.StdEncoding.EncodedLen(len(value)) - len(value)
			}
			size += len(key) + len(value) + overhead
		}
	}
	if size > headerLimit {
		return fmt.Sprintf("the status needs %d bytes of headers, and a gRPC client takes %d: shorten its text, details or trailers", size, headerLimit)
	}
	return ""
}
