package scenario

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"google.golang.org/protobuf/proto"
)

// Chaos runs body under many faults at once, for the seeds 1 to n: every call meets a fault with probability rate, drawn from the
// seed, the caller, the method and how many such calls the caller has made, so that concurrency does not change it. Each run has a
// server of its own, made with that seed, in a testing/synctest bubble.
//
// A seed whose run breaks (see [Explore]) is shrunk to the fewest faults that still break it, and becomes a failed subtest "seed-7"
// with those as Go code and the command that replays them. What breaks in the same way (the first that a run reports, without ids and
// numbers) is told once; after three different ways, or thirty seeds that break it in ways that are known, Chaos ends.
//
// [Pairs] and [On] do not apply, nor kinds that last. The kind [Deadline] is left out unless every call of the run without faults has a
// deadline, or [Faults] names it.
func Chaos(t *testing.T, n int, rate float64, body func(*T) error, opts ...Option) {
	t.Helper()
	x, err := newRunner(t, body, opts)
	if err != nil {
		t.Fatalf("scenario.Chaos: %v", err)
	}
	if token := replayToken(); token != "" {
		x.replay(token)
		return
	}
	c := &chaos{runner: x, rate: rate}
	if err := c.run(n); err != nil {
		t.Fatalf("scenario.Chaos: %v", err)
	}
	if c.skipped {
		t.Skip("the run without faults was skipped")
	}
	c.publish(n)
}

// chaos is the runs of one Chaos.
type chaos struct {
	*runner
	rate    float64
	skipped bool
	seeds   int // that were run
	faults  int // that happened
	tally   tally
	found   []shrunk
	again   int // seeds that break it in ways that were known

	promises promises
}

// A shrunk is a seed that breaks the body, and the least of it that does.
type shrunk struct {
	seed  uint64
	whole *result
	least *result // nil: its faults, injected one by one, do not break the body
}

// Chaos ends when it has found so many ways to break the body, or has met those that it knows so many times again.
const (
	maxFound = 3
	maxAgain = 30
)

// chaosBatch is how many seeds are run before their results are looked at.
const chaosBatch = 32

func (c *chaos) run(n int) error {
	if n < 1 {
		return fmt.Errorf("%d seeds: name a number from 1", n)
	}
	if !(c.rate > 0 && c.rate <= 1) {
		return fmt.Errorf("the rate %v is no probability: name a number above 0, at most 1", c.rate)
	}
	for _, k := range c.kinds {
		if k.lasts != (lasting{}) {
			return fmt.Errorf("the kind %q lasts, and chaos draws for each call by itself: leave Times, For and Onwards out", k.Name)
		}
	}
	base, err := c.learn()
	if err != nil {
		return err
	}
	if base.skipped {
		c.skipped = true
		return nil
	}
	if !c.asked && slices.ContainsFunc(base.trace, func(s seen) bool { return !s.deadline }) {
		c.kinds = slices.DeleteFunc(c.kinds, func(k Kind) bool { return k.Name == Deadline.Name })
	}
	for from := 1; from <= n && !c.told() && c.left.Load() < maxLeft; from += chaosBatch {
		results := make([]*result, min(chaosBatch, n-from+1))
		inParallel(len(results), c.bubbles, func(i int) {
			if c.left.Load() < maxLeft {
				results[i] = c.runner.run(trial{seed: uint64(from + i), rate: c.rate})
			}
		})
		for _, r := range results {
			if r == nil || c.told() {
				break
			}
			c.seeds++
			c.faults += len(r.struck)
			c.tally.add(r)
			c.promises.add(r)
			if r.broken() && !c.known(r) {
				c.keep(shrunk{seed: r.seed, whole: r, least: c.shrink(r)})
			}
		}
	}
	return nil
}

// told tells whether enough is known.
func (c *chaos) told() bool { return len(c.found) == maxFound || c.again == maxAgain }

// known tells whether an earlier seed broke the body in the same way, as far as that shows before it is shrunk.
func (c *chaos) known(r *result) bool {
	known := slices.ContainsFunc(c.found, func(have shrunk) bool { return have.breaks(r.breaks()) })
	if known {
		c.again++
	}
	return known
}

// keep takes a seed down, unless what is enough of it breaks the body in a way that is known.
func (c *chaos) keep(s shrunk) {
	if s.least != nil && slices.ContainsFunc(c.found, func(have shrunk) bool { return have.breaks(s.least.breaks()) }) {
		c.again++
		return
	}
	c.found = append(c.found, s)
}

// breaks tells whether the seed breaks the body in that way, with all its faults or with those that are enough.
func (s shrunk) breaks(what string) bool {
	return s.whole.breaks() == what || s.least != nil && s.least.breaks() == what
}

