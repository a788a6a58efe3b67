// Package canon writes messages as text that is the same in every run and on every machine, which prototext and protojson do not
// promise.
package canon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Message returns m in one line: its populated fields in order of their numbers, map entries sorted by key, timestamps as RFC 3339,
// and what an Any holds instead of its bytes. The text of a nil message is "nil".
func Message(m proto.Message) string {
	if m == nil || !m.ProtoReflect().IsValid() {
		return "nil"
	}
	var b strings.Builder
	message(&b, m.ProtoReflect())
	return b.String()
}

func message(b *strings.Builder, m protoreflect.Message) {
	switch known := m.Interface().(type) {
	case *timestamppb.Timestamp:
		b.WriteString(known.AsTime().Format(time.RFC3339Nano))
		return
	case *anypb.Any:
		if held, err := known.UnmarshalNew(); err == nil {
			b.WriteString(string(held.ProtoReflect().Descriptor().Name()))
			message(b, held.ProtoReflect())
			return
		}
	}
	b.WriteByte('{')
	first := true
	field := func(name, text string) {
		if !first {
			b.WriteString(", ")
		}
		first = false
		b.WriteString(name + ": " + text)
	}
	fields := m.Descriptor().Fields()
	ordered := make([]protoreflect.FieldDescriptor, 0, fields.Len())
	for i := range fields.Len() {
		if m.Has(fields.Get(i)) {
			ordered = append(ordered, fields.Get(i))
		}
	}
	slices.SortFunc(ordered, func(a, b protoreflect.FieldDescriptor) int { return int(a.Number()) - int(b.Number()) })
	for _, fd := range ordered {
		field(string(fd.Name()), value(fd, m.Get(fd)))
	}
	if unknown := m.GetUnknown(); len(unknown) > 0 {
		field("unknown", fmt.Sprintf("%x", []byte(unknown)))
	}
	b.WriteByte('}')
}

func value(fd protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch {
	case fd.IsMap():
		var entries []string
		v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			entries = append(entries, single(fd.MapKey(), k.Value())+": "+single(fd.MapValue(), v))
			return true
		})
		slices.Sort(entries)
		return "{" + strings.Join(entries, ", ") + "}"
	case fd.IsList():
		entries := make([]string, v.List().Len())
		for i := range entries {
			entries[i] = single(fd, v.List().Get(i))
		}
		return "[" + strings.Join(entries, ", ") + "]"
	}
	return single(fd, v)
}

func single(fd protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch fd.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		var b strings.Builder
		message(&b, v.Message())
		return b.String()
	case protoreflect.StringKind:
		return strconv.Quote(v.String())
	case protoreflect.BytesKind:
		return fmt.Sprintf("%x", v.Bytes())
	case protoreflect.EnumKind:
		if known := fd.Enum().Values().ByNumber(v.Enum()); known != nil {
			return string(known.Name())
		}
		return strconv.Itoa(int(v.Enum()))
	}
	return fmt.Sprint(v.Interface())
}
