package fake

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/imagefake/imagefake/fake/internal/world"
)

// AwaitCalls waits until the matchers, as [Server.Calls] takes them, have picked at least n calls: those in the record, also running
// ones, and those that come. It ends with an error, which says how many there are, as [Server.Await] does.
//
// It is Await for counts: each call is asked about as it comes and as it ends, not all of them after every change.
func (s *Server) AwaitCalls(ctx context.Context, n int, on ...Matcher) error {
	s.tb.Helper()
	s.checkBubble()
	if ctx == nil {
		s.misused("AwaitCalls(nil): give it a context, t.Context() for example")
		return errNoContext
	}
	count := tally{is: s.asked("AwaitCalls", on)}
	limit := s.waitLimit(ctx)
	for {
		var next news
		s.do(nil, func(_ *world.World, now time.Time) {
			count.take(&s.record)
			next = s.news(now)
		})
		count.ask(s)
		if count.picked >= n {
			return nil
		}
		if err := s.waitFor(ctx, limit, next); err != nil {
			return fmt.Errorf("%d calls of %d: %w", count.picked, n, err)
		}
	}
}

// A tally counts the calls that are picked.
type tally struct {
	is     judging
	seen   int     // the number of the latest event that has been looked at
	open   []*Call // that may yet be picked: new ones, and running ones that were not
	picked int
}

// take adds the calls that have come since. The caller holds the server's lock.
func (y *tally) take(r *record) {
	for e := range r.since(y.seen) {
		if e.call != nil && (y.is.only == nil || slices.Contains(y.is.only, e.call.Method)) {
			y.open = append(y.open, e.call)
		}
	}
	y.seen = r.last
}

// ask lets the matcher, which may be the test's code, decide on copies of what is open.
func (y *tally) ask(s *Server) {
	shown := new(Call)
	y.open = slices.DeleteFunc(y.open, func(c *Call) bool {
		*shown = s.copyOf(c)
		if y.is.picks(shown) {
			y.picked++
			return true
		}
		return !shown.Running()
	})
}
