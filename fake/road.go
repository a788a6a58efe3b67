package fake

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/world"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// road is the way every unary call goes: find out who calls, record it, let early faults have it, validate, let faults have it
// before the commit, handle it, let late faults have it, record the answer.
func (s *Server) road(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	request, _ := req.(proto.Message)
	e := errandOf(ctx)
	c, unknown := s.meet(ctx, e, info.FullMethod, request)
	if s.settings.gate == nil {
		s.takeDown(c)
	} else {
		seen := *c
		c.atGate = &seen
		s.settings.gate.Arrive(ctx, c.atGate, func() int { s.takeDown(c); seen.Seq = c.Seq; return c.Seq })
		_, unknown = s.auth.identify(c) // a token may have been revoked meanwhile
	}

	if why := s.unread.take(req); why != nil {
		return s.reply(ctx, c, &answer{status: why, bare: true})
	}
	var hits []*Injected
	a := s.abandoned(ctx)
	if a == nil {
		hits, a = s.hit(c)
	}
	if a == nil {
		a = s.apply(ctx, e, hits, early, nil)
	}
	if a == nil && unknown != nil {
		a = &answer{status: unknown}
	}
	if a == nil {
		a = s.validate(e)
	}
	if a == nil {
		a = s.apply(ctx, e, hits, beforeCommit, nil)
	}
	if a == nil {
		a = s.commit(ctx, c)
	} else {
		s.refuse(ctx, c)
	}
	if a == nil {
		a = s.handle(ctx, e, request, handler)
		if ended := s.apply(ctx, e, hits, late, a); ended != nil {
			a = ended
		}
	}
	return s.reply(ctx, c, a)
}

// answer is what a call is answered with.
type answer struct {
	reply   proto.Message // nil: status tells why
	status  *spb.Status
	pace    string      // when SDKs are to poll again, in seconds; "": nothing is said
	unheld  bool        // of a poll that could have been held
	bare    bool        // Trailers-Only: as the transport or a proxy answers, and what gRPC's retry policy repeats
	trailer metadata.MD // beside the ids
	foreign error       // a neighbour's error: passed on as it is
}

// meet finds out who calls, and for what. It returns why nobody knows who calls, nil if that is known.
func (s *Server) meet(ctx context.Context, e *errand, fullMethod string, request proto.Message) (c *Call, unknown *spb.Status) {
	c = &Call{Method: Method(fullMethod), Request: request, Header: e.header, Attempt: 1}
	e.Call, e.row = c, rowOf(c.Method)
	if !e.row.own {
		e.neighbour = s.neighbours.method(c.Method)
	}
	if p, ok := peer.FromContext(ctx); ok { // always: the server's own listeners accept nothing else
		c.conn = p.Addr.(peerAddr).conn
		c.Caller, c.Peer = c.conn.from.name, c.conn.peer()
	}
	if deadline, ok := ctx.Deadline(); ok {
		c.Timeout = time.Until(deadline)
	}
	if previous := c.Header["grpc-previous-rpc-attempts"]; len(previous) > 0 {
		n, _ := strconv.Atoi(previous[0])
		c.Attempt += min(max(n, 0), maxAttempts) // the header is the client's: it may say anything
	}
	if agent := c.Header["user-agent"]; len(agent) > 0 {
		c.UserAgent = agent[0]
	}
	if key := c.Header["idempotency-key"]; len(key) > 0 {
		c.Key = key[0]
	}
	c.ResourceID, c.OperationID = e.row.subject(request)
	subject, unknown := s.auth.identify(c)
	switch named := c.conn.from.named; {
	case subject != "" && !named:
		c.Caller = subject
	case subject == "" && named:
		subject = c.Caller
	}
	c.Subject = cmp.Or(subject, defaultUser)
	return c, unknown
}

// maxAttempts is how many attempts before a call are believed. gRPC makes five.
const maxAttempts = 1_000_000

// takeDown gives a call its place in the record.
func (c *core) takeDown(call *Call) {
	c.do(nil, func(w *world.World, now time.Time) {
		call.Start = now
		if call.OperationID != "" {
			if op, _ := w.GetOperation(call.OperationID); op != nil {
				call.ResourceID = op.Subject
			}
		}
		c.requests++
		call.requestID = c.requests
		c.record.arrive(call)
		c.waiters.arrived()
	})
}

