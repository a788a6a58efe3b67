package scenario

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
)

// A runner runs one body, again and again, each time on a server of its own.
type runner struct {
	config
	t     *testing.T
	body  func(*T) error
	left  atomic.Int64 // runs that could not be cleared away
	still atomic.Int64 // runs that stood still
	gauge gauge

	// What the runs so far have shown.
	careful atomic.Bool  // a lock is held across calls: the quick keeper could not bear it
	givenUp atomic.Int64 // runs that were left standing for that, and made again

	// What the run without faults shows.
	base      trace
	version   string // of the body, for tokens
	wavers    bool   // it does not always do the same: an order that no call decides
	oneCaller bool   // all calls are those of the server's own connection
}

// A run is one execution of the body. Its fields are used inside the bubble, but for the atomic ones, which the watchdog reads.
type run struct {
	*runner
	trial
	result *result
	test   *T
	lease  *lease
	diary  *diary
	gate   *gate

	conductor *conductor // nil: the usual order

	placed   []*fake.Injected
	unplayed func() []string        // ends the story, and tells what of it has not happened
	drawn    map[*fake.Injected]hit // of Chaos: place unknown until it fires

	comeToRest func()      // ends the keeper, waits until all is at rest, and leaves calls at the gate where they are
	leaving    atomic.Bool // the careful keeper is to do so

	resting atomic.Bool // the keeper asks the runtime whether all is at rest
	ours    family      // goroutines of the bubble; of the careful keeper
	locks   atomic.Bool // a goroutine waited for a lock while calls waited at the gate
	waits   atomic.Bool // the body calls synctest.Wait

	overtime atomic.Bool   // the limit of time has passed
	tooMany  chan struct{} // closed at the call that is one too many

	abandoned atomic.Bool // the watchdog has given the run up

	goroutine atomic.Value // string: that of the body
	bubble    atomic.Value // string
}

func newRun(x *runner, tr trial) *run {
	r := &run{runner: x, trial: tr, result: &result{trial: tr}, diary: newDiary(x.base)}
	r.gate = &gate{diary: r.diary, most: x.config.calls, tooMany: func() { close(r.tooMany) }}
	if tr.rules != nil || tr.order != nil {
		r.conductor = &conductor{run: r, script: tr.order, asleep: slices.Clone(tr.asleep), trail: tr.trail}
		r.gate.chooses = r.conductor.choose
		r.gate.answers = tr.answers
	}
	if tr.dice != nil && r.conductor == nil {
		r.gate.chooses = tr.dice.choose
	}
	if tr.careful {
		// Made outside of the bubble: the keeper uses it there.
		r.gate.bell, r.gate.block = make(chan struct{}, 1), r.gate.carefully
		r.ours = make(family)
	}
	return r
}

// exited is what breaks a run whose body neither returned nor failed nor skipped.
const exited = "the body ended its goroutine and did not return: runtime.Goexit does that, and so do FailNow, Fatal and Skip of another T " +
	"than the body's own, whose test they do not stop"

// operationTime is how long operations take in a run, unless the server is made otherwise.
const operationTime = time.Minute

// grace is how long a body whose time is up may take to clean up after itself, at least: a pause of a back-off may have become long.
const grace = time.Hour

// settle is how long the goroutines of a body that has returned may take to end, on the run's virtual clock.
const settle = 10 * time.Minute

