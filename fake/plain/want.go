package plain

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
)

// Want is a value that one field of messages is to have. The zero Want is of no use: make one with [NewWant].
type Want struct {
	path  Path
	value any // plain; nil: the zero value, or not set
}

// NewWant returns the want of a value at a path: a Go value of the field's kind, for an enum also its name. The zero value, and nil,
// want a field that is not set. The error tells why the value cannot be one of the field.
func NewWant(p Path, value any) (Want, error) {
	w := Want{path: p}
	if len(p.steps) == 0 {
		return w, fmt.Errorf("the path is empty: make one with ParsePath")
	}
	last := p.steps[len(p.steps)-1]
	if value == nil {
		return w, nil
	}
	plain, ok := last.fit(value)
	if !ok {
		return w, fmt.Errorf("%s is of type %s, and a %T does not fit", p.text, last.kind(), value)
	}
	if !isZero(plain) && !last.unset(plain) {
		w.value = plain
	}
	return w, nil
}

// String returns the path and the value that is wanted.
func (w Want) String() string {
	if w.value == nil {
		return w.path.text + ": nothing"
	}
	if w.path.secret() {
		return w.path.text + ": " + hidden
	}
	return w.path.text + ": " + plainText(w.value)
}

// DiffersAtSight tells whether the field of m, a text that another one is wanted in, differs. If not, only Differences knows. It is as
// cheap as [DifferAtSight].
func (w Want) DiffersAtSight(m proto.Message) bool {
	want, plain := w.value.(string)
	if !plain {
		return false
	}
	got, set := w.path.get(m.ProtoReflect())
	return !set || got.String() != want
}

// Differences returns how the field of m differs, nil if it is as wanted.
func (w Want) Differences(m proto.Message) []Difference {
	var got any
	if v, ok := w.path.get(m.ProtoReflect()); ok {
		if got = w.path.steps[len(w.path.steps)-1].plain(v); isZero(got) {
			got = nil
		}
	}
	if gocmp.Equal(w.value, got, protocmp.Transform()) {
		return nil
	}
	d := Difference{Path: w.path.text, Want: plainText(w.value), Got: plainText(got)}
	return []Difference{d.hiding(w.path.secret())}
}

// plain returns a value as one of string, bool, int64, uint64, float64, name (of an enum), []byte, proto.Message, []any and
// map[any]any, in which values of any Go type with the same meaning are equal.
func (s step) plain(v protoreflect.Value) any {
	switch {
	case s.field.IsMap() && !s.entry:
		entries := make(map[any]any)
		v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			entries[plainSingle(s.field.MapKey(), k.Value())] = plainSingle(s.field.MapValue(), v)
			return true
		})
		return entries
	case s.field.IsMap():
		return plainSingle(s.field.MapValue(), v)
	case s.field.IsList() && !s.entry:
		entries := make([]any, v.List().Len())
		for i := range entries {
			entries[i] = plainSingle(s.field, v.List().Get(i))
		}
		return entries
	}
	return plainSingle(s.field, v)
}

func plainSingle(fd protoreflect.FieldDescriptor, v protoreflect.Value) any {
	switch {
	case fd.Message() != nil:
		return v.Message().Interface()
	case fd.Enum() != nil:
		return name(enumText(fd, v.Enum()))
	}
	fit, _ := fitSingle(fd, v.Interface())
	return fit
}

// name is the name of a value of an enum.
type name string

// fit returns a value of the test in plain form, if it can be one of the field.
func (s step) fit(value any) (any, bool) {
	v := reflect.ValueOf(value)
	switch {
	case s.field.IsMap() && !s.entry:
		if v.Kind() != reflect.Map {
			return nil, false
		}
		entries := make(map[any]any)
		for _, key := range v.MapKeys() {
			k, ok := fitSingle(s.field.MapKey(), key.Interface())
			e, fits := fitSingle(s.field.MapValue(), v.MapIndex(key).Interface())
			if !ok || !fits {
				return nil, false
			}
			entries[k] = e
		}
		return entries, true
	case s.field.IsMap():
		return fitSingle(s.field.MapValue(), value)
	case s.field.IsList() && !s.entry:
		if v.Kind() != reflect.Slice {
			return nil, false
		}
		entries := make([]any, v.Len())
		for i := range entries {
			fit, ok := fitSingle(s.field, v.Index(i).Interface())
			if !ok {
				return nil, false
			}
			entries[i] = fit
		}
		return entries, true
	}
	return fitSingle(s.field, value)
}

func fitSingle(fd protoreflect.FieldDescriptor, value any) (any, bool) {
	v := reflect.ValueOf(value)
	switch {
	case fd.Message() != nil:
		m, ok := value.(proto.Message)
		return m, ok && m.ProtoReflect().Descriptor() == fd.Message()
	case fd.Enum() != nil:
		if text, ok := value.(string); ok {
			return name(text), fd.Enum().Values().ByName(protoreflect.Name(text)) != nil
		}
		e, ok := value.(protoreflect.Enum)
		if !ok || e.Descriptor() != fd.Enum() {
			return nil, false
		}
		return name(enumText(fd, e.Number())), true
	}
	switch fd.Kind() {
	case protoreflect.StringKind:
		return v.String(), v.Kind() == reflect.String
	case protoreflect.BoolKind:
		return value, v.Kind() == reflect.Bool
	case protoreflect.BytesKind:
		_, ok := value.([]byte)
		return value, ok
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		if !v.CanFloat() {
			return nil, false
		}
		return v.Float(), true
	}
	switch { // integers: an untyped constant in a test is an int, whatever the field is
	case v.CanInt():
		return v.Int(), true
	case v.CanUint() && v.Uint() > math.MaxInt64:
		return v.Uint(), true
	case v.CanUint():
		return int64(v.Uint()), true
	}
	return nil, false
}

// unset tells whether a value of an enum is the one that counts as not set.
func (s step) unset(plain any) bool {
	n, ok := plain.(name)
	return ok && !s.entry && !s.field.HasPresence() && s.field.Enum().Values().ByNumber(0).Name() == protoreflect.Name(n)
}

// kind names what the step leads to, for a reader.
func (s step) kind() string {
	switch {
	case s.field.IsMap() && !s.entry:
		return "map"
	case s.field.IsList() && !s.entry:
		return "list"
	}
	fd := s.field
	if fd.IsMap() {
		fd = fd.MapValue()
	}
	switch {
	case fd.Message() != nil:
		return string(fd.Message().Name())
	case fd.Enum() != nil:
		return string(fd.Enum().Name())
	}
	return fd.Kind().String()
}

func isZero(plain any) bool {
	switch v := plain.(type) {
	case proto.Message:
		return false // an empty message that is set is not an absent one
	case []any:
		return len(v) == 0
	case []byte:
		return len(v) == 0
	case map[any]any:
		return len(v) == 0
	case name:
		return false
	}
	return plain == nil || reflect.ValueOf(plain).IsZero()
}

// plainText returns a plain value for people; "" for none.
func plainText(plain any) string {
	switch v := plain.(type) {
	case nil:
		return ""
	case name:
		return string(v)
	case []any:
		texts := make([]string, len(v))
		for i, entry := range v {
			texts[i] = plainText(entry)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case map[any]any:
		var texts []string
		for k, entry := range v {
			text := hidden
			if key, ok := k.(string); !ok || !Secret(key) {
				text = plainText(entry)
			}
			texts = append(texts, plainText(k)+": "+text)
		}
		slices.Sort(texts)
		return "{" + strings.Join(texts, ", ") + "}"
	}
	return printer{hide: true}.transformed(reflect.ValueOf(plain))
}
