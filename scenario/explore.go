package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/imagefake/imagefake/fake/plain"
)

// Explore runs body once without faults, learns its calls, and runs it again for every fault at every one of them, each time on a
// server of its own in a testing/synctest bubble, where waiting costs nothing. Calls that come only because of a fault (a retry, a
// cleanup) get a second fault each in the same way; [Pairs] adds two faults at calls that come anyway.
//
// The error that body returns is its outcome, not a failure: the report counts outcomes. A run breaks by what body reports with its T
// (testify fits), by a broken promise ([T.Check]), by a panic, by hanging (see [Limit]) and by leaving goroutines behind. Every
// schedule of faults that breaks body becomes a failed subtest of t, named by what is injected: "ImageCreate#1/lost-reply" is the reply
// of the first Create lost. With -run naming it, that run is made alone. The report has the shortest of them as Go code, its timeline,
// and the command that runs it alone.
//
// body must be deterministic: it is run twice without faults first, and what it asks and how it ends must be the same, in whatever
// order. It is run by one goroutine at a time (see [Parallel]), never by the test's own. Runs that could only repeat what another
// shows are skipped and counted: a reply lost where nothing changed, a replica that lags behind nothing, a second fault after
// one under which body did exactly what it did under another, and two faults of which one breaks body alone.
//
// The report has what became of each kind at each call. With go test -cover and one worker (see [Parallel]) it tells which runs came to
// code that none before them had.
//
// Explore cannot be used inside a bubble: it makes one for each run. Use it once in a test or subtest: that is what a replay names.
func Explore(t *testing.T, body func(*T) error, opts ...Option) {
	t.Helper()
	x, err := newRunner(t, body, opts)
	if err != nil {
		t.Fatalf("scenario.Explore: %v", err)
	}
	if token := replayToken(); token != "" {
		x.replay(token)
		return
	}
	if one, ok := x.named(); ok {
		x.alone(one)
		return
	}
	e := &exploration{runner: x}
	if err := e.explore(); err != nil {
		t.Fatalf("scenario.Explore: %v", err)
	}
	if e.skipped {
		t.Skip("the run without faults was skipped")
	}
	e.publish()
}

// newRunner checks what Explore and Chaos are given.
func newRunner(t *testing.T, body func(*T) error, opts []Option) (*runner, error) {
	if plain.CurrentGoroutine().Bubble != "" {
		return nil, errors.New("it was called inside a testing/synctest bubble: call it outside, it makes a bubble for each run")
	}
	if body == nil {
		return nil, errors.New("the body is nil: give it the func to run")
	}
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	return &runner{config: c, t: t, body: body, gauge: gaugeFor(c)}, nil
}

// An exploration is the runs of one Explore, and what they have shown.
type exploration struct {
	*runner
	base       *result
	usual      map[place]bool // the calls of base
	skipped    bool
	runs       int
	tally      tally
	breaks     []*result // in order of discovery
	faults     map[place]int
	tried      map[string]bool // schedules, in canonical form
	shown      map[string]bool // fingerprints of runs
	equivalent int             // runs left out because another shows the same
	elsewhere  int             // runs whose faults did not happen
	undated    int             // calls without a deadline, where Deadline does not apply
	implied    int             // runs left out because one of their faults breaks the body alone
	unpaid     int             // pairs beyond the budget
	unrun      int             // runs left out after too many were left behind
	rounds     []*round        // of orders
	contested  []*result       // runs under one fault that held, and in which several calls waited at once
	series     []series        // of orders under faults
	promises   promises        // of T.Sometimes
	met        map[int]bool    // expectations that runs were about
	raised     []string        // runs that raised the coverage, and to what
	matrix     matrix          // of single faults at calls that come anyway
	stale      []string        // kept schedules that the body no longer comes to
	mended     int             // kept schedules that it holds under now
	unchecked  bool            // no run has checked anything
	unjudged   int             // runs that stood still
	why        string          // the last of them did
	fickle     map[*result]bool
}

// maxLeft is how many runs may leave something behind that cannot be cleared away before the exploration ends.
const maxLeft = 3

// batch is how many runs are made before their results are looked at and let go.
const batch = 256

