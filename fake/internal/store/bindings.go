package store

import (
	"slices"

	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
)

// Bindings is the access bindings of one image, in the order in which they were given. It is never changed: Apply returns another.
type Bindings struct {
	list []Binding
	next int64
}

// Binding is one access binding. Seq ascends along the list and stays with the binding, so that a page token can name its place.
type Binding struct {
	*access.AccessBinding
	Seq int64
}

// List returns the bindings in order. The caller must not change it.
func (b *Bindings) List() []Binding {
	if b == nil {
		return nil
	}
	return b.list
}

// Apply adds and removes bindings and returns the outcome with the deltas that changed something: adding what is there and
// removing what is not are no changes.
func (b *Bindings) Apply(deltas []*access.AccessBindingDelta) (next *Bindings, effective []*access.AccessBindingDelta) {
	next = &Bindings{}
	if b != nil {
		next.list, next.next = slices.Clone(b.list), b.next
	}
	for _, d := range deltas {
		at := slices.IndexFunc(next.list, func(have Binding) bool { return same(have.AccessBinding, d.AccessBinding) })
		switch {
		case d.Action == access.AccessBindingAction_ADD && at < 0:
			next.next++
			next.list = append(next.list, Binding{AccessBinding: d.AccessBinding, Seq: next.next})
		case d.Action == access.AccessBindingAction_REMOVE && at >= 0:
			next.list = slices.Delete(next.list, at, at+1)
		default:
			continue
		}
		effective = append(effective, d)
	}
	return next, effective
}

// Replace returns the deltas that turn b into exactly want: removals first, both in their lists' order.
func (b *Bindings) Replace(want []*access.AccessBinding) []*access.AccessBindingDelta {
	var deltas []*access.AccessBindingDelta
	for _, have := range b.List() {
		if !slices.ContainsFunc(want, func(w *access.AccessBinding) bool { return same(have.AccessBinding, w) }) {
			deltas = append(deltas, &access.AccessBindingDelta{
				Action: access.AccessBindingAction_REMOVE, AccessBinding: have.AccessBinding})
		}
	}
	for _, w := range want {
		deltas = append(deltas, &access.AccessBindingDelta{Action: access.AccessBindingAction_ADD, AccessBinding: w})
	}
	return deltas
}

func same(a, b *access.AccessBinding) bool {
	return a.RoleId == b.RoleId && a.GetSubject().GetId() == b.GetSubject().GetId() &&
		a.GetSubject().GetType() == b.GetSubject().GetType()
}
