package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A conductor decides which call goes first where several wait, and writes down what it could have decided. It is asked at each step
// of a run: a step lets one call go on, or time pass.
type conductor struct {
	run    *run
	script order
	asleep []candidate // what to leave to other runs, from the last departure on
	trail  []candidate // what to take from there on, as long as it is there
	steps  []step      // so far
	began  time.Time
	latest time.Time // of the latest step
}

// An order is where a run departs from the usual one, step by step: the shorter the more usual.
type order []departure

// A departure takes another of those that wait than the first, at a step counted from 1.
type departure struct {
	step int
	take int // from 1; 0: none of them, time passes
}

// String returns the order as tokens have it: "3.1-7.2".
func (o order) String() string {
	texts := make([]string, len(o))
	for i, d := range o {
		texts[i] = fmt.Sprintf("%d.%d", d.step, d.take)
	}
	return strings.Join(texts, "-")
}

// name returns the order as the name of a subtest.
func (o order) name(answers bool) string {
	if answers {
		return "answers-" + o.String()
	}
	return "order-" + o.String()
}

// parseOrder is the inverse of String.
func parseOrder(text string) (order, error) {
	if text == "" {
		return nil, nil
	}
	var o order
	for part := range strings.SplitSeq(text, "-") {
		at, take, _ := strings.Cut(part, ".")
		var d departure
		var errs [2]error
		d.step, errs[0] = strconv.Atoi(at)
		d.take, errs[1] = strconv.Atoi(take)
		if errs[0] != nil || errs[1] != nil || d.step < 1 || d.take < 0 || len(o) > 0 && d.step <= o[len(o)-1].step {
			return nil, fmt.Errorf("the order %q: want a step and which call it takes, such as 3.1, the steps ascending", text)
		}
		o = append(o, d)
	}
	return o, nil
}

// An candidate is a call that could go on at a step.
type candidate struct {
	place place
	at    point
	name  string // for people
	since int    // the step that it came of; 0: the beginning
	reach reach
}

func (o candidate) same(other candidate) bool { return o.place == other.place && o.at == other.at }

// A step is what could go on at one moment, and what did.
type step struct {
	candidates []candidate
	chosen     int         // -1: time passed
	asleep     []candidate // left to other runs
	barrier    bool        // time has passed since the step before: everything before is over
}

// take returns what went on; the zero candidate if time passed.
func (s step) take() candidate {
	if s.chosen < 0 {
		return candidate{}
	}
	return s.candidates[s.chosen]
}

// choose decides on a step. It returns which of the visits goes on; -1: time is to pass.
func (c *conductor) choose(waiting []*visit) int {
	if c.began.IsZero() {
		c.began, c.latest = time.Now(), time.Now()
	}
	s := step{barrier: time.Since(c.latest) > 0}
	c.latest = time.Now()
	var visits []int // of the candidates
	for i, v := range waiting {
		if at := slices.IndexFunc(visits, func(j int) bool { return waiting[j].equal(v) }); at >= 0 {
			continue // equal ones are one choice
		}
		visits = append(visits, i)
		s.candidates = append(s.candidates, c.candidate(v))
	}
	number := len(c.steps) + 1
	s.chosen = c.decide(number, &s)
	s.asleep = slices.Clone(c.asleep)
	c.steps = append(c.steps, s)
	if len(c.script) == 0 || number >= c.script[len(c.script)-1].step {
		c.rouse(s)
	}
	if s.chosen < 0 {
		return -1
	}
	return visits[s.chosen]
}

// candidate returns a visit as an candidate.
func (c *conductor) candidate(v *visit) candidate {
	o := candidate{at: v.at, since: v.since}
	if at, known := c.run.diary.of(v.call.Request); known {
		o.place, o.name = at.place, at.name().String()
	}
	if v.at == answering {
		o.name = "the answer of " + o.name
	} else if c.run.rules != nil {
		o.reach = c.run.diary.reachOf(c.run.test.cloud, v.call)
	}
	return o
}

// decide takes what the script says, else the first that is not left to other runs, else the first.
func (c *conductor) decide(number int, s *step) int {
	last := len(c.script) == 0 || number > c.script[len(c.script)-1].step
	for _, d := range c.script {
		if d.step == number {
			return min(d.take, len(s.candidates)) - 1
		}
	}
	if !last {
		return 0
	}
	if len(c.trail) > 0 {
		at := slices.IndexFunc(s.candidates, c.trail[0].same)
		if c.trail = c.trail[1:]; at >= 0 {
			return at
		}
		c.trail = nil
	}
	at := 0
	if free := slices.IndexFunc(s.candidates, func(o candidate) bool { return !slices.ContainsFunc(c.asleep, o.same) }); free >= 0 {
		at = free
	}
	return at
}

// rouse takes those out of what is left to other runs whose order matters to what has just gone on.
func (c *conductor) rouse(s step) {
	if s.chosen < 0 {
		c.asleep = nil
		return
	}
	gone := s.take()
	c.asleep = slices.DeleteFunc(c.asleep, func(o candidate) bool { return o.same(gone) || c.run.rules.conflict(o, gone) })
}

// departures returns where a run, as it was, departs from the usual order.
func departures(steps []step) order {
	var o order
	for i, s := range steps {
		if s.chosen != 0 {
			o = append(o, departure{i + 1, s.chosen + 1})
		}
	}
	return o
}

// turns tells for people where a run departs from the usual order.
func turns(steps []step) []string {
	var told []string
	for i, s := range steps {
		switch {
		case s.chosen < 0:
			told = append(told, fmt.Sprintf("step %d: %s is on its way, up to %v, until another call has come", i+1, s.candidates[0].name, latency))
		case s.chosen > 0:
			told = append(told, fmt.Sprintf("step %d: %s goes before %s", i+1, s.take().name, s.candidates[0].name))
		}
	}
	return told
}
