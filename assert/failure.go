package assert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/grpc/codes"
)

// failed reports a failed check on a server, nil if there is none: what was expected and what was found in a sentence, below it what
// helps to see why.
func failed(t fake.TB, s *fake.Server, check, sentence string, below ...string) bool {
	t.Helper()
	return failedAt(t, s, nil, check, sentence, below...)
}

// failedAt is failed where calls are at fault: the picture of the failed test marks them.
func failedAt(t fake.TB, s *fake.Server, calls []fake.Call, check, sentence string, below ...string) bool {
	t.Helper()
	text := "assert." + check + ": " + plain.Line(sentence)
	for _, block := range below {
		if block != "" {
			text += "\n" + plain.Lines(block)
		}
	}
	if s != nil {
		var numbers []int
		for _, c := range calls[:min(len(calls), mostMarked)] {
			numbers = append(numbers, c.Seq)
		}
		s.NoteFailure(text, numbers...)
	}
	t.Errorf("%s", text)
	return false
}

// faults are calls that a check finds fault with, and what it says of each.
type faults struct {
	calls []fake.Call
	lines []string
}

func (f *faults) add(c fake.Call, format string, args ...any) {
	f.calls = append(f.calls, c)
	f.lines = append(f.lines, fmt.Sprintf(format, args...))
}

// block returns what is said of them, under a title; "" if there are none.
func (f faults) block(title string) string { return block(title, cut(f.lines)...) }

// mostMarked is how many calls one check marks in the picture of the failed test.
const mostMarked = 20

// block returns lines under a title, each line that the lines have set in. No lines give no block.
func block(title string, lines ...string) string {
	if len(lines) == 0 {
		return ""
	}
	text := "  " + title + ":"
	for _, line := range lines {
		text += "\n    " + strings.ReplaceAll(line, "\n", "\n    ")
	}
	return text
}

// most is how many lines of one kind a failure text shows.
const most = 8

// cut leaves the first lines and says how many more there are.
func cut(lines []string) []string {
	if len(lines) <= most+1 {
		return lines
	}
	return append(slices.Clone(lines[:most]), fmt.Sprintf("… and %d more", len(lines)-most))
}

// count returns a number of things: "no call", "1 call", "2 calls".
func count(n int, thing string) string {
	switch n {
	case 0:
		return "no " + thing
	case 1:
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// none says that among calls there is not one that was wanted.
func none(calls []fake.Call) string {
	if len(calls) == 0 {
		return "There is no call at all"
	}
	return fmt.Sprintf("There is none among %s", count(len(calls), "call"))
}

// a puts the article before a noun.
func a[S ~string](noun S) string {
	if strings.ContainsAny(string(noun[:1]), "AEIOUaeiou") {
		return "an " + string(noun)
	}
	return "a " + string(noun)
}

// is returns the verb that goes with a number of things.
func is(n int) string {
	if n > 1 {
		return "are"
	}
	return "is"
}

// callLine returns a call and how it was answered: #2 ImageCreate by conn-1 on image fd8…: Unavailable (try again).
func callLine(c fake.Call) string {
	text := c.String()
	if c.Attempt > 1 {
		text += fmt.Sprintf(" (gRPC's attempt %d)", c.Attempt)
	}
	if c.ResourceID != "" {
		text += " on " + concernOf(c) + " " + c.ResourceID
	} else if c.OperationID != "" {
		text += " on operation " + c.OperationID
	}
	text = plain.Line(text + ": " + answerOf(c))
	for _, fault := range c.Faults {
		text += "\n  met by the fault: " + plain.Line(fault.String())
	}
	return text
}

func answerOf(c fake.Call) string {
	switch {
	case c.Running():
		return "not answered yet"
	case c.Status.Code() == codes.OK:
		return "OK"
	}
	return plain.Line(fmt.Sprintf("%v (%s)", c.Status.Code(), c.Status.Message()))
}

func callLines(calls []fake.Call) []string {
	lines := make([]string, len(calls))
	for i, c := range calls {
		lines[i] = callLine(c)
	}
	return lines
}

// summary tells which calls a record has: 1 ImageCreate, 2 ImageGet.
func summary(calls []fake.Call) string {
	if len(calls) == 0 {
		return "the server has seen no call at all: is it the one that the code under test talks to?"
	}
	n := make(map[string]int)
	var methods []string
	for _, c := range calls {
		if n[c.Method.String()]++; n[c.Method.String()] == 1 {
			methods = append(methods, c.Method.String())
		}
	}
	for i, m := range methods {
		methods[i] = fmt.Sprintf("%d %s", n[m], m)
	}
	return "the record has " + strings.Join(methods, ", ")
}

// wantedOr is wanted after a colon; without matchers it is what there is to say then.
func wantedOr(on []fake.Matcher, otherwise string) string {
	if len(on) == 0 {
		return otherwise
	}
	return ": " + wanted(on)
}

// wanted names what matchers pick.
func wanted(on []fake.Matcher) string {
	if len(on) == 0 {
		return "any call"
	}
	texts := make([]string, len(on))
	for i, m := range on {
		texts[i] = m.String()
	}
	return strings.Join(texts, " or ")
}

// since returns a moment as the time that has passed from the first call on.
func (r record) since(at time.Time) string {
	if len(r.calls) == 0 {
		return "+0s"
	}
	return "+" + at.Sub(r.calls[0].Start).String()
}

// list joins words for a sentence; none is what there is to say without any.
func list(words []string, none string) string { return cmp.Or(strings.Join(words, ", "), none) }
