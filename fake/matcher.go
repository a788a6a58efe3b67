package fake

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Matcher picks calls. A [Method] is one; [AnyOf], [AllOf] and [Not] combine them. Wherever a list of matchers is taken, a call is
// picked if any of them picks it, and an empty list picks every call.
//
// A matcher looks at a call as it arrives: its method, caller, headers and request. It is asked once per call, without any lock
// held.
type Matcher interface {
	match(*Call) bool
	// methods returns the only methods whose calls can be picked, nil if there is no such limit.
	methods() []Method
	// named returns the methods that whoever made it named, all of which a server should serve.
	named() []Method
	// asks tells whether code of the test is run to decide.
	asks() bool
	// impossible returns why it can pick nothing, or why it does not mean what it says; "" if nothing is wrong with it.
	impossible() string
	fmt.Stringer
}

func (m Method) match(c *Call) bool { return c.Method == m }
func (m Method) methods() []Method  { return []Method{m} }
func (m Method) named() []Method    { return []Method{m} }
func (m Method) asks() bool         { return false }
func (m Method) impossible() string {
	if m == "" {
		return "it is the zero Method; use one of the methods of package fake, or fake.Method(\"/package.Service/Name\")"
	}
	return ""
}

// matcher is a Matcher made of a func.
type matcher struct {
	picks func(*Call) bool
	only  []Method
	names []Method
	ask   bool
	why   string
	text  string
}

func (m *matcher) match(c *Call) bool { return m.picks(c) }
func (m *matcher) methods() []Method  { return m.only }
func (m *matcher) named() []Method    { return m.names }
func (m *matcher) asks() bool         { return m.ask }
func (m *matcher) impossible() string { return m.why }
func (m *matcher) String() string     { return m.text }

// nothing is a matcher that picks nothing, and says why.
func nothing(text, why string) Matcher {
	return &matcher{picks: func(*Call) bool { return false }, only: []Method{}, text: text, why: why}
}

// orNothing replaces nil among matchers by one that says so.
func orNothing(on []Matcher) []Matcher {
	on = slices.Clone(on)
	for i, m := range on {
		if m == nil {
			on[i] = nothing("a nil matcher", "one of its matchers is nil")
		}
	}
	return on
}

// firstImpossible returns why one of the matchers is impossible.
func firstImpossible(on []Matcher) string {
	for _, m := range on {
		if why := m.impossible(); why != "" {
			return why
		}
	}
	return ""
}

// Impossible tells why a matcher can pick no call on this server, or does not mean what it says: it names a method that the server
// does not serve, its conditions exclude each other, an id in it is empty. It returns "" if nothing is wrong with the matcher.
func (s *Server) Impossible(m Matcher) string {
	if m == nil {
		return "it is nil; use a method such as fake.ImageCreate, or fake.Match"
	}
	if why := m.impossible(); why != "" {
		return why
	}
	for _, method := range m.named() {
		if _, served := s.method(method); !served {
			return fmt.Sprintf("the server does not serve %q; add the service with WithService, or use one of the methods of package fake", method.FullName())
		}
	}
	limit := m.methods()
	if limit != nil && !slices.ContainsFunc(limit, func(method Method) bool { _, served := s.method(method); return served }) {
		return "the server serves no method that takes such a request; add the service with WithService"
	}
	return ""
}

// AnyOf picks the calls that at least one of the matchers picks; without matchers, every call.
func AnyOf(on ...Matcher) Matcher {
	on = orNothing(on)
	if len(on) == 1 {
		return on[0]
	}
	only := []Method{}
	for _, m := range on {
		if m.methods() == nil {
			only = nil
			break
		}
		only = append(only, m.methods()...)
	}
	if len(on) == 0 {
		only = nil
	}
	return &matcher{
		picks: func(c *Call) bool {
			return len(on) == 0 || slices.ContainsFunc(on, func(m Matcher) bool { return m.match(c) })
		},
		only:  only,
		names: namedBy(on),
		ask:   slices.ContainsFunc(on, Matcher.asks),
		why:   firstImpossible(on),
		text:  join(on, " or ", "any call"),
	}
}

// AllOf picks the calls that every one of the matchers picks; without matchers, every call.
func AllOf(on ...Matcher) Matcher {
	on = orNothing(on)
	var only []Method
	for _, m := range on {
		switch limit := m.methods(); {
		case limit == nil:
		case only == nil:
			only = limit
		default:
			common := []Method{}
			for _, method := range only {
				if slices.Contains(limit, method) {
					common = append(common, method)
				}
			}
			only = common
		}
	}
	why := firstImpossible(on)
	if why == "" && only != nil && len(only) == 0 {
		why = "its conditions exclude each other: no call can be picked"
	}
	return &matcher{
		picks: func(c *Call) bool {
			return !slices.ContainsFunc(on, func(m Matcher) bool { return !m.match(c) })
		},
		only:  only,
		names: namedBy(on),
		ask:   slices.ContainsFunc(on, Matcher.asks),
		why:   why,
		text:  join(on, " and ", "any call"),
	}
}

