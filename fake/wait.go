package fake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/world"
)

// waiters is who waits for something to happen to the server. All of it is guarded by the server's lock.
type waiters struct {
	held     map[string][]*pause // polls held back, by operation
	sleepers []*pause            // handlers asleep until a time, on a ManualClock
	woken    map[*Call]bool      // calls that were woken, and have neither answered nor gone back to waiting
	quiet    chan struct{}       // closed when woken gets empty; nil: nobody asks
	idle     chan struct{}       // closed when no call is running; nil: nobody asks
	changed  chan struct{}       // closed at the next change; nil: nobody asks
}

// A pause is one handler that waits.
type pause struct {
	call *Call
	ch   chan struct{} // closed to wake it
	at   time.Time     // of sleepers
}

// publish notes what has happened to the world in the record, and wakes who waits for it. The caller holds the lock.
func (s *Server) publish(by *Call) {
	changes := s.world.TakeChanges()
	if len(changes) == 0 {
		return
	}
	if by != nil {
		by.Changed = true
	}
	for _, change := range changes {
		s.record.change(change, by)
		s.history.add(change)
		if c, is := change.(world.OperationChange); is {
			s.handles.add(c.After, by)
			s.rouse(s.waiters.held[c.After.Id]...)
			delete(s.waiters.held, c.After.Id)
		}
	}
	s.announce()
}

// announce wakes whoever waits for any change. The caller holds the lock.
func (s *Server) announce() {
	if s.waiters.changed != nil {
		close(s.waiters.changed)
		s.waiters.changed = nil
	}
}

// nextChange returns a channel that is closed at the next change. The caller holds the lock.
func (s *Server) nextChange() <-chan struct{} {
	if s.waiters.changed == nil {
		s.waiters.changed = make(chan struct{})
	}
	return s.waiters.changed
}

// rouse wakes handlers. The caller holds the lock.
func (s *Server) rouse(asleep ...*pause) {
	for _, p := range asleep {
		close(p.ch)
		if s.waiters.woken == nil {
			s.waiters.woken = make(map[*Call]bool)
		}
		s.waiters.woken[p.call] = true
	}
}

// rest notes that a call has gone (back) to waiting, or has been answered. The caller holds the lock.
func (s *Server) rest(c *Call) {
	delete(s.waiters.woken, c)
	if len(s.waiters.woken) == 0 && s.waiters.quiet != nil {
		close(s.waiters.quiet)
		s.waiters.quiet = nil
	}
}

// settleAt lets everything happen that is due up to now, on a ManualClock that says so.
func (s *Server) settleAt(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.Settle(now)
	s.publish(nil)
	s.waiters.sleepers = slices.DeleteFunc(s.waiters.sleepers, func(p *pause) bool {
		if p.at.After(now) {
			return false
		}
		s.rouse(p)
		return true
	})
	s.announce() // the time itself is something to wait for
}

// noteMove keeps in the record that the test is about to move a ManualClock.
func (s *Server) noteMove(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record.add(Event{Kind: ClockEvent, Time: s.clock.Now(), Text: fmt.Sprintf("the test moved the clock by %v", d)})
}

// scheduled returns when time alone moves an operation or wakes a handler, on a ManualClock.
func (s *Server) scheduled() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	due := s.world.Scheduled()
	for _, p := range s.waiters.sleepers {
		due = append(due, p.at)
	}
	return due
}

// awaitWoken waits until the handlers that were woken have answered or wait again, a second at most.
func (s *Server) awaitWoken() {
	var limit <-chan time.Time
	for {
		s.mu.Lock()
		if len(s.waiters.woken) == 0 {
			s.mu.Unlock()
			return
		}
		if s.waiters.quiet == nil {
			s.waiters.quiet = make(chan struct{})
		}
		quiet := s.waiters.quiet
		s.mu.Unlock()
		if limit == nil {
			limit = time.After(time.Second)
		}
		select {
		case <-quiet:
		case <-limit:
			if busy := s.forgetWoken(); busy != nil {
				s.misuse("advancing the clock woke %v, which has neither answered nor waited again after a second of real time", busy)
			}
			return
		}
	}
}

func (s *Server) forgetWoken() (one *Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one = range s.waiters.woken {
		break
	}
	clear(s.waiters.woken)
	return one
}

// awaitIdle waits until no call is running.
func (s *Server) awaitIdle() {
	s.mu.Lock()
	if s.running == 0 {
		s.mu.Unlock()
		return
	}
	idle := make(chan struct{})
	s.waiters.idle = idle
	s.mu.Unlock()
	<-idle
}

var errClosed = errors.New("the server is closed")

// sleep makes a call wait on the server's clock, until its context ends or the server closes.
func (s *Server) sleep(ctx context.Context, c *Call, d time.Duration) error {
	var woken <-chan struct{}
	var passed <-chan time.Time
	if s.manual != nil {
		s.mu.Lock()
		p := &pause{call: c, ch: make(chan struct{}), at: s.clock.Now().Add(d)}
		s.waiters.sleepers = append(s.waiters.sleepers, p)
		s.rest(c)
		s.announce()
		s.mu.Unlock()
		defer s.forgetSleeper(p)
		woken = p.ch
	} else {
		passed = s.clock.After(d)
	}
	select {
	case <-woken:
	case <-passed:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return errClosed
	}
	return nil
}

