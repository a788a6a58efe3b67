package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake/plain"
)

// A row is one line of a picture: what happened at one moment.
type row struct {
	at     time.Time
	shape  shape
	call   *Call    // of a call's rows and of its faults
	events []*Event // of the others
	seq    int      // number of the first event in it; 0: none begins here
	stands int      // how many events of the record it stands for
	bad    bool
	text   string
	gap    time.Duration // of a gap: how much time passes
	note   []string      // faults of an instant call
}

type shape int

const (
	instant shape = iota // a call during which nothing else happened
	begin                // of a call
	end                  // of a call
	fault                // on a call
	cloud                // something that happened in the cloud
	gap                  // nothing happens for long
	fold                 // more of the same
	running              // a call that was not answered
	blame                // a check found fault with a call
)

// teller turns a story into rows.
type teller struct {
	story Story
	names names
	calls map[int]*Call    // by number
	again map[*Call]string // which call a repetition repeats
	chain map[int]chain    // by the number of the first call
	blame map[int][]string // the checks that found fault with a call, by its number
}

func newTeller(s Story) *teller {
	t := &teller{story: s, names: newNames(s.Names), calls: make(map[int]*Call), blame: blames(s.Failures)}
	t.story.Calls, t.chain = chained(s)
	for i := range t.story.Calls {
		t.calls[t.story.Calls[i].Seq] = &t.story.Calls[i]
	}
	t.again = repeats(t.story.Calls)
	return t
}

// start returns the time of the first event, of the whole record where the story is a part of it.
func (t *teller) start() time.Time {
	if t.story.Whole != nil {
		return t.story.Whole.Start
	}
	var first time.Time
	if len(t.story.Calls) > 0 {
		first = t.story.Calls[0].Start
	}
	if len(t.story.Events) > 0 && (first.IsZero() || t.story.Events[0].At.Before(first)) {
		first = t.story.Events[0].At
	}
	return first
}

// A moment is the beginning or the end of a call, or an event, with what orders it.
type moment struct {
	seq   int // of an end: of the latest event before it
	at    time.Time
	call  *Call
	event *Event
	ends  bool
}

// moments returns all that happened, in order: by number, the end of a call behind the last event that happened during it.
func (t *teller) moments() []moment {
	var all []moment
	for i := range t.story.Calls {
		c := &t.story.Calls[i]
		all = append(all, moment{seq: c.Seq, at: c.Start, call: c})
	}
	for i := range t.story.Events {
		e := &t.story.Events[i]
		all = append(all, moment{seq: e.Seq, at: e.At, event: e})
	}
	slices.SortStableFunc(all, func(a, b moment) int { return cmp.Compare(a.seq, b.seq) })
	begun := len(all)
	for i := range t.story.Calls {
		c := &t.story.Calls[i]
		if !c.Running() {
			all = append(all, moment{seq: lastDuring(c, all[:begun]), at: c.End, call: c, ends: true})
		}
	}
	slices.SortStableFunc(all, func(a, b moment) int {
		order := cmp.Compare(a.seq, b.seq)
		switch {
		case order != 0 || !a.ends && !b.ends:
			return order
		case a.ends && b.ends:
			return a.at.Compare(b.at)
		case a.ends:
			return 1
		}
		return -1
	})
	return all
}

// lastDuring returns the number of the last event that happened during a call. Where the record does not tell, time does, and at
// one and the same time whether the event belongs to what the call is about.
func lastDuring(c *Call, all []moment) int {
	if c.Last != 0 {
		return max(c.Last, c.Seq)
	}
	last := c.Seq
	next, _ := slices.BinarySearchFunc(all, c.Seq+1, func(m moment, seq int) int { return cmp.Compare(m.seq, seq) })
	for _, m := range all[next:] {
		switch {
		case m.event != nil && m.event.Kind == Fault && m.event.Call != c.Seq:
			continue
		case m.at.After(c.End):
			return last
		case m.at.Before(c.End):
			last = m.seq
			continue
		}
		e := m.event
		if e == nil || !(e.Call == c.Seq || e.Image != "" && e.Image == c.Image || e.Operation != "" && e.Operation == c.Operation) {
			return last
		}
		last = m.seq
	}
	return last
}

// rows returns the rows of the whole story.
func (t *teller) rows() []row {
	moments := t.moments()
	var rows []row
	for i := 0; i < len(moments); i++ {
		m := moments[i]
		switch {
		case m.event != nil:
			rows = append(rows, t.eventRow(m.event))
		case m.ends:
			rows = append(rows, row{at: m.at, shape: end, call: m.call, bad: m.call.Error != "", text: t.endText(m.call, rows)})
		default:
			inside, compact := compactCall(moments[i:], t.stands(m.call) > 1)
			if !compact {
				rows = append(rows, row{at: m.at, shape: begin, call: m.call, seq: m.seq, stands: t.stands(m.call), text: t.callText(m.call)})
				continue
			}
			r := row{at: m.at, shape: instant, call: m.call, seq: m.seq, stands: 1, bad: m.call.Error != "", text: t.callText(m.call)}
			var caused []row
			for _, e := range inside {
				if e.Kind == Fault {
					r.note = append(r.note, plain.Line(t.names.in(e.Text)))
					r.stands++
				} else {
					caused = append(caused, t.eventRow(e))
				}
			}
			if len(r.note) > 0 {
				r.text += " ! fault: " + strings.Join(r.note, "; ")
			}
			r.text += " → " + t.outcome(m.call)
			rows = append(append(rows, r), caused...)
			i += len(inside) + 1
		}
	}
	for i := range t.story.Calls {
		if c := &t.story.Calls[i]; c.Running() {
			rows = append(rows, row{at: rows[len(rows)-1].at, shape: running, call: c, text: t.about(c) + " is still running"})
		}
	}
	return t.gaps(foldSame(merge(t.blamed(rows))))
}

