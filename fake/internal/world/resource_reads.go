package world

import (
	"cmp"
	"encoding/binary"
	"iter"
	"math"
	"slices"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/listing"
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/resource"
	"github.com/imagefake/imagefake/fake/internal/store"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

// ResourceQuery is a list request to a neighbour that has been understood.
type ResourceQuery struct {
	resource.Query
	key []byte // where the page begins; empty: at the start
}

// fieldNames are the spellings in Go of the fields of which a query can be wrong.
var fieldNames = map[string]string{"filter": "Filter", "order_by": "OrderBy"}

// ParseQuery reads how a request to a neighbour wants to be answered: whom it names, filter, order and page token of a list, the mask of
// an Update.
func ParseQuery(m *resource.Method, request proto.Message) (*ResourceQuery, *contract.Violation) {
	if field := m.Nameless(request); field != "" {
		return nil, contract.Missing(field)
	}
	if reason := m.CheckMask(request); reason != "" {
		return nil, &contract.Violation{Field: "UpdateMask", Path: "update_mask", Reason: reason}
	}
	q := &ResourceQuery{}
	var field string
	var err error
	if q.Query, field, err = m.Parse(request); err != nil {
		return nil, &contract.Violation{Field: fieldNames[field], Path: field, Reason: err.Error()}
	}
	if q.Size < 0 || q.Size > 1000 {
		return nil, &contract.Violation{Field: "PageSize", Path: "page_size", Reason: "the page size must be 0 to 1000"}
	}
	if q.Token == "" {
		return q, nil
	}
	if q.key, err = q.Scope.Key(q.Token); err == nil {
		err = q.fits(m)
	}
	if err != nil {
		return nil, badToken(err)
	}
	return q, nil
}

// fits tells whether the key of the page token fits the order. An empty one is the start.
func (q *ResourceQuery) fits(m *resource.Method) error {
	long := map[resource.Kind]int{resource.ListOperations: 8, resource.ListBindings: 8}[m.Kind]
	if m.Kind == resource.List && q.Order.Field == "created_at" {
		long = 8 + 4 + 8
	}
	if long != 0 && len(q.key) != 0 && len(q.key) != long {
		return errKey
	}
	return nil
}

// Read answers a method of a neighbour that changes nothing. id is that of the resource it found or was asked for.
func (w *World) Read(m *resource.Method, request proto.Message, q *ResourceQuery) (reply proto.Message, id string, refused *spb.Status) {
	switch m.Kind {
	case resource.Get:
		r, refused := w.resourceOf(m.Type, m.Subject(request), false)
		if refused != nil {
			return nil, "", refused
		}
		return shownTo(m, request, r.Message), r.ID, nil
	case resource.Find:
		fits := m.Fits(request, adapters[m.Name].takes...)
		for r := range w.resources.Of(string(m.Type.Name()), "") {
			if fits(r.Message) && w.mayResource(m.Type, r.Message, false) == nil {
				return shownTo(m, request, r.Message), r.ID, nil
			}
		}
		return nil, "", contract.NotFound(m.Type.Kind, m.Asked(request))
	case resource.List:
		reply, refused = w.listResources(m, request, q)
		return reply, "", refused
	case resource.ListOperations:
		return w.operationsOn(m, request, q)
	default:
		return w.bindingsOf(m, request, q)
	}
}

// shownTo returns a resource as a reply shows it.
func shownTo(m *resource.Method, request, r proto.Message) proto.Message {
	if show := adapters[m.Name].show; show != nil {
		return show(request, r)
	}
	return r
}

func (w *World) listResources(m *resource.Method, request proto.Message, q *ResourceQuery) (proto.Message, *spb.Status) {
	if folder, names := m.Folder(request); names && m.Item.InFolders() {
		if folder == "" {
			return nil, missingFolder()
		}
		if refused := w.may(folder, false); refused != nil {
			return nil, refused
		}
	}
	size := pageSize(q.Size)
	if !m.Pages() {
		size = math.MaxInt32
	}
	page, more := listing.Page(w.matchingResources(m, request, q), size)
	messages := make([]proto.Message, len(page))
	for i, r := range page {
		messages[i] = shownTo(m, request, r.Message)
	}
	next := ""
	if more {
		next = q.Scope.Token(spotOf(page[len(page)-1]).key(q.Order.Field))
	}
	return m.Page(messages, next), nil
}

// matchingResources yields the resources of a query in its order, from behind its page token.
func (w *World) matchingResources(m *resource.Method, request proto.Message, q *ResourceQuery) iter.Seq[*store.Resource] {
	fits := m.Fits(request, adapters[m.Name].takes...)
	picked := func(r *store.Resource) bool {
		return q.Filter.Match(r.Name) && fits(r.Message) && w.mayResource(m.Item, r.Message, false) == nil
	}
	kind := string(m.Item.Name())
	if by := cmp.Or(q.Order.Field, "id"); by == "id" && !q.Order.Desc {
		return func(yield func(*store.Resource) bool) {
			for r := range w.resources.Of(kind, string(q.key)) {
				if picked(r) && !yield(r) {
					return
				}
			}
		}
	}
	compare := q.compare()
	var found []*store.Resource
	for r := range w.resources.Of(kind, "") {
		if picked(r) && (len(q.key) == 0 || compare(spotOf(r), spotAt(q.Order.Field, q.key)) > 0) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *store.Resource) int { return compare(spotOf(a), spotOf(b)) })
	return slices.Values(found)
}

// operationsOn answers the ListOperations of a neighbour, newest first. The history of a resource that is gone stays readable.
func (w *World) operationsOn(m *resource.Method, request proto.Message, q *ResourceQuery) (proto.Message, string, *spb.Status) {
	id := m.Subject(request)
	if gone, past := w.resources.Past(id); w.resources.Get(id) == nil && past && gone.Kind == string(m.Type.Name()) {
		if refused := w.may(gone.Container, false); m.Type.InFolders() && refused != nil {
			return nil, "", refused
		}
	} else if _, refused := w.resourceOf(m.Type, id, false); refused != nil {
		return nil, "", refused
	}
	page, more := listing.Page(w.ops.Of(id, sequenceIn(q.key)), pageSize(q.Size))
	var last *lro.Operation
	operations := make([]proto.Message, len(page))
	for i, op := range page {
		last, operations[i] = op, op.Operation
	}
	next := ""
	if more {
		next = sequenceToken(q.Scope, last.Seq)
	}
	return m.Page(operations, next), id, nil
}

// bindingsOf answers the ListAccessBindings of a neighbour, in the order in which they were added.
func (w *World) bindingsOf(m *resource.Method, request proto.Message, q *ResourceQuery) (proto.Message, string, *spb.Status) {
	r, refused := w.resourceOf(m.Type, m.Subject(request), false)
	if refused != nil {
		return nil, "", refused
	}
	page, more := listing.Page(bindingsBehind(r.Bindings, sequenceIn(q.key)), pageSize(q.Size))
	var last store.Binding
	bindings := make([]proto.Message, len(page))
	for i, binding := range page {
		last, bindings[i] = binding, binding.AccessBinding
	}
	next := ""
	if more {
		next = sequenceToken(q.Scope, last.Seq)
	}
	return m.Page(bindings, next), r.ID, nil
}

// sequenceIn reads the key of a page token that stands for a running number; 0 if there is none.
func sequenceIn(key []byte) int64 {
	if len(key) == 0 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(key))
}
