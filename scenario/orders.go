package scenario

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
)

// A round tries orders of one sort: of commits; of commits where calls are on their way for a while; of commits and answers.
type round struct {
	*exploration
	what    string // for people
	times   bool   // letting time pass is a choice
	answers bool
	rules   *rules

	forks    map[uint64]*fork // by the way that leads there
	pending  []branch
	endings  map[string]int  // how the runs ended
	pairs    map[string]bool // whose order was tried though it does not matter to the cloud
	runs     int
	twice    int     // runs that could only repeat others from some step on
	spared   int     // ways that were not gone because they can only repeat others
	unpaid   int     // ways beyond the budget
	all      float64 // orders of the usual run's calls
	relearnt bool    // the rules turned out too bold: begin again
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

	// Of a probe: two calls change places whose order does not matter to the cloud, and all else stays.
	pair  string      // "": it is none
	like  string      // how the run ended that it came of
	trail []candidate // what goes on after its departure
}

// exploreOrders tries the orders of the body's calls.
func (e *exploration) exploreOrders() {
	rules := &rules{everything: e.unreduced}
	for _, r := range []*round{
		{what: "commits", rules: rules},
		{what: "commits, with calls on their way", rules: rules, times: true},
		{what: "answers", rules: rules, answers: true},
	} {
		if e.commitsOnly && (r.times || r.answers) {
			continue
		}
		if r.times && e.careful.Load() {
			continue // where locks are held across calls, no time passes while calls wait
		}
		r.exploration = e
		for again := 0; ; again++ {
			r.forks, r.pairs, r.endings = make(map[uint64]*fork), make(map[string]bool), nil
			r.pending, r.runs, r.twice, r.spared, r.unpaid, r.relearnt = []branch{{}}, 0, 0, 0, 0, false
			if again == maxRelearnt {
				rules.everything = true
			}
			r.explore()
			if !r.relearnt {
				break
			}
		}
		e.rounds = append(e.rounds, r)
	}
}

// maxRelearnt is how often a round begins anew because the order of two calls turned out to matter to the body. Then it matters for all.
const maxRelearnt = 8

// explore goes all ways that are left, those with the fewest departures first.
func (r *round) explore() {
	for len(r.pending) > 0 && r.runs < r.orders && !r.relearnt && r.left.Load() < maxLeft {
		slices.SortStableFunc(r.pending, func(a, b branch) int { return len(a.order) - len(b.order) })
		n := slices.IndexFunc(r.pending, func(b branch) bool { return len(b.order) > len(r.pending[0].order) })
		if n < 0 {
			n = len(r.pending)
		}
		next, rest := r.pending[:n], r.pending[n:]
		if left := r.orders - r.runs; n > left {
			r.unpaid += n - left
			next = spread(next, left)
		}
		r.pending = slices.Clone(rest)
		for chunk := range slices.Chunk(next, batch) {
			r.goAll(chunk)
		}
	}
	r.unpaid += len(r.pending)
	r.pending = nil
}

func (r *round) goAll(ways []branch) {
	results := make([]*result, len(ways))
	inParallel(len(ways), r.bubbles, func(i int) {
		if r.left.Load() < maxLeft {
			results[i] = r.run(trial{order: ways[i].order, answers: r.answers, asleep: ways[i].asleep, trail: ways[i].trail, rules: r.rules})
		}
	})
	for i, res := range results {
		if res == nil {
			r.unpaid++
			continue
		}
		r.runs++
		r.look(res, ways[i])
		res.steps, res.trace = nil, nil
	}
}

// look takes down what a run has shown, and which ways lead off it.
func (r *round) look(res *result, way branch) {
	if res.spun {
		r.take(res)
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
	} else if len(way.order) > 0 || r.answers || r.times {
		r.take(res)
	}

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
		r.branchOff(steps, ways, gone.at, gone.take, branch{})
	}
	for _, race := range r.rules.races(steps) {
		r.branchOff(steps, ways, race.at, race.take, branch{})
	}
	for i, s := range steps {
		if s.chosen < 0 {
			continue
		}
		if f := r.forks[ways[i]]; r.times && !f.time && (i == 0 || steps[i-1].chosen >= 0) {
			f.time = true
			r.pending = append(r.pending, branch{order: append(departures(steps[:i]), departure{i + 1, 0})})
		}
		for k, o := range s.candidates {
			if k == s.chosen || r.rules.conflict(s.take(), o) {
				continue
			}
			pair := pairOf(s.take(), o)
			if probed := r.pairs[pair]; probed || r.times || r.answers {
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

// summary is the report on a round.
func (r *round) summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "orders of %s: %s", r.what, count(r.runs, "run", "runs"))
	if !r.times {
		fmt.Fprintf(&b, " for %s", ordersCount(r.all))
	}
	if n := r.twice + r.spared; n > 0 {
		fmt.Fprintf(&b, "; at %s another way was left out, which could only repeat what was seen", count(n, "point", "points"))
	}
	if r.unpaid > 0 {
		fmt.Fprintf(&b, "; %s left out: Orders(n) sets the budget", count(r.unpaid, "way that may show more was", "ways that may show more were"))
	}
	return b.String() + "\n"
}

func ordersCount(n float64) string {
	switch {
	case n == 1:
		return "the only order"
	case n < 1e6:
		return fmt.Sprintf("%.0f orders", n)
	}
	return fmt.Sprintf("about %.0e orders", n)
}
