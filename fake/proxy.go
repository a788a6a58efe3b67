package fake

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// ListenProxy makes a proxy for programs whose endpoint is built in. It serves the CONNECT requests of HTTP at an address of this
// machine, "127.0.0.1:0" or "" for a free port, and every tunnel ends in the server itself, with the TLS of [Server.ListenTLS] and
// a certificate for the same names; those given come on top. It connects nowhere else, ever: who asks for another name gets the
// status 502 and is noted in the record.
//
// A program that resolves names before it asks its proxy sends an IP address, and is refused with that cause: clients made with
// grpc.NewClient of grpc-go 1.66 to 1.70 do, unless their target is passthrough:///host:port. Clients made with grpc.Dial, as
// those of SDK v1, never do.
func (s *Server) ListenProxy(addr string, names ...string) *Listener {
	s.tb.Helper()
	return s.listen("ListenProxy", addr, append(ownNames(), names...), s.newProxy)
}

// proxy is a listener whose connections come through tunnels.
type proxy struct {
	net.Listener
	server  *Server
	config  *tls.Config
	tunnels handover // over when Accept of the listener below has ended, with err
	err     error
	asking  sync.WaitGroup
}

// askLimit is how long a proxy waits for a client's request, in real time.
const askLimit = 10 * time.Second

func (s *Server) newProxy(l net.Listener, config *tls.Config) net.Listener {
	p := &proxy{Listener: l, server: s, config: config, tunnels: newHandover()}
	go p.run()
	return p
}

func (p *proxy) run() {
	for {
		conn, err := p.Listener.Accept()
		if err != nil {
			p.err = err
			close(p.tunnels.over)
			return
		}
		p.server.conns.mu.Lock()
		p.server.conns.greet(conn)
		p.server.conns.mu.Unlock()
		p.asking.Go(func() { p.ask(conn) })
	}
}

// Accept returns the next tunnel.
func (p *proxy) Accept() (net.Conn, error) {
	if c, ok := p.tunnels.next(); ok {
		return c, nil
	}
	p.asking.Wait() // the server closes what they wait for
	return nil, p.err
}

// ask reads what a client wants, and makes a tunnel of its connection or sends it away.
func (p *proxy) ask(conn net.Conn) {
	_ = conn.SetDeadline(time.Now().Add(askLimit))
	unread := bufio.NewReader(conn)
	request, err := http.ReadRequest(unread)
	if err != nil {
		p.drop(conn, nil)
		return
	}
	if refused := p.refuses(request); refused != nil {
		p.drop(conn, refused)
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		p.drop(conn, nil)
		return
	}
	_ = conn.SetDeadline(time.Time{})
	early, _ := unread.Peek(unread.Buffered())
	c := p.server.newNetworkConn(conn, early, network{tls: p.config, proxied: true})
	if !p.tunnels.pass(c) {
		c.Close()
	}
}

// drop ends a connection, with the reason if its client gets one.
func (p *proxy) drop(conn net.Conn, reason error) {
	if reason != nil {
		p.server.note(fmt.Sprintf("the proxy refused %s: %v", conn.RemoteAddr(), reason))
		// Some clients show the words of the status line, others the body.
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 502 imagefake: %v\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%v\n",
			reason, len(reason.Error())+1, reason)
	}
	_ = conn.Close()
	p.server.conns.greeted(conn)
}

// refuses returns why a request leads nowhere, nil if it leads to the server.
func (p *proxy) refuses(r *http.Request) error {
	if r.Method != http.MethodConnect {
		return fmt.Errorf("%s %s is no CONNECT, and this proxy leads to the fake server over TLS and nowhere else", r.Method, printable(r.URL.Host))
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		return fmt.Errorf("CONNECT %s names no host:port", printable(r.Host))
	}
	if p.config.Certificates[0].Leaf.VerifyHostname(strings.TrimSuffix(host, ".")) == nil {
		return nil
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return fmt.Errorf("CONNECT %s names an IP address, and the certificate covers host names: the client asked DNS before its proxy, as "+
			"grpc.NewClient of grpc-go 1.66 and 1.67 does; dial passthrough:///host:port, or use a newer grpc-go", r.Host)
	}
	return fmt.Errorf("CONNECT %s leads nowhere, because the certificate does not cover that name: give it to ListenProxy if the fake is to stand for it",
		printable(r.Host))
}

// printable returns what a client sent as text that fits into a line.
func printable(text string) string {
	const most = 100
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strings.Trim(fmt.Sprintf("%+q", text), `"`)
}
