package scenario

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/imagefake/imagefake/fake"
)

// Line is one thing that happens to the world while the code under test runs: at a time, or as a call comes.
type Line struct {
	// At is when it happens, counted from Play, on the time package (virtual in a bubble). Only where On is nil.
	At time.Duration

	// On picks the calls it happens at, When which of them: nil is every one, [fake.Once] the first alone, whoever makes it. As with
	// faults, counting triggers count each caller's calls for themselves.
	On   fake.Matcher
	When fake.Trigger

	// Late is for what happens when the call has been handled, but is not yet answered: "after the second poll". By default it
	// happens as the call comes.
	Late bool

	// Do is what happens. It may use the server and clients, and may wait; a call waits for it.
	Do func(*fake.Server)
}

// Play puts a script on a server. Lines happen in whatever order their times and calls come. Those that have not happened by the
// end of the test fail it, as does a line that makes no sense.
func Play(t fake.TB, s *fake.Server, lines ...Line) {
	t.Helper()
	file := "unknown line"
	if _, path, line, ok := runtime.Caller(1); ok {
		file = fmt.Sprintf("%s:%d", filepath.Base(path), line)
	}
	p := stage(t, s, lines)
	t.Cleanup(func() {
		t.Helper()
		for _, i := range p.end() {
			t.Errorf("%s: line %d of the script never happened: %s; the server saw %s", file, i+1, lines[i], callsSeen(s))
		}
	})
}

// stage begins to play a script.
func stage(t fake.TB, s *fake.Server, lines []Line) *performance {
	t.Helper()
	p := &performance{happened: make([]bool, len(lines))}
	for i, l := range lines {
		if wrong := l.wrong(); wrong != "" {
			t.Errorf("scenario.Play: line %d of the script: %s", i+1, wrong)
			p.happened[i] = true
			continue
		}
		do := func() {
			if p.begin(i) {
				l.Do(s)
			}
		}
		if l.On == nil {
			p.timers = append(p.timers, time.AfterFunc(l.At, do))
			continue
		}
		effect := fake.Run(func(*fake.Call) { do() })
		if l.Late {
			effect = effect.Late()
		}
		s.Inject(fake.Fault{On: l.On, When: l.When, Do: effect, Optional: true})
	}
	return p
}

// wrong returns why a line makes no sense, "" if it does.
func (l Line) wrong() string {
	switch {
	case l.Do == nil:
		return "it does nothing: set Do"
	case l.At < 0:
		return fmt.Sprintf("At is %v: a line cannot happen before the script begins", l.At)
	case l.On != nil && l.At != 0:
		return "it has both On and At: it happens as a call comes, or at a time; for a call after a time use When: fake.After(d)"
	case l.On == nil && (l.When != nil || l.Late):
		return "it has no On: When and Late say at which call, and how, so name the calls, or use At alone"
	}
	return ""
}

// String tells when the line happens.
func (l Line) String() string {
	if l.On == nil {
		return fmt.Sprintf("at %v", l.At)
	}
	text := "on " + l.On.String()
	if l.When == nil {
		text += ", every call"
	} else {
		text += fmt.Sprintf(", %v", l.When)
	}
	if l.Late {
		text += ", once it is handled"
	}
	return text
}

// A performance is a script that is being played.
type performance struct {
	timers []*time.Timer

	mu       sync.Mutex // guards what follows
	happened []bool
	ended    bool
}

// begin notes that a line happens; false if the test is over.
func (p *performance) begin(i int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return false
	}
	p.happened[i] = true
	return true
}

// end lets nothing more happen, and returns the lines that have not.
func (p *performance) end() []int {
	for _, timer := range p.timers {
		timer.Stop()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	var missing []int
	for i, happened := range p.happened {
		if !happened {
			missing = append(missing, i)
		}
	}
	return missing
}

// callsSeen returns how often a server was called for what.
func callsSeen(s *fake.Server) string {
	var tr trace
	for _, c := range s.Calls() {
		tr = append(tr, seen{place: place{ask: ask{method: c.Method}}})
	}
	if len(tr) == 0 {
		return "no calls"
	}
	return strings.TrimSpace(tr.summary())
}
