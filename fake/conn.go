package fake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Sizes that make a connection cheap. A call is a few hundred bytes: bigger buffers cost memory and time to clear, and no window
// that grows means no pings that measure how far it may.
const (
	pipeSize   = 4 << 10
	bufferSize = 4 << 10
	windowSize = 1 << 20
)

// maxStreams is how many calls of one connection are under way at once. A client waits by itself before it begins another one, and one
// that does not is refused.
const maxStreams = 10_000

// Conn returns the server's own client connection, always the same one. It belongs to the server: do not close it. After Close its calls
// fail at once with Unavailable.
func (s *Server) Conn() *grpc.ClientConn {
	s.tb.Helper()
	return s.connAs("")
}

// ConnAs returns the client connection of a caller of its own, the same one for the same name. The name tells its calls apart in
// the record, in faults ([ByCaller]) and in the timeline. It belongs to the server, as that of [Server.Conn] does.
func (s *Server) ConnAs(caller string) *grpc.ClientConn {
	s.tb.Helper()
	if caller == "" {
		s.misuse("ConnAs needs a name for the caller; for a connection without one use Conn")
	}
	if numbered.MatchString(caller) {
		s.misuse("ConnAs(%q): such names are for connections without one; choose another", caller)
	}
	return s.connAs(caller)
}

// numbered are the names of callers that have none.
var numbered = regexp.MustCompile(`^conn-\d+$`)

func (s *Server) connAs(caller string) *grpc.ClientConn {
	s.tb.Helper()
	s.checkBubble()
	s.conns.mu.Lock()
	defer s.conns.mu.Unlock()
	if cc := s.conns.clients[caller]; cc != nil {
		return cc
	}
	d := s.newDialer(caller)
	cc, err := grpc.NewClient(s.Target(), append(s.dialOptions(d), grpc.WithUnaryInterceptor(d.fromHome), grpc.WithStreamInterceptor(d.streamFromHome))...)
	if err != nil {
		panic("fake: grpc refused the server's own dial options: " + err.Error())
	}
	if s.conns.clients == nil {
		s.conns.clients = make(map[string]*grpc.ClientConn)
	}
	s.conns.clients[caller] = cc
	if s.closed() {
		cc.Close() // nobody would, later
	}
	return cc
}

// DialOptions returns what a client needs to reach the server: a dialer, a resolver and credentials. With them any target leads to
// the server, [Server.Target] or the address of the real service, and nothing asks DNS or leaves the process. The credentials need
// no TLS and count as secure, so per-call credentials that require transport security work; a later
// grpc.WithTransportCredentials(insecure.NewCredentials()) works as well.
//
// Connections made with one returned value are one caller. They belong to whoever dials: in a testing/synctest bubble one that is
// left open ends the test with a deadlock, and the end of a test of [New] names the line of DialOptions first: shut the SDK down there.
// After Close their calls fail at once with Unavailable, those that wait for a ready server too: it is gone for good.
func (s *Server) DialOptions() []grpc.DialOption {
	s.tb.Helper()
	s.checkBubble()
	s.conns.mu.Lock()
	defer s.conns.mu.Unlock()
	d := s.newDialer("")
	d.line = callerLine()
	s.conns.lent = append(s.conns.lent, d)
	return append(s.dialOptions(d), grpc.WithChainUnaryInterceptor(d.untilGone), grpc.WithChainStreamInterceptor(d.streamUntilGone))
}

// Target returns an address for clients that dial with [Server.DialOptions]. It means nothing without them.
func (s *Server) Target() string { return "passthrough:///imagefake" }

// GetConnection makes a Server the connector that SDK v2 takes in the place of its own: every service is on the one connection of
// [Server.Conn]. It never fails.
func (s *Server) GetConnection(context.Context, protoreflect.FullName, ...grpc.CallOption) (grpc.ClientConnInterface, error) {
	return s.Conn(), nil
}

func (s *Server) dialOptions(d *dialer) []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithContextDialer(d.dial),
		d.resolvers(),
		grpc.WithNoProxy(),
		grpc.WithTransportCredentials(inProcess{}),
		grpc.WithReadBufferSize(bufferSize),
		grpc.WithWriteBufferSize(bufferSize),
		grpc.WithInitialWindowSize(windowSize),
		grpc.WithInitialConnWindowSize(windowSize),
		// A connection that slept through half an hour of virtual time is still the same connection.
		grpc.WithIdleTimeout(0),
	}
}

// connections is what a server knows of its clients.
type connections struct {
	mu        sync.Mutex
	clients   map[string]*grpc.ClientConn // by caller, "" for Conn
	unnamed   int                         // callers that got a number for a name
	dialing   chan struct{}               // full while somebody dials
	dialed    []*clientConn
	lent      []*dialer             // of DialOptions
	ungreeted map[net.Conn]struct{} // of a network, before their first words
	open      map[*serverConn]struct{}
	closing   bool
	ended     bool
}

// greet remembers a connection until it has been greeted, or closes it at once where nobody would later. The caller holds the lock.
func (c *connections) greet(conn net.Conn) {
	if c.closing {
		_ = conn.Close()
		return
	}
	if c.ungreeted == nil {
		c.ungreeted = make(map[net.Conn]struct{})
	}
	c.ungreeted[conn] = struct{}{}
}

func (c *connections) greeted(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.ungreeted, conn)
}

