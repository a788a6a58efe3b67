package fake

import (
	"context"
	"time"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/world"
)

// Of the time package, whatever the server's clock says: a client's own deadline runs on it.
const (
	holdLimit        = 20 * time.Second
	holdMargin       = 250 * time.Millisecond // by which an answer precedes the caller's deadline, at least: busy machines take long
	holdMarginBubble = 5 * time.Millisecond   // where time waits for the answer
)

// holdLimit returns how long a poll may be held: ending before the caller's deadline by a tenth of what it leaves, or by the margin.
// fits is false if it leaves no time beside the margin. In a bubble such a poll is held to its deadline: answered at once, a client
// without a pause would come back for ever, because time stands still as long as it does.
func (s *Server) holdLimit(ctx context.Context) (limit time.Duration, fits bool) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return holdLimit, true
	}
	left, margin := time.Until(deadline), holdMargin
	if s.home != "" {
		margin = holdMarginBubble
	}
	if left <= margin {
		return holdLimit, s.home != ""
	}
	return min(holdLimit, left-max(left/10, margin)), true
}

// hold keeps the poll of an operation back until the operation is no longer as seen, or the limit has passed.
func (s *Server) hold(ctx context.Context, c *Call, seen *lro.Operation, limit time.Duration) (*lro.Operation, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		var current *lro.Operation
		var p *pause
		var due time.Duration
		timed := false
		s.do(nil, func(w *world.World, now time.Time) {
			if current, _ = w.GetOperation(seen.Id); current == nil || current.Operation != seen.Operation { // nil: a state without it was restored
				return
			}
			p = &pause{call: c, ch: make(chan struct{})}
			s.passTurn(c)
			s.waiters.hold(seen.Id, p)
			at, ok := current.Run.Due()
			due, timed = at.Sub(now), ok
		})
		if p == nil {
			return current, nil
		}
		if _, real := s.clock.(realClock); real && due > limit {
			timed = false // the hold ends first
		}

		select {
		case <-p.ch:
		case <-s.elapsed(timed, due):
			s.letGo(seen.Id, p)
		case <-timer.C:
			s.letGo(seen.Id, p)
			s.do(nil, func(w *world.World, _ time.Time) { current, _ = w.GetOperation(seen.Id) }) // what is due at this very moment has happened
			return current, nil
		case <-ctx.Done():
			s.letGo(seen.Id, p)
			return nil, whyOver(ctx)
		case <-s.closing:
			s.letGo(seen.Id, p)
			return nil, errClosed
		}
	}
}

// letGo forgets a poll that is held no longer.
func (c *core) letGo(operation string, p *pause) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiters.unhold(operation, p)
}
