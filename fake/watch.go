package fake

import (
	"runtime"
	"strings"
	"sync"
	"time"
)

// watch is how a server reads its clock.
//
// A clock of the test's own is the test's code: it may panic, end its goroutine, wait for ever or use the server. So it is asked
// without the server's lock, by one caller at a time (or times would not ascend in the record), in a goroutine of its own,
// five seconds at most. Where it tells no time, the test is told, once, and the last time stands.
type watch struct {
	clock    Clock
	trusted  bool                             // a clock of this package: it answers at once, whoever holds what
	complain func(format string, args ...any) // to the test

	turn chan struct{} // holds one value: who has taken it may ask
	once sync.Once

	mu    sync.Mutex
	last  time.Time
	stuck bool // Now has not returned once, and is not asked again
}

// nowLimit is how long a clock's Now may take.
const nowLimit = 5 * time.Second

// wind readies a watch that has its clock.
func (w *watch) wind() {
	switch w.clock.(type) {
	case realClock, *ManualClock:
		w.trusted = true
	}
	w.turn = make(chan struct{}, 1)
	w.turn <- struct{}{}
}

// ask returns the time, and what lets the next one ask.
func (w *watch) ask() (now time.Time, leave func()) {
	select {
	case <-w.turn:
	default:
		if insideNow() {
			w.fault("uses the server, which asks the clock for the time")
			last, _ := w.known()
			return last, func() {}
		}
		<-w.turn
	}
	return w.read(), func() { w.turn <- struct{}{} }
}

// read asks the clock. The caller has the turn.
func (w *watch) read() time.Time {
	last, stuck := w.known()
	if stuck {
		return last
	}
	var now time.Time
	outcome := attempt(func() { now = askNow(w.clock) })
	limit := time.NewTimer(nowLimit)
	defer limit.Stop()
	select {
	case broken := <-outcome:
		if broken != "" {
			w.fault(broken)
			return last
		}
		w.keep(now, false)
		return now
	case <-limit.C:
		w.keep(last, true)
		w.fault("has not returned for " + nowLimit.String() + ", and is not asked again")
		return last
	}
}

func (w *watch) known() (last time.Time, stuck bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last, w.stuck
}

func (w *watch) keep(now time.Time, stuck bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, w.stuck = now, stuck
}

// after returns what fires when d has passed; nil, which never does, where the clock of the test is broken.
func (w *watch) after(d time.Duration) (passed <-chan time.Time) {
	if w.trusted {
		return w.clock.After(d)
	}
	if broken := guarded(func() { passed = w.clock.After(d) }); broken != "" {
		w.complain("the clock given to WithClock cannot be waited for: its After(%v) %s", d, broken)
		return nil
	}
	return passed
}

func (w *watch) fault(broken string) {
	w.once.Do(func() {
		last, _ := w.known()
		w.complain("the clock given to WithClock tells no time: its Now %s; the server goes on with the last time it knows, %s", broken,
			last.Format(time.RFC3339Nano))
	})
}

// askNow is where the test's code begins on the stack of a goroutine that asks a clock.
//
//go:noinline
func askNow(c Clock) time.Time { return c.Now() }

// insideNow tells whether the caller was called by the Now of a clock.
func insideNow() bool {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, "fake.askNow") {
			return true
		}
		if !more {
			return false
		}
	}
}
