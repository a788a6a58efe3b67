package scenario

import (
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
)

// rules tell which steps of a run may change places without anything being different: what need not be tried.
type rules struct {
	everything bool // the order of all calls matters

	mu      sync.Mutex      // guards what follows
	learned map[string]bool // pairs of calls whose order was seen to matter to the body, though not to the cloud
}

// conflict tells whether the order of two candidates may matter: that of two calls to the cloud if their reaches conflict, that of two
// answers to their callers, who may be one program.
func (r *rules) conflict(a, b candidate) bool {
	switch {
	case r == nil || r.everything:
		return true
	case a.at == answering || b.at == answering:
		return a.at == b.at
	}
	return a.reach.conflicts(b.reach) || r.knows(a, b)
}

func (r *rules) knows(a, b candidate) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.learned[pairOf(a, b)]
}

// clone returns rules that know the same, and learn for themselves.
func (r *rules) clone() *rules {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &rules{everything: r.everything, learned: maps.Clone(r.learned)}
}

// learn notes that the order of two calls matters to the body.
func (r *rules) learn(pair string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.learned == nil {
		r.learned = make(map[string]bool)
	}
	r.learned[pair] = true
}

// pairOf returns a text for two candidates, whichever comes first.
func pairOf(a, b candidate) string {
	asks := []string{a.place.ask.text(), b.place.ask.text()}
	slices.Sort(asks)
	return strings.Join(asks, "\x01")
}

func (a ask) text() string { return a.caller + "\x00" + a.method.FullName() + "\x00" + a.request }

// A race is two steps that could have come in the other order, and whose order may matter.
type race struct {
	at   int       // the step before which there is another way
	take candidate // that leads to it
}

// races returns the races of a run: for each step the latest one before it that it did not come of. (This is dynamic partial-order
// reduction: the other races show up when these are turned round.)
func (r *rules) races(steps []step) []race {
	var found []race
	before := make([]past, len(steps)) // what each step came of, itself included
	for j, s := range steps {
		came := newPast(len(steps))
		if s.chosen < 0 { // time: after it, all before is over
			came.fill(j)
			before[j] = came.with(j)
			continue
		}
		taken := s.take()
		if taken.since > 0 {
			came.join(before[taken.since-1])
		}
		for b := j; b >= 0; b-- {
			if steps[b].barrier && taken.since >= b {
				came.fill(b)
				break
			}
		}
		known := slices.Clone(came)
		raced := false
		for i := j - 1; i >= 0; i-- {
			if steps[i].chosen >= 0 && !r.conflict(steps[i].take(), taken) {
				continue
			}
			if !raced && !known.has(i) {
				raced = true
				if take, ok := leads(steps, i, j); ok {
					found = append(found, race{at: i, take: take})
				}
			}
			came.join(before[i])
		}
		before[j] = came.with(j)
	}
	return found
}

// givenUp returns the calls that waited and never went on, as their callers gave up or the body ended first, with the last step at
// which they could have.
func givenUp(steps []step) []race {
	var last []race
	for i, s := range steps {
		for _, o := range s.candidates {
			at := slices.IndexFunc(last, func(r race) bool { return r.take.same(o) })
			switch {
			case s.chosen >= 0 && s.take().same(o):
				if at >= 0 {
					last = slices.Delete(last, at, at+1)
				}
			case s.chosen < 0:
			case at < 0:
				last = append(last, race{i, o})
			default:
				last[at].at = i
			}
		}
	}
	return last
}

// leads returns the candidate at step i that step j came of.
func leads(steps []step, i, j int) (candidate, bool) {
	for at := j; at >= i; at = steps[at].take().since - 1 {
		o := steps[at].take()
		if k := slices.IndexFunc(steps[i].candidates, o.same); k >= 0 {
			return steps[i].candidates[k], k != steps[i].chosen
		}
		// Of equal ones the first stands for all.
		if k := slices.IndexFunc(steps[i].candidates, func(have candidate) bool { return have.place.ask == o.place.ask && have.at == o.at }); k >= 0 && o.since <= i {
			return steps[i].candidates[k], k != steps[i].chosen
		}
		if o.since == 0 {
			break
		}
	}
	return candidate{}, false
}

// A past is a set of steps.
type past []bool

func newPast(n int) past { return make(past, n) }

func (p past) has(i int) bool { return p[i] }

func (p past) with(i int) past { p[i] = true; return p }

func (p past) fill(n int) {
	for i := range n {
		p[i] = true
	}
}

func (p past) join(other past) {
	for i, in := range other {
		p[i] = p[i] || in
	}
}

// ordersOf returns how many orders there are of the steps of a run if none of them could be left out: each step comes behind the one
// that it came of, and nothing else is given.
func ordersOf(steps []step) float64 {
	below := make([]float64, len(steps))
	logarithm := 0.0
	for i := len(steps) - 1; i >= 0; i-- {
		below[i]++
		logarithm += math.Log(float64(i+1)) - math.Log(below[i])
		if since := steps[i].take().since; since > 0 {
			below[since-1] += below[i]
		}
	}
	return math.Round(math.Exp(logarithm))
}
