package scenario

import (
	"fmt"
	"strings"
	"time"
)

// lasting is how long a fault goes on at its place: from there on it happens to all calls of the method by that caller. The zero
// value is one call.
type lasting struct {
	times   int           // so many calls
	d       time.Duration // so long
	forever bool
}

// stillAt tells whether the fault goes on so long after it began. Calls are counted elsewhere.
func (l lasting) stillAt(age time.Duration) bool {
	return l.forever || l.times > 0 || age < l.d
}

// Times returns a kind that does to n calls what k does to one: to the call at its place, and to the next ones that the same caller
// makes of the same method. It counts as one fault, named "unavailable-3-times".
func (k Kind) Times(n int) Kind {
	if n < 1 {
		k.wrong = fmt.Sprintf("Times(%d): name a number from 1", n)
	}
	return k.lasting(fmt.Sprintf("%d-times", n), lasting{times: n})
}

// For returns a kind that does for a time what k does to one call: from the call at its place on, to all that the same caller makes
// of the same method within d, on the time package (virtual in a run). It counts as one fault, named "unavailable-for-1m0s".
func (k Kind) For(d time.Duration) Kind {
	if d <= 0 {
		k.wrong = fmt.Sprintf("For(%v): name a time above 0", d)
	}
	return k.lasting("for-"+strings.ReplaceAll(d.String(), ".", "-"), lasting{d: d})
}

// Onwards returns a kind that never ends: from the call at its place on, what k does to one call happens to all that the same caller
// makes of the same method. It counts as one fault, named "unavailable-onwards".
func (k Kind) Onwards() Kind { return k.lasting("onwards", lasting{forever: true}) }

func (k Kind) lasting(suffix string, l lasting) Kind {
	if k.lasts != (lasting{}) && k.wrong == "" {
		k.wrong = "it lasts already: name one of Times, For and Onwards"
	}
	k.lasts = l
	k.Name = strings.ReplaceAll(k.Name+"-"+suffix, "µ", "u")
	return k
}

// goCode returns the trigger of a fault that begins at the number-th call and lasts, as Go code, with the variables that it needs;
// "" for always.
func (l lasting) goCode(number int) (variables, trigger string) {
	switch {
	case l == lasting{}:
		return "", fmt.Sprintf("fake.Nth(%d)", number)
	case l.times > 0 && number == 1:
		return "", fmt.Sprintf("fake.First(%d)", l.times)
	case l.times > 0:
		return "calls := 0\n", fmt.Sprintf("fake.While(func() bool { calls++; return calls >= %d && calls < %d })", number, number+l.times)
	case l.forever && number == 1:
		return "", ""
	case l.forever:
		return "calls := 0\n", fmt.Sprintf("fake.While(func() bool { calls++; return calls >= %d })", number)
	}
	return "calls, begun := 0, time.Time{}\n", fmt.Sprintf(`fake.While(func() bool {
	if calls++; calls == %d {
		begun = time.Now()
	}
	return calls >= %[1]d && time.Since(begun) < %d // %v
})`, number, l.d.Nanoseconds(), l.d)
}
