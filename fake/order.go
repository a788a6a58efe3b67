package fake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Order makes concurrent calls take effect in the order of the matchers, each of which stands for one call: the first that it picks
// and that none before it stands for. A call waits, before its commit, until those before it have taken effect or been answered.
// One that a fault or its own request keeps from taking effect has its turn, too, and is answered then. Calls that no matcher stands for
// are not held up, and so are all when the order has been gone through.
//
//	cloud.Order(fake.ImageDelete, fake.ImageCreate) // whoever of the two comes first, the delete goes first
//
// A call whose turn does not come within five seconds of real time, or a day of virtual time in a bubble, goes on, and the test
// fails; so it does where an order was not gone through at its end. Orders given one after the other go on side by side: a call may
// be in several, and waits for all.
func (s *Server) Order(on ...Matcher) {
	s.tb.Helper()
	s.checkBubble()
	o := &order{line: callerLine(), turns: make([]turn, len(on))}
	if len(on) < 2 {
		s.misuse("Order of %d: it takes two matchers at least, each for one call", len(on))
		return
	}
	for i, m := range on {
		j, wrong := s.judging(m)
		if wrong != "" {
			s.misuse("Order: matcher %d: %s", i+1, wrong)
			return
		}
		o.turns[i] = turn{on: m, is: j, passed: make(chan struct{})}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders.Store(append(slices.Clone(s.given()), o))
}

// given returns the orders of the test.
func (c *core) given() []*order {
	orders, _ := c.orders.Load().([]*order)
	return orders
}

// An order is the calls that one Order puts one behind the other. What changes in it is guarded by the server's lock.
type order struct {
	line  string // where Order was called
	turns []turn
	stuck bool // a call did not wait for its turn any longer: the test has been told
}

// A turn is the place of one call in an order.
type turn struct {
	on     Matcher
	is     judging       // of on
	call   *Call         // that has taken it; nil: it has not come
	over   bool          // it has taken effect, or been answered
	passed chan struct{} // closed when it is over
}

// awaitTurn waits until a call may take effect in all orders that it has a turn in.
func (s *Server) awaitTurn(ctx context.Context, c *Call) error {
	for _, o := range s.given() {
		before, broken := s.turnOf(o, c)
		if broken != "" {
			s.misuse("the matcher of the order at %s, asked about %v, %s", o.line, c, broken)
			continue
		}
		if err := s.awaitTurns(ctx, o, before, c); err != nil {
			return err
		}
	}
	return nil
}

// turnOf gives a call its turn in an order, if it has one, and returns the turns before it.
func (s *Server) turnOf(o *order, c *Call) (before []turn, broken string) {
	// Matchers may be the test's code: no lock is held while they decide.
	picks := make([]bool, len(o.turns))
	broken = guarded(func() {
		for i := range o.turns {
			picks[i] = o.turns[i].is.picks(c)
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range o.turns {
		if picks[i] && o.turns[i].call == nil {
			o.turns[i].call = c
			c.ordered = true
			return slices.Clone(o.turns[:i]), broken
		}
	}
	return nil, broken
}

// awaitTurns waits until the turns before a call's are over.
func (s *Server) awaitTurns(ctx context.Context, o *order, before []turn, c *Call) error {
	limit := time.NewTimer(s.patience())
	defer limit.Stop()
	for i, t := range before {
		select {
		case <-t.passed:
			continue
		default:
		}
		s.mu.Lock()
		s.waiters.rest(c)
		s.mu.Unlock()
		select {
		case <-t.passed:
		case <-ctx.Done():
			return whyOver(ctx)
		case <-s.closing:
			return errClosed
		case <-limit.C:
			s.mu.Lock()
			o.stuck = true
			s.mu.Unlock()
			s.misuse("the order at %s: %v waited %v for its turn, and goes on now: %s, number %d of the order, has not taken effect",
				o.line, c, s.patience(), t.on, i+1)
			return nil
		}
	}
	return nil
}

// passTurn notes that a call has taken effect or been answered. The caller holds the lock.
func (c *core) passTurn(call *Call) {
	if !call.ordered {
		return
	}
	for _, o := range c.given() {
		for i := range o.turns {
			if t := &o.turns[i]; t.call == call && !t.over {
				t.over = true
				close(t.passed)
			}
		}
	}
}

// unordered returns an error for each order that was not gone through.
func (s *Server) unordered() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var broken []error
	for _, o := range s.given() {
		var missing []string
		for i, t := range o.turns {
			if t.call == nil {
				missing = append(missing, fmt.Sprintf("%v (number %d)", t.on, i+1))
			}
		}
		if len(missing) > 0 && !o.stuck {
			broken = append(broken, fmt.Errorf("%s: the order was not gone through: no call came for %s", o.line, strings.Join(missing, ", ")))
		}
	}
	return errors.Join(broken...)
}