// main is the run, from the making of its server to its end.
func (r *run) main() {
	defer func() {
		if p := recover(); p != nil { // of the kit itself: the goroutine is not the body's, nobody else would catch it
			r.result.failures = append(r.result.failures, fmt.Sprintf("panic outside of the body: %v\n%s", p, debug.Stack()))
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r.lease = &lease{Context: ctx}
	r.tooMany = make(chan struct{})
	r.gate.over = make(chan struct{})
	defer r.gate.open()
	if r.bubbles > 0 && !r.trial.careful {
		r.keepQuickly()
	}
	r.test = &T{TB: r.t, name: r.t.Name() + "/" + r.result.name(), ctx: r.lease}

	limit := time.NewTimer(r.time)
	defer limit.Stop()
	if !r.await(r.start(r.perform), limit.C, cancel) {
		r.report()
		r.paint()
		return
	}
	cancel()
	closeServer := r.test.firstCleanup()
	for next := r.test.takeCleanup(); next != nil; next = r.test.takeCleanup() {
		if !r.await(r.start(next), limit.C, cancel) {
			r.report()
			r.paint()
			return
		}
	}
	if r.comeToRest != nil {
		// What the body left under way is of no account. But a caller learns that its connection was cut before the server has
		// taken that down, and one that gives up before its call has left the gate.
		r.comeToRest()
	}
	r.report()
	r.gate.open()
	if closeServer != nil {
		r.test.mute()
		closeServer()
	}
	r.result.failures, r.result.logs = r.test.verdict()
	r.paint()
	if r.bubbles > 0 {
		time.Sleep(settle)
	}
	if r.bubbles > 0 && r.abandoned.Load() {
		// It has ended after all, perhaps after its test. Were the bubble to end now, it would report to that test, and race with
		// its end. A bubble in which everything is blocked is taken apart quietly: see deadlocked.
		select {}
	}
}

// perform makes the server and runs the body.
func (r *run) perform() {
	self := plain.CurrentGoroutine()
	r.goroutine.Store(self.ID)
	r.bubble.Store(self.Bubble)

	// Where time is virtual an operation takes its time: it does not wait for a poll that, under a fault, nobody may make.
	opts := []fake.Option{fake.WithPlan(fake.Finish(fake.After(operationTime)))}
	if r.bubbles == 0 {
		opts = nil
	}
	opts = append(append(opts, r.server...), fake.WithGate(r.gate))
	if r.seed != 0 {
		opts = append(opts, fake.WithSeed(r.seed))
	}
	s := fake.New(r.test, opts...)
	r.test.cloud = s
	since := 0
	if r.setup != nil {
		for _, prepare := range r.setup {
			prepare(s)
		}
		for e := range s.Events() {
			since = e.Seq
		}
		r.gate.come.Store(0)
	}
	r.gate.begun.Store(true)
	r.diary.begin(since)
	if r.bubbles > 0 {
		r.gate.close()
	}
	for _, h := range r.schedule {
		r.placed = append(r.placed, s.Inject(h.fault(r)))
	}
	switch {
	case r.rate > 0:
		r.draw(s)
	case r.dice != nil:
		r.throw(s)
	}
	if r.tale != nil {
		r.unplayed = r.tale.begin(r.test, s)
	}
	r.result.err = r.body(r.test)
	r.result.returned = true
}

// start runs f on a goroutine that it may end or panic on. The channel is closed at its end.
func (r *run) start(f func()) (ended <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				r.test.panicked(p, string(debug.Stack()))
			}
		}()
		f()
	}()
	return done
}

// await waits for the end of the body or one of its cleanups. It returns false if that does not end even after its time is up.
func (r *run) await(ended <-chan struct{}, limit <-chan time.Time, cancel func()) bool {
	if !r.overtime.Load() {
		var broken string
		select {
		case <-ended:
			return true
		case <-limit:
			broken = fmt.Sprintf("it did not end within %v", r.time)
		case <-r.tooMany:
			broken = fmt.Sprintf("it made more than %d calls", r.config.calls)
		}
		r.test.add(fmt.Sprintf("hangs: %s: %s", broken, r.whereabouts()))
		r.overtime.Store(true)
		r.lease.end()
		cancel()
	}
	patience := max(grace, r.time)
	if r.bubbles == 0 {
		patience = r.watchdog / 2
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-ended:
		return true
	case <-timer.C:
		r.test.add("does not end when its context does: " + r.whereabouts())
		r.result.lost = true
		return false
	}
}

// whereabouts tells where the body stands, and, where it only waits for goroutines of its own, where they do.
func (r *run) whereabouts() string {
	body, bubble := r.goroutine.Load(), r.bubble.Load()
	return whereabouts(goroutines(func(g plain.Goroutine) bool {
		return g.ID == body || g.Bubble != "" && g.Bubble == bubble
	}))
}

// report takes down what the run has shown, before its server closes.
func (r *run) report() {
	res := r.result
	if r.waits.Load() {
		r.test.add(usesWait)
	}
	res.skipped = r.test.Skipped()
	if !res.returned && !res.skipped && !res.lost && !r.test.Failed() {
		r.test.add(exited)
	}
	res.asserts = r.test.asserts()
	res.sometimes = r.test.happened()
	s := r.test.cloud
	if s == nil {
		return
	}
	if r.unplayed != nil {
		res.missing = r.unplayed()
	}
	res.trace = r.diary.calls()
	if r.follow {
		res.trace.pick(s, r.on, r.kinds)
	}
	for i, placed := range r.placed {
		res.fired = append(res.fired, placed.Fired() > 0)
		if at := res.trace.find(r.schedule[i].place); at != nil {
			res.schedule[i].number = at.number
		}
	}
	r.meetExpectations()
	res.failures, res.logs = r.test.verdict()
	if r.conductor != nil {
		res.turns = turns(r.conductor.steps)
		if res.broken() || r.keep {
			res.orderly = r.orderCode()
		}
	}
	if r.rules != nil {
		res.steps, res.final = r.conductor.steps, r.diary.final(s)
	}
	if r.drawn != nil {
		res.struck = r.strikes(s)
	}
	if res.broken() || r.keep {
		res.timeline = s.Timeline()
	}
}

// inParallel runs f for 0 to n-1, so many at a time.
func inParallel(n, workers int, f func(int)) {
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, workers) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		}()
	}
	wg.Wait()
}
