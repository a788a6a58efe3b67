package fake

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/imagefake/imagefake/fake/internal/world"
)

// core is what the one lock of a server guards: the world, and what has to agree with it at every moment. Each part has its own state
// and touches nothing but that and what it is handed:
//
//	record    is given events, and keeps the latest
//	history   is given changes, and knows what was before them
//	handles   is given operations, and has the one handle of each
//	waiters   is told that something happened, and wakes who waits for it
//	pollers   is told of answers to polls, and knows who comes back for another
//	faults    counts calls, and knows which of them a fault means
//	orders    knows which call goes before which
//
// The lock is taken by do, look and lock, and is never held across a wait, code of the test, or marshalling.
type core struct {
	watch watch

	mu       sync.Mutex // guards what follows
	cloud    *world.World
	record   record
	history  history
	handles  handles
	waiters  waiters
	pollers  pollers
	faults   faults
	requests uint64 // request ids given out

	orders atomic.Value // []*order; replaced, never changed; what is in it is guarded by mu
}

// do runs f on the world as it is now, and publishes what f changed. by is the call that does it, nil for the test. Should f panic or
// end its goroutine, the lock is released all the same.
func (c *core) do(by *Call, f func(w *world.World, now time.Time)) {
	now := c.lock()
	defer c.mu.Unlock()
	c.settle(now)
	f(c.cloud, now)
	c.publish(by)
}

// look is do for those who change nothing and do not ask what time it is: where nothing is due at any time, nor does it.
func (c *core) look(f func(w *world.World)) {
	if c.lookNow(f) {
		return
	}
	c.do(nil, func(w *world.World, _ time.Time) { f(w) })
}

// lookNow is look where the time does not matter, and tells whether it did not.
func (c *core) lookNow(f func(w *world.World)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, timed := c.cloud.Due(); timed {
		return false
	}
	f(c.cloud)
	return true
}

// lock locks the server and returns the time. Whoever calls it unlocks, with defer.
func (c *core) lock() time.Time {
	if c.watch.trusted {
		c.mu.Lock()
		return c.watch.clock.Now()
	}
	now, leave := c.watch.ask()
	defer leave()
	c.mu.Lock()
	return now
}

// settle lets everything happen that was due up to now. The caller holds the lock.
func (c *core) settle(now time.Time) {
	c.cloud.Settle(now)
	c.publish(nil)
}

// publish notes what has happened to the world in the record, and wakes who waits for it. The caller holds the lock.
func (c *core) publish(by *Call) {
	changes := c.cloud.TakeChanges()
	if len(changes) == 0 {
		return
	}
	if by != nil {
		by.Changed = true
	}
	for _, change := range changes {
		var starter *Call
		moved, moves := change.(world.OperationChange)
		if moves {
			starter = c.handles.starter(moved.After)
		}
		c.record.change(change, by, starter)
		c.history.add(change, c.requests > 0)
		if !moves {
			continue
		}
		if moved.Before == nil {
			c.handles.add(moved.After)
		}
		c.pollers.moved(moved.After.Id)
		c.waiters.release(moved.After.Id)
	}
	c.waiters.announce()
}

// copyOf returns a call as it is now.
func (c *core) copyOf(call *Call) Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return *call
}
