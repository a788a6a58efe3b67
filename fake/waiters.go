package fake

import (
	"slices"
	"time"
)

// waiters is who waits for something to happen to the server. It is guarded by the server's lock.
type waiters struct {
	running  int                 // calls between arrival and answer
	idle     chan struct{}       // closed when none is; nil: nobody asks
	held     map[string][]*pause // polls held back, by operation
	sleepers []*pause            // handlers asleep until a time, on a ManualClock
	woken    map[*Call]bool      // calls that were woken, and have neither answered nor gone back to waiting
	quiet    chan struct{}       // closed when woken gets empty; nil: nobody asks
	changed  chan struct{}       // closed at the next change; nil: nobody asks
}

// A pause is one handler that waits.
type pause struct {
	call *Call
	ch   chan struct{} // closed to wake it
	at   time.Time     // of sleepers
}

// ask returns the channel at, made if there is none.
func ask(at *chan struct{}) <-chan struct{} {
	if *at == nil {
		*at = make(chan struct{})
	}
	return *at
}

// tell closes the channel at, if somebody asked for it.
func tell(at *chan struct{}) {
	if *at != nil {
		close(*at)
		*at = nil
	}
}

// announce wakes whoever waits for any change.
func (w *waiters) announce() { tell(&w.changed) }

// next returns a channel that is closed at the next change.
func (w *waiters) next() <-chan struct{} { return ask(&w.changed) }

// arrived notes that a call has come in.
func (w *waiters) arrived() {
	w.running++
	w.announce()
}

// answered notes that a call has been answered.
func (w *waiters) answered(c *Call) {
	w.running--
	w.rest(c)
	if w.running == 0 {
		tell(&w.idle)
	}
	w.announce()
}

// untilIdle returns a channel that is closed when no call is running, nil if none is now.
func (w *waiters) untilIdle() <-chan struct{} {
	if w.running == 0 {
		return nil
	}
	return ask(&w.idle)
}

// rouse wakes handlers.
func (w *waiters) rouse(asleep ...*pause) {
	for _, p := range asleep {
		close(p.ch)
		if w.woken == nil {
			w.woken = make(map[*Call]bool)
		}
		w.woken[p.call] = true
	}
}

// rest notes that a call has gone (back) to waiting, or has been answered.
func (w *waiters) rest(c *Call) {
	delete(w.woken, c)
	if len(w.woken) == 0 {
		tell(&w.quiet)
	}
}

// untilQuiet returns a channel that is closed when no woken handler is busy any more, nil if none is now.
func (w *waiters) untilQuiet() <-chan struct{} {
	if len(w.woken) == 0 {
		return nil
	}
	return ask(&w.quiet)
}

// forgetWoken gives up on the handlers that were woken, and returns one of them, nil if there was none.
func (w *waiters) forgetWoken() (one *Call) {
	for one = range w.woken {
		break
	}
	clear(w.woken)
	return one
}

// hold keeps a poll back until its operation moves.
func (w *waiters) hold(operation string, p *pause) {
	if w.held == nil {
		w.held = make(map[string][]*pause)
	}
	w.held[operation] = append(w.held[operation], p)
	w.rest(p.call)
}

// unhold forgets a poll that waits no longer.
func (w *waiters) unhold(operation string, p *pause) {
	left := slices.DeleteFunc(w.held[operation], func(have *pause) bool { return have == p })
	if len(left) == 0 {
		delete(w.held, operation)
	} else {
		w.held[operation] = left
	}
}

// release wakes the polls of an operation.
func (w *waiters) release(operation string) {
	w.rouse(w.held[operation]...)
	delete(w.held, operation)
}

// releaseAll wakes the polls of all operations.
func (w *waiters) releaseAll() {
	for operation := range w.held {
		w.release(operation)
	}
}

// sleep notes a handler that sleeps until a time.
func (w *waiters) sleep(p *pause) {
	w.sleepers = append(w.sleepers, p)
	w.rest(p.call)
	w.announce()
}

// unsleep forgets a handler that sleeps no longer.
func (w *waiters) unsleep(p *pause) {
	w.sleepers = slices.DeleteFunc(w.sleepers, func(have *pause) bool { return have == p })
}

// reach wakes the handlers that sleep until now or earlier. The time itself is something to wait for.
func (w *waiters) reach(now time.Time) {
	w.sleepers = slices.DeleteFunc(w.sleepers, func(p *pause) bool {
		if p.at.After(now) {
			return false
		}
		w.rouse(p)
		return true
	})
	w.announce()
}
