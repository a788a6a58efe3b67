package fake

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// servers are the gRPC servers of a fake: one for what comes in process, and, from the first listener on, one for what comes over a
// network. They serve the same. That of the network bounds what it reads, as anybody may send anything there, and watches what gRPC
// refuses by itself: watching costs a call in process a tenth more.
type servers struct {
	*grpc.Server                     // of what comes in process
	options      []grpc.ServerOption // of what comes over a network

	mu       sync.Mutex
	services []registered
	network  *grpc.Server // nil: not needed yet
	stopped  bool
}

type registered struct {
	description    *grpc.ServiceDesc
	implementation any
}

// newServers makes the servers of what comes in process and over a network, each with options of its own beside the common ones.
func newServers(common []grpc.ServerOption, inProcess, network grpc.ServerOption, watch stats.Handler) *servers {
	return &servers{
		Server:  grpc.NewServer(append(common[:len(common):len(common)], inProcess)...),
		options: append(common[:len(common):len(common)], network, grpc.StatsHandler(watch)),
	}
}

// RegisterService registers a service with both, as [grpc.Server.RegisterService] does, before either serves.
func (s *servers) RegisterService(description *grpc.ServiceDesc, implementation any) {
	s.Server.RegisterService(description, implementation)
	s.services = append(s.services, registered{description, implementation})
}

// Serve accepts the connections of a listener until the servers stop.
func (s *servers) Serve(l net.Listener) error {
	if _, is := l.(callerListener); is {
		return s.Server.Serve(l)
	}
	network := s.overNetwork()
	if network == nil {
		_ = l.Close()
		return grpc.ErrServerStopped
	}
	return network.Serve(l)
}

// overNetwork returns the server of what comes over a network, nil where there is none to be any more.
func (s *servers) overNetwork() *grpc.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.network == nil && !s.stopped {
		s.network = grpc.NewServer(s.options...)
		for _, service := range s.services {
			s.network.RegisterService(service.description, service.implementation)
		}
	}
	return s.network
}

// Stop ends both at once.
func (s *servers) Stop() { s.end((*grpc.Server).Stop) }

// GracefulStop ends both when their calls have ended.
func (s *servers) GracefulStop() { s.end((*grpc.Server).GracefulStop) }

func (s *servers) end(stop func(*grpc.Server)) {
	s.mu.Lock()
	s.stopped = true
	network := s.network
	s.mu.Unlock()
	var both sync.WaitGroup
	if network != nil {
		both.Go(func() { stop(network) })
	}
	stop(s.Server)
	both.Wait()
}

// refusals takes down the calls that gRPC refuses before the road: those whose request is compressed in a way that nobody here knows,
// or is too large to be read.
type refusals struct{ server *Server }

func (r refusals) HandleRPC(ctx context.Context, of stats.RPCStats) {
	end, is := of.(*stats.End)
	if !is || end.Error == nil {
		return
	}
	e, _ := ctx.Value(errandKey{}).(*errand)
	if e == nil || e.Call != nil {
		return // the road has it
	}
	switch st := status.Convert(end.Error); st.Code() { // Canceled and Unavailable: the client is gone
	case codes.Unimplemented, codes.ResourceExhausted, codes.Internal:
		method, _ := ctx.Value(methodKey{}).(string)
		c, _ := r.server.meet(ctx, e, method, nil)
		r.server.takeDown(c)
		r.server.finish(c, &answer{bare: true}, st.Proto())
	}
}

// methodKey is where the method of a call is known before gRPC says it.
type methodKey struct{}

func (refusals) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, methodKey{}, info.FullMethodName)
}

func (refusals) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (refusals) HandleConn(context.Context, stats.ConnStats)                       {}
