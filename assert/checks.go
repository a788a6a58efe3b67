package assert

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Check says what an image, or another resource, is to be like, in [Image], [Folder] and [Changed]. String is what a failure text
// shows.
type Check interface {
	fmt.Stringer
	// check returns how a resource differs. Only Gone takes one that is nil.
	check(proto.Message) []plain.Difference
	// covers tells whether the check is about a field.
	covers(field string) bool
}

// whole is a check of one field, as a whole, of whatever resource has it.
type whole struct {
	field string
	text  string
	// want puts what is wanted into a message of the resource's type, or returns why that cannot be.
	want func(protoreflect.Message, protoreflect.FieldDescriptor) (wrong string)
}

func (w whole) String() string { return w.text }

func (w whole) check(resource proto.Message) []plain.Difference {
	m := resource.ProtoReflect()
	fd := m.Descriptor().Fields().ByName(fieldName(w.field))
	if fd == nil {
		return []plain.Difference{{Path: w.field, Want: w.text, Got: "no such field in " + a(m.Descriptor().Name())}}
	}
	want, got := m.New(), m.New()
	if wrong := w.want(want, fd); wrong != "" {
		return []plain.Difference{{Path: w.field, Want: w.text, Got: wrong}}
	}
	if m.Has(fd) {
		got.Set(fd, m.Get(fd))
	}
	return plain.Differences(want.Interface(), got.Interface())
}

func (w whole) covers(field string) bool { return field == w.field }

// partial compares with a message in which only some fields count.
type partial struct {
	fields proto.Message // those that count
	text   string
}

func (p partial) String() string { return p.text }

func (p partial) check(resource proto.Message) []plain.Difference {
	want, got := p.fields.ProtoReflect().Descriptor(), resource.ProtoReflect().Descriptor()
	if want != got {
		return []plain.Difference{{Path: "the resource", Want: a(want.Name()), Got: a(got.Name())}}
	}
	return plain.Partial(p.fields, resource)
}

func (p partial) covers(field string) bool {
	fd := p.fields.ProtoReflect().Descriptor().Fields().ByName(fieldName(field))
	return fd != nil && p.fields.ProtoReflect().Has(fd)
}

// Status checks the status of a resource, by the enum that its own messages have: compute.Image_READY for an image.
func Status(status protoreflect.Enum) Check {
	if status == nil {
		return misuse("Status is given nil: give it a status such as compute.Image_READY")
	}
	kind := status.Descriptor()
	name := fmt.Sprint(status.Number())
	if value := kind.Values().ByNumber(status.Number()); value != nil {
		name = string(value.Name())
	}
	return whole{"status", "status " + name, func(m protoreflect.Message, fd protoreflect.FieldDescriptor) string {
		if fd.Enum() != kind {
			return fmt.Sprintf("%s, whose status is no %s", a(m.Descriptor().Name()), kind.FullName())
		}
		m.Set(fd, protoreflect.ValueOfEnum(status.Number()))
		return ""
	}}
}

// Name checks the name of a resource; "" stands for none.
func Name(name string) Check { return text("name", name) }

// Family checks the family of an image; "" stands for none.
func Family(family string) Check { return text("family", family) }

// text is the check of a field that is a text.
func text(field, value string) Check {
	return whole{field, fmt.Sprintf("%s %q", field, value), func(m protoreflect.Message, fd protoreflect.FieldDescriptor) string {
		m.Set(fd, protoreflect.ValueOfString(value))
		return ""
	}}
}

// Labels checks all labels of a resource: these and no others. For some of them use [Fields].
func Labels(labels map[string]string) Check {
	labels = maps.Clone(labels)
	return whole{"labels", labelText(labels), func(m protoreflect.Message, fd protoreflect.FieldDescriptor) string {
		entries := m.Mutable(fd).Map()
		for k, v := range labels {
			entries.Set(protoreflect.ValueOfString(k).MapKey(), protoreflect.ValueOfString(v))
		}
		return ""
	}}
}

func labelText(labels map[string]string) string {
	if len(labels) == 0 {
		return "no labels"
	}
	entries := make([]string, 0, len(labels))
	for k, v := range labels {
		entries = append(entries, fmt.Sprintf("%q: %q", k, v))
	}
	slices.Sort(entries)
	return "labels {" + strings.Join(entries, ", ") + "}"
}

// Fields checks the fields of a resource that are populated in want, which has its type: of a message inside, those that are
// populated in that; of the labels, those that are there; a list as a whole.
func Fields(want proto.Message) Check {
	if want == nil || !want.ProtoReflect().IsValid() {
		return misuse("Fields is given a nil message: give it one with the fields that count")
	}
	want = proto.Clone(want)
	return partial{fields: want, text: "fields " + plain.Redacted(want)}
}

// Gone checks that a resource is not there any more. One that never was there has not gone. It is the only check of its resource.
func Gone() Check { return gone{} }

type gone struct{}

func (gone) String() string { return "gone" }

func (gone) check(resource proto.Message) []plain.Difference {
	if resource == nil {
		return nil
	}
	return []plain.Difference{{Path: "the " + nounOf(resource), Want: "gone", Got: cmp.Or(statusOf(resource), "still there")}}
}

func (gone) covers(string) bool { return true }

// misuse is a check that makes no sense; the text tells why.
type misuse string

func (m misuse) String() string                         { return string(m) }
func (m misuse) check(proto.Message) []plain.Difference { return nil }
func (m misuse) covers(string) bool                     { return true }

// brokenChecks returns what is wrong with checks themselves, "" if nothing.
func brokenChecks(checks []Check) string {
	for _, c := range checks {
		switch c := c.(type) {
		case nil:
			return "one of the checks is nil"
		case misuse:
			return string(c)
		case gone:
			if len(checks) > 1 {
				return "what is gone has nothing else to check: leave Gone, or the others, out"
			}
		}
	}
	return ""
}

// wantsGone tells whether a resource is to be gone.
func wantsGone(checks []Check) bool { return len(checks) == 1 && checks[0] == Check(gone{}) }

// checkTexts returns checks in words.
func checkTexts(checks []Check) string {
	texts := make([]string, len(checks))
	for i, c := range checks {
		texts[i] = c.String()
	}
	return strings.Join(texts, ", ")
}

// differences returns how a resource differs from checks, each field once, as lines.
func differences(resource proto.Message, checks []Check) []string {
	var lines []string
	for _, c := range checks {
		for _, d := range c.check(resource) {
			if line := d.String(); !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}