// explore makes all the runs.
func (e *exploration) explore() error {
	base, err := e.learn()
	if err != nil {
		return err
	}
	if base.skipped {
		e.skipped = true
		return nil
	}
	e.base = base
	e.unchecked = true
	e.note(base)
	e.runs = 2
	e.tally.add(base)
	e.tally.add(base)
	e.faults = make(map[place]int)
	e.tried = make(map[string]bool)
	e.shown = map[string]bool{base.trace.fingerprint(): true}
	e.undated = e.countUndated()

	e.usual = base.trace.places()
	if err := e.retryKept(); err != nil {
		return err
	}
	singles := e.candidates(nil, base.trace, false)
	if len(singles) == 0 && len(e.tried) == 0 {
		return fmt.Errorf("none of the kinds of fault can happen to any of the %d calls that On picks: %s", len(base.trace), kindNames(e.kinds))
	}
	var retries, pairs []schedule
	like := trial{follow: true}
	if e.orders > 0 {
		like.rules = new(rules) // writes down which calls waited
	}
	e.runAll(singles, like, func(r *result) {
		if r.broken() || !r.happened() {
			return
		}
		print := r.trace.fingerprint()
		again, twice := e.candidates(r.schedule, r.after(), true), []schedule(nil)
		if e.pairs > 0 {
			twice = e.candidates(r.schedule, r.after(), false)
		}
		if e.shown[print] {
			e.equivalent += len(again) + len(twice)
			return
		}
		e.shown[print] = true
		if contested(r.steps) {
			kept := *r
			e.contested = append(e.contested, &kept)
		}
		retries = append(retries, again...)
		pairs = append(pairs, twice...)
	})
	e.runAll(e.unbroken(retries), trial{}, nil)
	pairs = e.unbroken(pairs)
	if len(pairs) > e.pairs {
		e.unpaid = len(pairs) - e.pairs
		pairs = spread(pairs, e.pairs)
	}
	e.runAll(pairs, trial{}, nil)
	if e.orders > 0 {
		e.exploreOrders()
	}
	e.confirm()
	return e.keep()
}

// note takes down what a run has checked.
func (e *exploration) note(r *result) {
	e.unchecked = e.unchecked && !r.asserts && !r.broken()
	e.promises.add(r)
	for _, i := range r.met {
		if e.met == nil {
			e.met = make(map[int]bool)
		}
		e.met[i] = true
	}
}

// confirm runs the shortest of each group of broken runs again, alone: what is reported is to break every time, and has a picture.
func (e *exploration) confirm() {
	e.fickle = make(map[*result]bool)
	for _, g := range e.groups() {
		r := g.runs[0]
		if r.spun || e.left.Load() >= maxLeft {
			continue
		}
		again := e.run(trial{schedule: slices.Clone(r.schedule), order: r.order, answers: r.answers, keep: true})
		e.fickle[r] = !again.broken()
		if r.timeline == "" {
			r.timeline = again.timeline
		}
		if again.broken() {
			r.picture = again.picture
		}
		if again.orderly != "" && r.orderly == "" {
			r.orderly = again.orderly
		}
	}
}

