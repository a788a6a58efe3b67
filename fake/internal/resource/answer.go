package resource

import (
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Metadata returns the metadata of an operation on a resource: its id, and what else of request and resource the message has a field
// for. before is the resource as it was, nil if it was not there. It returns nil where the operation has none.
func (m *Method) Metadata(request, before, after proto.Message) proto.Message {
	if m.metadata == nil {
		return nil
	}
	meta := m.metadata.New()
	settle(request.ProtoReflect(), meta, isPaging)
	fields := meta.Descriptor().Fields()
	for _, name := range m.idNames() {
		if fd := fields.ByName(name); isText(fd) && !meta.Has(fd) {
			meta.Set(fd, protoreflect.ValueOfString(m.Type.ID(after)))
			break
		}
	}
	for i := range fields.Len() {
		fd := fields.Get(i)
		if meta.Has(fd) || fd.Message() != nil || fd.IsList() {
			continue
		}
		from, name := after, fd.Name()
		if rest, was := strings.CutPrefix(string(name), "source_"); was && before != nil {
			from, name = before, protoreflect.Name(rest) // of a Move
		}
		if have := from.ProtoReflect().Descriptor().Fields().ByName(name); have != nil && name != "id" && fits(have, fd) && from.ProtoReflect().Has(have) {
			meta.Set(fd, from.ProtoReflect().Get(have))
		}
	}
	return meta.Interface()
}

// idNames returns the names of fields that hold the id of the resource: as the service calls it, as its type is called, and resource_id.
func (m *Method) idNames() []protoreflect.Name {
	service := strings.TrimSuffix(string(m.descriptor.Parent().Name()), "Service")
	return append(append(idFields(service), idFields(string(m.Type.Name().Name()))...), "resource_id")
}

// Answer returns the reply, or the response of the operation, on a resource as it is then: the resource itself, nothing, or a message
// with the resource in a field of it. secret makes the texts that such a message has beside it, of keys above all.
func (m *Method) Answer(after proto.Message, secret func(field string) string) proto.Message {
	if m.answersResource() {
		return after
	}
	reply := m.output.New()
	fields := reply.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		switch {
		case fd.IsList() || fd.IsMap():
		case fd.Message() != nil && fd.Message().FullName() == m.Type.Name():
			reply.Set(fd, protoreflect.ValueOfMessage(after.ProtoReflect()))
		case isText(fd) && m.Kind == Create:
			reply.Set(fd, protoreflect.ValueOfString(secret(string(fd.Name()))))
		case isText(fd):
			for _, name := range m.idNames() {
				if fd.Name() == name && !reply.Has(fd) {
					reply.Set(fd, protoreflect.ValueOfString(m.Type.ID(after)))
				}
			}
		}
	}
	return reply.Interface()
}

// NewResponse returns an empty response of the operation, or reply.
func (m *Method) NewResponse() proto.Message { return m.output.New().Interface() }

// OwnIDs returns the names of the fields in which a resource repeats its id in other words, as key_id of an access key.
func (t *Type) OwnIDs() (names []protoreflect.Name) {
	fields := t.message.Descriptor().Fields()
	for _, name := range idFields(string(t.Name().Name())) {
		if fd := fields.ByName(name); name != "id" && isText(fd) {
			names = append(names, name)
		}
	}
	return names
}
