package fake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// ManualClock is a clock that stands still until the test moves it. It is safe for concurrent use.
//
// When [ManualClock.Advance] returns, everything that its servers had due up to the new time has happened, in order of time, ties
// in order of creation, and each at its own time; the handlers that this woke have answered or wait again. Advance does not wait
// for clients to read those answers, nor for goroutines that receive from After channels: for that, wait for what they do
// ([Server.NextOperation], [Operation.Wait]) or use a testing/synctest bubble instead of a manual clock.
type ManualClock struct {
	advancing sync.Mutex // held by one Advance at a time

	mu      sync.Mutex
	now     time.Time
	timers  []*manualTimer // ascending by time, ties in order of creation
	servers []*Server
	slept   chan struct{} // closed when something begins to wait for the clock; nil: nobody asks
}

type manualTimer struct {
	at time.Time
	c  chan time.Time
}

// NewClock returns a clock that stands at start. Polls are held by the time package's time all the same, up to 20 seconds each where a
// client comes back before the clock has moved: see [WithPollInterval], and [WithUnheldPolls] for never.
func NewClock(start time.Time) *ManualClock { return &ManualClock{now: start} }

// Now returns the time the clock stands at.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// After returns a channel that gets the time once the clock has been moved by d. It has it at once if d is not positive.
func (c *ManualClock) After(d time.Duration) <-chan time.Time {
	passed, servers := c.after(d)
	c.tellSleeper()
	for _, s := range servers {
		s.noteSleeper()
	}
	return passed
}

// after is After that tells nobody. It returns the servers to tell.
func (c *ManualClock) after(d time.Duration) (<-chan time.Time, []*Server) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &manualTimer{at: c.now.Add(d), c: make(chan time.Time, 1)}
	if d <= 0 {
		t.c <- c.now
		return t.c, nil
	}
	i, _ := slices.BinarySearchFunc(c.timers, t.at, func(have *manualTimer, at time.Time) int {
		if have.at.After(at) {
			return 1
		}
		return -1 // behind all of the same time
	})
	c.timers = slices.Insert(c.timers, i, t)
	return t.c, slices.Clone(c.servers)
}

// AwaitWaiters waits until at least n wait for the clock to move: whoever called After and has not got the time yet, and calls that a
// fault delays. It makes sure that an Advance is not lost on code that has yet to go to sleep:
//
//	go reconcile(clock)
//	require.NoError(t, clock.AwaitWaiters(t.Context(), 1))
//	clock.Advance(time.Minute)
//
// An After that nobody receives from any more counts until its time has come. AwaitWaiters ends with an error, which says how many
// wait, at the end of the context and, where that has no deadline, after five seconds of the time package.
func (c *ManualClock) AwaitWaiters(ctx context.Context, n int) error {
	if ctx == nil {
		return errNoContext
	}
	limit := newLimit(ctx, waitLimit)
	for {
		slept := c.nextSleeper()
		have := c.waiting()
		if have >= n {
			return nil
		}
		select {
		case <-slept:
		case <-limit:
			return fmt.Errorf("%d wait for the clock and not %d: %w within %v, and the context has no deadline", have, n, errWaited, waitLimit)
		case <-ctx.Done():
			return fmt.Errorf("%d wait for the clock and not %d: %w", have, n, ctx.Err())
		}
	}
}

// waiting returns how many wait for the clock.
func (c *ManualClock) waiting() int {
	c.mu.Lock()
	n, servers := len(c.timers), slices.Clone(c.servers)
	c.mu.Unlock()
	for _, s := range servers {
		n += s.sleeping()
	}
	return n
}

func (c *ManualClock) nextSleeper() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return ask(&c.slept)
}

func (c *ManualClock) tellSleeper() {
	c.mu.Lock()
	defer c.mu.Unlock()
	tell(&c.slept)
}

// Advance moves the clock by d, past everything that is due on the way. See [ManualClock] for what has happened when it returns.
// If a handler that was woken has neither answered nor gone back to waiting after a second of real time, Advance fails the test
// and names the call. Advance panics if d is negative, as time.NewTicker does.
func (c *ManualClock) Advance(d time.Duration) {
	if d < 0 {
		panic(fmt.Sprintf("fake: Advance(%v): a clock cannot go back", d))
	}
	c.advancing.Lock()
	defer c.advancing.Unlock()
	target := c.Now().Add(d)
	c.mu.Lock()
	servers := slices.Clone(c.servers)
	c.mu.Unlock()
	for _, s := range servers {
		s.noteMove(d)
	}
	for {
		at, ok := c.next()
		if !ok || at.After(target) {
			break
		}
		c.moveTo(at)
	}
	c.moveTo(target)
}

// AdvanceToNext moves the clock to the next moment at which something is due, and returns how far that was; 0 if nothing is due.
func (c *ManualClock) AdvanceToNext() time.Duration {
	at, ok := c.next()
	if !ok {
		return 0
	}
	d := max(0, at.Sub(c.Now()))
	c.Advance(d)
	return d
}

// Pending returns when something is due: the timers of After and the operations of the clock's servers, ascending.
func (c *ManualClock) Pending() []time.Time {
	c.mu.Lock()
	var due []time.Time
	for _, t := range c.timers {
		due = append(due, t.at)
	}
	servers := slices.Clone(c.servers)
	c.mu.Unlock()
	for _, s := range servers {
		due = append(due, s.scheduled()...)
	}
	slices.SortFunc(due, time.Time.Compare)
	return due
}

// String tells where the clock stands and what is due.
func (c *ManualClock) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "clock at %s", c.Now().Format(time.RFC3339Nano))
	for _, at := range c.Pending() {
		fmt.Fprintf(&b, ", due in %v", at.Sub(c.Now()))
	}
	return b.String()
}

// next returns the earliest moment at which something is due.
func (c *ManualClock) next() (time.Time, bool) {
	due := c.Pending()
	if len(due) == 0 {
		return time.Time{}, false
	}
	return due[0], true
}

// moveTo sets the time, fires what is due, lets the servers settle and waits for the handlers that woke.
func (c *ManualClock) moveTo(at time.Time) {
	c.mu.Lock()
	if at.After(c.now) {
		c.now = at
	}
	fired := 0
	for _, t := range c.timers {
		if t.at.After(at) {
			break
		}
		t.c <- t.at
		fired++
	}
	c.timers = slices.Delete(c.timers, 0, fired)
	servers := slices.Clone(c.servers)
	c.mu.Unlock()
	for _, s := range servers {
		s.settleAt(at)
	}
	for _, s := range servers {
		s.awaitWoken()
	}
}

func (c *ManualClock) attach(s *Server) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.servers = append(c.servers, s)
}

func (c *ManualClock) detach(s *Server) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.servers = slices.DeleteFunc(c.servers, func(have *Server) bool { return have == s })
}
