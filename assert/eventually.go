package assert

import (
	"context"
	"errors"
	"fmt"

	"github.com/imagefake/imagefake/fake"
)

// Eventually waits until cond holds, and fails if it does not. It does not sleep and try: cond is asked at once, and again after
// everything that happens to the server, so it has to be about the server:
//
//	assert.Eventually(ctx, t, cloud, func() bool { return cloud.Image(id).GetStatus() == compute.Image_READY })
//
// It waits until the context ends, the server closes or, where the context has no deadline, for five seconds (in a testing/synctest
// bubble: a day of its time). It is asked on the goroutine that calls Eventually, without any lock held, and may use the server and
// clients; it must not wait for itself.
func Eventually(ctx context.Context, t fake.TB, s *fake.Server, cond func() bool) bool {
	t.Helper()
	switch {
	case !given(t, "Eventually", s):
		return false
	case ctx == nil:
		return failed(t, "Eventually", "the context is nil: give it t.Context()")
	case cond == nil:
		return failed(t, "Eventually", "there is no condition to wait for: give it a func() bool")
	}
	err := s.Await(ctx, cond)
	if err == nil {
		return true
	}
	var running []string
	for _, op := range s.Operations() {
		if !op.Done() {
			running = append(running, op.String())
		}
	}
	calls := s.Calls()
	return failed(t, "Eventually", fmt.Sprintf("expected the condition to hold in the end. %s", ending(ctx, err)),
		block("operations that are not done", cut(running)...), block("the latest calls", callLines(calls[max(0, len(calls)-nearestCalls):])...),
		"  "+summary(calls))
}

// ending tells how a wait ended in vain.
func ending(ctx context.Context, err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "The deadline of the context passed, and it did not"
	case errors.Is(err, context.Canceled):
		return "The context was cancelled, and it did not"
	}
	return fmt.Sprintf("But %v: give the context a deadline to wait longer, and remember that an operation which polls move stands still when nobody polls it", err)
}
