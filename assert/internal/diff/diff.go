// Package diff tells how messages differ, field by field, in words that are the same in every run and in every binary. go-cmp
// decides what is equal; its own reports, and those of prototext, are different on purpose from build to build.
//
// It knows no server and no test: all of it is pure.
package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
)

// Difference is one field in which a message is not as it should be. An empty Want or Got means that the field is not set there.
type Difference struct {
	Path      string // such as labels["k"] or os.type
	Want, Got string // as Value prints them
}

// String returns the difference in words: labels["k"]: want "a", got "b".
func (d Difference) String() string {
	return fmt.Sprintf("%s: want %s, got %s", d.Path, cmp.Or(d.Want, "nothing"), cmp.Or(d.Got, "nothing"))
}

// Messages returns how got differs from want, in order of the fields' paths; nil where go-cmp, with these options, finds them equal.
// Both must be of one type.
func Messages(want, got proto.Message, opts ...gocmp.Option) []Difference {
	r := &reporter{}
	if gocmp.Equal(want, got, append(slices.Clip(opts), protocmp.Transform(), gocmp.Reporter(r))...) {
		return nil
	}
	slices.SortFunc(r.found, func(a, b Difference) int { return cmp.Compare(a.Path, b.Path) })
	return slices.Compact(r.found)
}

// Partial is Messages for the fields alone that are populated in partial: of a message inside, those that are populated in that; of
// a map, the entries that partial has. A list counts as a whole.
func Partial(partial, got proto.Message) []Difference {
	return Messages(partial, shaped(partial.ProtoReflect(), got.ProtoReflect()).Interface())
}

// shaped returns of m what is populated in shape.
func shaped(shape, m protoreflect.Message) protoreflect.Message {
	out := m.New()
	shape.Range(func(fd protoreflect.FieldDescriptor, want protoreflect.Value) bool {
		switch {
		case !m.Has(fd):
		case fd.IsMap():
			entries := out.Mutable(fd).Map()
			want.Map().Range(func(k protoreflect.MapKey, w protoreflect.Value) bool {
				if have := m.Get(fd).Map(); have.Has(k) {
					entries.Set(k, shapedValue(fd.MapValue(), w, have.Get(k)))
				}
				return true
			})
		case fd.IsList():
			out.Set(fd, m.Get(fd))
		default:
			out.Set(fd, shapedValue(fd, want, m.Get(fd)))
		}
		return true
	})
	return out
}

func shapedValue(fd protoreflect.FieldDescriptor, shape, v protoreflect.Value) protoreflect.Value {
	if fd.Message() == nil || whole(fd.Message().FullName()) {
		return v
	}
	return protoreflect.ValueOfMessage(shaped(shape.Message(), v.Message()))
}

// whole tells whether a message is one value to a reader: a difference in it is shown as a whole.
func whole(name protoreflect.FullName) bool { return name.Parent() == "google.protobuf" }

// reporter collects what go-cmp finds different.
type reporter struct {
	path  gocmp.Path
	found []Difference
}

func (r *reporter) PushStep(step gocmp.PathStep) { r.path = append(r.path, step) }

func (r *reporter) PopStep() { r.path = r.path[:len(r.path)-1] }

func (r *reporter) Report(result gocmp.Result) {
	if result.Equal() {
		return
	}
	var b strings.Builder
	at := r.path[0]
	for i, step := range r.path {
		if index, ok := step.(gocmp.SliceIndex); ok {
			if x, y := index.SplitKeys(); x != y || index.Type().Kind() != messageKind {
				break // elements have moved, or are plain values: the whole list says more
			}
			b.WriteString(fmt.Sprintf("[%d]", index.Key()))
		}
		if index, ok := step.(gocmp.MapIndex); ok {
			writeKey(&b, r.path[i-1], index)
		}
		at = step
		if want, got := at.Values(); wholeValue(want) || wholeValue(got) {
			break
		}
	}
	want, got := at.Values()
	r.found = append(r.found, Difference{Path: cmp.Or(b.String(), "the message"), Want: transformed(want), Got: transformed(got)})
}

// writeKey writes the name of a field, or the key of an entry of a map.
func writeKey(b *strings.Builder, parent gocmp.PathStep, index gocmp.MapIndex) {
	if parent.Type() != messageType {
		b.WriteString("[" + transformed(index.Key()) + "]")
		return
	}
	name := index.Key().String()
	if _, err := strconv.Atoi(name); err == nil {
		name = "unknown field " + name
	}
	if b.Len() > 0 {
		b.WriteByte('.')
	}
	b.WriteString(name)
}
