package resource

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Kind is what a method does.
type Kind int

// The kinds of methods.
const (
	Unknown        Kind = iota
	Get                 // the resource with an id
	Find                // the first resource that fits
	List                // resources, of whatever type
	ListOperations      // those on a resource
	ListBindings        // access bindings of a resource
	SetBindings
	UpdateBindings
	Create
	Update
	Delete
	Act // whatever else changes the resource: Start, Move, AttachDisk
)

// Reads tells whether what a method does changes nothing.
func (k Kind) Reads() bool {
	switch k {
	case Get, Find, List, ListOperations, ListBindings:
		return true
	}
	return false
}

// Method is a method of a service whose resource is known. It never changes.
type Method struct {
	Name   string // full, "/package.Service/Name"
	Kind   Kind
	Starts bool   // the reply is an operation
	Why    string // of an Unknown: why that is so

	Type *Type // of the service's resource
	Item *Type // of a List: what it lists, resources of another service perhaps

	descriptor         protoreflect.MethodDescriptor
	input              protoreflect.MessageType
	output             protoreflect.MessageType // of the reply, or of the response of the operation
	metadata           protoreflect.MessageType // nil: the operation has none
	subject            protoreflect.FieldDescriptor
	items, token, mask protoreflect.FieldDescriptor
}

// NewRequest returns an empty request.
func (m *Method) NewRequest() proto.Message { return m.input.New().Interface() }

// Subject returns the id of the resource that a request is about.
func (m *Method) Subject(request proto.Message) string { return textIn(request, m.subject) }

// Nameless returns the field of a request that had to name the resource it is about and does not; "" if it does, or need not.
func (m *Method) Nameless(request proto.Message) protoreflect.Name {
	switch {
	case m.subject == nil, m.subject.ContainingOneof() != nil, m.Kind == Create, m.Kind == Find, m.descriptor.Name() == "List":
	case m.Subject(request) == "":
		return m.subject.Name()
	}
	return ""
}

// Description returns what an operation of the method says of itself: "Create disk".
func (m *Method) Description() string {
	words := inWords(string(m.descriptor.Name()))
	if !strings.Contains(words, " ") {
		words += " " + strings.ToLower(m.Type.Kind)
	}
	return words
}

func newMethod(d protoreflect.MethodDescriptor, t *Type) *Method {
	service := d.Parent().(protoreflect.ServiceDescriptor)
	m := &Method{
		Name: fmt.Sprintf("/%s/%s", service.FullName(), d.Name()), Type: t, descriptor: d,
		Starts: d.Output().FullName() == operationName, subject: SubjectField(d),
	}
	if fd := d.Input().Fields().ByName("update_mask"); fd != nil && fd.Message() != nil && fd.Message().FullName() == "google.protobuf.FieldMask" {
		m.mask = fd
	}
	if m.subject == nil && d.Name() != "Create" {
		// A service may be called otherwise than its resource.
		for _, name := range idFields(string(t.Name().Name())) {
			if fd := d.Input().Fields().ByName(name); isText(fd) && m.subject == nil {
				m.subject = fd
			}
		}
	}
	m.input = messageType(d.Input().FullName())
	if m.Starts {
		m.metadata, m.output = operationTypes(d)
	} else {
		m.output = messageType(d.Output().FullName())
	}
	m.Kind, m.Why = m.kind()
	return m
}

// kind finds out what the method does, or why that cannot be told.
func (m *Method) kind() (Kind, string) {
	d := m.descriptor
	switch {
	case d.IsStreamingClient() || d.IsStreamingServer():
		return Unknown, "it is a stream"
	case m.input == nil || m.output == nil:
		return Unknown, "the program does not have the messages it speaks of"
	case m.Starts:
		return m.kindOfChange()
	case d.Name() == "Get" && m.answersResource() && m.subject != nil:
		return Get, ""
	case Begins(d.Name(), "Get") && m.answersResource():
		return Find, ""
	case Begins(d.Name(), "List"):
		return m.kindOfList()
	case d.Name() == "Create", d.Name() == "Update", d.Name() == "Delete":
		return m.kindOfChange()
	}
	return Unknown, fmt.Sprintf("they only know what Get, List, Create, Update and Delete are, and what starts an operation; it answers with a %s",
		d.Output().Name())
}

