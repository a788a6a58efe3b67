package fake

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/world"
	"github.com/imagefake/imagefake/fake/plain"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Operation is a handle on one operation of a server: it tells how the operation stands and moves it. The same operation always has
// the same handle. Moving one that cannot move so any more is misuse, except for Cancel, which leaves it as it is.
//
// A restored state may give an id out again. A handle belongs to its operation and not to the id: as long as the state does not have
// the operation, Proto is nil and moving it is misuse.
type Operation struct {
	server   *Server
	id       string
	method   Method
	resource string
	began    any   // what tells it from another of the same id
	call     *Call // that started it; nil: another server's
	handed   bool  // by NextOperation; guarded by the server's lock
}

// NextOperation waits until a call that one of the matchers picks has started an operation, and hands it out. Each operation is
// handed out once, in order of creation; one started before counts, if it has not been handed out. It fails and stops the test at
// the end of the context, when the server closes, and, where the context has no deadline, after five seconds (in a testing/synctest
// bubble: a day of its time).
//
// If nothing came, a server from [Start] returns a handle of no operation: Done is false, Proto nil, and moving it is misuse.
func (s *Server) NextOperation(ctx context.Context, on ...Matcher) *Operation {
	s.tb.Helper()
	s.checkBubble()
	if ctx == nil {
		s.misused("NextOperation(nil): give it a context, t.Context() for example")
		return &Operation{server: s}
	}
	picked := AnyOf(on...)
	is, wrong := s.judging(picked)
	if wrong != "" {
		s.misused("NextOperation: %s; %s", wrong, s.callsSeen())
		return &Operation{server: s}
	}
	rejected := make(map[*Operation]bool)
	limit := s.waitLimit(ctx)
	for {
		var candidate *Operation
		err := s.await(ctx, limit, func(w *world.World) bool {
			candidate = s.handles.unhanded(w, rejected)
			return candidate != nil
		})
		if err != nil {
			s.misused("NextOperation: %s: %s; %s", s.noOperation(on, picked), reason(err), s.callsSeen())
			return &Operation{server: s}
		}
		// The matcher is the test's code: it is asked without the lock, about the call as it is now.
		c := s.copyOf(candidate.call)
		if !is.picks(&c) {
			rejected[candidate] = true
			continue
		}
		if s.take(candidate) {
			return candidate
		}
	}
}

// noOperation tells that there is none to hand out, and whether there were some.
func (s *Server) noOperation(on []Matcher, picked Matcher) string {
	var handed []string
	for _, op := range s.Operations(on...) {
		handed = append(handed, op.id)
	}
	if len(handed) == 0 {
		return fmt.Sprintf("no operation was started by %v", picked)
	}
	return fmt.Sprintf("no further operation was started by %v; %s was handed out before, use Operation or Operations to get it again",
		picked, strings.Join(handed, ", "))
}

// take hands an operation out, unless someone else was faster.
func (s *Server) take(op *Operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op.handed {
		return false
	}
	op.handed = true
	return true
}

// reason tells why a wait ended, in words.
func reason(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "the context's deadline passed"
	case errors.Is(err, context.Canceled):
		return "the context was cancelled"
	}
	return err.Error()
}

// callsSeen tells what the server was asked lately.
func (s *Server) callsSeen() paragraph {
	calls := s.Calls()
	if len(calls) == 0 {
		return "the server has seen no call at all"
	}
	const most = 10
	var b strings.Builder
	fmt.Fprintf(&b, "calls seen: %d, the latest:", len(calls))
	for _, c := range calls[max(0, len(calls)-most):] {
		fmt.Fprintf(&b, "\n\t#%d %s", c.Seq, c.describe())
	}
	return paragraph(b.String())
}

// Operation returns the operation with that id. An unknown id is misuse and stops the test.
func (s *Server) Operation(id string) *Operation {
	s.tb.Helper()
	s.checkBubble()
	var handle *Operation
	s.look(func(w *world.World) {
		if op, _ := w.GetOperation(id); op != nil {
			handle = s.handles.get(op)
		}
	})
	if handle == nil {
		s.misused("Operation: there is none with id %q; there are %s", id, s.operationIDs())
		return &Operation{server: s}
	}
	return handle
}

func (s *Server) operationIDs() string {
	var ids []string
	for _, op := range s.Operations() {
		ids = append(ids, fmt.Sprintf("%s (%v)", op.id, op.method))
	}
	if len(ids) == 0 {
		return "none at all"
	}
	return strings.Join(ids, ", ")
}

