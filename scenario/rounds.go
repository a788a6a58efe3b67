package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A sort of orders is what they are orders of.
type sort struct {
	what    string // for people
	times   bool   // letting time pass is a choice
	answers bool   // the order of answers is
}

var sorts = []sort{
	{what: "commits"},
	{what: "commits, with calls on their way", times: true},
	{what: "answers", answers: true},
}

// A series is the rounds of one sort under one fault each. They share a budget.
type series struct {
	sort
	rounds []*round
}

// exploreOrders tries the orders of the body's calls, first without faults, then under each of them.
func (e *exploration) exploreOrders() {
	known := &rules{everything: e.unreduced}
	for _, s := range sorts {
		if e.suits(s) {
			r := &round{exploration: e, sort: s, rules: known}
			r.restart()
			e.spend(e.orders, []*round{r})
			e.rounds = append(e.rounds, r)
		}
	}
	for _, s := range sorts {
		if !e.suits(s) || e.commitsOnly || len(e.contested) == 0 {
			continue
		}
		all := series{sort: s}
		for _, under := range e.contested {
			r := &round{exploration: e, sort: s, rules: known.clone(), under: under}
			r.restart()
			all.rounds = append(all.rounds, r)
		}
		e.spend(e.orders, all.rounds)
		e.series = append(e.series, all)
	}
	e.contested = nil
}

// suits tells whether a sort of orders is to be tried, and can be.
func (e *exploration) suits(s sort) bool {
	if e.commitsOnly && (s.times || s.answers) {
		return false
	}
	return !s.times || !e.careful.Load() // where locks are held across calls, no time passes while calls wait
}

// maxRelearnt is how often a round begins anew because the order of two calls turned out to matter to the body. Then it matters for all.
const maxRelearnt = 8

// restart begins a round, or begins it anew.
func (r *round) restart() {
	if r.relearnt {
		r.restarts++
		r.rules.everything = r.rules.everything || r.restarts == maxRelearnt
	}
	r.forks, r.pairs, r.endings = make(map[uint64]*fork), make(map[string]bool), nil
	r.pending, r.runs, r.twice, r.spared, r.aside, r.relearnt = nil, 0, 0, 0, 0, false
	if r.under != nil && !r.answers {
		r.look(r.under, branch{known: true}) // it was made already
		return
	}
	r.pending = []branch{{known: r.under == nil && !r.times && !r.answers}}
}

// An errand is a way that a round is to go.
type errand struct {
	*round
	branch
}

// spend goes the ways of rounds, in so many runs at most, spread evenly over them: what one does not need is for the others. What
// is beyond the budget is counted.
func (e *exploration) spend(budget int, rounds []*round) {
	for left := budget; left > 0 && e.left.Load() < maxLeft; {
		open := slices.DeleteFunc(slices.Clone(rounds), func(r *round) bool { return len(r.pending) == 0 })
		if len(open) == 0 {
			return
		}
		if len(open) > left {
			open = spread(open, left)
		}
		var next []errand
		for i, r := range open {
			for _, way := range r.pick((left - len(next)) / (len(open) - i)) {
				next = append(next, errand{r, way})
			}
		}
		left -= len(next)
		for chunk := range slices.Chunk(next, batch) {
			e.goAll(chunk)
		}
		for _, r := range open {
			if !r.relearnt {
				continue
			}
			if r.under == nil {
				left = budget // it is about all that there is: the runs so far have shown what to look at
			}
			r.restart()
		}
	}
	for _, r := range rounds {
		r.unpaid += len(r.pending)
		r.pending = nil
	}
}

// pick takes out of what is pending the next ways to go, at most n: those with the fewest departures, near the fault first.
func (r *round) pick(n int) []branch {
	rank := func(a, b branch) int { return cmp.Or(len(a.order)-len(b.order), btoi(a.far)-btoi(b.far)) }
	slices.SortStableFunc(r.pending, rank)
	alike := 1
	for alike < len(r.pending) && rank(r.pending[0], r.pending[alike]) == 0 {
		alike++
	}
	chosen, rest := part(r.pending[:alike], min(n, alike))
	r.pending = append(rest, r.pending[alike:]...)
	return chosen
}

// goAll makes the runs of ways, and looks at them in order.
func (e *exploration) goAll(ways []errand) {
	results := make([]*result, len(ways))
	inParallel(len(ways), e.bubbles, func(i int) {
		if w := ways[i]; e.left.Load() < maxLeft {
			results[i] = e.run(w.trial())
		}
	})
	for i, res := range results {
		r := ways[i].round
		if res == nil {
			r.unpaid++
			continue
		}
		r.runs++
		r.look(res, ways[i].branch)
		res.steps, res.trace = nil, nil
	}
}

// trial is the run of a way.
func (w errand) trial() trial {
	tr := trial{order: w.order, answers: w.answers, asleep: w.asleep, trail: w.trail, rules: w.rules}
	if w.under != nil {
		tr.schedule = slices.Clone(w.under.schedule)
	}
	return tr
}

// summary is the report on a round.
func (r *round) summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "orders of %s: %s", r.what, count(r.runs, "run", "runs"))
	if !r.times {
		fmt.Fprintf(&b, " for %s", ordersCount(r.all))
	}
	b.WriteString(leftOut(r.twice+r.spared, r.unpaid))
	return b.String()
}

// summary is the report on a series, "" where nothing was to be tried.
func (s series) summary() string {
	var runs, spared, unpaid, aside int
	for _, r := range s.rounds {
		runs, spared, unpaid, aside = runs+r.runs, spared+r.twice+r.spared, unpaid+r.unpaid, aside+r.aside
	}
	if runs+unpaid == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "orders of %s, under one fault: %s for %s", s.what, count(runs, "run", "runs"), count(len(s.rounds), "fault", "faults"))
	if aside > 0 {
		fmt.Fprintf(&b, "; in %d of them it did not happen, because the calls came out differently", aside)
	}
	b.WriteString(leftOut(spared, unpaid))
	return b.String()
}

// leftOut tells what was left out.
func leftOut(spared, unpaid int) string {
	text := ""
	if spared > 0 {
		text += fmt.Sprintf("; at %s another way was left out, which could only repeat what was seen", count(spared, "point", "points"))
	}
	if unpaid > 0 {
		text += fmt.Sprintf("; %s left out: Orders(n) sets the budget", count(unpaid, "way that may show more was", "ways that may show more were"))
	}
	return text
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
