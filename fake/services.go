package fake

import (
	"context"
	"slices"
	"time"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/world"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

func (s *Server) registerServices() {
	for _, known := range services() {
		known.register(s)
	}
}

// read answers a call that changes nothing: from the present, or from what a lagging replica sees.
func read[A proto.Message](ctx context.Context, s *Server, answer func(*world.World, *errand) (A, *spb.Status)) (A, error) {
	e := errandOf(ctx)
	var reply A
	var refused *spb.Status
	lags := false
	s.look(func(w *world.World) {
		reply, refused = answer(w, e)
		if e.view != nil {
			past, unseen := answer(e.view, e)
			lags = !proto.Equal(past, reply) || !proto.Equal(unseen, refused)
			reply, refused = past, unseen
		}
	})
	if lags {
		e.lag.happens()
	}
	if refused != nil {
		return reply, status.ErrorProto(refused)
	}
	return reply, nil
}

// startOperation answers a call that starts an operation.
func startOperation(ctx context.Context, s *Server, start func(*world.World, world.Origin) (*operation.Operation, *spb.Status)) (*operation.Operation, error) {
	e := errandOf(ctx)
	// Matchers may be the test's code: they are asked before the lock is taken.
	plan, broken := s.planFor(e.Call)
	if broken != nil {
		return nil, status.ErrorProto(broken.status)
	}
	var op *operation.Operation
	var refused *spb.Status
	s.do(e.Call, func(w *world.World, now time.Time) {
		origin := s.origin(e, now)
		origin.Plan = plan
		if before, another := w.Repeated(origin, e.Request); before != nil {
			op, e.OperationID = before.Operation, before.Id
			if another {
				e.KeyReused = s.record.seqOf(s.handles.starter(before))
			} else {
				e.ResourceID = before.Subject
			}
			return
		}
		if op, refused = start(w, origin); op == nil {
			return
		}
		if started, _ := w.GetOperation(op.Id); started != nil {
			e.ResourceID, e.OperationID = started.Subject, op.Id
		}
	})
	if refused != nil {
		return nil, status.ErrorProto(refused)
	}
	return op, nil
}

// origin returns where a call comes from, for the world.
func (s *Server) origin(e *errand, now time.Time) world.Origin {
	return world.Origin{Now: now, Subject: e.Subject, Method: e.Method.FullName(), Key: e.Key, By: &beginning{s, e.Call}}
}

// planFor returns the plan of the operation that a call is about to start, nil for the default; an answer where a matcher broke.
func (s *Server) planFor(c *Call) (plan *lro.Plan, broken *answer) {
	find := func() {
		for _, planned := range slices.Backward(s.plans) {
			if planned.on.picks(c) {
				plan = planned.plan
				return
			}
		}
	}
	if !slices.ContainsFunc(s.plans, func(p plannedCalls) bool { return p.on.asks }) {
		find()
		return plan, nil
	}
	if did := guarded(find); did != "" {
		s.misuse("the matcher of a plan, asked about %v, %s", c, did)
		return nil, brokenTest("matcher of a plan", did)
	}
	return plan, nil
}