// Operations returns the operations that were started by calls which one of the matchers picks, in order of creation: all without
// matchers, those on one image with [OnResource]. Operations that
// another server started, and that came with a restored or forked state, count only without matchers: no call here started them.
func (s *Server) Operations(on ...Matcher) []*Operation {
	s.tb.Helper()
	s.checkBubble()
	var all []*Operation
	s.look(func(w *world.World) {
		for _, op := range w.Operations() {
			all = append(all, s.handles.get(op))
		}
	})
	if len(on) == 0 {
		return all
	}
	is := s.asked("Operations", on)
	var picked []*Operation
	for _, op := range all {
		if op.call == nil {
			continue
		}
		if c := s.copyOf(op.call); is.picks(&c) {
			picked = append(picked, op)
		}
	}
	return picked
}

// ID returns the operation's id.
func (o *Operation) ID() string { return o.id }

// Method returns the method that started it.
func (o *Operation) Method() Method { return o.method }

// kind returns what the operation works on, in a word or two.
func (o *Operation) kind() string { return strings.ToLower(rowOf(o.method).kind) }

// ResourceID returns the id of the image, or other resource, that it works on.
func (o *Operation) ResourceID() string { return o.resource }

// Proto returns a copy of the operation as OperationService.Get would answer it now, without counting a poll; nil if the state was
// restored to one without it.
func (o *Operation) Proto() *operation.Operation {
	op := o.now()
	if op == nil {
		return nil
	}
	return proto.Clone(op.Operation).(*operation.Operation)
}

// Done tells whether the operation has ended.
func (o *Operation) Done() bool {
	op := o.now()
	return op != nil && op.Run.Phase.Done()
}

// now returns the operation as it stands, nil if there is none.
func (o *Operation) now() (op *lro.Operation) {
	o.server.tb.Helper()
	o.server.checkBubble()
	o.server.look(func(w *world.World) { op = o.in(w) })
	return op
}

// String tells which operation it is and how it stands: "operation fd8… (ImageCreate of image fd8…) is running, at copy".
func (o *Operation) String() string {
	if o.id == "" {
		return "an operation that never came"
	}
	text := plain.Line(fmt.Sprintf("operation %s (%v of %s %s)", o.id, o.method, o.kind(), o.resource))
	op := o.now()
	if op == nil {
		return text + " is not in the state of the server any more"
	}
	return text + " " + plain.Line(describeRun(op.Run))
}

func describeRun(r lro.Run) string {
	text := map[lro.Phase]string{lro.Running: "is running", lro.RollingBack: "is rolling back", lro.Failed: "has failed", lro.Succeeded: "has succeeded"}[r.Phase]
	if r.Err != nil {
		text += fmt.Sprintf(" with %v: %s", codes.Code(r.Err.Code), r.Err.Message)
	}
	step, waits := r.Step()
	if step.Name != "" {
		text += ", at " + step.Name
	} else if len(r.Plan.Steps) > 1 && r.Phase == lro.Running {
		text += fmt.Sprintf(", at step %d of %d", r.At+1, len(r.Plan.Steps))
	}
	switch {
	case r.Phase == lro.RollingBack && !waits:
		text += ", until Step"
	case !waits:
	case step.Cause == lro.Poll:
		text += fmt.Sprintf(", until poll %d (there were %d)", step.Polls, r.Polls)
	case step.Cause == lro.Elapsed:
		text += fmt.Sprintf(", until %v have passed", step.After)
	default:
		text += ", until Step"
	}
	return text
}

// Step passes the step at which the operation stands, whatever its trigger. Behind the last step it ends as its plan says: with
// success, or, if it is to fail, by rolling back until the next Step. Where success cannot be had any more, it is done with
// FailedPrecondition in this one step [choice]: an Update whose image is not READY, whatever needs an image that is gone.
func (o *Operation) Step() {
	o.server.tb.Helper()
	o.steer("Step", func(r lro.Run, now time.Time) (lro.Run, bool) { return r.Pass(now), !r.Phase.Done() })
}

// Complete passes all that is left, to success, whatever the plan says, and whatever is wrong with the source of a Create [choice]. Where
// success cannot be had any more it is done as by [Operation.Step]. While it rolls back only Step moves it, and this is misuse.
func (o *Operation) Complete() {
	o.server.tb.Helper()
	o.steer("Complete", func(r lro.Run, now time.Time) (lro.Run, bool) { return r.Complete(now), r.Phase == lro.Running })
}

// Fail ends the running operation with an error: it is done and rolled back. [Operation.RollBack] shows the time between. While it rolls
// back this is misuse: it has its error.
func (o *Operation) Fail(code codes.Code, text string, details ...proto.Message) {
	o.server.tb.Helper()
	o.fail("Fail", lro.Run.Fail, code, text, details)
}

