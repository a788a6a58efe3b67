package fake

import "net"

// A handover passes connections from those that have greeted them to who accepts them.
type handover struct {
	conns chan net.Conn
	over  chan struct{} // closed when nobody accepts any more
}

func newHandover() handover { return handover{make(chan net.Conn), make(chan struct{})} }

// pass returns false if nobody accepts the connection.
func (h handover) pass(conn net.Conn) bool {
	select {
	case h.conns <- conn:
		return true
	case <-h.over:
		return false
	}
}

// next returns the next connection; ok is false if there will be none.
func (h handover) next() (conn net.Conn, ok bool) {
	select {
	case conn := <-h.conns:
		return conn, true
	case <-h.over:
		return nil, false
	}
}
