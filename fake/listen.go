package fake

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
)

// A Listener is a way into a server over the network, for programs that are not the test itself: [Server.ListenTCP],
// [Server.ListenTLS], [Server.ListenProxy]. It serves the same state as the way in process, until the server closes. Each
// connection is a caller of its own, with its address in [Call].Peer; who dials again is another one, for triggers that count by
// caller too, unless [WithAuth] makes callers known by their tokens.
//
// The server cannot help a client on the other side of a network when it closes: calls that wait for a ready server wait there
// until their deadline.
type Listener struct{ addr string }

// Addr returns the address to dial, "127.0.0.1:41234"; "" of a listener that could not be made.
func (l *Listener) Addr() string { return l.addr }

// String returns the address.
func (l *Listener) String() string { return l.addr }

// ListenTCP serves gRPC without TLS at an address, "127.0.0.1:0" for a free port of this machine; "" means that, too. A port in use,
// and an address that other machines reach without [WithRemoteAccess], are misuse.
//
// A network stops the virtual time of a testing/synctest bubble, so there it is misuse, as all listeners are: use
// [Server.DialOptions], or make the server outside and give it a [ManualClock].
func (s *Server) ListenTCP(addr string) *Listener {
	s.tb.Helper()
	return s.listen("ListenTCP", addr, nil, func(l net.Listener, _ *tls.Config) net.Listener {
		return networkListener{Listener: l, server: s, way: network{}}
	})
}

// ListenTLS is [Server.ListenTCP] with TLS, for clients that use nothing else. The certificate, of the authority of
// [Server.CAFile], is good for localhost, 127.0.0.1, ::1, api.cloud.yandex.net, *.api.cloud.yandex.net and the names given: host
// names, IP addresses, or names like *.example.com. A name that no certificate can have is misuse.
func (s *Server) ListenTLS(addr string, names ...string) *Listener {
	s.tb.Helper()
	return s.listen("ListenTLS", addr, append(ownNames(), names...), func(l net.Listener, config *tls.Config) net.Listener {
		return networkListener{Listener: l, server: s, way: network{tls: config}}
	})
}

// listen makes a listener, and serves what wrap makes of it. Without names there is no TLS.
func (s *Server) listen(by, addr string, names []string, wrap func(net.Listener, *tls.Config) net.Listener) *Listener {
	s.tb.Helper()
	if s.misplaced(by) {
		return &Listener{}
	}
	address, broken := s.listenable(addr)
	var config *tls.Config
	if broken == nil && names != nil {
		if config, broken = s.authority().serve(names); broken == nil {
			s.http.offer(config)
		}
	}
	var l net.Listener
	if broken == nil {
		if l, broken = net.Listen("tcp", address); broken != nil {
			broken = fmt.Errorf("%w: port 0 asks for a free one", broken)
		}
	}
	if broken != nil {
		s.misused("%s(%q): %v", by, addr, broken)
		return &Listener{}
	}
	s.serve(wrap(l, config))
	return &Listener{addr: l.Addr().String()}
}

// misplaced reports the use of a network where there can be none.
func (s *Server) misplaced(by string) bool {
	s.tb.Helper()
	s.checkBubble()
	switch {
	case s.home != "":
		s.misused("%s: the server %s lives in a testing/synctest bubble, and whoever waits for a network there stops its virtual time: "+
			"use DialOptions, or make the server outside of the bubble, with fake.WithClock(fake.NewClock(start)) for time", by, s.name)
	case s.closed():
		s.misused("%s: the server is closed", by)
	default:
		return false
	}
	return true
}

// listenable returns the address to listen at, or why the server does not listen there.
func (s *Server) listenable(addr string) (string, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("%w: write host:port, as in 127.0.0.1:0 for a free port", err)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return "", fmt.Errorf("%q is no port: write one of 1 to 65535, or 0 for a free one", port)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case host != "" && err != nil:
		return "", fmt.Errorf("%q is neither an IP address nor localhost: name the address of this machine to listen at", host)
	case s.remote || host != "" && ip.Unmap().IsLoopback():
		return net.JoinHostPort(host, port), nil
	}
	return "", fmt.Errorf("other machines reach that address: use 127.0.0.1, or allow it with the option fake.WithRemoteAccess()")
}

// WithRemoteAccess lets listeners of the server be reached from other machines: those of addresses other than the loopback's.
// Default: that is misuse. The fake protects nothing: whoever reaches it may do what the code under test may.
func WithRemoteAccess() Option {
	return option(func(s *settings) error {
		s.remote = true
		return nil
	})
}

// network is how a connection came in that did not come in process.
type network struct {
	tls     *tls.Config // nil: plaintext
	proxied bool
	conn    net.Conn // as it was accepted
	client  string   // its address
}

// networkListener makes every connection that it accepts a caller of its own.
type networkListener struct {
	net.Listener
	server *Server
	way    network
}

func (l networkListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.server.newNetworkConn(conn, nil, l.way), nil
}

// newNetworkConn makes a connection from a network one of the server. early is what has been read of it.
func (s *Server) newNetworkConn(conn net.Conn, early []byte, way network) *serverConn {
	s.conns.mu.Lock()
	defer s.conns.mu.Unlock()
	s.conns.greet(conn)
	way.conn, way.client = conn, conn.RemoteAddr().String()
	return &serverConn{Conn: &prefixed{conn, early}, from: s.newCaller(""), server: s, way: &way}
}

// addressOf returns the address of a service for a client that came in over a connection: where it came in, and through a proxy the
// real service's [seen], which lead there again.
func (s *Server) addressOf(id string, conn *serverConn) string {
	switch {
	case conn.way == nil:
		return s.Target()
	case !conn.way.proxied:
		return conn.LocalAddr().String()
	case id == "endpoint":
		return apiHost + ":443"
	}
	return id + "." + apiHost + ":443"
}