// candidates returns the schedules that put one more fault behind those of a schedule: at calls that come anyway, or at calls that
// come only because of the schedule.
func (e *exploration) candidates(so schedule, calls trace, retry bool) []schedule {
	var found []schedule
	for _, s := range calls {
		if !s.picked || e.usual[s.place] == retry {
			continue
		}
		for i := range e.kinds {
			k := &e.kinds[i]
			if !k.fits(s) || k.final && (!s.usual || so.final()) {
				if so == nil {
					e.matrix.note(s.place, k.label(false), unfit, 0)
				}
				continue
			}
			for _, late := range []bool{false, true}[:1+btoi(k.lateToo)] {
				next := append(slices.Clone(so), hit{s.place, s.number, k, late})
				if e.tried[next.canonical()] {
					continue
				}
				e.tried[next.canonical()] = true
				if k.twin != nil && e.runsAnyway(k.twin(s, late)) {
					e.equivalent++
					if so == nil {
						e.matrix.note(s.place, k.label(late), equal, 0)
					}
					continue
				}
				found = append(found, next)
			}
		}
	}
	return found
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// runsAnyway tells whether the runs of a kind are made, so that those of its twin need not be.
func (e *exploration) runsAnyway(kind string) bool {
	return kind == noFault || slices.ContainsFunc(e.kinds, func(k Kind) bool { return k.Name == kind })
}

// after returns the calls that came after the first one that the latest fault of a run happened to.
func (r *result) after() trace {
	last := r.schedule[len(r.schedule)-1].place
	for i, s := range r.trace {
		if s.place == last {
			return r.trace[i+1:]
		}
	}
	return nil
}

// runAll runs schedules in order, each in a trial like that one, and takes down what they show. then is called for each result, in
// order too.
func (e *exploration) runAll(all []schedule, like trial, then func(*result)) {
	for chunk := range slices.Chunk(all, batch) {
		results := make([]*result, len(chunk))
		inParallel(len(chunk), e.bubbles, func(i int) {
			if e.left.Load() < maxLeft {
				tr := like
				tr.schedule = chunk[i]
				results[i] = e.run(tr)
			}
		})
		for i, r := range results {
			if r == nil {
				e.unrun++
				if s := chunk[i]; len(s) == 1 {
					e.matrix.note(s[0].place, s[0].kind.label(s[0].late), unmade, 0)
				}
				continue
			}
			if r.still {
				e.standstill(r)
				continue
			}
			e.take(r)
			if then != nil {
				then(r)
			}
			r.trace, r.steps = nil, nil
		}
	}
}

// standstill takes down that a run could not be judged.
func (e *exploration) standstill(r *result) {
	e.unjudged++
	e.why = r.failures[0]
	if s := r.schedule; len(s) == 1 {
		e.matrix.note(s[0].place, s[0].kind.label(s[0].late), stood, 0)
	}
}

// take counts a result, and keeps it if it is broken. Only the shortest keeps its timeline: there may be many.
func (e *exploration) take(r *result) {
	e.runs++
	e.tally.add(r)
	e.note(r)
	if r.raised > 0 {
		e.raised = append(e.raised, fmt.Sprintf("%s to %s", r.name(), percent(r.covered)))
	}
	if r.usual() {
		e.takeFaults(r)
	}
	if !r.broken() {
		return
	}
	if best := e.shortest(); best != nil {
		if r.length() < best.length() {
			best.timeline = ""
		} else {
			r.timeline = ""
		}
	}
	e.breaks = append(e.breaks, r)
}

// usual tells whether the calls of a run came in the usual order.
func (r *result) usual() bool { return len(r.order) == 0 && !r.answers }

// takeFaults takes down which faults a run has shown, and what became of it.
func (e *exploration) takeFaults(r *result) {
	if !r.broken() && !r.happened() {
		e.elsewhere++
	}
	for i, fired := range r.fired {
		if fired {
			e.faults[r.schedule[i].place]++
		}
	}
	if len(r.schedule) == 1 {
		what := held
		switch {
		case r.broken():
			what = broke
		case !r.happened():
			what = missed
		}
		e.matrix.note(r.schedule[0].place, r.schedule[0].kind.label(r.schedule[0].late), what, r.raised)
	}
}

// length is how far a run is from the usual one.
func (r *result) length() int { return len(r.schedule) + len(r.order) }

// name returns the name of the subtest that a run becomes.
func (r *result) name() string {
	switch {
	case len(r.order) == 0:
		return r.schedule.String()
	case len(r.schedule) == 0:
		return r.order.name(r.answers)
	}
	return r.schedule.String() + "+" + r.order.name(r.answers)
}

// shortest returns the broken run with the fewest faults, the first of them; nil if none broke.
func (e *exploration) shortest() *result {
	if len(e.breaks) == 0 {
		return nil
	}
	return slices.MinFunc(e.breaks, func(a, b *result) int { return a.length() - b.length() })
}

// countUndated counts the calls that Deadline leaves out.
func (e *exploration) countUndated() int {
	if !slices.ContainsFunc(e.kinds, func(k Kind) bool { return k.Name == Deadline.Name }) {
		return 0
	}
	n := 0
	for _, s := range e.base.trace {
		n += btoi(s.picked && !s.deadline)
	}
	return n
}

// unbroken returns the schedules of which no fault breaks the body alone: those would tell the same again.
func (e *exploration) unbroken(all []schedule) []schedule {
	guilty := make(map[string]bool)
	for _, r := range e.breaks {
		if len(r.schedule) == 1 && r.usual() {
			guilty[r.schedule[0].identity()] = true
		}
	}
	return slices.DeleteFunc(all, func(s schedule) bool {
		implied := slices.ContainsFunc(s, func(h hit) bool { return guilty[h.identity()] })
		e.implied += btoi(implied)
		return implied
	})
}

// spread returns n of all, evenly over all of them: a budget that is short leaves something of everything out, not all of
// the end.
func spread[E any](all []E, n int) []E {
	chosen, _ := part(all, n)
	return chosen
}

// part is spread, and returns the others, too.
func part[E any](all []E, n int) (chosen, others []E) {
	for i, one := range all {
		if len(chosen) < n && i == len(chosen)*len(all)/n {
			chosen = append(chosen, one)
		} else {
			others = append(others, one)
		}
	}
	return chosen, others
}

func kindNames(kinds []Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Name
	}
	return strings.Join(names, ", ")
}
