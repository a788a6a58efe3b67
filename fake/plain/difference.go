package plain

import (
	"cmp"
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

// Difference is one field in which a message is not as it should be. An empty Want or Got means that the field is not set there.
type Difference struct {
	Path      string // such as labels["k"] or os.type
	Want, Got string // as Redacted prints them
}

// String returns the difference in words: labels["k"]: want "a", got "b".
func (d Difference) String() string {
	if d.Want == d.Got && d.Want != "" {
		return fmt.Sprintf("%s: want %s, got another one (secrets are not shown)", d.Path, d.Want)
	}
	return fmt.Sprintf("%s: want %s, got %s", d.Path, cmp.Or(d.Want, "nothing"), cmp.Or(d.Got, "nothing"))
}

// Differences returns how got differs from want, in order of the fields' paths; nil where go-cmp, with these options, finds them equal.
// Both must be of one type. It panics where go-cmp does: if it cannot work with the options.
//
// go-cmp decides what is equal and nothing more: its own reports, and those of prototext, are different on purpose from build to build.
func Differences(want, got proto.Message, opts ...gocmp.Option) []Difference {
	r := &reporter{}
	if gocmp.Equal(want, got, append(slices.Clip(opts), protocmp.Transform(), gocmp.Reporter(r))...) {
		return nil
	}
	slices.SortFunc(r.found, func(a, b Difference) int { return cmp.Compare(a.Path, b.Path) })
	return slices.Compact(r.found)
}

// Partial is [Differences] for the fields alone that are populated in partial: of a message inside, those that are populated in that; of
// a map, the entries that partial has. A list counts as a whole.
func Partial(partial, got proto.Message) []Difference {
	return Differences(partial, shaped(partial.ProtoReflect(), got.ProtoReflect()).Interface())
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
	shown := printer{hide: true}
	secret := false
	at := r.path[0]
	for i, step := range r.path {
		if index, ok := step.(gocmp.SliceIndex); ok {
			if x, y := index.SplitKeys(); x != y || index.Type().Kind() != messageKind {
				break // elements have moved, or are plain values: the whole list says more
			}
			b.WriteString(fmt.Sprintf("[%d]", index.Key()))
		}
		if index, ok := step.(gocmp.MapIndex); ok {
			secret = writeKey(&b, r.path[i-1], index) || secret
		}
		at = step
		if want, got := at.Values(); wholeValue(want) || wholeValue(got) {
			break
		}
	}
	want, got := at.Values()
	d := Difference{Path: cmp.Or(b.String(), "the message"), Want: shown.transformed(want), Got: shown.transformed(got)}
	r.found = append(r.found, d.hiding(secret))
}

// hiding returns the difference without the values, if they are secret.
func (d Difference) hiding(secret bool) Difference {
	if secret && d.Want != "" {
		d.Want = hidden
	}
	if secret && d.Got != "" {
		d.Got = hidden
	}
	return d
}

// writeKey writes the name of a field, or the key of an entry of a map. It tells whether the name says that the value is secret.
func writeKey(b *strings.Builder, parent gocmp.PathStep, index gocmp.MapIndex) (secret bool) {
	if parent.Type() != messageType {
		b.WriteString("[" + printer{}.transformed(index.Key()) + "]")
		return index.Key().Kind() == reflect.String && Secret(index.Key().String())
	}
	name := index.Key().String()
	secret = Secret(name)
	if _, err := strconv.Atoi(name); err == nil {
		name, secret = "unknown field "+name, true
	}
	if b.Len() > 0 {
		b.WriteByte('.')
	}
	b.WriteString(name)
	return secret
}
