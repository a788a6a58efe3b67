package resource

import (
	"cmp"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Type is what the conventions tell of a message that is a resource: something with an id. Fields that it does not have are nil, and
// what is asked for in them is empty. A Type never changes.
type Type struct {
	Kind string // what texts call it: "Service account"

	message                             protoreflect.MessageType
	id, name, folder, cloud, at, status protoreflect.FieldDescriptor
}

// TypeOf returns the type of a resource; ok is false for a message that has no id, and for one whose package the program has not linked.
// Of one message it always returns the same Type.
func TypeOf(d protoreflect.MessageDescriptor) (t *Type, ok bool) {
	if known, ok := types.Load(d.FullName()); ok {
		return known.(*Type), true
	}
	if t, ok = newType(d); !ok {
		return nil, false
	}
	known, _ := types.LoadOrStore(d.FullName(), t)
	return known.(*Type), true
}

var types sync.Map // by full name

func newType(d protoreflect.MessageDescriptor) (t *Type, ok bool) {
	fields := d.Fields()
	if !isText(fields.ByName("id")) {
		return nil, false
	}
	message, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		return nil, false
	}
	text := func(name protoreflect.Name) protoreflect.FieldDescriptor {
		if fd := fields.ByName(name); isText(fd) {
			return fd
		}
		return nil
	}
	t = &Type{Kind: inWords(string(d.Name())), message: message, id: fields.ByName("id"), status: statusField(d),
		name: text("name"), folder: text("folder_id"), cloud: text("cloud_id")}
	if fd := fields.ByName("created_at"); fd != nil && fd.Message() != nil && fd.Message().FullName() == "google.protobuf.Timestamp" {
		t.at = fd
	}
	return t, true
}

// Name returns the full name of the message: resources of one name are of one kind, whichever service serves them.
func (t *Type) Name() protoreflect.FullName { return t.message.Descriptor().FullName() }

// ID returns the id of a resource.
func (t *Type) ID(m proto.Message) string { return textIn(m, t.id) }

// Called returns the name of a resource.
func (t *Type) Called(m proto.Message) string { return textIn(m, t.name) }

// Folder returns the folder that a resource is in; "" if it is in none, as a cloud is.
func (t *Type) Folder(m proto.Message) string { return textIn(m, t.folder) }

// Container returns what a resource is in, and its name is unique in: its folder, else its cloud.
func (t *Type) Container(m proto.Message) string {
	return cmp.Or(textIn(m, t.folder), textIn(m, t.cloud))
}

// InFolders tells whether resources are in folders.
func (t *Type) InFolders() bool { return t.folder != nil }

// Dated tells whether resources say when they were created.
func (t *Type) Dated() bool { return t.at != nil }

// CreatedAt returns when a resource was created; nil if nothing tells.
func (t *Type) CreatedAt(m proto.Message) *timestamppb.Timestamp {
	if t.at == nil || !m.ProtoReflect().Has(t.at) {
		return nil
	}
	at, _ := m.ProtoReflect().Get(t.at).Message().Interface().(*timestamppb.Timestamp)
	return at
}

// Status returns the name of a resource's status, "" if it has none.
func (t *Type) Status(m proto.Message) string {
	if t.status == nil {
		return ""
	}
	v := t.status.Enum().Values().ByNumber(m.ProtoReflect().Get(t.status).Enum())
	if v == nil || v.Number() == 0 {
		return ""
	}
	return string(v.Name())
}

// WithStatus returns a resource with a status, by its name; unchanged where the enum does not have that.
func (t *Type) WithStatus(m proto.Message, status string) proto.Message {
	if t.status == nil || status == t.Status(m) {
		return m
	}
	n, ok := value(t.status.Enum(), status)
	if !ok {
		return m
	}
	return t.withNumber(m, n)
}

// Readied returns a resource with the status of one that is as it should be.
func (t *Type) Readied(m proto.Message) proto.Message {
	if t.status == nil {
		return m
	}
	return t.withNumber(m, ready(t.status.Enum()))
}

// Coming returns a resource with the status of one that is being made.
func (t *Type) Coming(m proto.Message) proto.Message {
	for _, status := range coming {
		if with := t.WithStatus(m, status); with != m {
			return with
		}
	}
	return m
}

// Broken returns a resource with the status ERROR; unchanged where there is none.
func (t *Type) Broken(m proto.Message) proto.Message { return t.WithStatus(m, "ERROR") }

func (t *Type) withNumber(m proto.Message, n protoreflect.EnumNumber) proto.Message {
	next := Revise(m)
	next.ProtoReflect().Set(t.status, protoreflect.ValueOfEnum(n))
	return next
}

// Fill gives a resource what every one of its type has and this one does not: an id, a date, the status of one that is ready. It changes
// the message: do not give it one that is stored.
func (t *Type) Fill(m proto.Message, id string, seconds int64) {
	r := m.ProtoReflect()
	if t.ID(m) == "" {
		r.Set(t.id, protoreflect.ValueOfString(id))
	}
	if t.at != nil && !r.Has(t.at) {
		r.Set(t.at, protoreflect.ValueOfMessage((&timestamppb.Timestamp{Seconds: seconds}).ProtoReflect())) // whole seconds [seen]
	}
	if t.status != nil && !r.Has(t.status) {
		r.Set(t.status, protoreflect.ValueOfEnum(ready(t.status.Enum())))
	}
}

// Revise returns a message with the same content, the next version of one that must not change. It shares what the fields refer to.
func Revise(m proto.Message) proto.Message {
	from := m.ProtoReflect()
	to := from.New()
	from.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		to.Set(fd, v)
		return true
	})
	to.SetUnknown(from.GetUnknown())
	return to.Interface()
}

func textIn(m proto.Message, fd protoreflect.FieldDescriptor) string {
	if fd == nil {
		return ""
	}
	return m.ProtoReflect().Get(fd).String()
}