// handle runs the handler of a call.
func (s *Server) handle(ctx context.Context, e *errand, request proto.Message, handler grpc.UnaryHandler) *answer {
	if foreign := s.foreign(e, handler); foreign != nil {
		return s.handleForeign(ctx, e.Call, request, foreign)
	}
	reply, err := handler(ctx, request)
	if err != nil {
		return &answer{status: status.Convert(err).Proto()}
	}
	e.answer = answer{reply: reply.(proto.Message), pace: e.pace, unheld: e.unheld}
	return &e.answer
}

// foreign returns the handler of the test that a call is for, nil if the server answers it: a method of its own services, be it one that
// came with a newer go-genproto and is not implemented, or one of a neighbour from its descriptor.
func (s *Server) foreign(e *errand, registered grpc.UnaryHandler) grpc.UnaryHandler {
	if e.row.own {
		return nil
	}
	if given := s.handlers[e.Method]; given != nil {
		return given
	}
	if e.neighbour != nil || slices.Contains(ownServices, e.Method.Service()) {
		return nil
	}
	return registered
}

// handleForeign runs the handler of a neighbour. It is the test's code: whatever it does, the call is answered.
func (s *Server) handleForeign(ctx context.Context, c *Call, request proto.Message, handler grpc.UnaryHandler) *answer {
	ctx, cancel := s.untilClosing(ctx)
	defer cancel()
	var reply any
	var err error
	// The record keeps what came and what was answered, whatever the handler does to its messages later.
	if broken := guarded(func() { reply, err = handler(ctx, proto.Clone(request)) }); broken != "" {
		s.misuse("the handler of %v %s", c, broken)
		return brokenTest("handler", broken)
	}
	switch message, ok := reply.(proto.Message); {
	case err != nil && s.closed():
		return gaveUp(errClosed)
	case err != nil:
		return &answer{status: status.Convert(err).Proto(), foreign: err}
	case !ok:
		return brokenTest("handler", fmt.Sprintf("returned a %T, no message", reply))
	case isNil(message):
		s.misuse("the handler of %v returned neither a reply nor an error: return one of them", c)
		return brokenTest("handler", "returned neither a reply nor an error")
	default:
		return &answer{reply: proto.Clone(message)}
	}
}

// reply records the answer of a call and sends its headers.
func (s *Server) reply(ctx context.Context, c *Call, a *answer) (any, error) {
	s.askToAnswer(ctx, c, a)
	ids := s.requestIDs(c.requestID)
	defer ids.release()
	st := a.status
	if st != nil && a.foreign == nil {
		st = contract.WithRequestInfo(st, ids.request())
	}
	if s.finish(c, a, st) == manyPolls && s.home != "" {
		s.spins(c.Reply.(*operation.Operation))
	}

	// Both fail only where the caller is gone.
	if a.bare {
		_ = grpc.SetTrailer(ctx, metadata.Join(a.trailer, ids.md))
	} else {
		if a.pace != "" {
			ids.md.Set(pollIntervalHeader, a.pace)
		}
		_ = grpc.SendHeader(ctx, ids.md)
		if a.trailer != nil {
			_ = grpc.SetTrailer(ctx, a.trailer)
		}
	}
	switch {
	case a.foreign != nil:
		return nil, a.foreign
	case st != nil:
		return nil, status.ErrorProto(st)
	}
	return a.reply, nil
}

// finish records the answer of a call. Of a poll it returns how many equal answers there have been.
func (c *core) finish(call *Call, a *answer, st *spb.Status) (equal int) {
	now := c.lock()
	defer c.mu.Unlock()
	call.End = now
	call.Answered = c.record.last
	call.bare, call.pace, call.unheld = a.bare, a.pace, a.unheld
	call.ReplyTrailer = a.trailer
	switch {
	case call.conn.cut:
		call.Status = status.FromProto(cutStatus)
	case st != nil:
		call.Status = status.FromProto(st)
	default:
		call.Status = statusOK
		call.Reply = a.reply
		if op, ok := a.reply.(*operation.Operation); ok {
			call.OperationID = op.Id
			if call.Method == OperationGet {
				equal = c.pollers.answered(call.Caller, op, told{time.Now(), now})
			}
		}
	}
	c.passTurn(call)
	c.waiters.answered(call)
	return equal
}

var statusOK = status.New(codes.OK, "")
