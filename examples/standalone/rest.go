package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"connectrpc.com/connect"
	"connectrpc.com/vanguard"
	"github.com/imagefake/imagefake/fake"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// restCaller is who makes the calls of the HTTP API.
const restCaller = "rest"

// rest is the HTTP API. A transcoder makes gRPC calls of its requests, by the annotations of the methods, and relay passes those on.
// They go over a client connection and not into the fake's own gRPC server, because a call has a caller there only if it came over a
// connection that the fake accepted.
type rest struct {
	http.Handler
	relay *grpc.Server
}

func newREST(cloud *fake.Server) (*rest, error) {
	relay := grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.UnknownServiceHandler(passOn(cloud.ConnAs(restCaller))))
	var services []*vanguard.Service
	known := make(map[string]bool)
	for _, m := range methods() {
		if name := m.Service(); !known[name] && hasHTTP(name) {
			known[name] = true
			services = append(services, vanguard.NewService(name, relay))
		}
	}
	transcoder, err := vanguard.NewTranscoder(services,
		vanguard.WithDefaultServiceOptions(vanguard.WithTargetProtocols(vanguard.ProtocolGRPC), vanguard.WithTargetCodecs(vanguard.CodecProto),
			vanguard.WithNoTargetCompression(), vanguard.WithMaxMessageBufferBytes(maxMessage),
			vanguard.WithRESTUnmarshalOptions(vanguard.RESTUnmarshalOptions{DiscardUnknownQueryParams: true})),
		vanguard.WithCodec(func(types vanguard.TypeResolver) vanguard.Codec {
			return texts{vanguard.JSONCodec{
				MarshalOptions:   protojson.MarshalOptions{Resolver: types, EmitDefaultValues: true},
				UnmarshalOptions: protojson.UnmarshalOptions{Resolver: types},
			}}
		}),
		vanguard.WithUnknownHandler(http.HandlerFunc(unknownPath)))
	if err != nil {
		return nil, fmt.Errorf("the HTTP API cannot be served: %w", err)
	}
	return &rest{asJSON(transcoder), relay}, nil
}

// asJSON takes bodies for JSON that are said to be a form: curl says so of any, and the documentation of the API calls it without a
// header that says otherwise.
func asJSON(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if kind := r.Header.Get("Content-Type"); kind == "application/x-www-form-urlencoded" {
			r = r.Clone(r.Context())
			r.Header.Set("Content-Type", "application/json")
		}
		next.ServeHTTP(w, r)
	})
}

// texts is JSON, of which it is the client's fault if it cannot be read: the transcoder would take it for its own.
type texts struct{ vanguard.JSONCodec }

func (t texts) Unmarshal(text []byte, m proto.Message) error {
	return invalid(t.JSONCodec.Unmarshal(text, m))
}

func (t texts) UnmarshalField(text []byte, m proto.Message, field protoreflect.FieldDescriptor) error {
	return invalid(t.JSONCodec.UnmarshalField(text, m, field))
}

func invalid(err error) error {
	if err == nil {
		return nil
	}
	return connect.NewError(connect.CodeInvalidArgument, err)
}

// maxMessage is the size of a message that gRPC takes, in bytes.
const maxMessage = 4 << 20

func (r *rest) close() { r.relay.Stop() }

// unknownPath answers in the form of the API's errors.
func unknownPath(w http.ResponseWriter, r *http.Request) {
	text, err := protojson.Marshal(status.Newf(codes.NotFound, "the fake serves nothing at %s %s", r.Method, r.URL.Path).Proto())
	if err != nil { // a path that is no UTF-8
		http.Error(w, "the fake serves nothing there", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write(text) // fails only where the client is gone
}

// passOn answers calls of every method with what a connection answers. All methods of the API are unary.
func passOn(to grpc.ClientConnInterface) grpc.StreamHandler {
	return func(_ any, from grpc.ServerStream) error {
		name, _ := grpc.MethodFromServerStream(from)
		var request, reply []byte
		if err := from.RecvMsg(&request); err != nil {
			return err
		}
		called(from.Context())
		var header, trailer metadata.MD
		err := to.Invoke(outgoing(from.Context()), name, &request, &reply, grpc.ForceCodec(raw{}), grpc.Header(&header), grpc.Trailer(&trailer))
		if headed := from.SetHeader(endToEnd(header)); err == nil {
			err = headed
		}
		from.SetTrailer(endToEnd(trailer))
		if err != nil {
			return err
		}
		return from.SendMsg(&reply)
	}
}

// outgoing hands the headers of the call that came on to the one that goes out.
func outgoing(ctx context.Context) context.Context {
	header, _ := metadata.FromIncomingContext(ctx)
	return metadata.NewOutgoingContext(ctx, endToEnd(header))
}

// endToEnd returns the headers that are not about one connection alone.
func endToEnd(header metadata.MD) metadata.MD {
	passed := make(metadata.MD)
	for key, values := range header {
		switch {
		case strings.HasPrefix(key, ":"), strings.HasPrefix(key, "grpc-"):
		case key == "content-type", key == "content-length", key == "user-agent", key == "te", key == "connection", key == "host":
		default:
			passed[key] = values
		}
	}
	return passed
}

// raw is a codec of messages that stay as they are.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
