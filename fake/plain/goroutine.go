package plain

import (
	"bytes"
	"runtime"
	"strings"
)

// Goroutine is one of a stack dump.
type Goroutine struct {
	ID      string // its number: "7"
	State   string // "running", "select", "chan receive" …
	Durable bool   // synctest.Wait takes it for resting, in its bubble
	Bubble  string // the testing/synctest bubble that it runs in: "bubble 3"; "" outside of one
	Trace   string // its frames, two lines each; "" of the current one
}

// Parent returns the number of the goroutine that started this one, "" if its trace does not say.
func (g Goroutine) Parent() string {
	const by = " in goroutine "
	at := strings.LastIndex(g.Trace, by)
	if at < 0 {
		return ""
	}
	parent, _, _ := strings.Cut(g.Trace[at+len(by):], "\n")
	return parent
}

// CurrentGoroutine returns the goroutine that calls it, without its trace.
//
// The runtime tells its number and its bubble nowhere but in the first line of a stack trace: "goroutine 7 [running, synctest bubble
// 3]:". Should that line change, every goroutine seems to run outside of bubbles.
func CurrentGoroutine() Goroutine {
	var buf [128]byte
	return parseHeader(string(buf[:runtime.Stack(buf[:], false)]))
}

// Goroutines returns all goroutines of the process. It stops them for as long as that takes.
func Goroutines() []Goroutine {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	var all []Goroutine
	for block := range bytes.SplitSeq(buf, []byte("\n\n")) {
		header, trace, _ := strings.Cut(string(block), "\n")
		g := parseHeader(header)
		g.Trace = trace
		all = append(all, g)
	}
	return all
}

// parseHeader reads the line above a trace, which may be cut short behind its bracket.
func parseHeader(line string) Goroutine {
	id, rest, _ := strings.Cut(strings.TrimPrefix(line, "goroutine "), " ")
	_, rest, _ = strings.Cut(rest, "[")
	inside, _, _ := strings.Cut(rest, "]")
	g := Goroutine{ID: id}
	for i, part := range strings.Split(inside, ", ") {
		if i == 0 {
			g.State, g.Durable = strings.CutSuffix(part, " (durable)")
		} else if name, ok := strings.CutPrefix(part, "synctest "); ok {
			g.Bubble = name
		}
	}
	return g
}
