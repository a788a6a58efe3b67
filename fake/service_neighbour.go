package fake

import (
	"context"
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/resource"
	"github.com/imagefake/imagefake/fake/internal/world"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// checkNeighbour validates a request to a service that is served from its descriptor; nil lets it pass. What the server cannot answer it
// lets pass too, without a query: a fault may answer that.
func (s *Server) checkNeighbour(e *errand) *answer {
	m := e.neighbour
	if m.Kind == resource.Unknown || world.Stray(m, e.Request) != "" {
		return nil
	}
	query, broken := world.ParseQuery(m, e.Request)
	if broken != nil {
		return &answer{status: contract.InvalidRequest(broken)}
	}
	e.query = query
	return nil
}

// unanswerable refuses a call that the conventions do not suffice for.
func (s *Server) unanswerable(e *errand) error {
	m := e.neighbour
	if m.Kind == resource.Unknown {
		return status.Errorf(codes.Unimplemented, "the conventions of the API do not say what %v does: %s; add a fake.WithHandler for it", e.Method, m.Why)
	}
	path := world.Stray(m, e.Request)
	s.misuse("%v was sent the field %s, which finds no place in the resource: what the code under test means by it is lost here; "+
		"add a fake.WithHandler for %v if it matters", e.Call, path, e.Method)
	return status.ErrorProto(contract.NotModelled(e.Method.String(), path))
}

// answerNeighbour answers a call of a service that is served from its descriptor.
func (s *Server) answerNeighbour(ctx context.Context, request proto.Message) (proto.Message, error) {
	e := errandOf(ctx)
	if e.query == nil {
		return nil, s.unanswerable(e)
	}
	switch m := e.neighbour; {
	case m.Kind.Reads():
		return read(ctx, s, func(w *world.World, e *errand) (proto.Message, *spb.Status) {
			reply, id, refused := w.Read(m, request, e.query)
			if id != "" {
				e.ResourceID = id
			}
			return reply, refused
		})
	case m.Kind == resource.SetBindings, m.Kind == resource.UpdateBindings:
		return startOperation(ctx, s, func(w *world.World, o world.Origin) (*operation.Operation, *spb.Status) {
			return w.Bind(o, m, request)
		})
	case m.Starts:
		return startOperation(ctx, s, func(w *world.World, o world.Origin) (*operation.Operation, *spb.Status) {
			return w.StartOn(o, m, request)
		})
	default:
		return s.doAtOnce(e, request)
	}
}

// doAtOnce answers a call of a neighbour that changes something and starts no operation. It heeds no idempotency key [choice].
func (s *Server) doAtOnce(e *errand, request proto.Message) (reply proto.Message, err error) {
	var refused *spb.Status
	s.do(e.Call, func(w *world.World, now time.Time) {
		var id string
		if reply, id, refused = w.DoAtOnce(s.origin(e, now), e.neighbour, request); id != "" {
			e.ResourceID = id
		}
	})
	if refused != nil {
		return nil, status.ErrorProto(refused)
	}
	return reply, nil
}