// Not picks the calls that m does not pick.
func Not(m Matcher) Matcher {
	m = orNothing([]Matcher{m})[0]
	return &matcher{
		picks: func(c *Call) bool { return !m.match(c) },
		names: m.named(),
		ask:   m.asks(),
		why:   m.impossible(),
		text:  "not " + m.String(),
	}
}

// Match picks the calls whose request has type Q and satisfies f:
//
//	fake.Match(func(r *compute.CreateImageRequest) bool { return r.Family == "web" })
//
// f must not change the request. It may be called from several goroutines at once, and may use the server and clients.
func Match[Q proto.Message](f func(Q) bool) Matcher {
	var q Q
	if any(q) == nil || f == nil {
		return nothing("a Match", fmt.Sprintf("Match needs a func on a concrete request type, such as *compute.CreateImageRequest; this is one on %v", reflect.TypeFor[Q]()))
	}
	return &matcher{
		picks: func(c *Call) bool {
			request, ok := c.Request.(Q)
			return ok && f(request)
		},
		only: takers(q),
		ask:  true,
		text: fmt.Sprintf("a %s that matches", q.ProtoReflect().Descriptor().Name()),
	}
}

// ByCaller picks the calls of one caller: the name given to [Server.ConnAs], else the subject of the token where auth is on,
// else the connection, "conn-1" for the first.
func ByCaller(name string) Matcher {
	return &matcher{
		why:   emptyID("ByCaller", name),
		picks: func(c *Call) bool { return c.Caller == name },
		text:  "calls by " + plain.Line(name),
	}
}

// ByHeader picks the calls with a request header in which one of the values contains text: ByHeader("user-agent", "terraform").
func ByHeader(key, text string) Matcher {
	key = strings.ToLower(key)
	shown := plain.Masked(text)
	if plain.Secret(key) {
		shown = "…"
	}
	return &matcher{
		picks: func(c *Call) bool {
			return slices.ContainsFunc(c.Header[key], func(v string) bool { return strings.Contains(v, text) })
		},
		text: fmt.Sprintf("calls with header %s containing %q", plain.Line(key), shown),
	}
}

// OnResource picks the calls on the image, or other resource, with that id: those whose request names it as their subject
// (image_id, resource_id for access bindings; see [Call]), and polls and cancels of operations that work on it. The call that
// creates it is picked when looking back, in [Server.Calls]; as it arrives, nobody knows the id yet.
func OnResource(id string) Matcher {
	return &matcher{
		why:   emptyID("OnResource", id),
		picks: func(c *Call) bool { return c.ResourceID == id && id != "" },
		text:  "calls on resource " + plain.Line(id),
	}
}

// OnOperation picks the calls whose request names that operation.
func OnOperation(id string) Matcher {
	return &matcher{
		why:   emptyID("OnOperation", id),
		picks: func(c *Call) bool { return c.OperationID == id && id != "" },
		only:  []Method{OperationGet, OperationCancel},
		text:  "calls on operation " + plain.Line(id),
	}
}

func emptyID(of, id string) string {
	if id == "" {
		return of + `(""): the id is empty; did the code under test return one?`
	}
	return ""
}

func join(on []Matcher, by, none string) string {
	if len(on) == 0 {
		return none
	}
	texts := make([]string, len(on))
	for i, m := range on {
		texts[i] = m.String()
	}
	return strings.Join(texts, by)
}

func namedBy(on []Matcher) (methods []Method) {
	for _, m := range on {
		methods = append(methods, m.named()...)
	}
	return methods
}

// takers returns the methods, of whatever services the program knows, that take requests of the type of q.
func takers(q proto.Message) []Method {
	want := q.ProtoReflect().Descriptor().FullName()
	if found, ok := takersOf.Load(want); ok {
		return found.([]Method)
	}
	takers := []Method{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				if method := service.Methods().Get(j); method.Input().FullName() == want {
					takers = append(takers, Method(fmt.Sprintf("/%s/%s", service.FullName(), method.Name())))
				}
			}
		}
		return true
	})
	takersOf.Store(want, takers)
	return takers
}

var takersOf sync.Map // by full name of the request; what the program is linked with never changes
