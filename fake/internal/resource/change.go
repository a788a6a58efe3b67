package resource

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// Stray returns the path of a populated field of a request of which the conventions do not say what becomes of it, "" if there is none.
// taken are the fields, by name, that somebody else looks after. Of an Update only what its mask names counts.
func (m *Method) Stray(request proto.Message, taken ...string) string {
	r := request.ProtoReflect()
	switch m.Kind {
	case Unknown, ListOperations, ListBindings, SetBindings, UpdateBindings:
		return unknownField(r)
	case List:
		return m.strayQuery(r, m.Item, taken)
	case Get, Find:
		return m.strayQuery(r, m.Type, taken)
	}
	passed := m.passed(taken)
	if paths := m.paths(request); paths != nil {
		for _, path := range paths {
			if first := splitPath(path)[0]; slices.Contains(taken, first) || m.isSubject(path) {
				continue // the latter CheckMask refuses
			}
			if _, homeless := pathError(r.Descriptor(), m.Type.message.Descriptor(), splitPath(path)); homeless {
				return path
			}
		}
		all := passed
		passed = func(fd protoreflect.FieldDescriptor) bool {
			return all(fd) || !slices.ContainsFunc(paths, func(path string) bool { return splitPath(path)[0] == string(fd.Name()) })
		}
	}
	return stray(r, m.Type.message.Descriptor(), passed)
}

// strayQuery is Stray for what is asked of resources.
func (m *Method) strayQuery(r protoreflect.Message, of *Type, taken []string) string {
	fields := r.Descriptor().Fields()
	passed := m.passed(taken)
	for i := range fields.Len() {
		fd := fields.Get(i)
		named := fd == m.subject && m.Kind != List
		if r.Has(fd) && !named && (fd == m.subject || !passed(fd)) && len(places(of.message.Descriptor(), fd)) == 0 {
			return string(fd.Name())
		}
	}
	return unknownField(r)
}

// paths returns what the update mask of a request names; nil without one, or an empty one.
func (m *Method) paths(request proto.Message) []string {
	if m.mask == nil || m.Kind != Update {
		return nil
	}
	mask, _ := request.ProtoReflect().Get(m.mask).Message().Interface().(*fieldmaskpb.FieldMask)
	return mask.GetPaths()
}

// CheckMask returns why the update mask of a request cannot be, "" if it can. Whether what it names has a home Stray tells.
func (m *Method) CheckMask(request proto.Message) string {
	for _, path := range m.paths(request) {
		if unknown, _ := pathError(m.input.Descriptor(), m.Type.message.Descriptor(), splitPath(path)); unknown || m.isSubject(path) {
			return fmt.Sprintf("%q is not an updatable path: use %s", path, strings.Join(m.updatable(), ", "))
		}
	}
	return ""
}

func (m *Method) isSubject(path string) bool {
	return path == string(m.subject.Name()) || path == string(m.mask.Name())
}

// updatable returns the names of the fields that an Update can write, sorted.
func (m *Method) updatable() []string {
	var names []string
	fields := m.input.Descriptor().Fields()
	for i := range fields.Len() {
		if fd := fields.Get(i); fd != m.subject && !isPaging(fd) && homeOf(fd, m.Type.message.Descriptor()) != nil {
			names = append(names, string(fd.Name()))
		}
	}
	slices.Sort(names)
	return names
}

// Make returns the resource that a Create asks for, with nothing in it but what the request says.
func (m *Method) Make(request proto.Message, taken ...string) proto.Message {
	made := m.Type.message.New()
	settle(request.ProtoReflect(), made, m.passed(taken))
	return made.Interface()
}

// Change returns the resource as it is when an Update or another method that changes it has done its work: the next version, which
// the caller may go on changing. An Update writes what its mask names, without one all its fields, absent ones too [guide]. Add… and
// Remove… add to lists and remove from them, and all others set what is populated.
func (m *Method) Change(request, before proto.Message, taken ...string) proto.Message {
	next := Revise(before).ProtoReflect()
	r := request.ProtoReflect()
	passed := m.passed(taken)
	adds, removes := Begins(m.descriptor.Name(), "Add"), Begins(m.descriptor.Name(), "Remove")
	switch {
	case m.Kind == Update:
		for _, path := range m.written(request, passed) {
			write(r, next, path)
		}
	case adds || removes:
		r.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			home := homeOf(fd, next.Descriptor())
			switch {
			case home == nil || passed(fd):
			case fd.IsList():
				next.Set(home, joined(next, home, v.List(), adds))
			default:
				next.Set(home, moved(v, fd, home, next))
			}
			return true
		})
	default:
		settle(r, next, passed)
	}
	if m.Type.status == nil {
		return next.Interface()
	}
	if n, ok := after(m.Type.status.Enum(), m.descriptor.Name()); ok {
		next.Set(m.Type.status, protoreflect.ValueOfEnum(n))
	}
	return next.Interface()
}

// written returns the paths that an Update writes, each once and those that clear before those that set: fields may exclude each other.
func (m *Method) written(request proto.Message, passed func(protoreflect.FieldDescriptor) bool) (paths [][]string) {
	r := request.ProtoReflect()
	named := m.paths(request)
	if named == nil {
		named = m.updatable()
	}
	var sets [][]string
	for _, name := range named {
		path := splitPath(name)
		fd := r.Descriptor().Fields().ByName(protoreflect.Name(path[0]))
		switch {
		case fd == nil || passed(fd) || homeOf(fd, m.Type.message.Descriptor()) == nil:
		case r.Has(fd):
			sets = append(sets, path)
		case homeOf(fd, m.Type.message.Descriptor()) == m.Type.status:
			// No resource is without a status.
		default:
			paths = append(paths, path)
		}
	}
	return append(paths, sets...)
}

// joined returns a list of a resource with more items, those not there yet, or without some.
func joined(in protoreflect.Message, home protoreflect.FieldDescriptor, items protoreflect.List, add bool) protoreflect.Value {
	has := func(list protoreflect.List, item protoreflect.Value) bool {
		for i := range list.Len() {
			if list.Get(i).Equal(item) {
				return true
			}
		}
		return false
	}
	before, next := in.Get(home).List(), in.NewField(home)
	for i := range before.Len() {
		if add || !has(items, before.Get(i)) {
			next.List().Append(before.Get(i))
		}
	}
	for i := range items.Len() {
		if add && !has(next.List(), items.Get(i)) {
			next.List().Append(items.Get(i))
		}
	}
	return next
}

// During returns a resource as it is while the method is at work on it; the resource itself where nothing shows.
func (m *Method) During(of proto.Message) proto.Message {
	if m.Type.status == nil {
		return of
	}
	n, shows := during(m.Type.status.Enum(), m.descriptor.Name())
	if !shows || of.ProtoReflect().Get(m.Type.status).Enum() == n {
		return of
	}
	return m.Type.withNumber(of, n)
}
