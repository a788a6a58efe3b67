package fake

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"
)

// HTTPListener accepts those clients of [Server.ListenTCP], [Server.ListenTLS] and [Server.ListenProxy] that speak HTTP/1, and not gRPC:
// scripts that use the HTTP API of the cloud, on the same hosts and ports. Connections of TLS come with their TLS done.
//
//	go http.Serve(cloud.HTTPListener(), handler)
//
// A client that offers both, as curl does, is asked for HTTP/1.1. Unless the listener is asked for, and after its Close, such clients
// are refused, with a note in the record. There is one for each server; its Close does not close the server, the server's Close closes
// it and the connections that it accepted.
func (s *Server) HTTPListener() net.Listener {
	s.tb.Helper()
	if s.misplaced("HTTPListener") {
		return closedListener{}
	}
	return s.http.open()
}

// httpDoor is where the clients go that speak HTTP/1. The zero value is shut.
type httpDoor struct {
	mu       sync.Mutex
	conns    chan net.Conn // nil: nobody has asked for it
	shut     chan struct{}
	shutting sync.Once
}

// open returns the listener, the same every time.
func (d *httpDoor) open() net.Listener {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conns == nil {
		d.conns, d.shut = make(chan net.Conn), make(chan struct{})
	}
	return httpListener{d}
}

// isOpen tells whether somebody may accept.
func (d *httpDoor) isOpen() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conns == nil {
		return false
	}
	select {
	case <-d.shut:
		return false
	default:
		return true
	}
}

// pass hands a connection to whoever accepts, and returns false if nobody will.
func (d *httpDoor) pass(conn net.Conn) bool {
	if !d.isOpen() {
		return false
	}
	select {
	case d.conns <- conn:
		return true
	case <-d.shut:
		return false
	}
}

// close sends away who comes from now on.
func (d *httpDoor) close() {
	if d.isOpen() {
		d.shutting.Do(func() { close(d.shut) })
	}
}

type httpListener struct{ *httpDoor }

func (l httpListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.shut:
		return nil, fmt.Errorf("the fake's listener of HTTP/1: %w", net.ErrClosed)
	}
}

func (l httpListener) Close() error   { l.close(); return nil }
func (l httpListener) Addr() net.Addr { return httpAddr{} }

type httpAddr struct{}

func (httpAddr) Network() string { return "imagefake" }
func (httpAddr) String() string  { return "HTTP/1 at the addresses of the fake" }

// closedListener is that of a server which can have none.
type closedListener struct{}

func (closedListener) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (closedListener) Close() error              { return nil }
func (closedListener) Addr() net.Addr            { return httpAddr{} }

// passOn hands a connection that speaks HTTP/1 to whoever accepts such, and returns false if nobody does.
func (c *serverConn) passOn(conn net.Conn) bool {
	_ = conn.SetDeadline(time.Time{}) // that of the greeting
	if !c.server.http.pass(conn) {
		return false
	}
	c.server.conns.greeted(c.way.conn)
	return true
}

// speaksHTTP1 is what a client says in its TLS handshake to be spoken to in HTTP/1.1.
const speaksHTTP1 = "http/1.1"

// greetTLS begins TLS with a client: in HTTP/1.1 if it offers that and there is somebody to speak it, else in HTTP/2.
func (c *serverConn) greetTLS() (*tls.Conn, credentials.AuthInfo, error) {
	config := c.way.tls.Clone()
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if !slices.Contains(hello.SupportedProtos, speaksHTTP1) || !c.server.http.isOpen() {
			return nil, nil
		}
		chosen := c.way.tls.Clone()
		chosen.NextProtos = []string{speaksHTTP1}
		return chosen, nil
	}
	conn := tls.Server(c, config)
	if err := conn.Handshake(); err != nil {
		return nil, nil, err
	}
	info := credentials.TLSInfo{State: conn.ConnectionState()}
	info.SecurityLevel = credentials.PrivacyAndIntegrity
	return conn, info, nil
}
