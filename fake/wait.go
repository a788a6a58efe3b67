package fake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/imagefake/imagefake/fake/internal/world"
)

// settleAt lets everything happen that is due up to now, on a ManualClock that says so.
func (s *Server) settleAt(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(now)
	s.waiters.reach(now)
}

// noteMove keeps in the record that the test is about to move a ManualClock.
func (s *Server) noteMove(d time.Duration) {
	now := s.lock()
	defer s.mu.Unlock()
	s.record.add(Event{Kind: ClockEvent, Time: now, Text: fmt.Sprintf("the test moved the clock by %v", d)})
}

// scheduled returns when time alone moves an operation or wakes a handler, on a ManualClock.
func (s *Server) scheduled() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	due := s.cloud.Scheduled()
	for _, p := range s.waiters.sleepers {
		due = append(due, p.at)
	}
	return due
}

// awaitWoken waits until the handlers that were woken have answered or wait again, a second at most.
func (s *Server) awaitWoken() {
	var limit <-chan time.Time
	for {
		quiet := s.untilQuiet()
		if quiet == nil {
			return
		}
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

func (c *core) untilQuiet() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiters.untilQuiet()
}

func (c *core) forgetWoken() (one *Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiters.forgetWoken()
}

var errClosed = errors.New("the server is closed")

// sleep makes a call wait on the server's clock, until its context ends or the server closes.
func (s *Server) sleep(ctx context.Context, c *Call, d time.Duration) error {
	var woken <-chan struct{}
	var passed <-chan time.Time
	if s.manual != nil {
		p := s.lieDown(c, d)
		s.manual.tellSleeper()
		defer s.getUp(p)
		woken = p.ch
	} else {
		passed = s.watch.after(d)
	}
	select {
	case <-woken:
	case <-passed:
	case <-ctx.Done():
		return whyOver(ctx)
	case <-s.closing:
		return errClosed
	}
	return nil
}

func (c *core) lieDown(call *Call, d time.Duration) *pause {
	now := c.lock()
	defer c.mu.Unlock()
	p := &pause{call: call, ch: make(chan struct{}), at: now.Add(d)}
	c.waiters.sleep(p)
	return p
}

func (c *core) getUp(p *pause) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiters.unsleep(p)
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
func (s *Server) await(ctx context.Context, limit <-chan time.Time, cond func(*world.World) bool) error {
	for {
		holds := false
		var next news
		s.do(nil, func(w *world.World, now time.Time) {
			if holds = cond(w); !holds {
				next = s.news(now)
			}
		})
		if holds {
			return nil
		}
		if err := s.waitFor(ctx, limit, next); err != nil {
			return err
		}
	}
}

// news is what a wait may end by: a change, or time that brings one.
type news struct {
	changed <-chan struct{}
	timed   bool
	after   time.Duration
}

// news tells what to wait for. The caller holds the lock.
func (c *core) news(now time.Time) news {
	due, timed := c.cloud.Due()
	return news{c.waiters.next(), timed, due.Sub(now)}
}

// waitLimit returns a channel that ends a wait which the context does not bound, nil for one that it does.
func (s *Server) waitLimit(ctx context.Context) <-chan time.Time { return newLimit(ctx, s.patience()) }

func newLimit(ctx context.Context, patience time.Duration) <-chan time.Time {
	if _, bounded := ctx.Deadline(); bounded {
		return nil
	}
	return time.After(patience)
}

// noteSleeper wakes who waits for somebody to wait for a ManualClock.
func (c *core) noteSleeper() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiters.announce()
}

// sleeping returns how many handlers wait for a ManualClock.
func (c *core) sleeping() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiters.sleepers)
}

// patience is how long a wait lasts which its context does not bound.
func (s *Server) patience() time.Duration {
	if s.home != "" {
		return waitLimitBubble
	}
	return waitLimit
}

// waitFor waits for news, and returns an error if the wait is to end without.
func (s *Server) waitFor(ctx context.Context, limit <-chan time.Time, next news) error {
	select {
	case <-next.changed:
	case <-s.elapsed(next.timed, next.after):
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
// seconds (in a testing/synctest bubble: a day of its time). To wait for a number of calls, [Server.AwaitCalls] costs less.
func (s *Server) Await(ctx context.Context, cond func() bool) error {
	s.tb.Helper()
	s.checkBubble()
	if ctx == nil || cond == nil {
		s.misused("Await: it needs a context, t.Context() for example, and a condition; one of them is nil")
		return errNoContext
	}
	limit := s.waitLimit(ctx)
	for {
		var next news
		s.do(nil, func(_ *world.World, now time.Time) { next = s.news(now) })
		if cond() {
			return nil
		}
		if err := s.waitFor(ctx, limit, next); err != nil {
			return err
		}
	}
}

// errNoContext is what those who wait return when they were given nothing to wait with.
var errNoContext = errors.New("nothing to wait with: a nil was given")

// elapsed returns a channel that fires when d has passed on the server's clock; nil if nothing is timed. A ManualClock needs none:
// it settles its servers as it moves, and that is a change.
func (s *Server) elapsed(timed bool, d time.Duration) <-chan time.Time {
	if !timed || s.manual != nil {
		return nil
	}
	return s.watch.after(d)
}
