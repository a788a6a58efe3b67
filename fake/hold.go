package fake

import (
	"context"
	"time"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/world"
)

// Of the time package, whatever the server's clock says: a client's own deadline runs on it.
const (
	holdLimit  = 20 * time.Second
	holdMargin = 5 * time.Millisecond // by which an answer precedes the caller's deadline, at least
)

// hold keeps the poll of an operation back until the operation is no longer as seen: at most holdLimit, and ending before the
// caller's deadline. A caller so near its deadline that an answer could not reach it in time gets none.
func (s *Server) hold(ctx context.Context, c *Call, seen *lro.Operation) (*lro.Operation, error) {
	limit := holdLimit
	if deadline, bounded := ctx.Deadline(); bounded {
		left := time.Until(deadline)
		if left > holdMargin {
			limit = min(limit, left-max(left/10, holdMargin))
		}
	}
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
			return nil, ctx.Err()
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
