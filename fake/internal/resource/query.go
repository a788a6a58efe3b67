package resource

import (
	"github.com/imagefake/imagefake/fake/internal/listing"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Fits returns what tells the resources that a Find or a List asks for from others: every text of the request is found in them, by the
// name of its field, alone or in a list, in the resource or in a message in it. An absent one asks for nothing.
func (m *Method) Fits(request proto.Message, taken ...string) func(proto.Message) bool {
	of := m.Type
	if m.Kind == List {
		of = m.Item
	}
	type wanted struct {
		at   [][]protoreflect.FieldDescriptor
		text string
	}
	var all []wanted
	passed := m.passed(taken)
	request.ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd == m.subject && m.Kind == List || !passed(fd) {
			if at := places(of.message.Descriptor(), fd); at != nil {
				all = append(all, wanted{at, v.String()})
			}
		}
		return true
	})
	return func(resource proto.Message) bool {
		for _, w := range all {
			if !holds(resource.ProtoReflect(), w.at, w.text) {
				return false
			}
		}
		return true
	}
}

// Asked returns what a Find looks for, in a word, as a text that it is not there names it.
func (m *Method) Asked(request proto.Message) string {
	fields := request.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		if fd := fields.Get(i); isText(fd) && request.ProtoReflect().Has(fd) {
			return textIn(request, fd)
		}
	}
	return ""
}

// Folder returns the folder that a request names; ok is false if it has no field for one, or if the folder is itself the subject.
func (m *Method) Folder(request proto.Message) (id string, ok bool) {
	fd := m.input.Descriptor().Fields().ByName("folder_id")
	if !isText(fd) || fd.ContainingOneof() != nil || fd == m.subject && m.Kind != List {
		return "", false
	}
	return textIn(request, fd), true
}

// Query is how a list request wants to be answered.
type Query struct {
	Filter listing.Filter
	Order  listing.Order
	Token  string // "": the first page
	Size   int64  // 0: as many as are usual
	Scope  listing.Scope
}

// Parse reads how a list request wants to be answered. The error belongs to the field it names.
func (m *Method) Parse(request proto.Message) (q Query, field string, err error) {
	r := request.ProtoReflect()
	text := func(name protoreflect.Name) string {
		if fd := r.Descriptor().Fields().ByName(name); isText(fd) {
			return r.Get(fd).String()
		}
		return ""
	}
	if fd := r.Descriptor().Fields().ByName("page_size"); fd != nil && fd.Kind() == protoreflect.Int64Kind {
		q.Size = r.Get(fd).Int()
	}
	q.Token, q.Scope = text("page_token"), m.Scope(request)
	if filter := text("filter"); filter != "" {
		anything := func(string) string { return "" }
		if q.Filter, err = listing.ParseFilter(filter, "name", anything); err != nil {
			return q, "filter", err
		}
	}
	if order := text("order_by"); order != "" {
		fields := map[string]string{"id": "id", "name": "name", "created_at": "created_at", "createdAt": "created_at"}
		if q.Order, err = listing.ParseOrder(order, fields); err != nil {
			return q, "order_by", err
		}
	}
	return q, "", nil
}

// Scope returns the scope of the page tokens of a list: the method, and all that the request asks for but where the page begins and how
// long it is.
func (m *Method) Scope(request proto.Message) listing.Scope {
	asked := Revise(request).ProtoReflect()
	for _, name := range []protoreflect.Name{"page_size", "page_token"} {
		if fd := asked.Descriptor().Fields().ByName(name); fd != nil {
			asked.Clear(fd)
		}
	}
	text, _ := proto.MarshalOptions{Deterministic: true}.Marshal(asked.Interface()) // it came over the wire
	return listing.NewScope(m.Name, string(text))
}

// Page returns the reply of a list.
func (m *Method) Page(items []proto.Message, next string) proto.Message {
	reply := m.output.New()
	if len(items) > 0 {
		list := reply.NewField(m.items)
		for _, item := range items {
			list.List().Append(protoreflect.ValueOfMessage(item.ProtoReflect()))
		}
		reply.Set(m.items, list)
	}
	if m.token != nil && next != "" {
		reply.Set(m.token, protoreflect.ValueOfString(next))
	}
	return reply.Interface()
}

// Pages tells whether a list can be answered in pages.
func (m *Method) Pages() bool { return m.token != nil }
