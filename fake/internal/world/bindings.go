package world

import (
	"iter"
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/listing"
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/store"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

// ListAccessBindings answers ImageService.ListAccessBindings, in the order in which the bindings were added.
func (w *World) ListAccessBindings(r *access.ListAccessBindingsRequest) (*access.ListAccessBindingsResponse, *spb.Status) {
	scope := bindingsScope(r)
	after, broken := sequence(scope, r.PageToken)
	if broken != nil {
		return nil, contract.InvalidRequest(broken)
	}
	im, refused := w.image(r.ResourceId, false)
	if refused != nil {
		return nil, refused
	}
	page, more := listing.Page(bindingsBehind(im.Bindings, after), pageSize(r.PageSize))
	reply := &access.ListAccessBindingsResponse{}
	var last store.Binding
	for _, last = range page {
		reply.AccessBindings = append(reply.AccessBindings, last.AccessBinding)
	}
	if more {
		reply.NextPageToken = sequenceToken(scope, last.Seq)
	}
	return reply, nil
}

func bindingsBehind(b *store.Bindings, after int64) iter.Seq[store.Binding] {
	return func(yield func(store.Binding) bool) {
		for _, binding := range b.List() {
			if binding.Seq > after && !yield(binding) {
				return
			}
		}
	}
}

// SetAccessBindings answers ImageService.SetAccessBindings; what it changes is decided, and visible, when the operation ends.
func (w *World) SetAccessBindings(o Origin, r *access.SetAccessBindingsRequest) (*operation.Operation, *spb.Status) {
	return w.bind(o, r, r.ResourceId, job{
		description: "Set access bindings",
		metadata:    &access.SetAccessBindingsMetadata{ResourceId: r.ResourceId},
		work:        binding{set: r},
	})
}

// UpdateAccessBindings answers ImageService.UpdateAccessBindings, as SetAccessBindings does.
func (w *World) UpdateAccessBindings(o Origin, r *access.UpdateAccessBindingsRequest) (*operation.Operation, *spb.Status) {
	return w.bind(o, r, r.ResourceId, job{
		description: "Update access bindings",
		metadata:    &access.UpdateAccessBindingsMetadata{ResourceId: r.ResourceId},
		work:        binding{update: r},
	})
}

func (w *World) bind(o Origin, request proto.Message, id string, j job) (*operation.Operation, *spb.Status) {
	im, refused := w.image(id, true)
	if refused != nil {
		return nil, refused
	}
	if refused := w.room(); refused != nil {
		return nil, refused
	}
	j.place, j.subject, j.request = defaultPlace, im.Id, request
	return w.start(o, j), nil
}

// binding is the work of a Set (update is nil) or an Update (set is nil) of access bindings.
type binding struct {
	set    *access.SetAccessBindingsRequest
	update *access.UpdateAccessBindingsRequest
}

func (b binding) succeed(w *World, op *lro.Operation, at time.Time) (proto.Message, *spb.Status) {
	im := w.images.Get(op.Subject)
	if im == nil {
		return nil, contract.SourceImageNotFound(op.Subject)
	}
	deltas := b.update.GetAccessBindingDeltas()
	if b.set != nil {
		deltas = im.Bindings.Replace(b.set.AccessBindings)
	}
	next := *im
	var effective []*access.AccessBindingDelta
	next.Bindings, effective = im.Bindings.Apply(deltas)
	w.put(&next, at, Rebound)
	return &access.AccessBindingsOperationResult{EffectiveDeltas: effective}, nil
}

func (binding) undo(*World, *lro.Operation, time.Time) {}
