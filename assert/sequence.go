package assert

import (
	"fmt"

	"github.com/imagefake/imagefake/fake"
)

// Sequence checks that there were exactly these calls, each picked by its matcher, in this order of arrival:
//
//	assert.Sequence(t, cloud, fake.ImageGetLatestByFamily, fake.ImageCreate, fake.OperationGet)
//
// Calls to the endpoint and token services and health checks, which SDKs make on their own, do not count, unless the sequence has
// such a method itself. Each attempt of a call that is repeated counts. For some of the calls use [Subsequence].
func Sequence(t fake.TB, s *fake.Server, on ...fake.Matcher) bool {
	t.Helper()
	r, ok := readSequence(t, "Sequence", s, on)
	if !ok {
		return false
	}
	calls, picks := r.sequence(on)
	wrong := 0
	for wrong < len(calls) && wrong < len(on) && picks[wrong][calls[wrong].Seq] {
		wrong++
	}
	if wrong == len(on) && wrong == len(calls) {
		return true
	}
	found := ""
	switch {
	case wrong == len(on):
		found = fmt.Sprintf("After them came %s more", count(len(calls)-wrong, "call"))
	case wrong == len(calls):
		found = fmt.Sprintf("After %s the next is missing: %v", count(wrong, "call"), on[wrong])
	default:
		found = fmt.Sprintf("The first that is not as expected is number %d: want %v, got %v", wrong+1, on[wrong], &calls[wrong])
	}
	below := []string{aligned(on, calls, picks, wrong)}
	if wrong < len(on) && wrong < len(calls) {
		below = append(below, r.why(calls[wrong], on[wrong]))
	}
	return failedAt(t, s, calls[wrong:min(wrong+1, len(calls))], "Sequence", fmt.Sprintf("expected exactly %s in this order. %s", count(len(on), "call"), found), below...)
}

// Subsequence checks that there were calls picked by these matchers, one for each, in this order of arrival, whatever came between
// them.
func Subsequence(t fake.TB, s *fake.Server, on ...fake.Matcher) bool {
	t.Helper()
	r, ok := readSequence(t, "Subsequence", s, on)
	if !ok {
		return false
	}
	calls, picks := r.sequence(on)
	var met []string
	next, last := 0, -1
	for i, c := range calls {
		if next < len(on) && picks[next][c.Seq] {
			met = append(met, fmt.Sprintf("%v: %v", on[next], &c))
			next, last = next+1, i
		}
	}
	if next == len(on) {
		return true
	}
	rest := calls[last+1:]
	after := "There is none"
	if last >= 0 {
		after = fmt.Sprintf("There is none after %v", &calls[last])
	}
	var early string
	for _, c := range calls[:last+1] {
		if picks[next][c.Seq] {
			early = fmt.Sprintf("  it came earlier: %s", callLine(c))
			break
		}
	}
	expected := fmt.Sprintf("expected %s in this order", count(len(on), "call"))
	return failed(t, s, "Subsequence", fmt.Sprintf("%s. Number %d is missing: %v. %s", expected, next+1, on[next], after),
		early, block("found until there", met...), r.nearest(rest, on[next]), block("what came instead", cut(callLines(rest))...))
}

func readSequence(t fake.TB, check string, s *fake.Server, on []fake.Matcher) (record, bool) {
	t.Helper()
	r, ok := readWhole(t, check, s, on...)
	if ok && len(on) == 0 {
		return r, failed(t, s, check, "the sequence is empty: name the calls, or use NotCalled to say that there is none; "+summary(r.calls))
	}
	return r, ok
}

// sequence returns the calls that count in a sequence, and which of them each matcher picks.
func (r record) sequence(on []fake.Matcher) (calls []fake.Call, picks []map[int]bool) {
	for _, m := range on {
		picked := make(map[int]bool)
		for _, c := range r.pick(m) {
			picked[c.Seq] = true
		}
		picks = append(picks, picked)
	}
	return offstage(r.calls, on), picks
}

// Of a sequence, around is how many calls are shown before the first that is wrong, and window how many from it on are compared.
const (
	around = 4
	window = 64
)

// aligned shows the calls that came between those that were wanted, so that from the first that is wrong on as many as possible
// agree.
func aligned(on []fake.Matcher, calls []fake.Call, picks []map[int]bool, wrong int) string {
	var lines []string
	if wrong > around {
		lines = append(lines, fmt.Sprintf("… %s as expected", count(wrong-around, "call")))
	}
	note := func(mark string, c fake.Call) { lines = append(lines, mark+c.String()+": "+answerOf(c)) }
	for _, c := range calls[max(0, wrong-around):wrong] {
		note("  ", c)
	}
	rest := max(len(on), len(calls)) - wrong - window
	on, picks, calls = on[wrong:min(len(on), wrong+window)], picks[wrong:], calls[wrong:min(len(calls), wrong+window)]
	agree := agreement(on, calls, picks)
	for i, j := 0, 0; i < len(on) || j < len(calls); {
		switch {
		case i < len(on) && j < len(calls) && picks[i][calls[j].Seq]:
			note("  ", calls[j])
			i, j = i+1, j+1
		case j == len(calls) || i < len(on) && agree[i+1][j] >= agree[i][j+1]:
			lines = append(lines, "- "+on[i].String())
			i++
		default:
			note("+ ", calls[j])
			j++
		}
	}
	if more := len(lines) - 3*around; more > 0 {
		lines = append(lines[:3*around], fmt.Sprintf("… and %d more", more+max(0, rest)))
	}
	return block("the calls (- is missing, + was not expected)", lines...)
}

// agreement returns how many of the wanted calls from i on, at most, agree with calls from j on in the same order.
func agreement(on []fake.Matcher, calls []fake.Call, picks []map[int]bool) [][]int {
	agree := make([][]int, len(on)+1)
	for i := range agree {
		agree[i] = make([]int, len(calls)+1)
	}
	for i := len(on) - 1; i >= 0; i-- {
		for j := len(calls) - 1; j >= 0; j-- {
			agree[i][j] = max(agree[i+1][j], agree[i][j+1])
			if picks[i][calls[j].Seq] {
				agree[i][j] = max(agree[i][j], agree[i+1][j+1]+1)
			}
		}
	}
	return agree
}
