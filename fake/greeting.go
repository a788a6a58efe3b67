package fake

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"google.golang.org/grpc/credentials"
)

// http2Preface is what every client of HTTP/2 says first.
const http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// greeting begins the connections of a server: those in process at once, those of a network with TLS, if it is for them, and with
// the client's first words. Whoever does not speak gRPC is sent away before gRPC sees him, and a note in the record says why; clients of
// HTTP/1 are sent to [Server.HTTPListener], if there is one.
type greeting struct{ inProcess }

func (g greeting) Clone() credentials.TransportCredentials { return g }

func (greeting) ClientHandshake(context.Context, string, net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errors.New("these are credentials of a server")
}

func (greeting) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	c, ok := raw.(*serverConn)
	if ok {
		c.server.conns.opened(c)
	}
	if !ok || c.way == nil {
		return raw, inProcessInfo, nil
	}
	var conn net.Conn = c
	var info credentials.AuthInfo
	if c.way.tls != nil {
		var err error
		if conn, info, err = c.greetTLS(); err != nil {
			return nil, nil, c.refuse("no TLS", err)
		}
	}
	conn, err := c.expectPreface(conn)
	if errors.Is(err, credentials.ErrConnDispatched) {
		return nil, nil, err
	}
	if err != nil {
		return nil, nil, c.refuse("no gRPC", err)
	}
	c.server.conns.greeted(c.way.conn)
	return conn, info, nil
}

// greetTLS begins TLS with a client.
func (c *serverConn) greetTLS() (net.Conn, credentials.AuthInfo, error) {
	conn := tls.Server(c, c.way.tls)
	if err := conn.Handshake(); err != nil {
		return nil, nil, err
	}
	info := credentials.TLSInfo{State: conn.ConnectionState()}
	info.SecurityLevel = credentials.PrivacyAndIntegrity
	return conn, info, nil
}

// refuse notes why a connection ends before its first call. A client that goes away without a word is no news: probes do that.
func (c *serverConn) refuse(what string, err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !c.server.closed() {
		c.server.note(fmt.Sprintf("%s from %s: %s", what, c.peer(), explainHandshake(err)))
	}
	c.Close()
	return err
}

// explainHandshake says what to do about an error of a handshake where that is known.
func explainHandshake(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "bad certificate"), strings.Contains(text, "unknown certificate"):
		return text + ": the client does not trust the server's authority: give it Environ, CAFile or CertPool, and dial a name that the certificate covers"
	case strings.Contains(text, "does not look like a TLS handshake"):
		return text + ": the client speaks without TLS to a listener of ListenTLS"
	}
	return text
}

// expectPreface reads a client's first words, as far as they are right: the preface and the frame with its settings.
func (c *serverConn) expectPreface(conn net.Conn) (net.Conn, error) {
	heard := make([]byte, 0, len(http2Preface))
	for len(heard) < len(http2Preface) {
		n, err := conn.Read(heard[len(heard):cap(heard)])
		heard = heard[:len(heard)+n]
		if !strings.HasPrefix(http2Preface, string(heard)) {
			if isHTTP1(heard) && c.passOn(&prefixed{conn, heard}) {
				return nil, credentials.ErrConnDispatched
			}
			return nil, foreign(conn, heard)
		}
		if err != nil {
			return nil, err
		}
	}
	settings, err := expectSettings(conn)
	if err != nil {
		return nil, err
	}
	return &prefixed{Conn: conn, prefix: append(heard, settings...)}, nil
}

// expectSettings reads the frame that follows the preface: gRPC waits for it before it knows a connection.
func expectSettings(conn net.Conn) ([]byte, error) {
	const headerSize, settingsType, most = 9, 4, 16 << 10
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(conn, header); err != nil {
		return nil, err
	}
	size := int(header[0])<<16 | int(header[1])<<8 | int(header[2])
	if header[3] != settingsType || size > most {
		return nil, errors.New("what follows the client's preface is no SETTINGS of HTTP/2")
	}
	frame := append(header, make([]byte, size)...)
	_, err := io.ReadFull(conn, frame[headerSize:])
	return frame, err
}

// foreign answers a client that does not speak HTTP/2, as far as it would understand.
func foreign(conn net.Conn, heard []byte) error {
	if isHTTP1(heard) {
		word, _, _ := bytes.Cut(heard, []byte(" "))
		_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"+
			"This port speaks gRPC, over HTTP/2 only.\n")
		return fmt.Errorf("the client sent a request of HTTP/1, %s: this port speaks gRPC, over HTTP/2 only", word)
	}
	if heard[0] == 0x16 {
		return errors.New("the client speaks TLS to a listener of ListenTCP: use ListenTLS, or insecure credentials")
	}
	return errors.New("the client's first bytes are none of HTTP/2")
}

// isHTTP1 tells whether a client's first bytes begin a request of HTTP/1.
func isHTTP1(heard []byte) bool {
	for _, method := range []string{"GET ", "HEAD ", "POST ", "PUT ", "PATCH ", "DELETE ", "OPTIONS ", "TRACE ", "CONNECT "} {
		if n := min(len(method), len(heard)); string(heard[:n]) == method[:n] {
			return true
		}
	}
	return false
}

// prefixed is a connection some of which has been read.
type prefixed struct {
	net.Conn
	prefix []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.prefix) == 0 {
		return p.Conn.Read(b)
	}
	n := copy(b, p.prefix)
	p.prefix = p.prefix[n:]
	return n, nil
}
