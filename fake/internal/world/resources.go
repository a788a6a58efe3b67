package world

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/resource"
	"github.com/imagefake/imagefake/fake/internal/store"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

// ResourceChange is a resource of a neighbour that has another version than before.
type ResourceChange struct {
	At            time.Time
	Step          Step
	Kind          string        // in a word, as texts call it: "disk"
	ID            string        // of the resource
	Before, After proto.Message // nil: it was not there; it is gone
	Hand          Hand

	former, latest *store.Resource // Before and After, with what the service does not tell
}

func (c ResourceChange) When() time.Time { return c.At }

func (c ResourceChange) By() Hand { return c.Hand }

func (c ResourceChange) Phrase() string { return phrase(c.Hand, c.Step) }

// Created is what a resource without statuses has become when there is one.
const Created Step = "created"

// typeIn returns the type of a stored resource.
func typeIn(r *store.Resource) *resource.Type {
	t, _ := resource.TypeOf(r.ProtoReflect().Descriptor())
	return t
}

// entry returns a resource as it is stored, with all else as before has it, if there is one.
func entry(t *resource.Type, m proto.Message, before *store.Resource) *store.Resource {
	r := &store.Resource{}
	if before != nil {
		*r = *before
	}
	r.Message, r.Kind, r.ID, r.Container, r.Name = m, string(t.Name()), t.ID(m), t.Container(m), t.Called(m)
	return r
}

// newEntry returns a resource that is going to be new.
func (w *World) newEntry(t *resource.Type, m proto.Message) *store.Resource {
	w.born++
	r := entry(t, m, nil)
	r.Seq = w.born
	return r
}

// putResource stores a resource and notes what became of it. Where its message stays as it is, nothing has.
func (w *World) putResource(hand Hand, r *store.Resource, at time.Time) {
	before := w.resources.Put(r)
	t := typeIn(r)
	change := ResourceChange{At: at, Kind: strings.ToLower(t.Kind), ID: r.ID, After: r.Message, Hand: hand, former: before, latest: r}
	switch {
	case before == nil:
		change.Step = Step(cmp.Or(t.Status(r.Message), string(Created)))
	case before.Bindings != r.Bindings:
		change.Before, change.Step = before.Message, Rebound
	case before.Message == r.Message:
		return
	default:
		change.Before, change.Step = before.Message, Updated
		if status := t.Status(r.Message); status != t.Status(before.Message) {
			change.Step = Step(status)
		}
	}
	w.note(change)
}

func (w *World) removeResource(id string, at time.Time) {
	before := w.resources.Remove(id)
	if before == nil {
		return
	}
	w.note(ResourceChange{At: at, Step: Gone, Kind: strings.ToLower(typeIn(before).Kind), ID: id, Before: before.Message, former: before})
}

// resourceOf finds the resource of a request and checks that its folder may be reached.
func (w *World) resourceOf(t *resource.Type, id string, write bool) (*store.Resource, *spb.Status) {
	r := w.resources.Get(id)
	if r == nil || r.Kind != string(t.Name()) {
		return nil, contract.NotFound(t.Kind, id)
	}
	if refused := w.mayResource(t, r.Message, write); refused != nil {
		return nil, refused
	}
	return r, nil
}

// mayResource tells whether a resource may be read or written: what is in no folder, such as a zone, may.
func (w *World) mayResource(t *resource.Type, m proto.Message, write bool) *spb.Status {
	if folder := t.Folder(m); folder != "" {
		return w.may(folder, write)
	}
	return nil
}

// free refuses what cannot be done to a resource before an operation on it has ended [choice].
func free(t *resource.Type, r *store.Resource) *spb.Status {
	if r.Busy == "" {
		return nil
	}
	status := t.Status(r.Message)
	if status == t.Status(t.Readied(r.Message)) { // it looks as if it were
		status = "operation " + r.Busy + " has not ended"
	}
	return contract.ResourceNotReady(t.Kind, r.ID, status)
}

// allResources returns the resources of neighbours in order of creation.
func (w *World) allResources() []*store.Resource {
	return slices.SortedFunc(w.resources.All(), func(a, b *store.Resource) int { return cmp.Compare(a.Seq, b.Seq) })
}

// Resource returns a resource of whatever kind, images included; nil if there is none with that id.
func (w *World) Resource(id string) proto.Message {
	if im := w.images.Get(id); im != nil {
		return im.Image
	}
	if r := w.resources.Get(id); r != nil {
		return r.Message
	}
	return nil
}

// Resources returns all resources in order of creation, images included.
func (w *World) Resources() []proto.Message {
	type aged struct {
		seq int64
		m   proto.Message
	}
	var all []aged
	for im := range w.images.All() {
		all = append(all, aged{im.Seq, im.Image})
	}
	for r := range w.resources.All() {
		all = append(all, aged{r.Seq, r.Message})
	}
	slices.SortFunc(all, func(a, b aged) int { return cmp.Compare(a.seq, b.seq) })
	messages := make([]proto.Message, len(all))
	for i, one := range all {
		messages[i] = one.m
	}
	return messages
}

// newResourceID returns an id that no resource has had.
func (w *World) newResourceID(place string) string {
	for {
		w.otherIDs++
		id := ID(place, w.Seed, "resource", uint64(w.otherIDs))
		if _, past := w.resources.Past(id); !past && w.Resource(id) == nil {
			return id
		}
	}
}

// places are the prefixes of ids by package [seen], and zonePlaces those of what is in a zone.
var (
	places = map[string]string{
		"yandex.cloud.compute.": "fhm", "yandex.cloud.vpc.": "enp", "yandex.cloud.resourcemanager.": "b1g",
		"yandex.cloud.iam.": "aje", "yandex.cloud.kms.": "abj",
	}
	zonePlaces = map[string]string{"ru-central1-a": "fhm", "ru-central1-b": "epd", "ru-central1-d": "fv4"}
)

// placeFor returns the prefix of the ids of a resource, and of operations on it.
func placeFor(t *resource.Type, m proto.Message) string {
	name := string(t.Name())
	if in, zonal := m.(interface{ GetZoneId() string }); zonal && zonePlaces[in.GetZoneId()] != "" && strings.HasPrefix(name, "yandex.cloud.compute.") {
		return zonePlaces[in.GetZoneId()]
	}
	for prefix, place := range places {
		if strings.HasPrefix(name, prefix) {
			return place
		}
	}
	return defaultPlace
}
