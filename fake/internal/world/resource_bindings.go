package world

import (
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/resource"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

// Bind answers SetAccessBindings and UpdateAccessBindings of a neighbour; what they change is decided, and visible, when the operation
// ends.
func (w *World) Bind(o Origin, m *resource.Method, request proto.Message) (*operation.Operation, *spb.Status) {
	r, refused := w.resourceOf(m.Type, m.Subject(request), true)
	if refused != nil {
		return nil, refused
	}
	if refused := w.room(); refused != nil {
		return nil, refused
	}
	work := bindingResource{method: m}
	work.set, _ = request.(*access.SetAccessBindingsRequest)
	work.update, _ = request.(*access.UpdateAccessBindingsRequest)
	return w.start(o, job{
		place: placeFor(m.Type, r.Message), description: m.Description(), subject: r.ID,
		metadata: m.Metadata(request, r.Message, r.Message), request: request, work: work,
	}), nil
}

// bindingResource is the work of a Set (update is nil) or an Update (set is nil) of access bindings of a neighbour's resource.
type bindingResource struct {
	method *resource.Method
	set    *access.SetAccessBindingsRequest
	update *access.UpdateAccessBindingsRequest
}

func (b bindingResource) succeed(w *World, op *lro.Operation, at time.Time) (proto.Message, *spb.Status) {
	r := w.resources.Get(op.Subject)
	if r == nil {
		return nil, contract.NotFound(b.method.Type.Kind, op.Subject)
	}
	deltas := b.update.GetAccessBindingDeltas()
	if b.set != nil {
		deltas = r.Bindings.Replace(b.set.AccessBindings)
	}
	next := *r
	var effective []*access.AccessBindingDelta
	next.Bindings, effective = r.Bindings.Apply(deltas)
	w.putResource("", &next, at)
	response := b.method.NewResponse()
	if result, tells := response.(*access.AccessBindingsOperationResult); tells {
		result.EffectiveDeltas = effective
	}
	return response, nil
}

func (bindingResource) undo(*World, *lro.Operation, time.Time) {}