// publish makes a failed subtest of each seed that broke the body, and logs the summary.
func (c *chaos) publish(n int) {
	c.t.Helper()
	for _, s := range c.found {
		text := c.tell(s)
		c.t.Run(fmt.Sprintf("seed-%d", s.seed), func(t *testing.T) { t.Helper(); t.Error(text) })
	}
	for _, promise := range c.promises.missed() {
		c.t.Errorf("sometimes: %s: it has happened in none of %s", promise, count(c.seeds, "run", "runs"))
	}
	ended := ""
	if c.again > 0 {
		ended = fmt.Sprintf("; %s in a way that is told above", count(c.again, "seed breaks it", "seeds break it"))
	}
	if c.seeds < n {
		ended += fmt.Sprintf("; the other %d seeds were not run", n-c.seeds)
	}
	c.t.Logf("chaos in %s: %s under %s: %v%s", c.t.Name(), count(c.seeds, "seed", "seeds"), count(c.faults, "fault", "faults"), &c.tally, ended)
}

func (c *chaos) tell(s shrunk) string {
	if s.least == nil {
		return fmt.Sprintf("%s\nthe %d faults of the seed, injected one by one, do not break it: it depends on the order in which goroutines run\n%s",
			s.whole.story(), len(s.whole.struck), timelineOf(s.whole)+c.pictureLine(s.whole))
	}
	enough := "is enough"
	if len(s.least.schedule) > 1 {
		enough = "are enough"
	}
	return fmt.Sprintf("\n%d of its %d faults %s: %s\n%s", len(s.least.schedule), len(s.whole.struck), enough, s.least.schedule.brief(), c.story(s.least))
}

// draw injects every kind of fault with a probability that makes a call meet one of them with that of the trial.
func (r *run) draw(s *fake.Server) {
	r.drawn = make(map[*fake.Injected]hit)
	methods := slices.Collect(maps.Values(ownMethods))
	for _, s := range r.base {
		if !ownMethod(s.method) && !slices.Contains(methods, s.method) {
			methods = append(methods, s.method)
		}
	}
	for i := range r.kinds {
		k := &r.kinds[i]
		sharing := 0 // kinds that can happen to the same calls
		for _, other := range r.kinds {
			if overlap(*k, other, methods) {
				sharing += 1 + btoi(other.lateToo)
			}
		}
		p := 1 - math.Pow(1-r.rate, 1/float64(max(1, sharing)))
		for _, late := range []bool{false, true}[:1+btoi(k.lateToo)] {
			injected := s.Inject(fake.Fault{On: r.drawnOn(k), When: fake.Chance(p), Do: k.effect(s, late), Optional: true})
			r.drawn[injected] = hit{kind: k, late: late}
		}
	}
}

// drawnOn picks the calls that a kind is drawn for.
func (r *run) drawnOn(k *Kind) fake.Matcher {
	var on []fake.Matcher
	if k.among != nil {
		on = append(on, r.methodsOf(k))
	}
	if k.On != nil {
		on = append(on, k.On)
	}
	if k.final {
		on = append(on, fake.Match(func(request proto.Message) bool {
			s, known := r.diary.of(request)
			return known && s.usual && !r.metFinal()
		}))
	}
	return fake.AllOf(on...)
}

// methodsOf picks the calls of the methods that a kind is for: those of the server's own, and those of neighbours, if the body calls any.
func (r *run) methodsOf(k *Kind) fake.Matcher {
	var methods []fake.Matcher
	for _, m := range fake.Methods() {
		if k.on(m) {
			methods = append(methods, m)
		}
	}
	if slices.ContainsFunc(r.base, func(s seen) bool { return !ownMethod(s.method) && k.among(s.method) }) {
		methods = append(methods, fake.Match(func(request proto.Message) bool {
			s, known := r.diary.of(request)
			return known && !ownMethod(s.method) && k.among(s.method)
		}))
	}
	return fake.AnyOf(methods...)
}

// metFinal tells whether a fault that the body does not get over has happened.
func (r *run) metFinal() bool {
	for injected, h := range r.drawn {
		if h.kind.final && injected.Fired() > 0 {
			return true
		}
	}
	return false
}

// overlap tells whether there may be calls that both kinds can happen to.
func overlap(a, b Kind, methods []fake.Method) bool {
	return slices.ContainsFunc(methods, func(m fake.Method) bool { return a.on(m) && b.on(m) })
}

// strikes returns which faults of a draw happened where.
func (r *run) strikes(s *fake.Server) schedule {
	var struck schedule
	seen := make(map[int]int)
	for i, call := range r.result.trace {
		seen[call.seq] = i
	}
	for _, c := range s.Calls() {
		i, known := seen[c.Seq]
		if !known {
			continue
		}
		for _, injected := range c.Faults {
			if h, ok := r.drawn[injected]; ok {
				h.place, h.number = r.result.trace[i].place, r.result.trace[i].number
				struck = append(struck, h)
			}
		}
	}
	return struck
}
