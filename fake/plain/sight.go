package plain

import (
	"bytes"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// DifferAtSight tells whether a plain field that is populated in partial, a text or a number, is another one in got, a message of the
// same type. If so [Partial] and, without options, [Differences] find differences; if not, only they know. It is cheap, so that
// looking for one call in a long record is: reading a text by reflection allocates its header, and nothing else is allocated.
func DifferAtSight(partial, got proto.Message) bool {
	want, have := partial.ProtoReflect(), got.ProtoReflect()
	fields := want.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if fd.IsList() || fd.IsMap() || fd.Message() != nil || !want.Has(fd) {
			continue
		}
		if !have.Has(fd) || !same(fd, want.Get(fd), have.Get(fd)) {
			return true
		}
	}
	return false
}

// same tells whether two values of a plain field are equal; of floating-point numbers, which have ideas of their own about that, it
// says so always.
func same(fd protoreflect.FieldDescriptor, a, b protoreflect.Value) bool {
	switch fd.Kind() { // Value.Equal would allocate
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return true
	case protoreflect.StringKind:
		return a.String() == b.String()
	case protoreflect.BytesKind:
		return bytes.Equal(a.Bytes(), b.Bytes())
	case protoreflect.BoolKind:
		return a.Bool() == b.Bool()
	case protoreflect.EnumKind:
		return a.Enum() == b.Enum()
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind, protoreflect.Fixed32Kind, protoreflect.Fixed64Kind:
		return a.Uint() == b.Uint()
	}
	return a.Int() == b.Int()
}
