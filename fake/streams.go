package fake

import (
	"context"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// method looks a method up among those the server serves.
func (s *Server) method(m Method) (info grpc.MethodInfo, served bool) {
	info, served = s.served()[m.FullName()]
	return info, served
}

// methodsOf returns the methods of a server by their full names.
func methodsOf(server grpcServer) map[string]grpc.MethodInfo {
	methods := make(map[string]grpc.MethodInfo)
	for service, info := range server.GetServiceInfo() {
		for _, method := range info.Methods {
			methods["/"+service+"/"+method.Name] = method
		}
	}
	return methods
}

// unknown answers calls of methods that nobody serves.
func (s *Server) unknown(_ any, stream grpc.ServerStream) error {
	fullMethod, _ := grpc.MethodFromServerStream(stream)
	return status.Errorf(codes.Unimplemented, "the fake does not serve %s: %s", fullMethod, s.howToServe(Method(fullMethod)))
}

// howToServe tells what to do about a method that is not served.
func (s *Server) howToServe(m Method) string {
	_, served := s.grpc.GetServiceInfo()[m.Service()]
	f := m.facts()
	switch {
	case !served:
		return "add its service with fake.WithNeighbours, which needs no handlers, or with fake.WithService"
	case f == nil:
		return "its service is served, and the linked go-genproto has no such method in it"
	case !isUnary(f.descriptor):
		return "its service is served without its streams: they need fake.WithService"
	}
	return "its service is served without it; answer it with fake.WithHandler"
}

// streamRoad records the calls that are no unary calls of a service: streams of neighbours, reflection and health, and methods that
// nobody serves, so that a failing test shows what its code asked for. Faults do not happen to them. Their answers have the ids of the
// request as all others do, an Unimplemented too [choice].
func (s *Server) streamRoad(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx, cancel := s.untilClosing(stream.Context())
	defer cancel()
	c, refused := s.meet(ctx, errandOf(ctx), info.FullMethod, nil)
	s.takeDown(c)
	ids := s.requestIDs(c.requestID)
	defer ids.release()
	_ = stream.SetHeader(ids.md) // it fails only where the caller is gone
	a := &answer{}
	if refused != nil {
		a.status = refused
	} else if s.closed() {
		a = gaveUp(errClosed)
	} else {
		var err error
		if broken := guarded(func() { err = handler(srv, &boundStream{stream, ctx, s.closing, &s.unread}) }); broken != "" {
			s.misuse("the handler of %v %s", c, broken)
			a = brokenTest("handler", broken)
		} else if err != nil && s.closed() {
			a = gaveUp(errClosed)
		} else if err != nil {
			a = &answer{status: status.Convert(err).Proto(), foreign: err}
		}
	}
	if _, served := s.method(c.Method); a.status != nil && (a.foreign == nil || !served) {
		a.status, a.foreign = contract.WithRequestInfo(a.status, ids.request()), nil
	}
	s.finish(c, a, a.status)
	if a.foreign != nil {
		return a.foreign
	}
	return status.ErrorProto(a.status)
}

// boundStream is a stream that ends with the server: its context, and whatever its handler waits for.
type boundStream struct {
	grpc.ServerStream
	ctx     context.Context
	closing <-chan struct{}
	unread  *unread
}

func (b *boundStream) Context() context.Context { return b.ctx }

func (b *boundStream) RecvMsg(request any) error {
	if err := b.unlessClosing(func() error { return b.ServerStream.RecvMsg(request) }); err != nil {
		return err
	}
	if why := b.unread.take(request); why != nil {
		return status.ErrorProto(why)
	}
	return nil
}

func (b *boundStream) SendMsg(m any) error {
	return b.unlessClosing(func() error { return b.ServerStream.SendMsg(m) })
}

// unlessClosing does what may wait for the client, and does not wait for it any longer when Close begins. What it leaves behind ends
// with the call.
func (b *boundStream) unlessClosing(do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-b.closing:
		return status.Error(codes.Unavailable, errClosed.Error())
	}
}

// untilClosing returns a context that also ends when the server begins to close.
func (s *Server) untilClosing(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
