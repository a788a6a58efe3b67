package assert

import (
	"fmt"
	"slices"
	"time"

	"github.com/imagefake/imagefake/fake"
)

// Before checks that every call of a had ended before the first call of b arrived. There must be at least one of each. A call lasts
// from its arrival at the server to its answer there; see [fake.Work] for operations.
func Before(t fake.TB, s *fake.Server, a, b fake.Matcher) bool {
	t.Helper()
	r, ok := readWhole(t, "Before", s, a, b)
	if !ok {
		return false
	}
	first, second, ok := r.both(t, "Before", a, b)
	if !ok {
		return false
	}
	for _, x := range first {
		for _, y := range second {
			if x.call.Seq == y.call.Seq || !x.before(y) {
				return failedAt(t, s, []fake.Call{x.call, y.call}, "Before", fmt.Sprintf("expected every %v to have ended before any %v began, but %v", a, b, r.meeting(x, y)),
					block("the calls", r.spanLines([]span{x, y})...))
			}
		}
	}
	return true
}

// Overlapping checks that at some moment a call of a and a call of b were under way side by side. It fails if a or b picks no call.
func Overlapping(t fake.TB, s *fake.Server, a, b fake.Matcher) bool {
	t.Helper()
	r, ok := readWhole(t, "Overlapping", s, a, b)
	if !ok {
		return false
	}
	first, second, ok := r.both(t, "Overlapping", a, b)
	if !ok {
		return false
	}
	if _, _, found := overlap(first, second); found {
		return true
	}
	return failed(t, s, "Overlapping", fmt.Sprintf("expected %v and %v to be under way at the same time at some moment. They never were", a, b),
		block(a.String(), cut(r.spanLines(first))...), block(b.String(), cut(r.spanLines(second))...))
}

// NeverConcurrent checks that no call of a was under way at the same time as another call of b. Calls of one matcher may be given as
// both: then no two of them were. It passes where there are no such calls.
//
// Calls on different resources count as well. To look at one, say so:
//
//	one := fake.OnResource(id)
//	assert.NeverConcurrent(t, cloud, fake.AllOf(fake.ImageUpdate, one), fake.AllOf(fake.ImageDelete, one))
func NeverConcurrent(t fake.TB, s *fake.Server, a, b fake.Matcher) bool {
	t.Helper()
	r, ok := readWhole(t, "NeverConcurrent", s, a, b)
	if !ok {
		return false
	}
	x, y, found := overlap(r.spans(a), r.spans(b))
	if !found {
		return true
	}
	hint := ""
	if x.call.ResourceID != "" && y.call.ResourceID != "" && x.call.ResourceID != y.call.ResourceID {
		hint = "  they are on different resources: if that is fine, look at one at a time, with fake.AllOf and fake.OnResource"
	}
	return failedAt(t, s, []fake.Call{x.call, y.call}, "NeverConcurrent", fmt.Sprintf("expected %v and %v never to be under way at the same time, but %v", a, b, r.meeting(x, y)),
		block("the calls", r.spanLines([]span{x, y})...), hint)
}

// overlap returns the first two different calls that overlap.
func overlap(first, second []span) (x, y span, found bool) {
	for _, x := range first {
		for _, y := range second {
			if x.call.Seq != y.call.Seq && !x.before(y) && !y.before(x) {
				return x, y, true
			}
		}
	}
	return x, y, false
}

// span is the time that a call took. The order of spans goes by the record and not by the clock, which stands still while calls run
// in a bubble, or until the test moves it.
type span struct {
	call fake.Call
	last int // the number of the latest event when it ended
	end  time.Time
	open bool // it has not ended
	work bool // it ends with its operation
}

// before tells whether x had ended when y began.
func (x span) before(y span) bool { return !x.open && x.last < y.call.Seq }

// both returns the spans of two matchers, and fails if one of them picks nothing.
func (r record) both(t fake.TB, check string, a, b fake.Matcher) (first, second []span, ok bool) {
	t.Helper()
	for _, m := range []fake.Matcher{a, b} {
		if len(r.pick(m)) == 0 {
			return nil, nil, failed(t, r.server, check, fmt.Sprintf("there is no call to compare with: %v", m), r.nearest(r.calls, m), "  "+summary(r.calls))
		}
	}
	return r.spans(a), r.spans(b), true
}

func (r record) spans(m fake.Matcher) []span {
	judge := r.judge(m)
	var spans []span
	for _, c := range r.calls {
		if v := judge(&c); v.Picked {
			spans = append(spans, span{call: c, last: c.Answered, end: c.End, open: c.Running(), work: v.ToTheEnd})
		}
	}
	if !slices.ContainsFunc(spans, func(x span) bool { return x.work }) {
		return spans
	}
	done := make(map[string]bool)
	for _, op := range r.server.Operations() {
		done[op.ID()] = op.Done()
	}
	latest := make(map[string]fake.Event)
	for e := range r.server.Events() {
		if changes(e) && e.OperationID != "" {
			latest[e.OperationID] = e
		}
	}
	for i, x := range spans {
		over, known := done[x.call.OperationID]
		spans[i].work = x.work && known && starts(x.call)
		if !spans[i].work {
			continue
		}
		spans[i].open = !over
		if e := latest[x.call.OperationID]; e.Seq > x.last {
			spans[i].last, spans[i].end = e.Seq, e.Time
		}
	}
	return spans
}

// changes tells whether a resource or an operation is another since an event.
func changes(e fake.Event) bool { return e.Kind == fake.ResourceEvent || e.Kind == fake.OperationEvent }

// meeting tells how two spans are not one before the other.
func (r record) meeting(x, y span) string {
	switch {
	case x.call.Seq == y.call.Seq:
		return fmt.Sprintf("%v is both", &x.call)
	case y.before(x):
		return fmt.Sprintf("%v had ended when %v began", &y.call, &x.call)
	case x.call.Seq > y.call.Seq:
		x, y = y, x
	}
	return fmt.Sprintf("%v was under way when %v arrived, at %s", &x.call, &y.call, r.since(y.call.Start))
}

func (r record) spanLines(spans []span) []string {
	lines := make([]string, len(spans))
	for i, x := range spans {
		end := r.since(x.end)
		if x.open {
			end = "…"
		}
		what := callLine(x.call)
		if x.work {
			what += fmt.Sprintf(", then its operation %s", x.call.OperationID)
		}
		lines[i] = fmt.Sprintf("from %s to %s: %s", r.since(x.call.Start), end, what)
	}
	return lines
}