// blamed puts a row behind the beginning of each call that a check found fault with.
func (t *teller) blamed(rows []row) []row {
	if t.blame == nil {
		return rows
	}
	var all []row
	for _, r := range rows {
		all = append(all, r)
		if r.shape != begin && r.shape != instant {
			continue
		}
		if checks := t.blame[r.call.Seq]; checks != nil {
			all = append(all, row{at: r.at, shape: blame, call: r.call, text: "at fault, says " + strings.Join(checks, ", ")})
		}
	}
	return all
}

// compactCall tells whether the call that begins the moments is to be one row: it is over at once, and during it nothing happens
// but either faults on it, or what it is there for. That it returns.
func compactCall(moments []moment, chained bool) (inside []*Event, ok bool) {
	c := moments[0].call
	faults := 0
	for _, m := range moments[1:] {
		switch e := m.event; {
		case m.call == c && m.ends:
			return inside, !chained && c.End.Sub(c.Start) < longCall && (faults == 0 || faults == len(inside))
		case e == nil:
			return nil, false
		case e.Kind == Fault && e.Call == c.Seq:
			faults++
		case e.By == c.Seq && (e.Image != "" && e.Image == c.Image || e.Operation != "" && e.Operation == c.Operation):
		default:
			return nil, false
		}
		inside = append(inside, m.event)
	}
	return nil, false
}

// longCall is from what time on a call is drawn as an interval even if nothing happens during it.
const longCall = 500 * time.Millisecond

func (t *teller) eventRow(e *Event) row {
	r := row{at: e.At, shape: cloud, events: []*Event{e}, seq: e.Seq, stands: 1, bad: e.Bad}
	text := plain.Line(t.names.in(e.Text))
	switch e.Kind {
	case Fault:
		r.text = "fault: " + text
		if c := t.calls[e.Call]; c != nil {
			r.shape, r.call = fault, c
		}
	case Image:
		r.text = t.names.resource(e.Image) + " " + text
	case Operation:
		r.text = t.names.of(e.Operation) + " " + text
	default:
		r.text = text
	}
	return r
}

// about returns which call it is: "#7 OperationGet op 1".
func (t *teller) about(c *Call) string {
	return strings.TrimSuffix(fmt.Sprintf("#%d %s %s", c.Seq, plain.Line(c.Method), plain.Line(t.names.in(c.Request))), " ")
}

// callText returns what a call asks for.
func (t *teller) callText(c *Call) string {
	text := strings.TrimSuffix(plain.Line(c.Method)+" "+plain.Line(t.names.in(c.Request)), " ")
	var marks []string
	if c.Attempt > 1 {
		marks = append(marks, fmt.Sprintf("↻ gRPC attempt %d", c.Attempt))
	}
	if again := t.again[c]; again != "" {
		marks = append(marks, again)
	}
	if len(marks) > 0 {
		text += " (" + strings.Join(marks, ", ") + ")"
	}
	return text
}

// repeats finds out which calls make an earlier one of their caller again: one with the same idempotency key, or the latest with
// the same request that failed.
func repeats(calls []Call) map[*Call]string {
	type key struct {
		lane         int
		method, text string
	}
	firsts, failed := make(map[key]int), make(map[key]int)
	told := make(map[*Call]string)
	for i := range calls {
		c := &calls[i]
		if !c.Changes {
			continue
		}
		byKey, byRequest := key{c.Lane, c.Method, c.Key}, key{c.Lane, c.Method, c.Request}
		switch first, latest := firsts[byKey], failed[byRequest]; {
		case c.Key != "" && first != 0:
			told[c] = fmt.Sprintf("same key as #%d", first)
		case latest != 0 && c.Key != "":
			told[c] = fmt.Sprintf("like #%d, with another key", latest)
		case latest != 0:
			told[c] = fmt.Sprintf("like #%d, without a key", latest)
		}
		if firsts[byKey] == 0 {
			firsts[byKey] = c.Seq
		}
		if c.Error != "" {
			failed[byRequest] = c.Seq
		}
	}
	return told
}

// outcome returns how a call was answered.
func (t *teller) outcome(c *Call) string {
	if c.Error != "" {
		return plain.Line(c.Error)
	}
	return cmp.Or(plain.Line(t.names.in(c.Result)), "OK")
}

// endText tells how a call ended, and which call it was, unless no other call is between it and its beginning.
func (t *teller) endText(c *Call, before []row) string {
	text := "→ " + t.outcome(c)
	if links := t.chain[c.Seq]; links.times > 0 {
		pace := ""
		switch {
		case links.every > 0 && links.even:
			pace = "one every " + lapse(links.every) + ", "
		case links.every > 0:
			pace = "about one every " + lapse(links.every) + ", "
		}
		text = fmt.Sprintf("%d times until #%d, %seach %s", links.times, links.last, pace, text)
	}
	for _, r := range slices.Backward(before) {
		if r.call == c && r.shape == begin {
			return text
		}
		if r.call != nil && r.call != c {
			break
		}
	}
	return fmt.Sprintf("#%d %s %s", c.Seq, plain.Line(c.Method), text)
}

// stands returns how many calls of the record one that is drawn stands for.
func (t *teller) stands(c *Call) int { return max(1, t.chain[c.Seq].times) }
