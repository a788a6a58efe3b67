package fake

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-cmp/cmp"
	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Like picks the calls whose request has the type of partial and every field that partial has populated, with an equal value, and
// that each of the matchers in and picks as well:
//
//	fake.Like(&compute.CreateImageRequest{Name: "web", Labels: map[string]string{"stage": "test"}}, fake.ByCaller("ci"))
//
// Of a message inside the same holds; of a map, the entries that partial has count; a list counts as a whole. Zero values cannot be
// asked for this way: use [Field]. A message without fields picks every request of its type. When a check of package assert fails,
// the nearest calls are shown with the fields in which they differ.
func Like[Q proto.Message](partial Q, and ...Matcher) Matcher {
	if wrong := empty(partial); wrong != "" {
		return ofRequest[Q]("", wrong, comparison{})
	}
	want := proto.Clone(partial) // the caller may change his
	return ofRequest[Q]("like "+plain.Redacted(want), "", comparison{
		differ:  func(q proto.Message) []plain.Difference { return plain.Partial(want, q) },
		atSight: func(q proto.Message) bool { return plain.DifferAtSight(want, q) },
	}, and...)
}

// Exactly picks the calls whose request equals want by go-cmp, with protocmp.Transform and opts: protocmp.IgnoreFields and
// protocmp.SortRepeated, for example.
func Exactly[Q proto.Message](want Q, opts ...cmp.Option) Matcher {
	if wrong := empty(want); wrong != "" {
		return ofRequest[Q]("", wrong, comparison{})
	}
	wanted := proto.Clone(want)
	_, wrong := compare(wanted, wanted, opts)
	return ofRequest[Q]("equal to "+plain.Redacted(wanted), wrong, comparison{
		differ: func(q proto.Message) []plain.Difference {
			found, broken := compare(wanted, q, opts)
			if broken != "" {
				return []plain.Difference{{Path: "the message", Want: plain.Redacted(wanted), Got: "no answer: " + broken}}
			}
			return found
		},
		atSight: func(q proto.Message) bool {
			return len(opts) == 0 && (plain.DifferAtSight(wanted, q) || plain.DifferAtSight(q, wanted))
		},
		asks: len(opts) > 0, // a comparer of one's own
	})
}

// Field picks the calls whose request has type Q and, at a path, a value:
//
//	fake.Field[*compute.CreateImageRequest](`labels["stage"]`, "test")
//	fake.Field[*compute.CreateImageRequest]("min_disk_size", int64(4<<30))
//
// A path is made of the names of fields in proto spelling, joined by dots, with keys of maps and indices of lists in brackets. want
// is a Go value of the field's kind, for an enum also its name. The zero value, and nil, pick requests in which the field is not
// set.
func Field[Q proto.Message](path string, want any) Matcher {
	of := typeOf[Q]()
	if of == nil {
		return ofRequest[Q]("", "", comparison{})
	}
	p, err := plain.ParsePath(of, path)
	if err != nil {
		return ofRequest[Q]("", err.Error(), comparison{})
	}
	w, err := plain.NewWant(p, want)
	if err != nil {
		return ofRequest[Q]("", err.Error(), comparison{})
	}
	return ofRequest[Q]("with "+w.String(), "", comparison{differ: w.Differences, atSight: w.DiffersAtSight})
}

// comparison finds out how requests differ from what is wanted.
type comparison struct {
	differ  func(proto.Message) []plain.Difference
	atSight func(proto.Message) bool // they certainly differ, found out cheaply
	asks    bool                     // code of the test takes part
}

// ofRequest makes a matcher for requests of type Q that do not differ. wrong tells why there can be none.
func ofRequest[Q proto.Message](text, wrong string, with comparison, and ...Matcher) Matcher {
	of := typeOf[Q]()
	if of == nil {
		wrong = fmt.Sprintf("%v is the type of no request: give it one such as *compute.CreateImageRequest", reflect.TypeFor[Q]())
	} else if wrong == "" {
		wrong = misfit(of, and)
	}
	if wrong != "" {
		return impossible("an impossible matcher: "+plain.Line(wrong), wrong)
	}
	request := &matcher{text: plain.Line(fmt.Sprintf("%s %s", of.Name(), text))}
	request.is.only = takers(of)
	request.is.asks = with.asks
	request.is.picks = func(c *Call) bool { return !with.atSight(c.Request) && len(with.differ(c.Request)) == 0 }
	request.is.judge = func(c *Call) Verdict {
		found := with.differ(c.Request)
		v := Verdict{Picked: len(found) == 0}
		for _, d := range found {
			v.Reasons = append(v.Reasons, d.String())
		}
		return v
	}
	request.is.narrow(func(c *Call) bool { return c.Request != nil && c.Request.ProtoReflect().Descriptor() == of })
	if len(and) == 0 {
		return request
	}
	return AllOf(append([]Matcher{request}, and...)...)
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

// misfit tells why no call can have a request of that type and be picked by the matchers, "" if one can.
func misfit(of protoreflect.MessageDescriptor, and []Matcher) string {
	if wrong := untaken(of); wrong != "" {
		return wrong
	}
	for _, m := range and {
		if m == nil {
			return "one of the matchers in it is nil"
		}
		only := m.judging().only
		if len(only) == 0 || slices.ContainsFunc(takers(of), func(m Method) bool { return slices.Contains(only, m) }) {
			continue
		}
		if d := only[0].descriptor(); d != nil {
			return fmt.Sprintf("%v takes %s, not %s", only[0], a(d.Input().Name()), a(of.Name()))
		}
	}
	return ""
}

// untaken tells that no method of any service in the program takes requests of a type, "" if one does.
func untaken(of protoreflect.MessageDescriptor) string {
	if len(takers(of)) > 0 {
		return ""
	}
	var names []string
	for _, m := range Methods() {
		if m.Service() == ImageGet.Service() {
			names = append(names, string(m.descriptor().Input().Name()))
		}
	}
	return fmt.Sprintf("no method takes %s; the requests of the image service are %s", a(of.Name()), strings.Join(names, ", "))
}

// a puts the article before a name.
func a(name protoreflect.Name) string {
	if strings.ContainsAny(string(name[:1]), "AEIOUaeiou") {
		return "an " + string(name)
	}
	return "a " + string(name)
}

// takers returns the methods, of whatever services the program knows, that take requests of a type.
func takers(of protoreflect.MessageDescriptor) []Method {
	if found, ok := takersOf.Load(of.FullName()); ok {
		return found.([]Method)
	}
	takers := []Method{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				if method := service.Methods().Get(j); method.Input().FullName() == of.FullName() {
					takers = append(takers, Method(fmt.Sprintf("/%s/%s", service.FullName(), method.Name())))
				}
			}
		}
		return true
	})
	takersOf.Store(of.FullName(), takers)
	return takers
}

var takersOf sync.Map // by full name of the request; what the program is linked with never changes
