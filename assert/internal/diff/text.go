package diff

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Text returns a message in one line: its populated fields in order of their numbers, map entries in order of their keys. Equal
// messages have equal texts.
func Text(m proto.Message) string {
	if m == nil || !m.ProtoReflect().IsValid() {
		return "nil"
	}
	switch known := m.(type) {
	case *timestamppb.Timestamp:
		return known.AsTime().Format(time.RFC3339Nano)
	case *durationpb.Duration:
		return known.AsDuration().String()
	case *anypb.Any:
		if held, err := known.UnmarshalNew(); err == nil {
			return string(held.ProtoReflect().Descriptor().Name()) + Text(held)
		}
	}
	r := m.ProtoReflect()
	var populated []protoreflect.FieldDescriptor
	r.Range(func(fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		populated = append(populated, fd)
		return true
	})
	slices.SortFunc(populated, func(a, b protoreflect.FieldDescriptor) int { return int(a.Number()) - int(b.Number()) })
	var parts []string
	for _, fd := range populated {
		parts = append(parts, string(fd.Name())+": "+Value(fd, r.Get(fd)))
	}
	if unknown := r.GetUnknown(); len(unknown) > 0 {
		parts = append(parts, "unknown: "+hex.EncodeToString(unknown))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// Value returns the value of a field as Text prints it.
func Value(fd protoreflect.FieldDescriptor, v protoreflect.Value) string {
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
	switch {
	case fd.Message() != nil:
		return Text(v.Message().Interface())
	case fd.Enum() != nil:
		if known := fd.Enum().Values().ByNumber(v.Enum()); known != nil {
			return string(known.Name())
		}
		return strconv.Itoa(int(v.Enum()))
	case fd.Kind() == protoreflect.StringKind:
		return strconv.Quote(v.String())
	case fd.Kind() == protoreflect.BytesKind:
		return hex.EncodeToString(v.Bytes())
	}
	return fmt.Sprint(v.Interface())
}

var messageType = reflect.TypeFor[protocmp.Message]()

const messageKind = reflect.Map // of protocmp.Message

// wholeValue tells whether a value that protocmp has transformed is a message that counts as one value.
func wholeValue(v reflect.Value) bool {
	if !v.IsValid() {
		return false
	}
	m, ok := v.Interface().(protocmp.Message)
	return ok && m != nil && whole(m.Descriptor().FullName())
}

// transformed prints a value of the form that protocmp gives to messages; "" for one that is not there.
func transformed(v reflect.Value) string {
	if !v.IsValid() {
		return ""
	}
	switch known := v.Interface().(type) {
	case protocmp.Message:
		return Text(known.Unwrap())
	case protocmp.Enum:
		return known.String()
	case proto.Message:
		return Text(known)
	case string:
		return strconv.Quote(known)
	case []byte:
		return hex.EncodeToString(known)
	}
	switch v.Kind() {
	case reflect.Slice:
		entries := make([]string, v.Len())
		for i := range entries {
			entries[i] = transformed(v.Index(i))
		}
		return "[" + strings.Join(entries, ", ") + "]"
	case reflect.Map:
		entries := make([]string, 0, v.Len())
		for _, key := range v.MapKeys() {
			entries = append(entries, transformed(key)+": "+transformed(v.MapIndex(key)))
		}
		slices.Sort(entries)
		return "{" + strings.Join(entries, ", ") + "}"
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			return transformed(v.Elem())
		}
		return "nil"
	}
	return fmt.Sprint(v.Interface())
}
