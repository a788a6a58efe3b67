package fake

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/imagefake/imagefake/fake/internal/world"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
)

// Server is a fake cloud. Make one with [New] or [Start]. It is safe for concurrent use.
type Server struct {
	settings
	tb          TB
	name        string
	manual      *ManualClock // the clock, if it is one
	home        string       // the bubble it was made in
	grpc        grpcServer
	served      func() map[string]grpc.MethodInfo // by full name, made when first asked for
	conns       connections
	parting     parting
	ca          authority
	forPrograms forPrograms
	auth        auth

	ending sync.RWMutex // guards over
	over   bool         // the test has ended

	closeOnce sync.Once
	closeErr  error
	closing   chan struct{} // closed as Close begins
	serving   sync.WaitGroup

	mu       sync.Mutex // guards what follows; never held across a wait or a callback
	world    *world.World
	record   record
	faults   faults
	running  int // calls between arrival and answer
	waiters  waiters
	handles  handles
	history  history
	misuses  []error
	requests uint64 // request ids given out

	orders atomic.Value // []*order; replaced, never changed; what is in it is guarded by mu
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
		if err := s.Close(); err != nil {
			t.Errorf("imagefake: %v", err)
		}
		s.ending.Lock()
		s.over = true
		s.ending.Unlock()
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
	s := &Server{settings: defaults(), tb: t, name: "of " + t.Name(), home: bubble(), closing: make(chan struct{})}
	if err := s.settings.set(opts); err != nil {
		return nil, err
	}
	s.build(s.settings.newWorld)
	return s, nil
}

// build makes the server that the settings describe.
func (s *Server) build(newWorld func() *world.World) {
	s.world = newWorld()
	s.record.keep = s.keep
	s.auth = newAuth(s.settings)
	s.handles.server = s
	s.grpc = grpc.NewServer(
		grpc.UnaryInterceptor(s.road),
		grpc.StreamInterceptor(s.streamRoad),
		grpc.UnknownServiceHandler(unknown),
		grpc.InTapHandle(arriving),
		grpc.Creds(greeting{}),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.NumStreamWorkers(2),
		grpc.ReadBufferSize(bufferSize),
		grpc.WriteBufferSize(bufferSize),
		grpc.InitialWindowSize(windowSize),
		grpc.InitialConnWindowSize(windowSize),
		// SDK v2 pings an idle connection every 30 s; by default grpc-go would close it after two minutes of that [sdk].
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
	)
	s.registerServices()
	for _, register := range s.services {
		register(s.grpc, s)
	}
	healthpb.RegisterHealthServer(s.grpc, health.NewServer())
	reflection.Register(s.grpc)
	s.served = sync.OnceValue(func() map[string]grpc.MethodInfo { return methodsOf(s.grpc) })
	if clock, ok := s.clock.(*ManualClock); ok {
		s.manual = clock
		clock.attach(s)
	}
}

// serve accepts the connections of one listener until the server closes. After that there is nobody to wait for another one.
func (s *Server) serve(l net.Listener) {
	s.mu.Lock()
	closed := s.closed()
	if !closed {
		s.serving.Add(1)
	}
	s.mu.Unlock()
	if closed {
		_ = l.Close() // whoever dials is told by the listener
		return
	}
	go func() {
		defer s.serving.Done()
		_ = s.grpc.Serve(l) // ends with the server; whoever dials then is told by the listener
	}()
}

// closeLimit is how long Close waits for handlers that do not end, in real time.
const closeLimit = 5 * time.Second

// Close ends the server: calls under way are answered with Unavailable, connections are closed, nothing keeps running. It waits
// five seconds at most; if something still runs then (the func of a fault, or the handler of a service added by [WithService], that
// does not heed its context), the error names the calls. The error also names faults that never fired and, for a server from
// [Start], all misuse; for one from [New] the end of the test reports it. Close may be called again and returns the same.
func (s *Server) Close() error {
	s.tb.Helper()
	if away := s.away(); away != "" {
		return errors.New(away)
	}
	s.closeOnce.Do(func() { s.closeErr = s.close() })
	return s.closeErr
}

