package fake

import (
	"net"
	"sync"
	"time"
)

// A pipeEnd is one end of a connection in process. Each of a pipe's deadlines is a timer, gRPC sets one as it closes a connection, and
// closing does not stop it: it would keep the pipe's buffers for the seconds that gRPC allows for saying goodbye.
type pipeEnd struct {
	net.Conn

	mu     sync.Mutex
	closed bool
}

func (e *pipeEnd) SetDeadline(t time.Time) error { return e.unlessClosed(e.Conn.SetDeadline, t) }

func (e *pipeEnd) SetReadDeadline(t time.Time) error {
	return e.unlessClosed(e.Conn.SetReadDeadline, t)
}

func (e *pipeEnd) SetWriteDeadline(t time.Time) error {
	return e.unlessClosed(e.Conn.SetWriteDeadline, t)
}

func (e *pipeEnd) unlessClosed(set func(time.Time) error, t time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return net.ErrClosed
	}
	return set(t)
}

// Close closes the connection and stops its timers.
func (e *pipeEnd) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	err := e.Conn.Close()
	_ = e.Conn.SetDeadline(time.Time{}) // a pipe never fails to
	return err
}
