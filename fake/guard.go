package fake

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
)

// attempt runs code of the test where neither a panic nor a runtime.Goexit (t.FailNow) may get away. What went wrong comes over the
// channel when the code has ended, "" if nothing did.
func attempt(f func()) <-chan string {
	done := make(chan string, 1)
	go func() {
		ended := "ended its goroutine (t.FailNow, t.Fatal and runtime.Goexit do that): only the goroutine of the test may, so use t.Errorf"
		defer func() {
			if r := recover(); r != nil {
				ended = fmt.Sprintf("panicked: %v", r)
			}
			if ended != "" {
				ended += whereFrom()
			}
			done <- ended
		}()
		f()
		ended = ""
	}()
	return done
}

// mostFrames is how many lines of the test's code are named behind what broke it.
const mostFrames = 6

// whereFrom tells, in a func that is deferred, which lines led to what has just broken: those of the test and of what it uses, not the
// kit's and the runtime's. It is "" if there are none.
func whereFrom() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	var lines []string
	for more := true; more && len(lines) < mostFrames; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if !ours(frame) && !serves(frame) && !strings.HasPrefix(frame.Function, "testing.") {
			lines = append(lines, fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line))
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return " (at " + strings.Join(lines, ", called from ") + ")"
}

// guarded is attempt that waits for the end.
func guarded(f func()) (broken string) { return <-attempt(f) }

// brokenTest answers a call on whose road code of the test did what it must not.
func brokenTest(what, did string) *answer {
	return &answer{status: &spb.Status{Code: int32(codes.Internal), Message: fmt.Sprintf("the test's own code, a %s, %s", what, did)}}
}
