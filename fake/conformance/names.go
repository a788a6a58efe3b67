package conformance

import (
	"cmp"
	"maps"
	"regexp"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// names are what the names in braces stand for, in one case.
type names map[string]string

// sorted returns the names that stand for something, in an order that is equal in every run: those of the longest values first, as
// one may be part of another.
func (n names) sorted() []string {
	known := slices.DeleteFunc(slices.Collect(maps.Keys(n)), func(name string) bool { return n[name] == "" })
	slices.SortFunc(known, func(a, b string) int { return cmp.Or(cmp.Compare(len(n[b]), len(n[a])), cmp.Compare(a, b)) })
	return known
}

var braced = regexp.MustCompile(`\{[a-z.]+\}`)

// fill replaces names in braces by what they stand for. Names that nobody knows stay.
func (n names) fill(text string) string {
	return braced.ReplaceAllStringFunc(text, func(name string) string {
		if known, ok := n[name[1:len(name)-1]]; ok {
			return known
		}
		return name
	})
}

// in returns a copy of a message with the names in all its texts replaced.
func (n names) in(m proto.Message) proto.Message {
	if m == nil {
		return nil
	}
	filled := proto.Clone(m)
	n.fillFields(filled.ProtoReflect())
	return filled
}

func (n names) fillFields(m protoreflect.Message) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.IsMap():
			n.fillMap(fd, v.Map())
		case fd.IsList():
			for i := range v.List().Len() {
				switch {
				case fd.Message() != nil:
					n.fillFields(v.List().Get(i).Message())
				case fd.Kind() == protoreflect.StringKind:
					v.List().Set(i, protoreflect.ValueOfString(n.fill(v.List().Get(i).String())))
				}
			}
		case fd.Message() != nil:
			n.fillFields(v.Message())
		case fd.Kind() == protoreflect.StringKind:
			m.Set(fd, protoreflect.ValueOfString(n.fill(v.String())))
		}
		return true
	})
}

func (n names) fillMap(fd protoreflect.FieldDescriptor, entries protoreflect.Map) {
	if fd.MapValue().Kind() != protoreflect.StringKind {
		return
	}
	entries.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
		entries.Set(k, protoreflect.ValueOfString(n.fill(v.String())))
		return true
	})
}
