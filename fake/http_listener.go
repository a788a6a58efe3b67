package fake

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
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
		l := newHTTPListener()
		l.Close()
		return l
	}
	l := s.http.open()
	if s.closed() { // meanwhile
		l.Close()
	}
	return l
}

// httpDoor is where the clients go that speak HTTP/1. The zero value is shut.
type httpDoor struct {
	mu       sync.Mutex
	listener *httpListener // nil: nobody has asked for it
}

// open returns the listener, the same every time.
func (d *httpDoor) open() *httpListener {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listener == nil {
		d.listener = newHTTPListener()
	}
	return d.listener
}

// listening returns the listener, nil if nobody may accept.
func (d *httpDoor) listening() *httpListener {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listener == nil || d.listener.closed() {
		return nil
	}
	return d.listener
}

// close sends away who comes from now on.
func (d *httpDoor) close() {
	if l := d.listening(); l != nil {
		l.Close()
	}
}

// offer lets a configuration of TLS speak HTTP/1.1 with clients that offer it, as long as somebody accepts them.
func (d *httpDoor) offer(config *tls.Config) {
	const http1 = "http/1.1"
	spoken := config.Clone()
	spoken.NextProtos = []string{http1}
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(hello.SupportedProtos, http1) && d.listening() != nil {
			return spoken, nil
		}
		return nil, nil
	}
}

type httpListener struct {
	handover
	once sync.Once
}

func newHTTPListener() *httpListener { return &httpListener{handover: newHandover()} }

func (l *httpListener) Accept() (net.Conn, error) {
	if conn, ok := l.next(); ok {
		return conn, nil
	}
	return nil, fmt.Errorf("the fake's listener of HTTP/1: %w", net.ErrClosed)
}

func (l *httpListener) Close() error {
	l.once.Do(func() { close(l.over) })
	return nil
}

func (l *httpListener) closed() bool {
	select {
	case <-l.over:
		return true
	default:
		return false
	}
}

func (l *httpListener) Addr() net.Addr { return httpAddr{} }

type httpAddr struct{}

func (httpAddr) Network() string { return "imagefake" }
func (httpAddr) String() string  { return "HTTP/1 at the addresses of the fake" }

// passOn hands a connection that speaks HTTP/1 to whoever accepts such, and returns false if nobody does.
func (c *serverConn) passOn(conn net.Conn) bool {
	_ = conn.SetDeadline(time.Time{}) // that of the greeting
	l := c.server.http.listening()
	if l == nil || !l.pass(conn) {
		return false
	}
	c.server.conns.greeted(c.way.conn)
	return true
}
