package scenario

import (
	"context"
	"runtime"
	"sync/atomic"
)

// A lease is the context of a run. After the run's time is up it is cancelled, and code that does not take the hint but goes on
// calling in a loop would spin for ever: such calls fail at once, reach no server and let no virtual time pass. So a lease that is
// still asked for its values very often after its end makes the goroutine that asks exit.
type lease struct {
	context.Context
	over atomic.Bool
	asks atomic.Int64
}

// leaseAsks is how often an ended lease is asked before it loses patience. A gRPC call asks some ten times.
const leaseAsks = 20_000

// end notes that the time is up. The caller cancels the context.
func (l *lease) end() { l.over.Store(true) }

// Value answers for the context below. Contexts derived from the lease ask it, too.
func (l *lease) Value(key any) any {
	if l.over.Load() && l.asks.Add(1) > leaseAsks {
		runtime.Goexit()
	}
	return l.Context.Value(key)
}
