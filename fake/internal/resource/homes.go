package resource

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// homeOf returns the field of a resource in which a field of a request finds its home, nil if there is none.
func homeOf(fd protoreflect.FieldDescriptor, in protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	for _, name := range homeNames(fd.Name()) {
		if home := in.Fields().ByName(name); home != nil && fits(fd, home) {
			return home
		}
	}
	return nil
}

// fits tells whether values of one field can go to another. Messages of different types can: their fields find homes in turn.
func fits(from, to protoreflect.FieldDescriptor) bool {
	switch {
	case from.IsMap() != to.IsMap() || from.IsList() != to.IsList() || from.Kind() != to.Kind():
		return false
	case from.IsMap():
		return from.MapKey().Kind() == to.MapKey().Kind() && sameType(from.MapValue(), to.MapValue())
	case from.Enum() != nil:
		return sameEnum(from.Enum(), to.Enum())
	}
	return true
}

func sameType(a, b protoreflect.FieldDescriptor) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	return a.Message() == nil || a.Message().FullName() == b.Message().FullName()
}

// sameEnum tells whether two enums have the same values: requests sometimes bring a copy of the resource's own.
func sameEnum(a, b protoreflect.EnumDescriptor) bool {
	if a.FullName() == b.FullName() {
		return true
	}
	if a.Values().Len() != b.Values().Len() {
		return false
	}
	for i := range a.Values().Len() {
		v := b.Values().ByName(a.Values().Get(i).Name())
		if v == nil || v.Number() != a.Values().Get(i).Number() {
			return false
		}
	}
	return true
}

// stray returns the path of a populated field of a request that finds no home in a resource, "" if all do. passed are the names of the
// fields that others look after.
func stray(request protoreflect.Message, in protoreflect.MessageDescriptor, passed func(protoreflect.FieldDescriptor) bool) (path string) {
	fields := request.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if !request.Has(fd) || passed(fd) {
			continue
		}
		home := homeOf(fd, in)
		if home == nil {
			return string(fd.Name())
		}
		if path := strayWithin(request.Get(fd), fd, home); path != "" {
			return string(fd.Name()) + path
		}
	}
	return unknownField(request)
}

// strayWithin looks into the messages of a field that has a home.
func strayWithin(value protoreflect.Value, fd, home protoreflect.FieldDescriptor) string {
	if fd.Message() == nil || fd.IsMap() {
		return ""
	}
	none := func(protoreflect.FieldDescriptor) bool { return false }
	if !fd.IsList() {
		if path := stray(value.Message(), home.Message(), none); path != "" {
			return "." + path
		}
		return ""
	}
	for i := range value.List().Len() {
		if path := stray(value.List().Get(i).Message(), home.Message(), none); path != "" {
			return fmt.Sprintf("[%d].%s", i, path)
		}
	}
	return ""
}

// unknownField returns the number of a field that the linked go-genproto does not declare, "" if there is none.
func unknownField(m protoreflect.Message) string {
	if unknown := m.GetUnknown(); len(unknown) > 0 {
		number, _, _ := protowire.ConsumeTag(unknown)
		return strconv.Itoa(int(number))
	}
	return ""
}

// settle moves what is populated of a request into a resource. What has no home stays behind: stray has told of it.
func settle(request, to protoreflect.Message, passed func(protoreflect.FieldDescriptor) bool) {
	request.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if home := homeOf(fd, to.Descriptor()); home != nil && !passed(fd) {
			to.Set(home, moved(v, fd, home, to))
		}
		return true
	})
}

// moved returns a value as its home takes it. Values of one type are shared: what is stored is never changed.
func moved(v protoreflect.Value, fd, home protoreflect.FieldDescriptor, to protoreflect.Message) protoreflect.Value {
	if fd.IsMap() || fd.Message() == nil || fd.Message().FullName() == home.Message().FullName() {
		return v
	}
	none := func(protoreflect.FieldDescriptor) bool { return false }
	if !fd.IsList() {
		made := to.NewField(home)
		settle(v.Message(), made.Message(), none)
		return made
	}
	list := to.NewField(home)
	for i := range v.List().Len() {
		made := list.List().NewElement()
		settle(v.List().Get(i).Message(), made.Message(), none)
		list.List().Append(made)
	}
	return list
}

// write brings one path of a request, as an update mask names it, into a resource: absent values clear theirs.
func write(request, to protoreflect.Message, path []string) {
	fd := request.Descriptor().Fields().ByName(protoreflect.Name(path[0]))
	home := homeOf(fd, to.Descriptor())
	if len(path) > 1 {
		// What is stored is never changed, so what is inside of it is another one from here on.
		inner := to.NewField(home).Message()
		if to.Has(home) {
			to.Get(home).Message().Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
				inner.Set(fd, v)
				return true
			})
		}
		write(request.Get(fd).Message(), inner, path[1:])
		to.Set(home, protoreflect.ValueOfMessage(inner))
		return
	}
	to.Clear(home)
	if request.Has(fd) {
		to.Set(home, moved(request.Get(fd), fd, home, to))
	}
}

// pathError tells whether a path of an update mask names nothing of the request, or something without a home.
func pathError(request, in protoreflect.MessageDescriptor, path []string) (unknown, homeless bool) {
	fd := request.Fields().ByName(protoreflect.Name(path[0]))
	if fd == nil {
		return true, false
	}
	home := homeOf(fd, in)
	switch {
	case home == nil:
		return false, true
	case len(path) == 1:
		return false, false
	case fd.Message() == nil || fd.IsMap() || fd.IsList():
		return true, false
	}
	return pathError(fd.Message(), home.Message(), path[1:])
}

// splitPath splits a path of an update mask.
func splitPath(path string) []string { return strings.Split(path, ".") }

// within returns the fields of a message that have a name: its own, else those of the messages in it.
func within(d protoreflect.MessageDescriptor, name protoreflect.Name) [][]protoreflect.FieldDescriptor {
	if fd := d.Fields().ByName(name); fd != nil {
		return [][]protoreflect.FieldDescriptor{{fd}}
	}
	var found [][]protoreflect.FieldDescriptor
	for i := range d.Fields().Len() {
		outer := d.Fields().Get(i)
		if outer.Message() == nil || outer.IsMap() || outer.IsList() {
			continue
		}
		if fd := outer.Message().Fields().ByName(name); fd != nil {
			found = append(found, []protoreflect.FieldDescriptor{outer, fd})
		}
	}
	return found
}

// places returns the fields of a message in which a text of a request could be found again: of its name, alone or, with an s, in a list.
func places(d protoreflect.MessageDescriptor, fd protoreflect.FieldDescriptor) [][]protoreflect.FieldDescriptor {
	if !isText(fd) {
		return nil
	}
	paths := slices.Concat(within(d, fd.Name()), within(d, fd.Name()+"s"))
	return slices.DeleteFunc(paths, func(path []protoreflect.FieldDescriptor) bool {
		return path[len(path)-1].Kind() != protoreflect.StringKind
	})
}

// holds tells whether a text is at one of the places in a message.
func holds(m protoreflect.Message, paths [][]protoreflect.FieldDescriptor, text string) bool {
	for _, path := range paths {
		at := m
		for _, fd := range path[:len(path)-1] {
			at = at.Get(fd).Message() // of an absent one an empty one, which holds nothing
		}
		last := path[len(path)-1]
		if !last.IsList() {
			if at.Get(last).String() == text {
				return true
			}
			continue
		}
		for i := range at.Get(last).List().Len() {
			if at.Get(last).List().Get(i).String() == text {
				return true
			}
		}
	}
	return false
}
