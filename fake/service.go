package fake

import (
	"sync"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/resource"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A service is what the server knows of one of its own services. Each has a file, with its handlers below its rows; a service more
// is one more file, and one more line in services.
type service struct {
	register func(*Server)
	secret   bool // its messages hold what nobody may see
	rows     []row
}

// services are those that every server serves.
func services() []service { return []service{imageRows, operationRows, endpointRows, tokenRows} }

// A row is what the server knows of one method. Of a neighbour's, all of it follows from the descriptor; so it does for what is left
// out in a row of the server's own.
type row struct {
	method Method
	own    bool // served by the server itself, which validates its requests
	secret bool
	kind   string // what texts call the resource: "Service account"

	// subject returns the ids of the resource and of the operation that a request names.
	subject func(request proto.Message) (resource, operation string)

	// check finds what is wrong with a request by itself beyond the rules for its fields; nil: there is nothing beyond them.
	check func(*Server, *errand) *contract.Violation

	// asks and answers are the words of the timeline for what matters of a request and of a reply. Nothing secret is in them.
	asks, answers func(proto.Message) string

	// missing and full are the service's own NotFound and ResourceExhausted for a request; they return nil where it has none.
	missing func(*errand) *spb.Status
	full    func(*Server) *spb.Status
}

// rowOf returns the row of a method, whoever serves it. It never returns nil.
func rowOf(m Method) *row {
	if r := ownRows()[m]; r != nil {
		return r
	}
	if f := m.facts(); f != nil {
		return f.row()
	}
	return &strangers
}

// strangers is the row of all methods that the program has no descriptor of.
var strangers = derived(nil)

var ownRows = sync.OnceValue(func() map[Method]*row {
	all := make(map[Method]*row)
	for _, known := range services() {
		for _, r := range known.rows {
			r.own, r.secret = true, known.secret
			r.fill(derived(r.method.facts().descriptor))
			all[r.method] = &r
		}
	}
	return all
})

// neighbourRow makes the row of a method from its descriptor. What no row says of a method of the server's own services, which has
// no handler then, is as secret as the rest of its service.
func neighbourRow(d protoreflect.MethodDescriptor) *row {
	r := derived(d)
	for _, known := range services() {
		if known.rows[0].method.Service() == string(d.Parent().FullName()) {
			r.secret = known.secret
		}
	}
	return &r
}

// fill takes from another row what is left out.
func (r *row) fill(from row) {
	r.kind = from.kind
	if r.subject == nil {
		r.subject = from.subject
	}
	if r.asks == nil {
		r.asks = from.asks
	}
	if r.answers == nil {
		r.answers = from.answers
	}
	if r.missing == nil {
		r.missing = from.missing
	}
	if r.full == nil {
		r.full = from.full
	}
}

// derived makes a row of what the descriptor of a method says; nil: nothing is known.
func derived(d protoreflect.MethodDescriptor) row {
	r := row{
		kind:    "Resource",
		subject: func(proto.Message) (string, string) { return "", "" },
		asks:    fieldWords,
		answers: replyWords,
		missing: func(*errand) *spb.Status { return nil },
		full:    func(*Server) *spb.Status { return nil },
	}
	if d == nil {
		return r
	}
	r.full = limitOf(d)
	r.subject = subjectOfRequest(d)
	r.asks = func(request proto.Message) string {
		resource, operation := r.subject(request)
		return requestWords(request, words(resource, operation))
	}
	r.kind = resource.Noun(d.Parent().(protoreflect.ServiceDescriptor))
	r.missing = func(e *errand) *spb.Status {
		if e.ResourceID == "" {
			return nil
		}
		return contract.NotFound(r.kind, e.ResourceID)
	}
	return r
}

// limitOf returns what a method may find used up: a Create the number of its resources, what starts an operation else that of those.
func limitOf(d protoreflect.MethodDescriptor) func(*Server) *spb.Status {
	return func(*Server) *spb.Status {
		things := resource.Plural(d.Parent().(protoreflect.ServiceDescriptor))
		switch {
		case things != "" && resource.Begins(d.Name(), "Create"):
			return contract.CountLimit(things)
		case startsOperation(d):
			return contract.OperationsLimit()
		}
		return nil
	}
}

// subjectOfRequest finds the field that names the subject of a request: its operation_id, or what the conventions say.
func subjectOfRequest(d protoreflect.MethodDescriptor) func(proto.Message) (resource, operation string) {
	if fd := d.Input().Fields().ByName("operation_id"); fd != nil && fd.Kind() == protoreflect.StringKind {
		return func(m proto.Message) (string, string) { return "", valueOf(m, fd) }
	}
	if fd := resource.SubjectField(d); fd != nil {
		return func(m proto.Message) (string, string) { return valueOf(m, fd), "" }
	}
	return func(proto.Message) (string, string) { return "", "" }
}

// valueOf returns a text field of a message, "" where the message is not of the type that has the field.
func valueOf(m proto.Message, fd protoreflect.FieldDescriptor) string {
	if m == nil {
		return ""
	}
	r := m.ProtoReflect()
	if r.Descriptor() != fd.ContainingMessage() {
		return ""
	}
	return r.Get(fd).String()
}

// saying makes words for messages of one type; a message of another has none.
func saying[M proto.Message](say func(M) string) func(proto.Message) string {
	return func(m proto.Message) string {
		if m, ok := m.(M); ok {
			return say(m)
		}
		return ""
	}
}

// unsaid is for messages of which nothing is to be said.
func unsaid(proto.Message) string { return "" }
