package fake

import (
	"math"
	"net"
	"sync"
	"time"

	"github.com/imagefake/imagefake/fake/internal/world"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
)

// Server is a fake cloud. Make one with [New] or [Start]. It is safe for concurrent use.
//
// It ties its parts together, and they are rooms of their own: what the one lock guards (core), the test (reporter), clients
// (connections), tokens (auth) and the end (lifetime).
type Server struct {
	settings
	reporter
	core
	lifetime
	manual      *ManualClock // the clock, if it is one
	home        bubble       // that it was made in
	grpc        grpcServer
	served      func() map[string]grpc.MethodInfo // by full name, made when first asked for
	conns       connections
	parting     parting
	unread      unread
	ca          authority
	http        httpDoor
	forPrograms forPrograms
	auth        auth
}

// New starts a server for one test and closes it when the test ends. Misuse of the server fails the test at the caller's line, as
// do faults that never fired. If the test has failed, its timeline is logged once.
//
// If an option is wrong, New fails the test and stops it.
func New(t TB, opts ...Option) *Server {
	if t == nil {
		panic("fake.New: t is nil; without a test use fake.Start")
	}
	t.Helper()
	s, err := newServer(t, opts)
	if err != nil {
		t.Errorf("imagefake: %v", err)
		t.FailNow()
	}
	return s.adopt(t)
}

// adopt ties a new server to the end of its test.
func (s *Server) adopt(t TB) *Server {
	t.Helper()
	t.Cleanup(func() {
		t.Helper()
		running := s.runningAtEnd()
		if err := s.Close(); err != nil {
			t.Errorf("imagefake: %v", err)
		}
		s.checkLeaks(t, running)
		s.end()
		if t.Failed() {
			if text := s.farewell(t); text != "" {
				t.Logf("%s", text)
			}
		}
	})
	return s
}

// Start is [New] without a test. Misuse and faults that never fired are collected: Err has them so far, Close returns them. The
// error names the option that is wrong.
func Start(opts ...Option) (*Server, error) { return newServer(noTest{}, opts) }

func newServer(t TB, opts []Option) (*Server, error) {
	s := unbuilt(t, defaults())
	if err := s.settings.set(opts); err != nil {
		return nil, err
	}
	if err := s.build(s.settings.newWorld); err != nil {
		return nil, err
	}
	return s, nil
}

// unbuilt returns a server that has everything but what its settings decide.
func unbuilt(t TB, from settings) *Server {
	s := &Server{settings: from, home: here(), lifetime: newLifetime()}
	s.belongTo(t)
	return s
}

// build makes the server that the settings describe. The error is of a service that cannot be served.
func (s *Server) build(newWorld func() *world.World) error {
	s.watch = watch{clock: s.clock, complain: func(format string, args ...any) { s.misuse(format, args...) }}
	s.watch.wind()
	s.conns.dialing = make(chan struct{}, 1)
	s.cloud = newWorld()
	s.record.keep = s.keep
	s.auth = newAuth(s.settings)
	s.handles.server = s
	s.grpc = newServers([]grpc.ServerOption{
		grpc.UnaryInterceptor(s.road),
		grpc.StreamInterceptor(s.streamRoad),
		grpc.UnknownServiceHandler(s.unknown),
		grpc.InTapHandle(s.arriving),
		grpc.Creds(greeting{}),
		s.unread.codec(),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.NumStreamWorkers(2),
		grpc.ReadBufferSize(bufferSize),
		grpc.WriteBufferSize(bufferSize),
		grpc.InitialWindowSize(windowSize),
		grpc.InitialConnWindowSize(windowSize),
		// SDK v2 pings an idle connection every 30 s; by default grpc-go would close it after two minutes of that [sdk].
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
	}, grpc.MaxRecvMsgSize(math.MaxInt32), grpc.MaxRecvMsgSize(memoryLimit), refusals{s})
	s.registerServices()
	healthy := health.NewServer() // "" is SERVING from the start
	healthpb.RegisterHealthServer(s.grpc, healthy)
	reflection.Register(s.grpc)
	neighbours, err := s.registerNeighbours()
	if err != nil {
		return err
	}
	for _, name := range append(neighbours, ownServices...) {
		healthy.SetServingStatus(name, healthpb.HealthCheckResponse_SERVING)
	}
	s.served = sync.OnceValue(func() map[string]grpc.MethodInfo { return methodsOf(s.grpc) })
	if clock, ok := s.clock.(*ManualClock); ok {
		s.manual = clock
		clock.attach(s)
	}
	return nil
}

// ownServices are those that a server serves whatever its options.
var ownServices = []string{
	compute.ImageService_ServiceDesc.ServiceName,
	operation.OperationService_ServiceDesc.ServiceName,
	endpoint.ApiEndpointService_ServiceDesc.ServiceName,
	iam.IamTokenService_ServiceDesc.ServiceName,
	healthpb.Health_ServiceDesc.ServiceName,
	"grpc.reflection.v1.ServerReflection",
	"grpc.reflection.v1alpha.ServerReflection",
}

// grpcServer is what a fake needs of a [grpc.Server]. A field of that type itself would have much of gRPC translated again in every
// package that mentions a [Server]: the compiler does that for the types that its fields and methods reach.
type grpcServer interface {
	grpc.ServiceRegistrar
	GetServiceInfo() map[string]grpc.ServiceInfo
	Serve(net.Listener) error
	GracefulStop()
	Stop()
}
