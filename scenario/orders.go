package scenario

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
)

// A round tries orders of one sort, without faults or under one.
type round struct {
	*exploration
	sort
	rules *rules
	under *result // the run under the fault, in its usual order; nil: there is none

	forks    map[uint64]*fork // by the way that leads there
	pending  []branch
	endings  map[string]int  // how the runs ended
	pairs    map[string]bool // whose order was tried though it does not matter to the cloud
	runs     int
	twice    int     // runs that could only repeat others from some step on
	spared   int     // ways that were not gone because they can only repeat others
	unpaid   int     // ways beyond the budget
	aside    int     // runs in which the fault did not happen
	all      float64 // orders of the usual run's calls
	relearnt bool    // the rules turned out too bold: begin again
	restarts int     // how often it has
}

// A fork is a moment at which several ways led on.
type fork struct {
	tried  []candidate // that are tried, or will be
	time   bool        // letting time pass is tried, or will be
	asleep []candidate // left to other runs
}

// A branch is a way to go.
type branch struct {
	order  order
	asleep []candidate
	known  bool // what comes of it was seen before, and counted
	far    bool // it leads off before the call that the fault happens to has come

	// Of a probe: two calls change places whose order does not matter to the cloud, and all else stays.
	pair  string      // "": it is none
	like  string      // how the run ended that it came of
	trail []candidate // what goes on after its departure
}

// look takes down what a run has shown, and which ways lead off it.
func (r *round) look(res *result, way branch) {
	if res.spun {
		r.take(res)
		return
	}
	if r.under != nil && !res.happened() {
		r.lookAside(res)
		return
	}
	ended := res.end()
	if way.pair != "" && way.like != ended {
		r.rules.learn(way.pair)
		r.relearnt = true
	}
	if r.endings == nil {
		r.endings = make(map[string]int)
	}
	r.endings[ended]++
	res.order = departures(res.steps)
	if n := len(way.order); n > 0 && way.order[n-1].take == 0 {
		if at := way.order[n-1].step; at >= len(res.steps) || !slices.ContainsFunc(res.steps[at].candidates, func(o candidate) bool { return o.since == at }) {
			r.twice++ // time has passed, and nobody has come
			return
		}
	}
	if r.all == 0 {
		r.all = ordersOf(res.steps)
	}
	steps := res.steps
	if blocked := slices.IndexFunc(steps, func(s step) bool { return s.chosen >= 0 && slices.ContainsFunc(s.asleep, s.take().same) }); blocked >= 0 {
		r.twice++
		steps = steps[:blocked]
	} else if !way.known {
		r.take(res)
	}
	near := r.comes(steps)

	ways := make([]uint64, len(steps)) // that lead to each step
	h := fnv.New64a()
	for i, s := range steps {
		ways[i] = h.Sum64()
		fmt.Fprintf(h, "%d\x00%s\x00%d\x00%d\x01", s.chosen, s.take().place.ask.text(), s.take().place.n, s.take().at)
		f := r.forks[ways[i]]
		if f == nil {
			f = &fork{asleep: s.asleep}
			r.forks[ways[i]] = f
		}
		if s.chosen < 0 {
			f.time = true
		} else if !slices.ContainsFunc(f.tried, s.take().same) {
			f.tried = append(f.tried, s.take())
		}
	}
	for _, gone := range givenUp(steps) {
		// The call before which it waited last kept it from going on, whatever the two reach.
		if before := steps[gone.at].take(); !r.rules.conflict(before, gone.take) {
			r.rules.learn(pairOf(before, gone.take))
			r.relearnt = true
		}
		r.branchOff(steps, ways, gone.at, gone.take, branch{far: gone.at < near})
	}
	for _, race := range r.rules.races(steps) {
		r.branchOff(steps, ways, race.at, race.take, branch{far: race.at < near})
	}
	for i, s := range steps {
		if s.chosen < 0 {
			continue
		}
		if f := r.forks[ways[i]]; r.times && !f.time && (i == 0 || steps[i-1].chosen >= 0) {
			f.time = true
			r.pending = append(r.pending, branch{order: append(departures(steps[:i]), departure{i + 1, 0}), far: i < near})
		}
		for k, o := range s.candidates {
			if k == s.chosen || r.rules.conflict(s.take(), o) {
				continue
			}
			pair := pairOf(s.take(), o)
			if probed := r.pairs[pair]; probed || i < near || r.times || r.answers {
				r.spared += btoi(!slices.ContainsFunc(r.forks[ways[i]].tried, o.same))
				continue
			}
			r.pairs[pair] = true
			trail := []candidate{s.take()}
			for _, later := range steps[i+1:] {
				if take := later.take(); !take.same(o) {
					trail = append(trail, take)
				}
			}
			r.branchOff(steps, ways, i, o, branch{pair: pair, like: ended, trail: trail})
		}
	}
}

// lookAside takes down a run in which the fault did not happen: it is that of the same order without the fault.
func (r *round) lookAside(res *result) {
	r.aside++
	res.schedule, res.fired, res.order = nil, nil, departures(res.steps)
	if res.broken() && !slices.ContainsFunc(r.breaks, func(have *result) bool { return have.name() == res.name() }) {
		r.take(res)
	}
}

// comes returns the step at which the call that the fault happens to has come: 0 without one.
func (r *round) comes(steps []step) int {
	if r.under == nil {
		return 0
	}
	struck := r.under.schedule[0].place
	return max(0, slices.IndexFunc(steps, func(s step) bool {
		return slices.ContainsFunc(s.candidates, func(o candidate) bool { return o.place == struck })
	}))
}

// branchOff lets a way be gone that leads off a run, unless it is known.
func (r *round) branchOff(steps []step, ways []uint64, at int, take candidate, b branch) {
	f, s := r.forks[ways[at]], steps[at]
	k := slices.IndexFunc(s.candidates, take.same)
	if k < 0 || slices.ContainsFunc(f.tried, take.same) {
		return
	}
	if slices.ContainsFunc(f.asleep, take.same) && b.pair == "" {
		r.spared++
		return
	}
	b.order = append(departures(steps[:at]), departure{at + 1, k + 1})
	if b.pair == "" {
		b.asleep = slices.Concat(f.asleep, f.tried)
	}
	f.tried = append(f.tried, take)
	r.pending = append(r.pending, b)
}

// end tells how a run ended, for comparing: by its outcome, the state it left, what broke, and what was asked in whatever order.
func (r *result) end() string {
	asks := make([]string, len(r.trace))
	for i, s := range r.trace {
		asks[i] = s.asks()
	}
	slices.Sort(asks)
	return strings.Join([]string{r.outcome(), r.final, strings.Join(r.failures, "\n"), strings.Join(asks, "\x01")}, "\x02")
}

// contested tells whether several calls waited at once in a run.
func contested(steps []step) bool {
	return slices.ContainsFunc(steps, func(s step) bool { return len(s.candidates) > 1 })
}
