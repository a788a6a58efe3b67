package fake

import (
	"fmt"

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
			done <- ended
		}()
		f()
		ended = ""
	}()
	return done
}

// guarded is attempt that waits for the end.
func guarded(f func()) (broken string) { return <-attempt(f) }

// brokenTest answers a call on whose road code of the test did what it must not.
func brokenTest(what, did string) *answer {
	return &answer{status: &spb.Status{Code: int32(codes.Internal), Message: fmt.Sprintf("the test's own code, a %s, %s", what, did)}}
}