func (s *Server) forgetSleeper(p *pause) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiters.sleepers = slices.DeleteFunc(s.waiters.sleepers, func(have *pause) bool { return have == p })
}

// Limits of waiting for what may never come, where the context sets none. In a bubble time is virtual and costs nothing, and the
// code that is waited for may well sleep for hours first.
const (
	waitLimit       = 5 * time.Second
	waitLimitBubble = 24 * time.Hour
)

var errWaited = errors.New("it did not happen")

// await waits until cond holds, which it asks with the lock held and the state settled, first at once and then after every change.
// It ends with an error at the end of the context, when the server closes, or when limit fires.
func (s *Server) await(ctx context.Context, limit <-chan time.Time, cond func() bool) error {
	for {
		now := s.enter()
		if cond() {
			s.leave(nil)
			return nil
		}
		changed := s.nextChange()
		due, timed := s.world.Due()
		s.leave(nil)
		if err := s.waitFor(ctx, limit, changed, s.elapsed(timed, due.Sub(now))); err != nil {
			return err
		}
	}
}

// waitLimit returns a channel that ends a wait which the context does not bound, nil for one that it does.
func (s *Server) waitLimit(ctx context.Context) <-chan time.Time {
	if _, bounded := ctx.Deadline(); bounded {
		return nil
	}
	return time.After(s.patience())
}

// patience is how long a wait lasts which its context does not bound.
func (s *Server) patience() time.Duration {
	if s.home != "" {
		return waitLimitBubble
	}
	return waitLimit
}

// waitFor waits for a change or for time to bring one, and returns an error if the wait is to end without.
func (s *Server) waitFor(ctx context.Context, limit <-chan time.Time, changed <-chan struct{}, elapsed <-chan time.Time) error {
	select {
	case <-changed:
	case <-elapsed:
	case <-limit:
		return fmt.Errorf("%w within %v, and the context has no deadline", errWaited, s.patience())
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return errClosed
	}
	return nil
}

// Await waits until cond holds. It asks at once, and again after everything that happens to the server: a call that arrives or is
// answered, a change of an image, a step of an operation, a fault, a move of a [ManualClock]. cond may use the server and clients.
// Await ends with an error at the end of the context, when the server closes, and, where the context has no deadline, after five
// seconds (in a testing/synctest bubble: a day of its time).
func (s *Server) Await(ctx context.Context, cond func() bool) error {
	s.tb.Helper()
	s.checkBubble()
	limit := s.waitLimit(ctx)
	for {
		now := s.enter()
		changed := s.nextChange()
		due, timed := s.world.Due()
		s.leave(nil)
		if cond() {
			return nil
		}
		if err := s.waitFor(ctx, limit, changed, s.elapsed(timed, due.Sub(now))); err != nil {
			return err
		}
	}
}

// elapsed returns a channel that fires when d has passed on the server's clock; nil if nothing is timed. A ManualClock needs none:
// it settles its servers as it moves, and that is a change.
func (s *Server) elapsed(timed bool, d time.Duration) <-chan time.Time {
	if !timed || s.manual != nil {
		return nil
	}
	return s.clock.After(d)
}

// Of the time package, whatever the server's clock says: a client's own deadline runs on it.
const (
	holdLimit  = 20 * time.Second
	holdMargin = 5 * time.Millisecond // by which an answer precedes the caller's deadline, at least
)

// hold keeps the poll of an operation back until the operation is no longer as seen: at most holdLimit, and ending before the
// caller's deadline. A caller so near its deadline that an answer could not reach it in time gets none.
func (s *Server) hold(ctx context.Context, c *Call, seen *lro.Operation) (*lro.Operation, error) {
	limit := holdLimit
	if deadline, bounded := ctx.Deadline(); bounded {
		left := time.Until(deadline)
		if left > holdMargin {
			limit = min(limit, left-max(left/10, holdMargin))
		}
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		now := s.enter()
		current, refused := s.world.GetOperation(seen.Id)
		if refused != nil || current.Operation != seen.Operation { // refused: the state was restored to one without it
			s.leave(nil)
			return current, nil
		}
		p := &pause{call: c, ch: make(chan struct{})}
		if s.waiters.held == nil {
			s.waiters.held = make(map[string][]*pause)
		}
		s.waiters.held[seen.Id] = append(s.waiters.held[seen.Id], p)
		s.passTurn(c)
		s.rest(c)
		due, timed := current.Run.Due()
		s.leave(nil)
		if _, real := s.clock.(realClock); real && due.Sub(now) > limit {
			timed = false // the hold ends first
		}

		select {
		case <-p.ch:
		case <-s.elapsed(timed, due.Sub(now)):
			s.forgetHeld(seen.Id, p)
		case <-timer.C:
			s.forgetHeld(seen.Id, p)
			s.enter() // what is due at this very moment has happened
			current, _ = s.world.GetOperation(seen.Id)
			s.leave(nil)
			return current, nil
		case <-ctx.Done():
			s.forgetHeld(seen.Id, p)
			return nil, ctx.Err()
		case <-s.closing:
			s.forgetHeld(seen.Id, p)
			return nil, errClosed
		}
	}
}

func (s *Server) forgetHeld(id string, p *pause) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := slices.DeleteFunc(s.waiters.held[id], func(have *pause) bool { return have == p })
	if len(left) == 0 {
		delete(s.waiters.held, id)
	} else {
		s.waiters.held[id] = left
	}
}
