package fake

import (
	"fmt"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
)

// Delay holds the call up for d on the server's clock, or until the caller gives up.
func Delay(d time.Duration) Effect { return effect(delaying{d: d}) }

type delaying struct {
	usual
	d time.Duration
}

func (d delaying) String() string { return fmt.Sprintf("delay by %v", d.d) }

func (d delaying) wrong() string {
	if d.d <= 0 {
		return fmt.Sprintf("a delay of %v is none: name a duration above 0", d.d)
	}
	return ""
}

func (d delaying) act(e *encounter) *answer {
	e.happens()
	if err := e.server.sleep(e.ctx, e.errand.Call, d.d); err != nil {
		return gaveUp(err)
	}
	return nil
}

// Hang never answers: the call ends when the caller's deadline passes, the caller cancels it, or the server closes.
func Hang() Effect { return effect(hanging{}) }

type hanging struct{ usual }

func (hanging) String() string { return "hang" }
func (hanging) ends() bool     { return true }

func (hanging) act(e *encounter) *answer {
	e.happens()
	select {
	case <-e.ctx.Done():
		return gaveUp(whyOver(e.ctx))
	case <-e.server.closing:
		return gaveUp(errClosed)
	}
}

// Cut ends the connection that the call came on. Its other calls end too.
func Cut() Effect { return effect(cutting{}) }

type cutting struct{ usual }

func (cutting) String() string { return "cut the connection" }
func (cutting) ends() bool     { return true }

func (cutting) act(e *encounter) *answer {
	e.happens()
	e.server.cut(e.errand.conn)
	return &answer{status: cutStatus, bare: true}
}

var cutStatus = &spb.Status{Code: int32(codes.Unavailable), Message: "the connection was cut"}

// cut ends a connection, and marks the calls on it: whatever their handlers still answer, their callers do not get it.
func (s *Server) cut(conn *serverConn) {
	s.mu.Lock()
	conn.cut = true
	s.mu.Unlock()
	conn.Close()
}
