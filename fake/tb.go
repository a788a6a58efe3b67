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

// misuse reports a mistake of the test: at the caller's line where there is a test, else for Err and Close.
func (s *Server) misuse(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if s.tb != nil {
		s.tb.Helper()
		if s.report(text) {
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.misuses = append(s.misuses, fmt.Errorf("%s: %s", callerLine(), text))
}

// report fails the test, unless it is over: testing.T panics when a finished test is told of a failure.
func (s *Server) report(text string) (told bool) {
	s.tb.Helper()
	s.ending.RLock()
	defer s.ending.RUnlock()
	if s.over {
		return false
	}
	s.tb.Errorf("imagefake: %s", text)
	return true
}

// misused reports a mistake after which the test has nothing to go on with: it also stops the test.
func (s *Server) misused(format string, args ...any) {
	if s.tb != nil {
		s.tb.Helper()
	}
	s.misuse(format, args...)
	if s.tb != nil {
		s.tb.FailNow()
	}
}

// Err returns what has gone wrong with the use of a server from [Start] so far, joined: misuse, and errors that calls were answered
// with because of it. It is nil for a server from [New], which reports to its test.
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
