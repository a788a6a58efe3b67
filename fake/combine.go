package fake

import (
	"slices"
	"strings"
)

// AnyOf picks the calls that at least one of the matchers picks; without matchers, every call. A call lasts as long as one of those
// that pick it says.
func AnyOf(on ...Matcher) Matcher {
	if len(on) == 1 && on[0] != nil {
		return on[0]
	}
	parts, j := combine(on)
	for i, part := range parts {
		if part.only == nil {
			j.only = nil
			break
		}
		if i == 0 {
			j.only = []Method{}
		}
		j.only = append(j.only, part.only...)
	}
	j.picks = func(c *Call) bool {
		for i := range parts {
			if parts[i].picks(c) {
				return true
			}
		}
		return len(parts) == 0
	}
	j.judge = func(c *Call) Verdict {
		all := Verdict{Picked: len(parts) == 0}
		best := far
		for _, part := range parts {
			v := part.judge(c)
			switch {
			case v.Picked:
				all.Picked, all.ToTheEnd = true, all.ToTheEnd || v.ToTheEnd
			case v.Distance() < best.Distance():
				best = v
			}
		}
		if !all.Picked {
			return best
		}
		return all
	}
	return &matcher{j, join(on, " or ")}
}

// AllOf picks the calls that every one of the matchers picks; without matchers, every call. A call lasts as long as one of them says:
// AllOf(Work(ImageUpdate), OnResource(id)) is the updates of one image until their operations have ended.
func AllOf(on ...Matcher) Matcher {
	parts, j := combine(on)
	for _, part := range parts {
		switch {
		case part.only == nil:
		case j.only == nil:
			j.only = part.only
		default:
			j.only = slices.DeleteFunc(slices.Clone(j.only), func(m Method) bool { return !slices.Contains(part.only, m) })
		}
	}
	if j.wrong == "" && j.only != nil && len(j.only) == 0 {
		j.wrong = "its conditions exclude each other: no call can be picked"
	}
	j.picks = func(c *Call) bool {
		for i := range parts {
			if !parts[i].picks(c) {
				return false
			}
		}
		return true
	}
	j.judge = func(c *Call) Verdict {
		all := Verdict{Picked: true}
		known := false
		for _, part := range parts {
			v := part.judge(c)
			switch {
			case v.Picked:
				all.ToTheEnd = all.ToTheEnd || v.ToTheEnd
				known = true
				continue
			case v.Reasons == nil:
				return far
			}
			all.Picked = false
			all.Reasons = append(all.Reasons, v.Reasons...)
			known = known || !v.Vague
		}
		if !all.Picked {
			return Verdict{Reasons: all.Reasons, Vague: !known}
		}
		return all
	}
	return &matcher{j, join(on, " and ")}
}

// Not picks the calls that m does not pick. How long m lets a call last says nothing about those: Not(Work(m)) picks what Not(m)
// picks, and its calls end with their answers; Work(Not(m)) lets them last. A matcher that is itself wrong has no opposite: Not of it
// is as wrong.
func Not(m Matcher) Matcher {
	if m == nil {
		return impossible("not a nil matcher", "Not is made of a nil matcher")
	}
	of := m.judging()
	not := vague("not "+m.String(), of.wrong, func(c *Call) bool { return !of.picks(c) })
	not.is.named, not.is.asks = of.named, of.asks
	return not
}

// combine returns the parts of a combination, and what holds for it because it holds for one of them.
func combine(on []Matcher) (parts []judging, j judging) {
	for _, m := range on {
		if m == nil {
			m = impossible("", "one of its matchers is nil")
		}
		part := m.judging()
		parts = append(parts, part)
		j.named = append(j.named, part.named...)
		j.asks = j.asks || part.asks
		if j.wrong == "" {
			j.wrong = part.wrong
		}
	}
	return parts, j
}

// join returns a combination in words.
func join(on []Matcher, by string) string {
	if len(on) == 0 {
		return "any call"
	}
	texts := make([]string, len(on))
	for i, m := range on {
		if texts[i] = "a nil matcher"; m != nil {
			texts[i] = m.String()
		}
	}
	return strings.Join(texts, by)
}
