package diff

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
)

// Path leads to one field of messages of one type: name, os.type, labels["k"], product_ids[0].
type Path struct {
	text  string
	steps []step
}

// step goes into a field and, where there is a key, to an entry of it.
type step struct {
	field protoreflect.FieldDescriptor
	key   string // of a map entry, or the index in a list; "" with all: the field itself
	entry bool
}

// ParsePath returns the path that a text names in messages of a type. The error tells which fields there are.
func ParsePath(d protoreflect.MessageDescriptor, text string) (Path, error) {
	p := Path{text: text}
	rest := text
	for {
		end := strings.IndexAny(rest, ".[")
		name := rest
		if end >= 0 {
			name, rest = rest[:end], rest[end:]
		} else {
			rest = ""
		}
		if d == nil {
			return p, fmt.Errorf("%s goes too deep: what %q is to be a field of is no message", text, name)
		}
		fd := d.Fields().ByName(protoreflect.Name(name))
		if fd == nil {
			return p, fmt.Errorf("%s has no field %q; it has %s", d.Name(), name, fieldNames(d))
		}
		s := step{field: fd}
		if strings.HasPrefix(rest, "[") {
			var err error
			if s.key, rest, err = cutKey(fd, rest); err != nil {
				return p, err
			}
			s.entry = true
		}
		p.steps = append(p.steps, s)
		if rest == "" {
			return p, nil
		}
		if !strings.HasPrefix(rest, ".") {
			return p, fmt.Errorf("%s is no path: %q cannot follow a key", text, rest)
		}
		rest = rest[1:]
		if d = s.message(); d == nil {
			return p, fmt.Errorf("%s goes too deep: %s is no message", text, name)
		}
	}
}

// cutKey takes ["key"] or [0] from the front of a text.
func cutKey(fd protoreflect.FieldDescriptor, text string) (key, rest string, err error) {
	if !fd.IsMap() && !fd.IsList() {
		return "", "", fmt.Errorf("%s is neither map nor list: it has no entries", fd.Name())
	}
	text = text[1:]
	if fd.IsMap() && fd.MapKey().Kind() == protoreflect.StringKind {
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return "", "", fmt.Errorf("the key of %s must be quoted: %s[\"key\"]", fd.Name(), fd.Name())
		}
		text = text[len(quoted):]
		key, _ = strconv.Unquote(quoted)
	} else {
		end := max(0, strings.IndexByte(text, ']'))
		key, text = text[:end], text[end:]
		if _, err := strconv.ParseUint(key, 10, 31); err != nil {
			return "", "", fmt.Errorf("the key of %s must be a number: %s[0]", fd.Name(), fd.Name())
		}
	}
	if !strings.HasPrefix(text, "]") {
		return "", "", fmt.Errorf("the key of %s is not closed: a ] is missing", fd.Name())
	}
	return key, text[1:], nil
}

func fieldNames(d protoreflect.MessageDescriptor) string {
	names := make([]string, d.Fields().Len())
	for i := range names {
		names[i] = string(d.Fields().Get(i).Name())
	}
	return strings.Join(names, ", ")
}

// message returns the type of what the step leads to, nil if that is no message.
func (s step) message() protoreflect.MessageDescriptor {
	switch {
	case s.field.IsMap() && s.entry:
		return s.field.MapValue().Message()
	case s.field.IsMap(), s.field.IsList() && !s.entry:
		return nil
	}
	return s.field.Message()
}

// get returns what the path leads to in m; ok tells whether it is populated.
func (p Path) get(m protoreflect.Message) (v protoreflect.Value, ok bool) {
	for i, s := range p.steps {
		if !m.Has(s.field) {
			return v, false
		}
		v = m.Get(s.field)
		if s.entry {
			if v, ok = s.lookUp(v); !ok {
				return v, false
			}
		}
		if i < len(p.steps)-1 {
			m = v.Message()
		}
	}
	return v, true
}

func (s step) lookUp(v protoreflect.Value) (protoreflect.Value, bool) {
	if s.field.IsList() {
		i, _ := strconv.Atoi(s.key)
		if i >= v.List().Len() {
			return protoreflect.Value{}, false
		}
		return v.List().Get(i), true
	}
	var found protoreflect.Value
	v.Map().Range(func(k protoreflect.MapKey, entry protoreflect.Value) bool {
		if k.String() == s.key {
			found = entry
		}
		return !found.IsValid()
	})
	return found, found.IsValid()
}

// Want is a value that a field is to have.
type Want struct {
	path  Path
	value any // plain; nil: the zero value, or not set
}

// NewWant checks that value fits the field: a Go value of its kind, for enums also the name, nil for a field that is not set.
func NewWant(p Path, value any) (Want, error) {
	last := p.steps[len(p.steps)-1]
	w := Want{path: p}
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
	return w.path.text + ": " + plainText(w.value)
}

// Diff returns how the field of m differs, nil if it is as wanted.
func (w Want) Diff(m proto.Message) []Difference {
	var got any
	if v, ok := w.path.get(m.ProtoReflect()); ok {
		if got = w.path.steps[len(w.path.steps)-1].plain(v); isZero(got) {
			got = nil
		}
	}
	if gocmp.Equal(w.value, got, protocmp.Transform()) {
		return nil
	}
	return []Difference{{Path: w.path.text, Want: plainText(w.value), Got: plainText(got)}}
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
		return name(single(fd, v))
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
		return name(single(fd, protoreflect.ValueOfEnum(e.Number()))), true
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
			texts = append(texts, plainText(k)+": "+plainText(entry))
		}
		slices.Sort(texts)
		return "{" + strings.Join(texts, ", ") + "}"
	}
	return transformed(reflect.ValueOf(plain))
}
