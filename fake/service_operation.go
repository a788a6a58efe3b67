package fake

import (
	"context"
	"strconv"
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/world"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var operationRows = service{
	register: func(s *Server) { operation.RegisterOperationServiceServer(s.grpc, operationService{server: s}) },
	rows: []row{
		{method: OperationGet, check: checkInWorld, missing: operationMissing},
		{method: OperationCancel, check: checkInWorld, missing: operationMissing},
	},
}

func operationMissing(e *errand) *spb.Status { return contract.OperationNotFound(e.OperationID) }

// operationService is the OperationService.
type operationService struct {
	operation.UnimplementedOperationServiceServer
	server *Server
}

// Get answers a poll: it may move the operation. One that polls do not move is held until something else does, if it follows the same
// caller's last without a pause.
func (o operationService) Get(ctx context.Context, r *operation.GetOperationRequest) (*operation.Operation, error) {
	e := errandOf(ctx)
	s := o.server
	var before, op *lro.Operation
	var refused *spb.Status
	s.do(e.Call, func(w *world.World, now time.Time) {
		before, refused = w.GetOperation(r.OperationId)
		if e.view != nil {
			past, unseen := e.view.GetOperation(r.OperationId)
			lags := past != before
			if before, refused = past, unseen; !lags {
				e.view = nil
			}
		}
		if op = before; refused == nil && e.view == nil {
			op, refused = w.Poll(r.OperationId, now)
		}
	})
	if e.view != nil {
		e.lag.happens()
	}
	if refused != nil {
		return nil, status.ErrorProto(refused)
	}
	moved := op.Operation != before.Operation // by this very poll: there is nothing to wait for
	if e.pace = s.pace(op, e.view != nil); e.pace != "0" || moved || op.Run.Phase.Done() || op.Run.PolledOn() {
		return op.Operation, nil
	}
	if e.unheld = !s.cameBack(e.Call); e.unheld {
		return op.Operation, nil
	}
	limit, fits := s.holdLimit(ctx)
	if !fits {
		e.unheld, e.pace = true, "1" // 0 would spin until the caller's deadline
		return op.Operation, nil
	}
	op, err := s.hold(ctx, e.Call, op, limit)
	switch {
	case err == errClosed:
		return nil, status.Error(codes.Unavailable, err.Error())
	case err != nil:
		return nil, status.FromContextError(err).Err()
	case op == nil:
		return nil, status.ErrorProto(contract.OperationNotFound(r.OperationId))
	}
	return op.Operation, nil
}

// pace returns how many seconds an SDK is to wait before it polls again. A poll that was answered without being held must not be
// repeated at once for ever: one that lags is to come back after a second.
func (s *Server) pace(op *lro.Operation, lags bool) string {
	switch {
	case s.pollInterval > 0:
		return strconv.Itoa(int(s.pollInterval / time.Second))
	case lags && !op.Run.Phase.Done():
		return "1"
	}
	return "0"
}

func (o operationService) Cancel(ctx context.Context, r *operation.CancelOperationRequest) (*operation.Operation, error) {
	e := errandOf(ctx)
	var op *operation.Operation
	var refused *spb.Status
	o.server.do(e.Call, func(w *world.World, now time.Time) { op, refused = w.Cancel(r.OperationId, now) })
	if refused != nil {
		return nil, status.ErrorProto(refused)
	}
	return op, nil
}
