package fake

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// TB is the part of testing.TB that the kit uses. Those of testing.T, testing.B, Ginkgo and scenario.T all fit.
type TB interface {
	Helper()
	Name() string
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	FailNow()
	Failed() bool
	Cleanup(func())
}

// noTest is the TB of a server from Start.
type noTest struct{}

func (noTest) Helper()               {}
func (noTest) Name() string          { return "Start" }
func (noTest) Logf(string, ...any)   {}
func (noTest) Errorf(string, ...any) {}
func (noTest) FailNow()              {}
func (noTest) Failed() bool          { return false }
func (noTest) Cleanup(func())        {}

// reporter tells the test of its own mistakes, as long as there is a test to tell. Its locks are its own.
type reporter struct {
	tb   TB
	name string // of the server, in words
	made string // the line that made the server

	ending sync.RWMutex // guards over
	over   bool         // the test has ended

	findings findings // by checks of the test

	collecting sync.Mutex // guards misuses
	misuses    []error
}

func (r *reporter) belongTo(t TB) { r.tb, r.name, r.made = t, "of "+t.Name(), callerLine() }

// misuse reports a mistake of the test: at the caller's line where there is a test, else for Err and Close. It returns false if
// there is no test to tell, or none any more.
func (r *reporter) misuse(format string, args ...any) (told bool) {
	r.tb.Helper()
	tidy(args)
	text := fmt.Sprintf(format, args...)
	if r.report(text) {
		return true
	}
	r.collecting.Lock()
	defer r.collecting.Unlock()
	line := callerLine()
	if line == "" {
		line = r.made // found as a call was served: the test is not on this stack
	}
	r.misuses = append(r.misuses, fmt.Errorf("%s: %s", line, text))
	return false
}

// report fails the test, unless it is over: testing.T panics when a finished test is told of a failure.
func (r *reporter) report(text string) (told bool) {
	r.tb.Helper()
	r.ending.RLock()
	defer r.ending.RUnlock()
	if r.over || r.testless() {
		return false
	}
	if log, far := r.farFromTest(); far {
		fmt.Fprintf(log.Output(), "%s: imagefake: %s\n", r.made, text)
		log.Fail()
	} else {
		r.tb.Errorf("imagefake: %s", text)
	}
	r.findings.note("imagefake: "+text, nil)
	return true
}

// A plainLog is a test that prints a text as it is, without the line that reports it.
type plainLog interface {
	Output() io.Writer
	Fail()
}

// farFromTest returns the log of the test where none of the test's code is on the stack: the line that testing would name is one of
// the kit or of gRPC. Only testing's own types show what is printed in this way beside a failure.
func (r *reporter) farFromTest() (log plainLog, far bool) {
	if callerLine() != "" || !strings.HasPrefix(fmt.Sprintf("%T", r.tb), "*testing.") {
		return nil, false
	}
	log, far = r.tb.(plainLog)
	return log, far
}

// end notes that the test is over.
func (r *reporter) end() {
	r.ending.Lock()
	defer r.ending.Unlock()
	r.over = true
}

// testless tells whether the server is from Start.
func (r *reporter) testless() bool { return r.tb == TB(noTest{}) }

// misused reports a mistake after which the test has nothing to go on with: it also stops the test.
func (r *reporter) misused(format string, args ...any) {
	r.tb.Helper()
	if r.misuse(format, args...) {
		r.tb.FailNow()
	}
}

// Err returns what has gone wrong with the use of a server from [Start] so far, joined. A server from [New] reports to its test; what
// goes wrong after the end of the test can only be found here.
func (s *Server) Err() error { return s.collected() }

// collected returns the misuse that no test was told of.
func (r *reporter) collected() error {
	r.collecting.Lock()
	defer r.collecting.Unlock()
	return errors.Join(r.misuses...)
}

// callerLine returns file:line of the nearest caller outside this package and what serves calls; "" if there is none.
func callerLine() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		frame, more := frames.Next()
		if !ours(frame) && !serves(frame) {
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return ""
		}
	}
}

// ours tells whether a frame is of this package, and not of its tests.
func ours(frame runtime.Frame) bool {
	return strings.HasPrefix(frame.Function, packagePath+".") && !strings.HasSuffix(frame.File, "_test.go")
}

// serves tells whether a frame is of what brings a call to its handler, or of the runtime.
func serves(frame runtime.Frame) bool {
	return strings.HasSuffix(frame.File, ".pb.go") || strings.HasPrefix(frame.Function, "google.golang.org/grpc") ||
		strings.HasPrefix(frame.Function, "runtime.") || frame.Function == ""
}

const packagePath = "github.com/imagefake/imagefake/fake"
