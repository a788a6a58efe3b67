package store

import (
	"cmp"
	"iter"
	"strings"

	"github.com/imagefake/imagefake/fake/internal/ordered"
	"google.golang.org/protobuf/proto"
)

// Resource is a resource of a neighbour, whatever it is, with what its message does not tell.
type Resource struct {
	proto.Message // never changed once stored

	Kind      string // the full name of the message
	ID        string // no two resources have one, whatever their kinds
	Container string // what it is in, and its name is unique in, within its kind; "" if it is in nothing
	Name      string // "": without
	Seq       int64  // order of creation

	Busy     string        // the operation that nothing else may be done to it before; "": none
	Hidden   proto.Message // what follows from where it comes from; nil: nothing
	Bindings *Bindings     // nil: none
}

// Former is what stays known of a resource that is no more.
type Former struct{ ID, Kind, Container string }

// Resources is a set of resources. The zero value is not usable: call NewResources. Not even reading it is safe for concurrent use; a
// clone belongs to whoever made it.
type Resources struct{ sets any } // *resourceSets: see setsOf of Images

type resourceSets struct {
	byID   ordered.Set[*Resource]
	byKind ordered.Set[*Resource] // kind, id
	byName ordered.Set[*Resource] // kind, container, name, id; those with a name
	gone   ordered.Set[Former]
	holds  ordered.Set[nameHold]
}

// A nameHold is a name that a running operation has been promised for a resource which does not bear it yet.
type nameHold struct{ kind, container, name, operation, resource string }

func resourceSetsOf(s *Resources) *resourceSets { return s.sets.(*resourceSets) }

// NewResources returns an empty set.
func NewResources() *Resources {
	return &Resources{&resourceSets{
		byID:   ordered.New(func(a, b *Resource) int { return strings.Compare(a.ID, b.ID) }),
		byKind: ordered.New(func(a, b *Resource) int { return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID)) }),
		byName: ordered.New(byResourceName),
		gone:   ordered.New(func(a, b Former) int { return strings.Compare(a.ID, b.ID) }),
		holds:  ordered.New(byNameHold),
	}}
}

func byResourceName(a, b *Resource) int {
	return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Container, b.Container), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
}

func byNameHold(a, b nameHold) int {
	return cmp.Or(strings.Compare(a.kind, b.kind), strings.Compare(a.container, b.container), strings.Compare(a.name, b.name), strings.Compare(a.operation, b.operation))
}

// Clone returns a set of its own with the same resources. Neither sees what later happens to the other.
func (s *Resources) Clone() *Resources {
	from := resourceSetsOf(s)
	return &Resources{&resourceSets{
		byID: from.byID.Copy(), byKind: from.byKind.Copy(), byName: from.byName.Copy(), gone: from.gone.Copy(), holds: from.holds.Copy(),
	}}
}

// Get returns the resource with that id, nil if there is none.
func (s *Resources) Get(id string) *Resource {
	r, _ := resourceSetsOf(s).byID.Get(&Resource{ID: id})
	return r
}

// Put stores r in the place of the one with its id, and returns that; nil if there was none.
func (s *Resources) Put(r *Resource) (before *Resource) {
	sets := resourceSetsOf(s)
	before, replaced := sets.byID.Set(r)
	if replaced {
		s.unlink(before)
	}
	sets.byKind.Set(r)
	if r.Name != "" {
		sets.byName.Set(r)
	}
	return before
}

// Remove takes the resource with that id out and remembers that it was there. It returns nil if there was none.
func (s *Resources) Remove(id string) *Resource {
	r := s.Get(id)
	if r == nil {
		return nil
	}
	resourceSetsOf(s).byID.Delete(r)
	s.unlink(r)
	s.Bury(Former{ID: id, Kind: r.Kind, Container: r.Container})
	return r
}

func (s *Resources) unlink(r *Resource) {
	resourceSetsOf(s).byKind.Delete(r)
	if r.Name != "" {
		resourceSetsOf(s).byName.Delete(r)
	}
}

// Forget takes the resource with that id out as if it had never been.
func (s *Resources) Forget(id string) {
	s.Remove(id)
	resourceSetsOf(s).gone.Delete(Former{ID: id})
}

// Bury remembers that there was a resource which is no more.
func (s *Resources) Bury(f Former) { resourceSetsOf(s).gone.Set(f) }

// Past tells whether id once was a resource that is gone now.
func (s *Resources) Past(id string) (Former, bool) {
	return resourceSetsOf(s).gone.Get(Former{ID: id})
}

// Of yields the resources of a kind in ascending order of id, those behind the id after.
func (s *Resources) Of(kind, after string) iter.Seq[*Resource] {
	return func(yield func(*Resource) bool) {
		resourceSetsOf(s).byKind.Ascend(&Resource{Kind: kind, ID: after}, func(r *Resource) bool {
			return r.Kind == kind && (r.ID == after || yield(r))
		})
	}
}

// All yields every resource in ascending order of id.
func (s *Resources) All() iter.Seq[*Resource] {
	return func(yield func(*Resource) bool) { resourceSetsOf(s).byID.Scan(yield) }
}

// AllGone yields what is known of the resources that are no more, in ascending order of id.
func (s *Resources) AllGone() iter.Seq[Former] {
	return func(yield func(Former) bool) { resourceSetsOf(s).gone.Scan(yield) }
}

// Hold promises a name to a resource until Release, so that no other of its kind takes it meanwhile. The empty name needs no promise.
func (s *Resources) Hold(of *Resource, name, operation string) {
	if name != "" {
		resourceSetsOf(s).holds.Set(nameHold{of.Kind, of.Container, name, operation, of.ID})
	}
}

// Release ends the promise that Hold made for an operation.
func (s *Resources) Release(of *Resource, name, operation string) {
	resourceSetsOf(s).holds.Delete(nameHold{of.Kind, of.Container, name, operation, ""})
}

// Taken tells whether another resource of the kind of one bears a name in a container or has been promised it.
func (s *Resources) Taken(one *Resource, container, name string) (taken bool) {
	if name == "" {
		return false
	}
	resourceSetsOf(s).byName.Ascend(&Resource{Kind: one.Kind, Container: container, Name: name}, func(r *Resource) bool {
		same := r.Kind == one.Kind && r.Container == container && r.Name == name
		taken = taken || same && r.ID != one.ID
		return same && !taken
	})
	resourceSetsOf(s).holds.Ascend(nameHold{kind: one.Kind, container: container, name: name}, func(h nameHold) bool {
		same := h.kind == one.Kind && h.container == container && h.name == name
		taken = taken || same && h.resource != one.ID
		return same && !taken
	})
	return taken
}

// Holds yields the promised names as text, in order.
func (s *Resources) Holds() iter.Seq[string] {
	return func(yield func(string) bool) {
		resourceSetsOf(s).holds.Scan(func(h nameHold) bool {
			return yield(h.kind + " " + h.container + "/" + h.name + " by " + h.operation + " for " + h.resource)
		})
	}
}
