package scenario

import (
	"errors"
	"fmt"
	"slices"
)

// learn runs the body without faults, twice, and returns what it does.
func (x *runner) learn() (*result, error) {
	// The careful keeper sees what a body does that the quick one could not bear.
	first := x.run(trial{keep: true, follow: true, careful: true})
	if first.skipped && !first.broken() {
		return first, nil
	}
	if first.broken() {
		return nil, fmt.Errorf("the body breaks without any fault:\n%s%s", indent(first.story(), "\t"), timelineOf(first)+x.pictureLine(first))
	}
	if len(first.trace) == 0 {
		return nil, errors.New("the body makes no calls, so there is nothing that could fail: its client must use the connection of t.Cloud(), " +
			"the server of the run")
	}
	x.base, x.version = first.trace, first.trace.version()
	x.oneCaller = !slices.ContainsFunc(first.trace, func(s seen) bool { return s.caller != firstCaller })
	second := x.run(trial{})
	if second.broken() {
		return nil, fmt.Errorf("the body is not deterministic: without any fault, it holds once and breaks the next time:\n%s", indent(second.story(), "\t"))
	}
	if d := first.trace.difference(second.trace); d != "" {
		if usual := x.recurring(first, second); usual != nil {
			x.wavers = true
			x.base = usual.trace
			return usual, nil
		}
		return nil, fmt.Errorf("the body is not deterministic: run twice without faults, it makes different calls: %s. "+
			"Take random names, the wall clock and what earlier runs left behind out of it", d)
	}
	if first.outcome() != second.outcome() {
		return nil, fmt.Errorf("the body is not deterministic: run twice without faults, it ended first %s, then %s", first.outcome(), second.outcome())
	}
	return first, nil
}

// waverings is how many runs it takes at most to see what a body does that does not always do the same.
const waverings = 16

// recurring finds what a body does more than once, where two runs of it differ. Goroutines that race for a lock before they call do so
// in an order that neither calls nor time decide: the calls are the same, what they ask is not, and it comes again. It returns nil
// where it does not, as with random names, or where other calls are made or the end is another.
func (x *runner) recurring(seen ...*result) *result {
	for len(seen) < waverings {
		latest := seen[len(seen)-1]
		if latest.broken() || latest.outcome() != seen[0].outcome() || latest.trace.version() != seen[0].trace.version() {
			return nil
		}
		for _, before := range seen[:len(seen)-1] {
			if before.trace.difference(latest.trace) == "" {
				return before
			}
		}
		seen = append(seen, x.run(trial{follow: true, keep: true}))
	}
	return nil
}
