package assert

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// nounOf returns what a resource is, in a word or two: "image", "service account".
func nounOf(m proto.Message) string { return spaced(string(m.ProtoReflect().Descriptor().Name())) }

// spaced returns the name of a type as words.
func spaced(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// concernOf returns what the resource is that a call concerns: what its service is about; of the call to an operation, what the
// metadata of that names.
func concernOf(c fake.Call) string {
	service := c.Method.Service()
	noun := spaced(strings.TrimSuffix(service[strings.LastIndex(service, ".")+1:], "Service"))
	if noun != "operation" {
		return noun
	}
	op, _ := c.Reply.(*operation.Operation)
	about, err := op.GetMetadata().UnmarshalNew()
	if err != nil {
		return "resource"
	}
	noun = "resource"
	about.ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if name, isID := strings.CutSuffix(string(fd.Name()), "_id"); isID && v.Interface() == c.ResourceID {
			noun = strings.ReplaceAll(name, "_", " ")
			return false
		}
		return true
	})
	return noun
}

func idOf(m proto.Message) string { return textIn(m, "id") }

// textIn returns what a field of a message says, "" where there is no such text.
func textIn(m proto.Message, field protoreflect.Name) string {
	if m == nil {
		return ""
	}
	fd := m.ProtoReflect().Descriptor().Fields().ByName(field)
	if fd == nil || fd.Kind() != protoreflect.StringKind || fd.IsList() {
		return ""
	}
	return m.ProtoReflect().Get(fd).String()
}

// statusOf returns the status of a resource by name, "" where it has none.
func statusOf(m proto.Message) string {
	fd := m.ProtoReflect().Descriptor().Fields().ByName("status")
	if fd == nil || fd.Kind() != protoreflect.EnumKind || fd.IsList() {
		return ""
	}
	number := m.ProtoReflect().Get(fd).Enum()
	if value := fd.Enum().Values().ByNumber(number); value != nil {
		return string(value.Name())
	}
	return fmt.Sprint(number)
}

// resourceLine returns a resource in a few words: READY, "data" in folder f.
func resourceLine(m proto.Message) string {
	if im, is := m.(*compute.Image); is {
		return imageLine(im)
	}
	var words []string
	if status := statusOf(m); status != "" {
		words = append(words, status)
	}
	if name := textIn(m, "name"); name != "" {
		words = append(words, fmt.Sprintf("%q", name))
	}
	text := strings.Join(words, ", ")
	if folder := textIn(m, "folder_id"); folder != "" {
		text += " in folder " + folder
	}
	if text == "" {
		text = "it is there"
	}
	return plain.Line(strings.TrimSpace(text))
}
