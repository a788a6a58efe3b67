package assert

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Like picks the calls whose request has the type of partial and every field that partial has populated, with an equal value, and
// that each of the matchers in and picks as well:
//
//	assert.Like(&compute.CreateImageRequest{Name: "web", Labels: map[string]string{"stage": "test"}}, fake.ByCaller("ci"))
//
// Of a message inside the same holds; of a map, the entries that partial has count; a list counts as a whole. Zero values cannot be
// asked for this way: use [Field]. When a check fails, the nearest calls are shown with the fields in which they differ, also for
// what is in and, which [fake.AllOf] would hide.
func Like[Q proto.Message](partial Q, and ...fake.Matcher) fake.Matcher {
	broken := empty(partial)
	if broken != "" {
		return newRequest[Q]("", broken, nil)
	}
	want := proto.Clone(partial) // the caller may change his
	differ := func(q proto.Message) []plain.Difference { return plain.Partial(want, q) }
	return newRequest[Q]("like "+plain.Redacted(want), "", differ, and...)
}

// Exactly picks the calls whose request equals want by go-cmp, with protocmp.Transform and opts: protocmp.IgnoreFields and
// protocmp.SortRepeated, for example.
func Exactly[Q proto.Message](want Q, opts ...cmp.Option) fake.Matcher {
	if broken := empty(want); broken != "" {
		return newRequest[Q]("", broken, nil)
	}
	wanted := proto.Clone(want)
	_, broken := compare(wanted, wanted, opts)
	differ := func(q proto.Message) []plain.Difference {
		found, broken := compare(wanted, q, opts)
		if broken != "" {
			return []plain.Difference{{Path: "the message", Want: plain.Redacted(wanted), Got: "no answer: " + broken}}
		}
		return found
	}
	return newRequest[Q]("equal to "+plain.Redacted(wanted), broken, differ)
}

// Field picks the calls whose request has type Q and, at a path, a value:
//
//	assert.Field[*compute.CreateImageRequest](`labels["stage"]`, "test")
//	assert.Field[*compute.ListImagesRequest]("page_size", 50)
//
// A path is made of the names of fields in proto spelling, joined by dots, with keys of maps and indices of lists in brackets. want
// is a Go value of the field's kind, for an enum also its name. The zero value, and nil, pick requests in which the field is not
// set.
func Field[Q proto.Message](path string, want any) fake.Matcher {
	of := typeOf[Q]()
	if of == nil {
		return newRequest[Q]("", "", nil)
	}
	p, err := plain.ParsePath(of, path)
	if err != nil {
		return newRequest[Q]("", err.Error(), nil)
	}
	w, err := plain.NewWant(p, want)
	if err != nil {
		return newRequest[Q]("", err.Error(), nil)
	}
	return newRequest[Q]("with "+w.String(), "", w.Differences)
}

// request is a matcher of calls by their requests that can tell why it does not pick one.
type request struct {
	fake.Matcher
	of   protoreflect.MessageDescriptor
	diff func(proto.Message) []plain.Difference
	and  []fake.Matcher
	text string
}

// String returns what it picks, in words.
func (r *request) String() string { return r.text }

// impossible begins the text of a matcher that can pick nothing. What contains it contains its text, so that a check sees it
// there too.
const impossible = "an impossible matcher: "

// newRequest makes a matcher for requests of type Q in which differ finds no difference. broken tells why there can be none.
func newRequest[Q proto.Message](text, broken string, differ func(proto.Message) []plain.Difference, and ...fake.Matcher) fake.Matcher {
	of := typeOf[Q]()
	if of == nil {
		broken = fmt.Sprintf("%v is the type of no request: give it one such as *compute.CreateImageRequest", reflect.TypeFor[Q]())
	}
	if broken == "" {
		broken = misfit(of, and)
	}
	if broken != "" {
		return &request{Matcher: fake.Method(""), text: impossible + broken}
	}
	r := &request{of: of, diff: differ, and: slices.Clone(and), text: string(of.Name()) + " " + text}
	r.Matcher = fake.AllOf(append(slices.Clone(and), fake.Match(func(q Q) bool { return differ(q) == nil }))...)
	for _, m := range and {
		r.text += " and " + m.String()
	}
	return r
}

// typeOf returns the message type that Q is, nil for an interface.
func typeOf[Q proto.Message]() protoreflect.MessageDescriptor {
	var q Q
	if any(q) == nil {
		return nil
	}
	return q.ProtoReflect().Descriptor()
}

// empty tells why a message cannot be asked for, "" if it can.
func empty(m proto.Message) string {
	if m == nil || !m.ProtoReflect().IsValid() {
		return "the message it is to compare with is nil"
	}
	return ""
}

// compare returns how two messages differ, or why go-cmp, which panics then, cannot work with the options.
func compare(want, got proto.Message, opts []cmp.Option) (found []plain.Difference, broken string) {
	defer func() {
		if r := recover(); r != nil {
			line, _, _ := strings.Cut(fmt.Sprint(r), "\n")
			broken = "go-cmp cannot work with its options: " + strings.TrimSuffix(line, ":")
		}
	}()
	return plain.Differences(want, got, opts...), ""
}

// misfit tells why no call can have a request of that type, "" if one can.
func misfit(of protoreflect.MessageDescriptor, and []fake.Matcher) string {
	if !taken(of) {
		return fmt.Sprintf("no method takes %s; the requests of the image service are %s", a(of.Name()), strings.Join(requests(), ", "))
	}
	for _, m := range and {
		switch m := m.(type) {
		case nil:
			return "one of the matchers in it is nil"
		case fake.Method:
			if d := descriptorOf(m); d != nil && d.Input() != of {
				return fmt.Sprintf("%v takes %s, not %s", m, a(d.Input().Name()), a(of.Name()))
			}
		}
	}
	return ""
}

// descriptorOf returns the descriptor of a method, nil if it is not known in this process.
func descriptorOf(m fake.Method) protoreflect.MethodDescriptor {
	name := strings.ReplaceAll(strings.TrimPrefix(m.FullName(), "/"), "/", ".")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	method, _ := d.(protoreflect.MethodDescriptor)
	return method
}

// taken tells whether a method of any service known in this process takes requests of a type.
func taken(of protoreflect.MessageDescriptor) (found bool) {
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				found = found || methods.Get(j).Input() == of
			}
		}
		return !found
	})
	return found
}

// requests names the requests of the image service that the fake serves: a newer go-genproto declares more.
func requests() []string {
	var names []string
	for _, m := range []fake.Method{
		fake.ImageGet, fake.ImageGetLatestByFamily, fake.ImageList, fake.ImageCreate, fake.ImageUpdate, fake.ImageDelete, fake.ImageListOperations,
		fake.ImageListAccessBindings, fake.ImageSetAccessBindings, fake.ImageUpdateAccessBindings,
	} {
		names = append(names, string(descriptorOf(m).Input().Name()))
	}
	return names
}