// RollBack sets an error on the running operation: it is rolling back, not done, and the image keeps its transitional status
// [guide], until Step or the plan's Rollback ends it.
func (o *Operation) RollBack(code codes.Code, text string, details ...proto.Message) {
	o.server.tb.Helper()
	o.fail("RollBack", lro.Run.RollBack, code, text, details)
}

// fail sets an error on the running operation.
func (o *Operation) fail(what string, move func(lro.Run, *spb.Status, time.Time) lro.Run, code codes.Code, text string, details []proto.Message) {
	o.server.tb.Helper()
	packed, err := pack(details)
	switch {
	case code == codes.OK:
		o.server.misuse("%s(OK, %q): an operation cannot fail with success; use Complete, or another code", what, text)
		return
	case err != nil:
		o.server.misuse("%s: %v", what, err)
		return
	}
	st := &spb.Status{Code: int32(code), Message: text, Details: packed}
	if wrong := wrongStatus(st); wrong != "" {
		o.server.misuse("%s: %s", what, wrong)
		return
	}
	o.steer(what, func(r lro.Run, now time.Time) (lro.Run, bool) { return move(r, st, now), r.Phase == lro.Running })
}

// Cancel does what a client's OperationService.Cancel does: an operation that is done, rolling back or too late to cancel stays as it
// is.
func (o *Operation) Cancel() {
	o.server.tb.Helper()
	s := o.server
	s.checkBubble()
	known := false
	s.do(nil, func(w *world.World, now time.Time) {
		if known = o.in(w) != nil; known {
			w.Cancel(o.id, now)
		}
	})
	if !known {
		s.misuse("Cancel: %v", o)
	}
}

// Replan gives the running operation another plan, which begins now with its first step: a stuck one is let go, one under way gets stuck.
// Clients see nothing of it before the next step. The plan's KeepFailed and TooLate hold from now on. A Create whose source is bad fails
// under any plan that does not fail by itself.
func (o *Operation) Replan(p Plan) {
	o.server.tb.Helper()
	s := o.server
	s.checkBubble()
	plan, err := p.compile()
	if err != nil {
		s.misuse("Replan: %v", err)
		return
	}
	var found *lro.Operation
	running := false
	s.do(nil, func(w *world.World, now time.Time) {
		if found = o.in(w); found == nil {
			return
		}
		if running = found.Run.Phase == lro.Running; running {
			w.Replan(o.id, plan, now)
		}
	})
	if !running {
		s.misuse("Replan: %v: only a running operation can have another plan; %s", o, s.callsSeen())
	}
}

// steer moves the operation by hand; fits tells whether that can be done where it stands.
func (o *Operation) steer(what string, move func(lro.Run, time.Time) (next lro.Run, fits bool)) {
	s := o.server
	s.tb.Helper()
	s.checkBubble()
	var moved *lro.Operation
	fits := false
	s.do(nil, func(w *world.World, now time.Time) {
		if o.in(w) == nil {
			return
		}
		moved = w.Steer(o.id, now, func(r lro.Run) (next lro.Run) {
			next, fits = move(r, now)
			return next
		})
	})
	switch {
	case moved == nil:
		s.misuse("%s: %v; %s", what, o, s.callsSeen())
	case !fits && moved.Run.Phase.Done():
		s.misuse("%s: %v: nothing is left to move, drop this %s; %s", what, o, what, s.callsSeen())
	case !fits:
		s.misuse("%s: %v: only Step moves it now; %s", what, o, s.callsSeen())
	}
}

// Wait waits until the operation has ended, and returns its error, as a status error, or nil. It also ends, with an error that tells
// how the operation stands, at the end of the context, when the server closes, and, where the context has no deadline, after five
// seconds (in a testing/synctest bubble: a day of its time).
func (o *Operation) Wait(ctx context.Context) error {
	s := o.server
	s.tb.Helper()
	s.checkBubble()
	if ctx == nil {
		s.misused("Wait(nil): give it a context, t.Context() for example")
		return errNoContext
	}
	var ended *spb.Status
	known := true
	err := s.await(ctx, s.waitLimit(ctx), func(w *world.World) bool {
		op := o.in(w)
		if known = op != nil; !known {
			return true
		}
		ended = op.Run.Err
		return op.Run.Phase.Done()
	})
	switch {
	case err != nil:
		return fmt.Errorf("%v; waiting for its end: %w", o, err)
	case !known:
		return fmt.Errorf("%v", o)
	}
	return status.ErrorProto(ended)
}
