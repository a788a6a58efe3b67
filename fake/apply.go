package fake

import (
	"context"
	"errors"
	"slices"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// apply lets the faults that hit a call act at one place of the road, in the order in which they were injected. It returns the
// answer if one of them ends the call, else nil. a is what the handler answered, nil where it has not run.
func (s *Server) apply(ctx context.Context, e *errand, hits []*Injected, at place, a *answer) *answer {
	for _, hit := range hits {
		for _, l := range hit.fault.Do.links {
			if l.at != at || l.misfit(e.Method) != "" {
				continue
			}
			if ended := l.act(&encounter{server: s, ctx: ctx, errand: e, fault: hit, answered: a}); ended != nil {
				return ended
			}
		}
	}
	return nil
}

// An encounter is one call and one fault that hits it, where an action of the fault may act.
type encounter struct {
	server   *Server
	ctx      context.Context
	errand   *errand
	fault    *Injected
	answered *answer // what the handler answered; nil where it has not run
}

// happens notes that the fault happens to the call. A fault that finds nothing to do has not happened.
func (e *encounter) happens() {
	s, c := e.server, e.errand.Call
	now := s.lock()
	defer s.mu.Unlock()
	if slices.Contains(c.Faults, e.fault) {
		return
	}
	e.fault.fired++
	c.Faults = append(c.Faults, e.fault)
	text := e.fault.fault.Do.String()
	s.record.add(Event{
		Kind: FaultEvent, Time: now, Text: "fault: " + text, ResourceID: c.ResourceID, OperationID: c.OperationID,
		Fault: e.fault, By: c.Seq, phrase: text,
	})
	s.waiters.announce()
}

// brokenFunc reports that a func of the fault did what it must not, and answers the call.
func (e *encounter) brokenFunc(broken string) *answer {
	e.server.misuse("the func of the fault injected at %s, on %v, %s", e.fault.line, e.errand.Call, broken)
	return brokenTest("func of a fault", broken)
}

// gaveUp is the answer to a caller that is no longer there to read it, or at the end of the server.
func gaveUp(err error) *answer {
	if errors.Is(err, errClosed) {
		return &answer{status: &spb.Status{Code: int32(codes.Unavailable), Message: err.Error()}, bare: true}
	}
	return &answer{status: status.FromContextError(err).Proto(), bare: true}
}

// whyOver returns why a call's context is over. A client whose deadline comes resets the stream, which may be here before the server's
// own timer of the same moment: it is the deadline that ended the call all the same.
func whyOver(ctx context.Context) error {
	if at, ok := ctx.Deadline(); ok && !time.Now().Before(at) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}
