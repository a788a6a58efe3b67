package fake

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
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

// misuse reports a mistake of the test: at the caller's line where there is a test, else for Err and Close. It returns false if
// there is no test to tell, or none any more.
func (s *Server) misuse(format string, args ...any) (told bool) {
	s.tb.Helper()
	tidy(args)
	text := fmt.Sprintf(format, args...)
	if s.report(text) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.misuses = append(s.misuses, fmt.Errorf("%s: %s", callerLine(), text))
	return false
}

// report fails the test, unless it is over: testing.T panics when a finished test is told of a failure.
func (s *Server) report(text string) (told bool) {
	s.tb.Helper()
	s.ending.RLock()
	defer s.ending.RUnlock()
	if s.over || s.testless() {
		return false
	}
	s.tb.Errorf("imagefake: %s", text)
	return true
}

// testless tells whether the server is from Start.
func (s *Server) testless() bool { return s.tb == TB(noTest{}) }

// misused reports a mistake after which the test has nothing to go on with: it also stops the test.
func (s *Server) misused(format string, args ...any) {
	s.tb.Helper()
	if s.misuse(format, args...) {
		s.tb.FailNow()
	}
}

// Err returns what has gone wrong with the use of a server from [Start] so far, joined. A server from [New] reports to its test; what
// goes wrong after the end of the test can only be found here.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.misuses...)
}

// callerLine returns file:line of the nearest caller outside this package.
func callerLine() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, packagePath+".") || strings.HasSuffix(frame.File, "_test.go") {
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return "unknown line"
		}
	}
}

const packagePath = "github.com/imagefake/imagefake/fake"
