package assert_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/imagefake/imagefake/fake"
)

// recorder is the TB of a test that never was: it keeps what is reported to it.
type recorder struct {
	ctx      context.Context // of the real test, where a check wants one
	helpers  map[string]bool // funcs that called Helper
	failures []string
	lines    []string // file:line of each failure, as testing would print it
	stopped  int
}

// within is a TB with a context of its own, as a testing.T is.
type within struct {
	fake.TB
	ctx context.Context
}

func (w within) Context() context.Context { return w.ctx }

func (r *recorder) Name() string        { return "TestOfUser" }
func (r *recorder) Logf(string, ...any) {}
func (r *recorder) Cleanup(func())      {}
func (r *recorder) Failed() bool        { return len(r.failures) > 0 }
func (r *recorder) FailNow()            { r.stopped++ }

func (r *recorder) Helper() {
	if r.helpers == nil {
		r.helpers = make(map[string]bool)
	}
	for f := range frames() {
		r.helpers[f.Function] = true
		return
	}
}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
	for f := range frames() {
		if !r.helpers[f.Function] {
			r.lines = append(r.lines, fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line))
			return
		}
	}
}

// frames yields the callers of a method of recorder, the nearest first, as testing sees them.
func frames() func(func(runtime.Frame) bool) {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	return func(yield func(runtime.Frame) bool) {
		for {
			f, more := frames.Next()
			if !strings.HasPrefix(f.Function, "runtime.") && !yield(f) || !more {
				return
			}
		}
	}
}

var _ fake.TB = (*recorder)(nil)
