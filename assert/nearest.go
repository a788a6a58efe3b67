package assert

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
)

// nearestCalls is how many calls a failure text compares with what was wanted.
const nearestCalls = 3

// Distances of a call from being picked: a field that differs counts one.
const (
	opaque = 50  // a matcher does not pick it, and nobody knows why
	far    = 100 // it is not even of the right method
)

// An explainer tells what keeps a call from being picked, and how far it is from that: 0 if it is picked.
type explainer func(fake.Call) (reasons []string, distance int)

// nearest shows, of some calls that were not picked, the nearest ones and what keeps each from being picked. If nothing tells which
// are nearer, it shows the latest.
func (r record) nearest(calls []fake.Call, on ...fake.Matcher) string {
	type candidate struct {
		call     fake.Call
		reasons  []string
		distance int
	}
	explainers := make([]explainer, len(on))
	for i, m := range on {
		explainers[i] = r.explain(m)
	}
	var candidates []candidate
	for _, c := range calls {
		best := candidate{call: c, distance: far}
		for _, explain := range explainers {
			if reasons, distance := explain(c); distance < best.distance {
				best.reasons, best.distance = reasons, distance
			}
		}
		if best.distance > 0 && best.distance < far {
			candidates = append(candidates, best)
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	candidates = slices.DeleteFunc(candidates, func(c candidate) bool { return c.distance == opaque && candidates[0].distance < opaque })
	if len(candidates) > 0 && candidates[0].distance == opaque {
		return block("the latest calls", callLines(calls[max(0, len(calls)-nearestCalls):])...)
	}
	var lines []string
	for _, c := range candidates[:min(len(candidates), nearestCalls)] {
		lines = append(lines, because(c.call, c.reasons))
	}
	return block("nearest", lines...)
}

// why shows what keeps a call from being picked, if more can be said than that it is of another method.
func (r record) why(c fake.Call, m fake.Matcher) string {
	reasons, distance := r.explain(m)(c)
	if distance >= far {
		return ""
	}
	return block("why", because(c, reasons))
}

func because(c fake.Call, reasons []string) string {
	text := callLine(c)
	for _, reason := range reasons {
		text += "\n  " + plain.Line(reason)
	}
	return text
}

// explain returns the explainer of a matcher.
func (r record) explain(m fake.Matcher) explainer {
	switch m := m.(type) {
	case *work:
		return r.explain(m.Matcher)
	case *request:
		return r.explainRequest(m)
	case fake.Method:
		return func(c fake.Call) ([]string, int) {
			if c.Method == m {
				return nil, 0
			}
			return nil, far
		}
	}
	picked := make(map[int]bool)
	for _, c := range r.pick(m) {
		picked[c.Seq] = true
	}
	return func(c fake.Call) ([]string, int) {
		if picked[c.Seq] {
			return nil, 0
		}
		return []string{fmt.Sprintf("not picked by: %v", m)}, opaque
	}
}

func (r record) explainRequest(m *request) explainer {
	parts := make([]explainer, len(m.and))
	for i, part := range m.and {
		parts[i] = r.explain(part)
	}
	return func(c fake.Call) (reasons []string, distance int) {
		if c.Request == nil || c.Request.ProtoReflect().Descriptor() != m.of {
			return nil, far
		}
		for _, d := range m.diff(c.Request) {
			reasons = append(reasons, d.String())
		}
		for _, explain := range parts {
			why, _ := explain(c)
			reasons = append(reasons, why...)
		}
		return reasons, min(len(reasons), opaque-1)
	}
}