func (s *Server) close() error {
	s.tb.Helper()
	s.mu.Lock()
	busy := s.running > 0
	close(s.closing) // whatever waits is answered now
	s.mu.Unlock()
	if s.manual != nil {
		s.manual.detach(s)
	}
	s.conns.closeUngreeted()
	ended := make(chan struct{})
	go func() { defer close(ended); s.stop(busy) }()
	limit := time.NewTimer(closeLimit)
	defer limit.Stop()
	var stuck error
	select {
	case <-ended:
	case <-limit.C:
		stuck = fmt.Errorf("Close gave up after %v: still running are %s", closeLimit, s.stillRunning())
		go s.grpc.Stop()
	}
	s.conns.mu.Lock()
	for _, cc := range s.conns.clients {
		cc.Close()
	}
	s.conns.mu.Unlock()
	s.parting.come()
	return errors.Join(stuck, s.ca.remove(), s.unfired(), s.unordered(), s.Err())
}

// stop ends the server, and lets answers that are on their way reach their callers first. A graceful stop holds a lock of grpc-go
// while it waits for handlers, so it has to wait until none is left that might not end. busy: calls were under way as Close began.
func (s *Server) stop(busy bool) {
	if busy {
		s.awaitIdle()
		s.grpc.GracefulStop()
		s.conns.mu.Lock()
		dialed := slices.Clone(s.conns.dialed)
		s.conns.mu.Unlock()
		for _, c := range dialed {
			<-c.closed
		}
	}
	s.grpc.Stop()
	s.serving.Wait()
}

// stillRunning names the calls that have not been answered.
func (s *Server) stillRunning() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var calls []string
	for e := range s.record.kept() {
		if e.Call != nil && e.Call.Running() {
			calls = append(calls, e.Call.String())
		}
	}
	switch {
	case s.running == 0:
		return "connections of clients that do not close"
	case len(calls) < s.running:
		calls = append(calls, fmt.Sprintf("%d that are not in the record", s.running-len(calls)))
	}
	return strings.Join(calls, "; ")
}

// closed tells whether Close has begun.
func (s *Server) closed() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// enter locks the server and brings its state to the present. Whoever calls it calls leave.
func (s *Server) enter() (now time.Time) {
	s.mu.Lock()
	now = s.clock.Now()
	s.world.Settle(now)
	s.publish(nil)
	return now
}

// enterUntimed is enter for those who do not ask what time it is: where nothing is due at any time, nor does it.
func (s *Server) enterUntimed() {
	s.mu.Lock()
	if _, timed := s.world.Due(); timed {
		s.world.Settle(s.clock.Now())
		s.publish(nil)
	}
}

// leave publishes what has changed since enter and unlocks. by is the call that did it, nil for the test.
func (s *Server) leave(by *Call) {
	s.publish(by)
	s.mu.Unlock()
}

// away tells why the caller cannot use a server that lives in a testing/synctest bubble, or outside of the caller's; "" if it can.
func (s *Server) away() string {
	here := bubble()
	if here == s.home {
		return ""
	}
	return fmt.Sprintf("the server %s was made %s and is used %s: make it, and use it, inside the same func given to synctest.Test",
		s.name, whereabouts(s.home), whereabouts(here))
}

func whereabouts(bubble string) string {
	if bubble == "" {
		return "outside of any testing/synctest bubble"
	}
	return "in " + bubble
}

// checkBubble reports a use from the wrong bubble, and stops the test, before the runtime dies of it: every control method may wake
// who waits, on channels that belong to the bubble.
func (s *Server) checkBubble() {
	if away := s.away(); away != "" {
		s.tb.Helper()
		s.misused("%s", away)
	}
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