func (m *Method) kindOfList() (Kind, string) {
	items := itemsField(m.output.Descriptor())
	if items == nil {
		return Unknown, "it does not list messages"
	}
	m.items = items
	if fd := m.output.Descriptor().Fields().ByName("next_page_token"); isText(fd) {
		m.token = fd
	}
	switch item := items.Message(); {
	case item.FullName() == operationName && m.subject != nil:
		return ListOperations, ""
	case item.FullName() == "yandex.cloud.access.AccessBinding" && m.subject != nil:
		return ListBindings, ""
	case m.descriptor.Name() == "List" && item.FullName() != m.Type.Name():
		return Unknown, fmt.Sprintf("it lists messages of the type %s, and Get answers with a %s", item.Name(), m.Type.Name().Name())
	default:
		t, ok := TypeOf(item)
		if !ok {
			return Unknown, fmt.Sprintf("a %s is no resource: it has no id", item.Name())
		}
		m.Item = t
		return List, ""
	}
}

// kindOfChange tells what a method does that changes something.
func (m *Method) kindOfChange() (Kind, string) {
	name := m.descriptor.Name()
	switch m.input.Descriptor().FullName() {
	case "yandex.cloud.access.SetAccessBindingsRequest":
		return SetBindings, ""
	case "yandex.cloud.access.UpdateAccessBindingsRequest":
		return UpdateBindings, ""
	}
	if why := m.unanswerable(); why != "" {
		return Unknown, why
	}
	switch {
	case name == "Create":
		return Create, ""
	case m.subject == nil:
		return Unknown, "no field of its request names a resource"
	case name == "Update":
		return Update, ""
	case name == "Delete":
		return Delete, ""
	}
	return Act, ""
}

// answersResource tells whether the reply is the resource.
func (m *Method) answersResource() bool {
	return m.output.Descriptor().FullName() == m.Type.Name()
}

// unanswerable tells why the response cannot be made of the resource, "" if it can.
func (m *Method) unanswerable() string {
	d := m.output.Descriptor()
	switch {
	case m.answersResource(), d.FullName() == "google.protobuf.Empty":
		return ""
	case strings.HasSuffix(string(d.Name()), "Response"):
		return ""
	}
	return fmt.Sprintf("it answers with a %s, which is neither the %s nor empty", d.Name(), m.Type.Name().Name())
}

const operationName = "yandex.cloud.operation.Operation"

// operationTypes returns the types of metadata and response that the option yandex.cloud.api.operation names; nil where it names none,
// and where the program does not have the type. The option is found by its name, because its package would be one more to import.
func operationTypes(d protoreflect.MethodDescriptor) (metadata, response protoreflect.MessageType) {
	d.Options().ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.FullName() != "yandex.cloud.api.operation" || fd.Message() == nil {
			return true
		}
		named := func(field protoreflect.Name) protoreflect.MessageType {
			of := fd.Message().Fields().ByName(field)
			if !isText(of) {
				return nil
			}
			return resolve(v.Message().Get(of).String(), d.ParentFile().Package())
		}
		metadata, response = named("metadata"), named("response")
		return false
	})
	return metadata, response
}

// resolve finds a type by the name that a file of a package uses for it: relative to the package or to one around it.
func resolve(name string, from protoreflect.FullName) protoreflect.MessageType {
	if name == "" {
		return nil
	}
	for ; from != ""; from = from.Parent() {
		if t := messageType(from + "." + protoreflect.FullName(name)); t != nil {
			return t
		}
	}
	return messageType(protoreflect.FullName(name))
}

func messageType(name protoreflect.FullName) protoreflect.MessageType {
	t, err := protoregistry.GlobalTypes.FindMessageByName(name)
	if err != nil {
		return nil
	}
	return t
}

// passed tells of which fields of a request somebody else takes care: its subject, what says how to answer, and those named.
func (m *Method) passed(taken []string) func(protoreflect.FieldDescriptor) bool {
	return func(fd protoreflect.FieldDescriptor) bool {
		return fd == m.subject && m.Kind != Create || isPaging(fd) || slices.Contains(taken, string(fd.Name()))
	}
}
