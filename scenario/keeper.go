package scenario

import (
	"context"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake/plain"
)

// Two keepers can find out that a bubble has come to rest. The quick one asks the runtime by synctest.Wait, from inside. But the
// runtime holds a goroutine that waits for a sync.Mutex to be busy, and so it never rests where one does whose owner waits at the
// gate, as it does in every cache that makes calls under its lock. The careful keeper looks at the goroutines itself, from outside
// of the bubble, and takes those for resting, too. It takes ten times as long.

// keepQuickly keeps a gate on a goroutine of the bubble, until the gate is opened.
func (r *run) keepQuickly() {
	r.gate.bell = make(chan struct{}, 1)
	r.gate.block = func() barrier { return make(quickBarrier) }
	kept, leave := make(chan struct{}), make(chan struct{})
	r.comeToRest = func() {
		close(leave)
		<-kept
		synctest.Wait()
	}
	go func() {
		defer close(kept)
		defer func() {
			if p := recover(); p != nil {
				r.test.panicked(p, string(debug.Stack()))
				r.gate.open()
			}
		}()
		for {
			if r.gate.lulls() {
				r.lull()
			} else {
				select {
				case <-r.gate.bell:
				case <-leave:
					return
				case <-r.gate.over:
					return
				}
			}
			r.resting.Store(true)
			synctest.Wait()
			r.resting.Store(false)
			r.gate.letOneThrough()
		}
	}()
}

// latency is how long a call is on its way at most, where that is a choice.
const latency = time.Second

// lull lets time pass until another call comes.
func (r *run) lull() {
	limit := time.NewTimer(latency)
	defer limit.Stop()
	select {
	case <-r.gate.bell:
	case <-limit.C:
	case <-r.gate.over:
	}
}

// A quickBarrier is a channel of the bubble: who waits at it is at rest in the eyes of the runtime.
type quickBarrier chan struct{}

func (b quickBarrier) open() { close(b) }

func (b quickBarrier) wait(ctx context.Context) {
	select {
	case <-b:
	case <-ctx.Done():
	}
}

// keepCarefully keeps a gate from outside of the bubble, until the run is to come to rest or has ended.
func (r *run) keepCarefully(ended <-chan struct{}, rested chan<- struct{}) {
	for {
		select {
		case <-r.gate.bell:
		case <-ended:
			return
		}
		for !r.atRest() {
			select {
			case <-ended:
				return
			case <-time.After(20 * time.Microsecond):
			}
		}
		if r.leaving.Load() {
			close(rested)
			return
		}
		r.gate.callConductor()
	}
}

// atRest tells whether all goroutines of the bubble wait for something.
func (r *run) atRest() bool {
	bubble, _ := r.bubble.Load().(string)
	rests, waits, locks := true, false, 0
	var strays []plain.Goroutine
	for _, g := range plain.Goroutines() {
		busy := !blocked[g.State]
		if g.Bubble != bubble {
			if busy && g.Bubble == "" {
				strays = append(strays, g)
			}
			continue
		}
		switch {
		case g.State == "synctest.Wait":
			waits = true
		case busy:
			rests = false
		case !g.Durable && strings.HasPrefix(g.State, "sync."):
			locks++
		}
		r.ours[g.ID] = true
		if !strings.Contains(g.Trace, "(*runner).attempt in goroutine ") { // the first of the bubble, started from outside
			r.ours[g.Parent()] = true
		}
	}
	rests = rests && !slices.ContainsFunc(strays, r.ours.has)
	atGate, shut := r.gate.atBarriers()
	if waits && shut { // once the gate is open, the run itself waits
		r.waits.Store(true)
	}
	if rests && locks > atGate {
		r.locks.Store(true)
	}
	return rests
}

// A family is the goroutines of a bubble that were seen, by their ids. The runtime takes a goroutine out of its bubble while that
// helps it to collect garbage: it is then known by itself or by the one that started it.
type family map[string]bool

func (f family) has(g plain.Goroutine) bool { return f[g.ID] || f[g.Parent()] }

// blocked are the states in which a goroutine waits for others. Whoever is about to start a garbage collection waits, in the state
// semacquire, for the very look at all goroutines to be over: that is none.
var blocked = map[string]bool{
	"chan receive": true, "chan receive (nil chan)": true, "chan send": true, "chan send (nil chan)": true,
	"select": true, "select (no cases)": true, "sleep": true, "IO wait": true,
	"sync.Cond.Wait": true, "sync.WaitGroup.Wait": true, "sync.Mutex.Lock": true,
	"sync.RWMutex.Lock": true, "sync.RWMutex.RLock": true, "synctest.Run": true, "synctest.Wait": true,
}

// A carefulBarrier is a lock. A channel would be one of the bubble, which nobody outside of it may use.
type carefulBarrier struct {
	gate     *gate
	lock     sync.Mutex // locked as long as the barrier is closed
	conducts bool       // who waits is to choose who goes on: only the bubble's own goroutines may touch what is in it
	passed   bool
}

func (g *gate) carefully() barrier {
	b := &carefulBarrier{gate: g}
	b.lock.Lock()
	return b
}

func (b *carefulBarrier) open() {
	b.passed = true
	b.lock.Unlock()
}

// wait waits in any case: a caller that has given up leaves at its turn.
func (b *carefulBarrier) wait(context.Context) {
	for {
		b.lock.Lock()
		if b.passed {
			return
		}
		b.conducts = false
		b.gate.letOneThrough()
	}
}

// callConductor lets one of those that wait choose who goes on.
func (g *gate) callConductor() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		return
	}
	if b := g.waiting[0].barrier.(*carefulBarrier); !b.conducts {
		b.conducts = true
		b.lock.Unlock()
	}
}

// atBarriers returns how many calls wait, and whether calls have to.
func (g *gate) atBarriers() (n int, shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting), g.shut
}

// stuck tells whether the quick keeper will never come to rest: all goroutines wait, one of them for a lock or something outside of
// the bubble.
func (r *run) stuck() bool {
	if !r.resting.Load() {
		return false
	}
	bubble, _ := r.bubble.Load().(string)
	asks, alien, busy := false, false, false
	for _, g := range plain.Goroutines() {
		if g.Bubble == bubble {
			asks = asks || g.State == "synctest.Wait"
			busy = busy || !blocked[g.State]
			alien = alien || !g.Durable && !strings.HasPrefix(g.State, "synctest.")
		}
	}
	return asks && alien && !busy
}
