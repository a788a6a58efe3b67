package plain

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Path leads to one field of messages of one type: name, os.type, labels["k"], product_ids[0]. Make one with [ParsePath].
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

// ParsePath returns the path that a text names in messages of a type: names of fields in proto spelling, joined by dots, with keys of
// maps and indices of lists in brackets. The error tells what is wrong with it, and which fields there are.
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

// String returns the path as it was given.
func (p Path) String() string { return p.text }

// secret tells whether a name on the path says that what is there is secret.
func (p Path) secret() bool {
	for _, s := range p.steps {
		if Secret(string(s.field.Name())) || s.field.IsMap() && s.entry && Secret(s.key) {
			return true
		}
	}
	return false
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