// closeUngreeted ends the connections that have said nothing yet, and may never: gRPC would wait for them.
func (c *connections) closeUngreeted() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = true
	for conn := range c.ungreeted {
		_ = conn.Close()
	}
	c.ungreeted = nil
}

// opened remembers a connection until it is closed, or closes it at once where nobody would later.
func (c *connections) opened(conn *serverConn) {
	c.mu.Lock()
	ended := c.ended
	if !ended {
		if c.open == nil {
			c.open = make(map[*serverConn]struct{})
		}
		c.open[conn] = struct{}{}
	}
	c.mu.Unlock()
	if ended {
		_ = conn.Close()
	}
}

func (c *connections) forget(conn *serverConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

// end closes all connections: gRPC would wait for those whose client says nothing, or reads nothing.
func (c *connections) end() {
	c.mu.Lock()
	c.ended = true
	open := c.open
	c.open = nil
	c.mu.Unlock()
	for conn := range open {
		_ = conn.Close()
	}
}

// read returns when the clients in process have read all that was sent to them, and closed their ends.
func (c *connections) read() {
	c.mu.Lock()
	dialed := slices.Clone(c.dialed)
	c.mu.Unlock()
	for _, conn := range dialed {
		<-conn.closed
	}
}

// closeClients closes the server's own clients.
func (c *connections) closeClients() {
	c.mu.Lock()
	clients := maps.Clone(c.clients)
	c.mu.Unlock()
	for _, cc := range clients {
		cc.Close()
	}
}

// newDialer returns the dialer of one caller. The caller holds s.conns.mu.
func (s *Server) newDialer(caller string) *dialer {
	return &dialer{server: s, from: s.newCaller(caller)}
}

// newCaller returns a caller of that name, numbered if it has none. The caller holds s.conns.mu.
func (s *Server) newCaller(name string) *caller {
	if name != "" {
		return &caller{name: name, named: true}
	}
	s.conns.unnamed++
	return &caller{name: fmt.Sprintf("conn-%d", s.conns.unnamed)}
}

// A caller is whoever makes calls over one connection, or over those of one dialer.
type caller struct {
	name  string
	named bool  // by the test
	turns turns // guarded by the server's lock
}

// A dialer connects one caller to the server, through a listener of its own: whatever the listener accepts is that caller.
type dialer struct {
	server  *Server
	from    *caller
	reached atomic.Bool // the server, at least once
	line    string      // that called DialOptions; "" of the server's own connections
	open    int         // client connections that were used and not closed; guarded by the connections' lock

	once     sync.Once
	listener *bufconn.Listener
}

// used counts the client connections that are open.
func (d *dialer) used(by int) {
	d.server.conns.mu.Lock()
	defer d.server.conns.mu.Unlock()
	d.open += by
}

func (d *dialer) dial(ctx context.Context, _ string) (net.Conn, error) {
	if away := d.server.away(); away != "" {
		return nil, errors.New(away)
	}
	d.once.Do(func() {
		d.listener = bufconn.Listen(pipeSize)
		d.server.serve(callerListener{d.listener, d.from, d.server})
	})
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("the fake server %s: %w", d.server.name, err)
	}
	d.reached.Store(true)
	client := &clientConn{Conn: &pipeEnd{Conn: conn}, closed: make(chan struct{})}
	d.server.conns.mu.Lock()
	defer d.server.conns.mu.Unlock()
	d.server.conns.dialed = append(slices.DeleteFunc(d.server.conns.dialed, (*clientConn).isClosed), client)
	return client, nil
}

// connect makes one connection of a server after the other: bufconn makes timers that are due at once, and the runtime's race detector
// bears only one of those at a time in a bubble (a segmentation fault in runtime.(*timer).modify, seen with Go 1.26). It is a channel that
// they wait for, because a bubble's time passes and its orders are kept while one does.
func (d *dialer) connect(ctx context.Context) (net.Conn, error) {
	select {
	case d.server.conns.dialing <- struct{}{}:
		defer func() { <-d.server.conns.dialing }()
		return d.listener.DialContext(ctx)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// clientConn is the client's end of a connection. gRPC closes it when it has read all that the server sent.
type clientConn struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (c *clientConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

func (c *clientConn) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

type callerListener struct {
	net.Listener
	from   *caller
	server *Server
}

func (l callerListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &serverConn{Conn: &pipeEnd{Conn: conn}, from: l.from, server: l.server}, nil
}

// serverConn is the server's end of a connection. It reaches the handlers of its calls as the address of their peer.
type serverConn struct {
	net.Conn
	from   *caller
	server *Server
	way    *network // nil: in process

	// Guarded by the server's lock.
	cut    bool        // by a fault
	header metadata.MD // of its latest call: equal header sets are kept once
}

func (c *serverConn) RemoteAddr() net.Addr { return peerAddr{c} }

// Close forgets the connection where it was still to be greeted.
func (c *serverConn) Close() error {
	err := c.Conn.Close()
	c.server.conns.forget(c)
	if c.way != nil {
		c.server.conns.greeted(c.way.conn)
	}
	return err
}

// peer returns the address of the client, "in process" where it has none.
func (c *serverConn) peer() string {
	if c.way == nil {
		return "in process"
	}
	return c.way.client
}

type peerAddr struct{ conn *serverConn }

func (a peerAddr) Network() string {
	if a.conn.way == nil {
		return "bufconn"
	}
	return "tcp"
}

// String returns the address of the client; in process, its name.
func (a peerAddr) String() string {
	if a.conn.way == nil {
		return a.conn.from.name
	}
	return a.conn.peer()
}
