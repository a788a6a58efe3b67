package assert

import (
	"cmp"
	"slices"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
)

// nearestCalls is how many calls a failure text compares with what was wanted.
const nearestCalls = 3

// nearest shows, of some calls that were not picked, the nearest ones and what keeps each from being picked. If nothing tells which
// are nearer, it shows the latest.
func (r record) nearest(calls []fake.Call, on ...fake.Matcher) string {
	type candidate struct {
		call fake.Call
		fake.Verdict
	}
	judge := r.judge(fake.AnyOf(on...))
	var candidates []candidate
	for _, c := range calls {
		if v := judge(&c); v.Reasons != nil {
			candidates = append(candidates, candidate{c, v})
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.Distance(), b.Distance()) })
	candidates = slices.DeleteFunc(candidates, func(c candidate) bool { return c.Vague && !candidates[0].Vague })
	if len(candidates) > 0 && candidates[0].Vague {
		return block("the latest calls", callLines(calls[max(0, len(calls)-nearestCalls):])...)
	}
	var lines []string
	for _, c := range candidates[:min(len(candidates), nearestCalls)] {
		lines = append(lines, because(c.call, c.Reasons))
	}
	return block("nearest", lines...)
}

// why shows what keeps a call from being picked, if more can be said than that it is of another method.
func (r record) why(c fake.Call, m fake.Matcher) string {
	v := r.judge(m)(&c)
	if v.Reasons == nil {
		return ""
	}
	return block("why", because(c, v.Reasons))
}

func because(c fake.Call, reasons []string) string {
	text := callLine(c)
	for _, reason := range reasons {
		text += "\n  " + plain.Line(reason)
	}
	return text
}
