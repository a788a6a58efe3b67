package plain

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Message returns all of a message in one line: its populated fields in order of their numbers, map entries in order of their keys,
// timestamps as RFC 3339, durations as Go writes them, and what an Any holds instead of its bytes. Equal messages have equal texts,
// different ones have different texts. The text of a nil message is "nil".
//
// Secrets are in it: it is for comparing. To show a message to people use [Redacted].
func Message(m proto.Message) string { return printer{}.message(m) }

// Redacted returns a message as [Message] does, for people: with … instead of values whose fields, or keys in a map, are [Secret],
// of what [Masked] leaves out of texts, and of what no descriptor tells the meaning of.
func Redacted(m proto.Message) string { return printer{hide: true}.message(m) }

// hidden stands where a secret was.
const hidden = "…"

// printer writes messages and their values.
type printer struct{ hide bool }

func (p printer) message(m proto.Message) string {
	if m == nil || !m.ProtoReflect().IsValid() {
		return "nil"
	}
	r := m.ProtoReflect()
	if text, ok := p.known(m); ok && len(r.GetUnknown()) == 0 {
		return text
	}
	var populated []protoreflect.FieldDescriptor
	r.Range(func(fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		populated = append(populated, fd)
		return true
	})
	slices.SortFunc(populated, func(a, b protoreflect.FieldDescriptor) int { return int(a.Number()) - int(b.Number()) })
	var parts []string
	_, packed := m.(*anypb.Any) // of a type that nobody here knows
	for _, fd := range populated {
		text := hidden
		if !p.hide || !Secret(string(fd.Name())) && !(packed && fd.Name() == "value") {
			text = p.value(fd, r.Get(fd))
		}
		parts = append(parts, string(fd.Name())+": "+text)
	}
	if unknown := r.GetUnknown(); len(unknown) > 0 {
		text := hidden
		if !p.hide {
			text = hex.EncodeToString(unknown)
		}
		parts = append(parts, "unknown: "+text)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// known returns the text of a message that people write otherwise than field by field.
func (p printer) known(m proto.Message) (text string, ok bool) {
	switch m := m.(type) {
	case *timestamppb.Timestamp:
		return m.AsTime().Format(time.RFC3339Nano), m.IsValid()
	case *durationpb.Duration:
		d := m.AsDuration()
		return d.String(), proto.Equal(durationpb.New(d), m) // else it is longer than Go can tell
	case *anypb.Any:
		held, err := m.UnmarshalNew()
		if err != nil {
			return "", false
		}
		return string(held.ProtoReflect().Descriptor().Name()) + p.message(held), true
	}
	return "", false
}

// value returns the value of a field.
func (p printer) value(fd protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch {
	case fd.IsMap():
		var entries []string
		v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			text := hidden
			if !p.hide || !Secret(k.String()) {
				text = p.single(fd.MapValue(), v)
			}
			entries = append(entries, p.single(fd.MapKey(), k.Value())+": "+text)
			return true
		})
		slices.Sort(entries)
		return "{" + strings.Join(entries, ", ") + "}"
	case fd.IsList():
		entries := make([]string, v.List().Len())
		for i := range entries {
			entries[i] = p.single(fd, v.List().Get(i))
		}
		return "[" + strings.Join(entries, ", ") + "]"
	}
	return p.single(fd, v)
}

func (p printer) single(fd protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch {
	case fd.Message() != nil:
		return p.message(v.Message().Interface())
	case fd.Enum() != nil:
		return enumText(fd, v.Enum())
	case fd.Kind() == protoreflect.StringKind:
		return p.quoted(v.String())
	case fd.Kind() == protoreflect.BytesKind:
		return hex.EncodeToString(v.Bytes())
	}
	return fmt.Sprint(v.Interface())
}

func (p printer) quoted(text string) string {
	if p.hide {
		text = Masked(text)
	}
	// strconv keeps the … of Masked, and spells out whatever would break out of the line.
	return strconv.Quote(text)
}

// enumText returns the name of a value of an enum, its number if it has none.
func enumText(fd protoreflect.FieldDescriptor, n protoreflect.EnumNumber) string {
	if known := fd.Enum().Values().ByNumber(n); known != nil {
		return string(known.Name())
	}
	return strconv.Itoa(int(n))
}
