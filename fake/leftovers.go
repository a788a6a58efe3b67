package fake

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/grpc"
)

// WithLeakCheck makes a server from [New] fail its test when the test leaves something behind that uses the server: a call that is
// still running when the test ends, such as the poll of a goroutine that nobody waits for, or a client connection made with
// [Server.DialOptions] that was used and not closed. The failure names the call, and the line that called DialOptions. Default: only
// such connections, and only in a testing/synctest bubble, where one of them ends the test with a deadlock.
func WithLeakCheck() Option {
	return option(func(s *settings) error {
		s.leakCheck = true
		return nil
	})
}

// checkLeaks tells the test at its end what it leaves behind. running is what it had not answered before it was closed.
func (s *Server) checkLeaks(t TB, running string) {
	t.Helper()
	if s.leakCheck && running != "" {
		t.Errorf("imagefake: the test is over, and the server still answers %s: wait for what the test has started", running)
	}
	if !s.leakCheck && s.home == "" {
		return
	}
	for _, left := range s.conns.leftOpen() {
		why := ""
		if s.home != "" {
			why = ", and in a testing/synctest bubble it ends the test with a deadlock"
		}
		t.Errorf("imagefake: the test is over, and %s%s: close it, or shut the SDK down that has it", left, why)
	}
}

// runningAtEnd names the calls that are running, for a check that asks for it.
func (s *Server) runningAtEnd() string {
	if !s.leakCheck || s.away() != "" || s.closed() || s.untilNoCall() == nil {
		return ""
	}
	return s.stillRunning()
}

// leftOpen names the lines that asked for the options of connections which are open.
func (c *connections) leftOpen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var left []string
	for _, d := range c.lent {
		switch {
		case d.open == 1:
			left = append(left, fmt.Sprintf("a client connection made with the DialOptions of %s is open", d.line))
		case d.open > 1:
			left = append(left, fmt.Sprintf("%d client connections made with the DialOptions of %s are open", d.open, d.line))
		}
	}
	return left
}

// noteClose keeps in the record who closed a connection that belongs to the server: its calls fail from then on, and do not say why.
func (d *dialer) noteClose() {
	if d.line != "" || d.server.closed() {
		return
	}
	at := ""
	if line := closerLine(d.server.conns.client(d)); line != "" {
		at = " at " + line
	}
	d.server.note(fmt.Sprintf("the connection of %s was closed%s: it belongs to the server, and its calls fail from now on", d.from.name, at))
}

// client returns the server's own connection that a dialer is for.
func (c *connections) client(d *dialer) *grpc.ClientConn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !d.from.named {
		return c.clients[""]
	}
	return c.clients[d.from.name]
}

// closerLine returns file:line of who is calling Close of a connection, "" if that is not to be seen. gRPC tells those who wait for a
// connection of its end while Close runs, in another goroutine.
func closerLine(cc *grpc.ClientConn) string {
	call := fmt.Sprintf("google.golang.org/grpc.(*ClientConn).Close(%p", cc)
	for _, g := range plain.Goroutines() {
		_, below, closes := strings.Cut(g.Trace, call)
		if !closes {
			continue
		}
		// Its own line, that of the func that called it, and the line where that stands: "	/path/file.go:12 +0x1d".
		if lines := strings.SplitN(below, "\n", 5); len(lines) > 3 {
			where, _, _ := strings.Cut(filepath.Base(strings.TrimSpace(lines[3])), " ")
			return where
		}
	}
	return ""
}
