package fake

import (
	"context"
	"errors"

	"google.golang.org/grpc/status"
)

// A Gate decides when calls go on, and so in which order they take effect. Package scenario tries every order with one; to make one
// order happen, [Server.Order] is enough.
//
// Its methods run on the goroutine of the call, without any lock held, and may block for as long as they like, but must return when
// ctx ends: a call whose caller has given up does not take effect. They must not change the Call, nor the messages in it. It is a copy,
// the same one each time: as the call came, with its answer from Answer on.
type Gate interface {
	// Arrive is asked as a call comes, before anything else happens to it. It must call record once, on whatever goroutine: that
	// gives the call its place in the record, and returns its Seq.
	Arrive(ctx context.Context, c *Call, record func() (seq int))

	// Commit is asked before the call takes effect: behind its validation, and behind what faults do to it before the commit.
	Commit(ctx context.Context, c *Call)

	// Answer is asked when the call has its answer, and its caller has not. Reply and Status are set; Changed, ResourceID and
	// OperationID say what the call has done, also where a fault keeps its caller from learning of it.
	Answer(ctx context.Context, c *Call)
}

// WithGate makes every unary call ask g when it may go on. Default: nil, calls go on at once. A server made by [Server.Fork] has no
// gate unless Fork is given one.
func WithGate(g Gate) Option {
	return option(func(s *settings) error {
		if isNil(g) {
			return errors.New("WithGate(nil): leave the option out to let every call pass")
		}
		s.gate = g
		return nil
	})
}

// abandoned returns the answer to a call that came as Close began, or whose caller gave up while the gate held it; nil to any other.
func (s *Server) abandoned(ctx context.Context) *answer {
	if s.closed() {
		return gaveUp(errClosed)
	}
	if s.settings.gate == nil || ctx.Err() == nil {
		return nil
	}
	return gaveUp(whyOver(ctx))
}

// commit lets the gate, and the orders of the test, decide when a call takes effect. It returns an answer if that is never.
func (s *Server) commit(ctx context.Context, c *Call) *answer {
	if s.settings.gate != nil {
		s.settings.gate.Commit(ctx, c.atGate)
	}
	if err := s.awaitTurn(ctx, c); err != nil {
		return gaveUp(err)
	}
	return s.abandoned(ctx)
}

// refuse lets the orders of the test decide when a call is refused: it takes no effect, but has its turn all the same, and what its
// caller does about it comes behind.
func (s *Server) refuse(ctx context.Context, c *Call) {
	_ = s.awaitTurn(ctx, c) // that the caller is gone changes nothing: it has its answer
}

// askToAnswer lets the gate decide when a call is answered.
func (s *Server) askToAnswer(ctx context.Context, c *Call, a *answer) {
	if s.settings.gate == nil {
		return
	}
	*c.atGate = s.copyOf(c)
	c.atGate.Reply, c.atGate.Status = a.reply, statusOK
	if a.status != nil {
		c.atGate.Reply, c.atGate.Status = nil, status.FromProto(a.status)
	}
	s.settings.gate.Answer(ctx, c.atGate)
}
