package contract

import (
	"fmt"
	"slices"
	"strconv"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// enums has the numbers that go-genproto v0.118.0 declares for the enums in table.
var enums = map[protoreflect.FullName][]protoreflect.EnumNumber{
	"yandex.cloud.access.AccessBindingAction": {0, 1, 2},
	"yandex.cloud.compute.v1.Os.Type":         {0, 1, 2},
	"yandex.cloud.compute.v1.PCITopology":     {0, 1, 2},
}

// Unmodelled returns the path of a populated field of a request that the fake does not model, "" if there is none: one that a newer
// go-genproto than v0.118.0 declares (os.sockets), or that the linked one does not (os.7, by its number). A number that v0.118.0 does
// not declare for an enum is one too, and is shown with it (os.type=9) [choice]. A request that table does not have passes: it
// belongs to another service. m must not be a nil interface. Safe for concurrent use, as long as nobody changes m.
func Unmodelled(m proto.Message) string {
	message := m.ProtoReflect()
	if s := shapeOf(message.Descriptor()); s != nil {
		return s.stray(message)
	}
	return ""
}

// A shape has the fields of one message type in which something can be that is not modelled.
type shape struct{ parts []part }

// A part is one such field. Without values and inner, the field itself is not modelled.
type part struct {
	field  protoreflect.FieldDescriptor
	values []protoreflect.EnumNumber // of an enum
	inner  *shape                    // of a message or a list of messages
}

var shapes sync.Map // of protoreflect.MessageDescriptor to *shape

// shapeOf returns nil for a message that table does not have.
func shapeOf(d protoreflect.MessageDescriptor) *shape {
	if s, ok := shapes.Load(d); ok {
		return s.(*shape)
	}
	s, _ := shapes.LoadOrStore(d, newShape(d))
	return s.(*shape)
}

func newShape(d protoreflect.MessageDescriptor) *shape {
	fields, ok := table[d.FullName()]
	if !ok {
		return nil
	}
	s := &shape{}
	for i := range d.Fields().Len() {
		p := part{field: d.Fields().Get(i)}
		known := slices.ContainsFunc(fields, func(f field) bool { return f.name == p.field.Name() })
		switch {
		case !known:
		case p.field.Enum() != nil:
			p.values = enums[p.field.Enum().FullName()]
		case p.field.Message() != nil && !p.field.IsMap():
			p.inner = shapeOf(p.field.Message())
		default:
			continue // a plain value, or a map of such: the decoder drops what it does not know of a map's entries
		}
		s.parts = append(s.parts, p)
	}
	return s
}

// stray returns the path within m, "" if all of m is modelled.
func (s *shape) stray(m protoreflect.Message) string {
	for i := range s.parts {
		p := &s.parts[i]
		if !m.Has(p.field) {
			continue
		}
		name, value := string(p.field.Name()), m.Get(p.field)
		switch {
		case p.values != nil:
			if n := value.Enum(); !slices.Contains(p.values, n) {
				return fmt.Sprintf("%s=%d", name, n)
			}
		case p.inner == nil:
			return name
		case p.field.IsList():
			for i := range value.List().Len() {
				if path := p.inner.stray(value.List().Get(i).Message()); path != "" {
					return fmt.Sprintf("%s[%d].%s", name, i, path)
				}
			}
		default:
			if path := p.inner.stray(value.Message()); path != "" {
				return name + "." + path
			}
		}
	}
	if unknown := m.GetUnknown(); len(unknown) > 0 {
		number, _, _ := protowire.ConsumeTag(unknown)
		return strconv.Itoa(int(number))
	}
	return ""
}
