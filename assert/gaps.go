package assert

import (
	"fmt"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake"
)

// Pauses is how long the pauses of [Gaps] may be, both limits included. A limit of 0 is none, and one of them must be given.
type Pauses struct{ AtLeast, AtMost time.Duration }

// Growth is how the pauses of [Backoff] grow.
type Growth struct {
	Factor float64       // each is at least so many times the one before; more than 0
	Limit  time.Duration // or at least so long; 0: there is no such limit
}

// Gaps checks the pauses between repetitions: of the calls that on picks, those by one caller of one method with equal requests. A
// pause lasts from the answer of one to the arrival of the next, on the server's clock; a call that arrives before the answer makes
// a pause of 0. Each is to be as want says. If nothing was repeated there is no pause to check, and Gaps fails.
//
// The polls of one operation are repetitions, so that
//
//	assert.Gaps(t, cloud, fake.OperationGet, assert.Pauses{AtLeast: time.Second})
//
// checks that each operation was polled once a second at most.
func Gaps(t fake.TB, s *fake.Server, on fake.Matcher, want Pauses) bool {
	t.Helper()
	atLeast, atMost := want.AtLeast, want.AtMost
	r, ok := readWhole(t, "Gaps", s, on)
	if !ok {
		return false
	}
	switch {
	case atLeast < 0 || atMost < 0:
		return failed(t, s, "Gaps", fmt.Sprintf("no pause is between %v and %v: name durations from 0", atLeast, atMost))
	case atLeast == 0 && atMost == 0:
		return failed(t, s, "Gaps", "every pause is at least 0: name the least or the greatest that is right")
	case atMost > 0 && atMost < atLeast:
		return failed(t, s, "Gaps", fmt.Sprintf("no pause is at least %v and at most %v: the first duration is the lower limit", atLeast, atMost))
	}
	limits := fmt.Sprintf("at least %v", atLeast)
	switch {
	case atLeast == 0:
		limits = fmt.Sprintf("at most %v", atMost)
	case atMost > 0:
		limits += fmt.Sprintf(" and at most %v", atMost)
	}
	expected := fmt.Sprintf("expected pauses of %s between repetitions of %v", limits, on)
	measured := false
	for _, group := range repeats(r.pick(on)) {
		for i, pause := range pauses(group) {
			measured = true
			if pause < atLeast || atMost > 0 && pause > atMost {
				return failedAt(t, s, group[i:i+2], "Gaps", fmt.Sprintf("%s. Between %v and %v it was %v", expected, &group[i], &group[i+1], pause),
					r.pauseBlock(group, i+1))
			}
		}
	}
	if !measured {
		return failed(t, s, "Gaps", expected+". No request was repeated, so there is no pause", r.seen(on)...)
	}
	return true
}

// Backoff checks that a client that tries again waits longer each time: of the calls that on picks, in each run of tries, a pause is
// at least want.Factor times the one before, or at least want.Limit, if that is not 0. A run of tries is calls by one caller of one method
// with equal requests, each but the first after one that failed, or, for polls, answered that the operation is not done. Pauses are
// measured as in [Gaps]. There must be a run with two pauses. A client that adds jitter needs a lower factor: 1 asks for pauses that
// do not shrink.
func Backoff(t fake.TB, s *fake.Server, on fake.Matcher, want Growth) bool {
	t.Helper()
	factor, limit := want.Factor, want.Limit
	r, ok := readWhole(t, "Backoff", s, on)
	if !ok {
		return false
	}
	if !(factor > 0) || limit < 0 {
		return failed(t, s, "Backoff", fmt.Sprintf("pauses cannot grow by the factor %v up to %v: name a factor above 0, and a limit from 0", factor, limit))
	}
	expected := fmt.Sprintf("expected the pauses between tries of %v to grow by the factor %v", on, factor)
	if limit > 0 {
		expected += fmt.Sprintf(", up to %v", limit)
	}
	measured := false
	for _, group := range repeats(r.pick(on)) {
		for _, run := range runs(group) {
			waits := pauses(run)
			for i, wait := range waits {
				if i == 0 && wait > 0 {
					continue
				}
				measured = true
				if i == 0 {
					return failedAt(t, s, run[1:2], "Backoff", fmt.Sprintf("%s. Before %v there was none at all", expected, &run[1]), r.pauseBlock(run, 1))
				}
				least := time.Duration(factor * float64(waits[i-1]))
				if limit > 0 {
					least = min(least, limit)
				}
				if wait < least {
					return failedAt(t, s, run[i+1:i+2], "Backoff", fmt.Sprintf("%s. Before %v it was %v, and should have been at least %v", expected, &run[i+1], wait, least),
						r.pauseBlock(run, i+1))
				}
			}
		}
	}
	if !measured {
		return failed(t, s, "Backoff", expected+". Nothing was tried three times, so there are no two pauses to compare", r.seen(on)...)
	}
	return true
}

// runs splits repetitions into runs of tries.
func runs(group []fake.Call) [][]fake.Call {
	var all [][]fake.Call
	for i, c := range group {
		if i > 0 && (retry(group[i-1], c) || unfinished(group[i-1])) {
			all[len(all)-1] = append(all[len(all)-1], c)
		} else {
			all = append(all, []fake.Call{c})
		}
	}
	return all
}

// pauses returns the times between calls, from an answer to the next arrival.
func pauses(calls []fake.Call) []time.Duration {
	var waits []time.Duration
	for i, c := range calls[1:] {
		wait := time.Duration(0)
		if previous := calls[i]; !previous.Running() {
			wait = max(0, c.Start.Sub(previous.End))
		}
		waits = append(waits, wait)
	}
	return waits
}

// pauseBlock shows calls with the pauses before them, around the one that is wrong.
func (r record) pauseBlock(calls []fake.Call, wrong int) string {
	from, to := max(0, wrong-around), min(len(calls), wrong+around)
	waits := pauses(calls)
	var lines []string
	for i := from; i < to; i++ {
		pause := ""
		if i > 0 {
			pause = fmt.Sprintf(", after %v", waits[i-1])
		}
		mark := "  "
		if i == wrong {
			mark = "→ "
		}
		line := strings.ReplaceAll(callLine(calls[i]), "\n", "\n    ")
		lines = append(lines, fmt.Sprintf("%sat %s%s: %s", mark, r.since(calls[i].Start), pause, line))
	}
	return block("the calls", lines...)
}

// seen shows the calls that a matcher picks, or what there is instead.
func (r record) seen(on fake.Matcher) []string {
	if calls := r.pick(on); len(calls) > 0 {
		return []string{block("the calls", cut(callLines(calls))...)}
	}
	return []string{r.nearest(r.calls, on), "  " + summary(r.calls)}
}
