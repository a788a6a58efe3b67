package world

import (
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/resource"
	"github.com/imagefake/imagefake/fake/internal/store"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// StartOn answers a method of a neighbour that starts an operation. What stands in its way is looked for in this order [choice]: the
// folder or the resource, what else the request names, the name, the number of running operations.
func (w *World) StartOn(o Origin, m *resource.Method, request proto.Message) (*operation.Operation, *spb.Status) {
	ids, born := w.otherIDs, w.born
	t, refused := w.begin(o, m, request)
	if refused == nil {
		refused = w.room()
	}
	if refused != nil {
		w.otherIDs, w.born = ids, born // a refused request uses up no id
		return nil, refused
	}
	t.operation = w.nextOperationID(t.place)
	t.begin(w, o.Now)
	return w.start(o, job{
		place:       t.place,
		description: m.Description(),
		subject:     t.subject.ID,
		metadata:    m.Metadata(request, messageIn(t.former), t.subject.Message),
		request:     request,
		work:        t,
	}), nil
}

// DoAtOnce answers a method of a neighbour that changes something and starts no operation.
func (w *World) DoAtOnce(o Origin, m *resource.Method, request proto.Message) (reply proto.Message, id string, refused *spb.Status) {
	ids, born := w.otherIDs, w.born
	t, refused := w.begin(o, m, request)
	if refused != nil {
		w.otherIDs, w.born = ids, born
		return nil, "", refused
	}
	t.begin(w, o.Now)
	if reply, refused = t.end(w, o.Now); refused != nil {
		t.rollBack(w, o.Now, false)
	}
	return reply, t.subject.ID, refused
}

// A task is the work that a method of a neighbour does to a resource. Once it has begun it is not changed any more.
type task struct {
	method    *resource.Method
	request   proto.Message
	adapter   adapter
	place     string
	operation string // "": there is none
	subject   *store.Resource
	former    *store.Resource   // as the subject was; nil for a Create
	fresh     []*store.Resource // made along with the subject: they are ready when it is, and gone if it fails
	held      []string          // ids of other resources that are busy as long as the subject is
	container string            // where the subject is then
	name      string            // that the subject is then called and is not yet; "": it keeps its own
}

// begin finds out what a request is about, and whether it can be done.
func (w *World) begin(o Origin, m *resource.Method, request proto.Message) (*task, *spb.Status) {
	t := &task{method: m, request: request, adapter: adapters[m.Name]}
	refused := t.prepare(w, o)
	if refused == nil && t.adapter.holds != nil {
		t.held = t.adapter.holds(request)
	}
	return t, refused
}

func (t *task) prepare(w *World, o Origin) *spb.Status {
	if t.method.Kind == resource.Create {
		return t.create(w, o)
	}
	return t.find(w)
}

// create makes the resource that a Create asks for.
func (t *task) create(w *World, o Origin) *spb.Status {
	m := t.method
	if folder, names := m.Folder(t.request); names && m.Type.InFolders() {
		if folder == "" {
			return missingFolder()
		}
		if refused := w.mayCreate(folder); refused != nil {
			return refused
		}
	}
	made := m.Make(t.request, t.adapter.takes...)
	if w.resources.Taken(entry(m.Type, made, nil), m.Type.Container(made), m.Type.Called(made)) {
		return contract.Taken(m.Type.Kind, m.Type.Called(made))
	}
	t.place = placeFor(m.Type, made)
	m.Type.Fill(made, w.newResourceID(t.place), o.Now.Unix())
	for _, name := range m.Type.OwnIDs() {
		own := made.ProtoReflect()
		if fd := own.Descriptor().Fields().ByName(name); !own.Has(fd) {
			own.Set(fd, protoreflect.ValueOfString(ID(t.place, w.Seed, string(name)+" of "+m.Type.ID(made), 1)))
		}
	}
	t.subject = w.newEntry(m.Type, made)
	if t.adapter.create != nil {
		return t.adapter.create(w, o, t)
	}
	return nil
}

func missingFolder() *spb.Status {
	return contract.InvalidField("FolderId", "folder_id", contract.MissingField)
}

// find looks for the resource that any other request is about.
func (t *task) find(w *World) *spb.Status {
	m := t.method
	subject, refused := w.resourceOf(m.Type, m.Subject(t.request), true)
	if refused != nil {
		return refused
	}
	if refused := free(m.Type, subject); refused != nil {
		return refused
	}
	t.subject, t.former, t.place = subject, subject, placeFor(m.Type, subject.Message)
	if t.adapter.check != nil {
		if refused := t.adapter.check(w, t.request, subject.Message); refused != nil {
			return refused
		}
	}
	next := entry(m.Type, t.next(w, subject), subject)
	if next.Container != subject.Container && m.Type.Folder(next.Message) != "" {
		if refused := w.mayCreate(m.Type.Folder(next.Message)); refused != nil {
			return refused // of a Move
		}
	}
	if m.Kind == resource.Delete || next.Name == subject.Name && next.Container == subject.Container {
		return nil
	}
	if w.resources.Taken(subject, next.Container, next.Name) {
		return contract.Taken(m.Type.Kind, next.Name)
	}
	t.container, t.name = next.Container, next.Name
	return nil
}

// as returns the subject as the name it is going to have is promised to it.
func (t *task) as() *store.Resource {
	return &store.Resource{ID: t.subject.ID, Kind: t.subject.Kind, Container: t.container}
}

// next returns the subject as it is when the work is done.
func (t *task) next(w *World, subject *store.Resource) proto.Message {
	changed := t.method.Change(t.request, subject.Message, t.adapter.takes...)
	if t.adapter.change != nil {
		t.adapter.change(w, t.request, changed)
	}
	return changed
}

// exclusive tells whether nothing else may be done to the subject until the work is done. Several Updates may run.
func (t *task) exclusive() bool { return t.method.Kind != resource.Update && t.operation != "" }

// begin lets the world see that the work has begun.
func (t *task) begin(w *World, now time.Time) {
	for _, r := range append([]*store.Resource{t.subject}, t.fresh...) {
		begun := *r
		if t.exclusive() {
			begun.Busy = t.operation
		}
		switch {
		case t.operation == "":
		case r == t.subject:
			begun.Message = t.method.During(r.Message)
		default:
			begun.Message = typeIn(r).Coming(r.Message)
		}
		w.putResource("", &begun, now)
	}
	if t.operation != "" {
		w.resources.Hold(t.as(), t.name, t.operation)
		t.hold(w, "", t.operation, now)
	}
}

// hold makes the other resources of the work busy, or lets go of those that are.
func (t *task) hold(w *World, former, busy string, at time.Time) {
	for _, id := range t.held {
		if r := w.resources.Get(id); r != nil && r.Busy == former {
			next := *r
			next.Busy = busy
			w.putResource("", &next, at)
		}
	}
}

// end brings the outcome about and returns the response.
func (t *task) end(w *World, at time.Time) (proto.Message, *spb.Status) {
	m := t.method
	r := w.resources.Get(t.subject.ID)
	if r == nil || r.Kind != t.subject.Kind {
		return nil, contract.NotFound(m.Type.Kind, t.subject.ID)
	}
	if r.Busy != "" && r.Busy != t.operation {
		return nil, free(m.Type, r)
	}
	w.resources.Release(t.as(), t.name, t.operation)
	t.hold(w, t.operation, "", at)
	var next *store.Resource
	switch m.Kind {
	case resource.Delete:
		w.removeResource(r.ID, at)
	case resource.Create:
		next = entry(m.Type, m.Type.Readied(r.Message), r)
	default:
		next = entry(m.Type, t.next(w, r), r)
		if m.Kind == resource.Act && m.Type.Status(next.Message) == m.Type.Status(r.Message) {
			next.Message = m.Type.WithStatus(next.Message, m.Type.Status(t.former.Message))
		}
	}
	answered := r.Message
	if next != nil {
		next.Busy = ""
		answered = next.Message
		w.putResource("", next, at)
	}
	for _, made := range t.fresh {
		w.settleFresh(made.ID, at)
	}
	if t.adapter.ended != nil {
		t.adapter.ended(w, messageIn(t.former), messageIn(next), at)
	}
	return m.Answer(answered, func(field string) string {
		return ID("", w.Seed, field+" of "+r.ID, 1) + ID("", w.Seed, field+" of "+r.ID, 2)
	}), nil
}

// settleFresh makes ready what was made along with something else.
func (w *World) settleFresh(id string, at time.Time) {
	r := w.resources.Get(id)
	if r == nil {
		return
	}
	ready := entry(typeIn(r), typeIn(r).Readied(r.Message), r)
	ready.Busy = ""
	w.putResource("", ready, at)
}

// rollBack takes back what begin did. A created resource may be kept, as a broken one.
func (t *task) rollBack(w *World, at time.Time, keep bool) {
	w.resources.Release(t.as(), t.name, t.operation)
	t.hold(w, t.operation, "", at)
	for _, made := range append(t.fresh[:len(t.fresh):len(t.fresh)], t.subject) {
		r := w.resources.Get(made.ID)
		if r == nil || t.exclusive() && r.Busy != t.operation {
			continue // a test has meddled
		}
		kept := *r
		if t.exclusive() {
			kept.Busy = ""
		}
		switch of := typeIn(r); {
		case t.former == nil && !keep:
			w.removeResource(made.ID, at)
			continue
		case t.former == nil:
			kept.Message = of.Broken(r.Message)
		case t.method.Kind != resource.Update:
			kept.Message = of.WithStatus(r.Message, of.Status(t.former.Message))
		}
		w.putResource("", &kept, at)
	}
}

func (t *task) succeed(w *World, _ *lro.Operation, at time.Time) (proto.Message, *spb.Status) {
	return t.end(w, at)
}

func (t *task) undo(w *World, op *lro.Operation, at time.Time) {
	t.rollBack(w, at, op.Run.Plan.Keep)
}

// messageIn returns the message of a resource, nil of nil.
func messageIn(r *store.Resource) proto.Message {
	if r == nil {
		return nil
	}
	return r.Message
}
