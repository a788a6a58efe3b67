package fake

import (
	"context"
	"errors"
	"slices"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// apply lets the faults that hit a call act at one place of the road, in the order in which they were injected. It returns the
// answer if one of them ends the call, else nil. a is what the handler answered, nil where it has not run.
func (s *Server) apply(ctx context.Context, e *errand, hits []*Injected, at place, a *answer) *answer {
	for _, hit := range hits {
		for _, act := range hit.fault.Do.actions {
			if act.at != at || !act.applies(e, a) {
				continue
			}
			s.fire(e.Call, hit)
			if ended := s.act(ctx, e, hit, act, a); ended != nil {
				return ended
			}
		}
	}
	return nil
}

// applies tells whether an action finds something to do: a fault that does not has not happened.
func (act action) applies(e *errand, a *answer) bool {
	if act.only != nil && !slices.Contains(act.only, e.Method) {
		return false
	}
	switch act.kind {
	case altering:
		return a != nil && a.reply != nil
	case expiring:
		r, pages := e.Request.(interface{ GetPageToken() string })
		return pages && r.GetPageToken() != ""
	}
	return true
}

// fire notes that a fault happens to a call.
func (s *Server) fire(c *Call, hit *Injected) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(c.Faults, hit) {
		return
	}
	hit.fired++
	c.Faults = append(c.Faults, hit)
	text := hit.fault.Do.String()
	s.record.add(Event{
		Kind: FaultEvent, Time: s.clock.Now(), Text: "fault: " + text, ResourceID: c.ResourceID, OperationID: c.OperationID,
		Fault: hit, By: c.Seq, phrase: text,
	})
	s.announce()
}

// act does one thing to a call.
func (s *Server) act(ctx context.Context, e *errand, hit *Injected, act action, a *answer) *answer {
	switch act.kind {
	case answering, expiring:
		return s.answerWith(e, act)
	case delaying:
		if err := s.sleep(ctx, e.Call, act.d); err != nil {
			return gaveUp(err)
		}
	case hanging:
		select {
		case <-ctx.Done():
			return gaveUp(ctx.Err())
		case <-s.closing:
			return gaveUp(errClosed)
		}
	case cutting:
		s.cut(e.conn)
		return &answer{status: cutStatus, bare: true}
	case lagging:
		s.enter()
		e.view = s.history.lagging(s.world, act.back)
		s.leave(nil)
	case altering:
		altered := proto.Clone(a.reply)
		if broken := guarded(func() { act.alter(e.Request, altered) }); broken != "" {
			return s.brokenFunc(e.Call, hit, broken)
		}
		a.reply = altered
	case running:
		seen := s.copyOf(e.Call)
		if a != nil {
			seen.Reply, seen.Status = a.reply, statusOK
			if a.status != nil {
				seen.Status = status.FromProto(a.status)
			}
		}
		s.detachCall(&seen)
		if broken := guarded(func() { act.f(&seen) }); broken != "" {
			return s.brokenFunc(e.Call, hit, broken)
		}
	}
	return nil
}

// copyOf returns the call as it is now.
func (s *Server) copyOf(c *Call) Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *c
}

func (s *Server) brokenFunc(c *Call, hit *Injected, broken string) *answer {
	s.misuse("the func of the fault injected at %s, on %v, %s", hit.line, c, broken)
	return brokenTest("func of a fault", broken)
}

// answerWith makes the status that a fault returns.
func (s *Server) answerWith(e *errand, act action) *answer {
	st := &spb.Status{Code: int32(act.code), Message: act.message}
	if act.message == "" {
		st = s.ownText(e, act.code)
	}
	st.Details = append(st.Details, act.details...)
	return &answer{status: st, bare: act.bare, trailer: act.trailer.Copy()}
}

// gaveUp is the answer to a caller that is no longer there to read it, or at the end of the server.
func gaveUp(err error) *answer {
	if errors.Is(err, errClosed) {
		return &answer{status: &spb.Status{Code: int32(codes.Unavailable), Message: err.Error()}, bare: true}
	}
	return &answer{status: status.FromContextError(err).Proto(), bare: true}
}

var cutStatus = &spb.Status{Code: int32(codes.Unavailable), Message: "the connection was cut"}

// cut ends a connection, and marks the calls on it: whatever their handlers still answer, their callers do not get it.
func (s *Server) cut(conn *serverConn) {
	s.mu.Lock()
	conn.cut = true
	s.mu.Unlock()
	conn.Close()
}
