package scenario

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/imagefake/imagefake/fake"
)

// A gate lets the calls of a run through one at a time: the next when everything that follows from the one before has come to rest.
// So a body whose goroutines call side by side does the same in every run, and which call goes first is a choice of the gate.
//
// Calls wait at up to three points: as they come; before their commit, if something else held them up since; and before their
// answer, in the same case, or where the order of answers is a choice too. Calls that wait are sorted by caller, method and request.
// The usual order takes the first of them each time.
type gate struct {
	diary   *diary
	chooses func([]*visit) int // which of them goes on, -1: none, time is to pass; nil: the usual order
	most    int                // calls that may come
	tooMany func()             // called at the first beyond that
	answers bool               // the order of answers is a choice

	bell  chan struct{} // rung when calls wait; of the keeper's side
	block func() barrier
	come  atomic.Int64 // calls
	begun atomic.Bool  // the body has: calls before it are those of Setup, and as many as it likes

	mu      sync.Mutex // guards what follows
	shut    bool       // calls wait; else they pass at once
	waiting []*visit
	steps   int           // calls that were let through, and times that time was let pass
	lull    bool          // time is to pass before the next
	holder  int           // the Seq of the call that was let through last
	over    chan struct{} // closed when calls are to pass
}

// A point is where calls wait.
type point int

// In the order in which they are let through.
const (
	answering point = iota
	committing
	arriving
)

// A visit is a call that waits at a point.
type visit struct {
	call *fake.Call
	at   point
	ask  ask
	text string // of the request, canonical

	record   func() int // until it is in the record
	seq      int
	since    int  // the step that it came after
	passed   bool // others that come while time passes go first
	released bool
	barrier  barrier
}

// A barrier is what a visit waits at. Which sort depends on who keeps the gate.
type barrier interface {
	wait(ctx context.Context)
	open()
}

// Arrive makes a gate a fake.Gate, as do Commit and Answer.
func (g *gate) Arrive(ctx context.Context, c *fake.Call, record func() int) {
	n := g.come.Add(1)
	over := g.begun.Load() && n > int64(g.most)
	if over && n == int64(g.most)+1 {
		g.tooMany()
	}
	v := &visit{call: c, at: arriving, record: record}
	if over {
		// From here on nothing is answered: that lets virtual time pass where a loop without pauses would not.
		g.takeDown(v)
		select {
		case <-ctx.Done():
		case <-g.over:
		}
		return
	}
	if !g.enter(v) {
		g.takeDown(v)
		return
	}
	g.stay(ctx, v)
}

// Commit lets a call go on that nothing has held up since it came.
func (g *gate) Commit(ctx context.Context, c *fake.Call) { g.pass(ctx, c, committing) }

// Answer lets a call go on that nothing has held up since its commit, unless answers are to wait.
func (g *gate) Answer(ctx context.Context, c *fake.Call) {
	g.diary.answer(c)
	g.pass(ctx, c, answering)
}

func (g *gate) pass(ctx context.Context, c *fake.Call, at point) {
	g.mu.Lock()
	still := g.holder == c.Seq && !(at == answering && g.answers)
	g.mu.Unlock()
	if still {
		return
	}
	if v := (&visit{call: c, at: at, seq: c.Seq}); g.enter(v) {
		g.stay(ctx, v)
	}
}

// enter lets a visit wait; false if it need not.
func (g *gate) enter(v *visit) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut {
		return false
	}
	v.ask, v.text = g.diary.asks(v.call)
	v.since = g.steps
	v.barrier = g.block()
	g.waiting = append(g.waiting, v)
	g.ring()
	return true
}

// ring tells the keeper that calls wait.
func (g *gate) ring() {
	select {
	case g.bell <- struct{}{}:
	default:
	}
}

// stay waits until a visit is let through, or its caller has given up.
func (g *gate) stay(ctx context.Context, v *visit) {
	v.barrier.wait(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	if !v.released {
		g.waiting = slices.DeleteFunc(g.waiting, func(have *visit) bool { return have == v })
	}
	g.takeDown(v)
}

// takeDown puts a call into the record that is not there yet. The caller holds the lock, unless nobody else knows of the visit.
func (g *gate) takeDown(v *visit) {
	if v.record == nil {
		return
	}
	v.seq = v.record()
	v.record = nil
	if v.ask.method == "" {
		v.ask, v.text = g.diary.asks(v.call)
	}
	g.diary.arrive(v.call, v.seq, v.ask, v.text)
}

// letOneThrough takes down who has come, and lets one of those that wait go on. Everything else is at rest.
func (g *gate) letOneThrough() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		return
	}
	slices.SortStableFunc(g.waiting, (*visit).compare)
	for _, v := range g.waiting {
		g.takeDown(v)
	}
	take := 0
	if g.chooses != nil {
		take = g.chooses(g.waiting)
	}
	g.steps++
	if take < 0 {
		for _, v := range g.waiting {
			v.passed = true
		}
		g.lull = true
	} else {
		g.release(g.waiting[take])
		for _, v := range g.waiting {
			v.passed = false
		}
	}
	if len(g.waiting) > 0 {
		g.ring()
	}
}

// lulls tells whether time is to pass before the next call is let through, once.
func (g *gate) lulls() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	lull := g.lull
	g.lull = false
	if lull {
		select {
		case <-g.bell: // of those that wait already
		default:
		}
	}
	return lull
}

// release lets a visit go on. The caller holds the lock.
func (g *gate) release(v *visit) {
	g.waiting = slices.DeleteFunc(g.waiting, func(have *visit) bool { return have == v })
	g.holder = v.seq
	v.released = true
	v.barrier.open()
}

// compare sorts visits: answers first, so that what is over goes on before something new begins.
func (v *visit) compare(w *visit) int {
	for _, d := range []int{
		btoi(v.passed) - btoi(w.passed),
		int(min(v.at, committing)) - int(min(w.at, committing)),
		strings.Compare(v.call.Caller, w.call.Caller),
		strings.Compare(v.call.Method.FullName(), w.call.Method.FullName()),
		strings.Compare(v.text, w.text),
		btoi(v.record != nil) - btoi(w.record != nil), // who came earlier goes first
		v.seq - w.seq,
	} {
		if d != 0 {
			return d
		}
	}
	return 0
}

// equal tells whether two visits are the same choice: who asks the same at the same point may stand for each other.
func (v *visit) equal(w *visit) bool { return v.at == w.at && v.ask == w.ask && v.passed == w.passed }

// close makes calls wait from now on; open ends that, for those that wait too.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		slices.SortStableFunc(g.waiting, (*visit).compare)
		for len(g.waiting) > 0 {
			g.release(g.waiting[0])
		}
	}
	g.shut = false
	select {
	case <-g.over:
	default:
		close(g.over)
	}
}

// waitIsTaken is what the runtime says where two goroutines of a bubble wait for it to come to rest.
const waitIsTaken = "wait already in progress"

// usesWait explains it.
var usesWait = fmt.Sprintf("the body calls synctest.Wait, and so does the gate that lets its calls through one by one; a bubble bears one at a time "+
	"(%q). Wait for what is to happen instead: with a channel, t.Cloud().NextOperation or assert.Eventually; or use RealTime", waitIsTaken)
