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
//	assert.Eventually(t, cloud, func() bool { return cloud.Image(id).GetStatus() == compute.Image_READY })
//
// It waits until the test's own context ends (that of a testing.T does as its cleanups begin), until the server closes, or, where that
// context has no deadline, for five seconds (in a testing/synctest bubble: a day of its time). To wait as long as another context
// says, use [fake.Server.Await]. cond is asked on the goroutine that calls Eventually, without any lock held, and may use the server
// and clients; it must not wait for itself.
func Eventually(t fake.TB, s *fake.Server, cond func() bool) bool {
	t.Helper()
	switch {
	case !given(t, "Eventually", s):
		return false
	case cond == nil:
		return failed(t, s, "Eventually", "there is no condition to wait for: give it a func() bool")
	}
	ctx := context.Background()
	if owner, has := t.(interface{ Context() context.Context }); has {
		ctx = owner.Context()
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
	return failed(t, s, "Eventually", fmt.Sprintf("expected the condition to hold in the end. %s", ending(err)),
		block("operations that are not done", cut(running)...), block("the latest calls", callLines(calls[max(0, len(calls)-nearestCalls):])...),
		"  "+summary(calls))
}

// ending tells how a wait ended in vain.
func ending(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "The deadline of the test's context passed, and it did not"
	case errors.Is(err, context.Canceled):
		return "The test's context was cancelled, and it did not"
	}
	return fmt.Sprintf("But %v: wait longer with Await and a context that has a deadline, and remember that an operation which polls move stands still when nobody polls it", err)
}
