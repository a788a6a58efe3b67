package scenario

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
)

// RunOnce returns a func that runs body without faults, for benchmarks: they have no *testing.T, and a bubble needs one.
func RunOnce(body func(*T) error, opts ...Option) func(n int, workers int) {
	x, err := newRunner(new(testing.T), body, opts)
	if err != nil {
		panic(err)
	}
	return func(n, workers int) {
		inParallel(n, workers, func(int) {
			if r := x.run(trial{}); r.broken() {
				panic(r.story())
			}
		})
	}
}

// Found is what an exploration has found, without failing the test.
type Found struct {
	Broken  map[string]string // stories, by schedule
	Groups  map[string]string // what is told of each way to break, by its shortest schedule
	Summary string
	Runs    int
	Rounds  []Round
	Series  [][]int // runs of orders under each fault
	Left    int
	Unrun   int
}

// A Round is what one round of orders came to.
type Round struct {
	Runs    int
	Unpaid  int            // ways beyond the budget
	Endings map[string]int // outcomes, final states, broken promises and what was asked
}

// Find explores as Explore does, and returns what it found instead of reporting it.
func Find(t *testing.T, body func(*T) error, opts ...Option) (Found, error) {
	x, err := newRunner(t, body, opts)
	if err != nil {
		return Found{}, err
	}
	e := &exploration{runner: x}
	if err := e.explore(); err != nil {
		return Found{}, err
	}
	f := Found{Broken: make(map[string]string), Summary: e.summary(), Runs: e.runs, Left: int(e.left.Load()), Unrun: e.unrun}
	for _, r := range e.breaks {
		f.Broken[r.name()] = e.story(r)
	}
	f.Groups = make(map[string]string)
	for _, g := range e.groups() {
		f.Groups[g.runs[0].name()] = e.tell(g)
	}
	for _, r := range e.rounds {
		f.Rounds = append(f.Rounds, Round{r.runs, r.unpaid, r.endings})
	}
	for _, s := range e.series {
		var runs []int
		for _, r := range s.rounds {
			runs = append(runs, r.runs)
		}
		f.Series = append(f.Series, runs)
	}
	return f, nil
}

// FindChaos is Find for Chaos: stories by the schedule that is enough, "" where none is.
func FindChaos(t *testing.T, n int, rate float64, body func(*T) error, opts ...Option) (map[string]string, error) {
	x, err := newRunner(t, body, opts)
	if err != nil {
		return nil, err
	}
	c := &chaos{runner: x, rate: rate}
	if err := c.run(n); err != nil {
		return nil, err
	}
	found := make(map[string]string)
	for _, s := range c.found {
		if s.least == nil {
			found[""] = s.whole.story()
			continue
		}
		found[s.least.schedule.String()] = c.tell(s)
	}
	return found, nil
}

// Watchdog makes a run without calls end earlier.
func Watchdog(d time.Duration) Option {
	return option(func(c *config) error { c.watchdog = d; return nil })
}

// Replay makes the run of a token, and returns its story, "" if it holds, and its timeline.
func Replay(t *testing.T, token string, body func(*T) error, opts ...Option) (story, timeline string, err error) {
	x, err := newRunner(t, body, opts)
	if err != nil {
		return "", "", err
	}
	r, err := x.rerun(token)
	if err != nil {
		return "", "", err
	}
	if r.broken() {
		story = r.story()
	}
	return story, r.timeline, nil
}

// Unreduced makes Orders try also what can only repeat other orders.
func Unreduced() Option {
	return option(func(c *config) error { c.unreduced = true; return nil })
}

// Commits makes Orders try those of commits alone.
func Commits() Option {
	return option(func(c *config) error { c.commitsOnly = true; return nil })
}

// Single makes the run of Run, and returns what is wrong with it instead of reporting it.
func Single(t *testing.T, body func(*T) error, opts ...Option) string { return single(t, body, opts) }

// Inputs returns what makes the runs of inputs of one Fuzz.
func Inputs(body func(*T) error, opts ...Option) func(t *testing.T, data []byte) string {
	f := new(fuzzed)
	return func(t *testing.T, data []byte) string {
		text, _ := f.try(t, data, body, opts)
		return text
	}
}

// Missed returns the promises of T.Sometimes that came true in no run of an exploration.
func Missed(t *testing.T, body func(*T) error, opts ...Option) []string {
	e, err := explored(t, body, opts)
	if err != nil {
		t.Fatal(err)
	}
	return e.promises.missed()
}

// Reports returns the reports on the groups of broken runs, in order.
func Reports(t *testing.T, body func(*T) error, opts ...Option) []string {
	e, err := explored(t, body, opts)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, g := range e.groups() {
		texts = append(texts, e.tell(g))
	}
	return texts
}

func explored(t *testing.T, body func(*T) error, opts []Option) (*exploration, error) {
	x, err := newRunner(t, body, opts)
	if err != nil {
		return nil, err
	}
	e := &exploration{runner: x}
	return e, e.explore()
}

// Unmet returns the expectations that no run of an exploration was about.
func Unmet(t *testing.T, body func(*T) error, opts ...Option) []string {
	e, err := explored(t, body, opts)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, expected := range e.unmet() {
		texts = append(texts, expected.String())
	}
	return texts
}

// OneInput makes the run of one input of Fuzz.
func OneInput(t *testing.T, data []byte, body func(*T) error, opts ...Option) (text string, skip bool) {
	return new(fuzzed).try(t, data, body, opts)
}

// PageOf returns the page of an exploration of so many calls and kinds, each of which breaks the body in a way of its own. All that the
// body and its kinds name themselves is that text.
func PageOf(t *testing.T, calls, kinds int, text string) string {
	e := &exploration{runner: &runner{t: t}, base: new(result), runs: calls * kinds}
	for n := range kinds {
		e.kinds = append(e.kinds, Kind{Name: fmt.Sprintf("kind-%d-%s", n, text)})
	}
	for n := range calls {
		at := place{ask{text, fake.ImageList, fmt.Sprint(n)}, 1}
		e.base.trace = append(e.base.trace, seen{place: at, number: n + 1, text: text})
		for i := range e.kinds {
			e.matrix.note(at, e.kinds[i].Name, broke, 0)
			e.breaks = append(e.breaks, &result{
				trial:    trial{schedule: schedule{{place: at, number: n + 1, kind: &e.kinds[i]}}},
				failures: []string{fmt.Sprint(text, string(rune('A'+n)), string(rune('A'+i)))}, logs: []string{text}, returned: true, err: errors.New(text),
			})
		}
	}
	var page strings.Builder
	if err := e.writePage(&page); err != nil {
		t.Fatal(err)
	}
	return page.String()
}
