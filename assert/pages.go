package assert

import (
	"strings"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// PagesRead checks that every list was read to its last page, in order, without a page left out. It looks at the methods whose
// requests have a page_token and whose replies a next_page_token. A list is one caller's, of one method and of requests that are
// equal but for page_token and page_size. Then:
//
//   - every next_page_token that a caller was given is asked for, by a later call on the same list, once for each time that it was
//     given; whether that call succeeds does not matter: giving up after an error is not bad manners;
//   - a page_token is one that an earlier answer on the same list gave to the same caller.
//
// Code that looks for one thing and stops when it has found it does not keep to that. Where nothing was listed it passes; where there
// was no call at all it fails.
func PagesRead(t fake.TB, s *fake.Server) bool {
	t.Helper()
	r, ok := readJudged(t, "PagesRead", s)
	if !ok {
		return false
	}
	var order []string
	lists := make(map[string]*reading)
	for _, c := range r.calls {
		name, isList := listOf(c)
		if !isList {
			continue
		}
		if lists[name] == nil {
			lists[name] = &reading{given: make(map[string]bool)}
			order = append(order, name)
		}
		lists[name].next(c)
	}
	var wrong faults
	for _, name := range order {
		for _, c := range lists[name].foreign {
			wrong.add(c, "%s\n  its page_token %q was in no earlier answer on this list: %s", callLine(c), token(c.Request), requestText(c))
		}
		for _, c := range lists[name].open {
			wrong.add(c, "%s\n  its next_page_token %q was never asked for, so what follows was not read: %s",
				callLine(c), token(c.Reply), requestText(c))
		}
	}
	if wrong.calls == nil {
		return true
	}
	return failedAt(t, s, wrong.calls, "PagesRead", "expected every list to be read to its last page, in order. "+missed(len(wrong.calls)), wrong.block("the pages"))
}

// reading is how far one list was read.
type reading struct {
	given   map[string]bool // all tokens that answers gave
	open    []fake.Call     // answered with a token that nobody has asked for yet
	foreign []fake.Call     // asked for a token that no answer gave
}

func (l *reading) next(c fake.Call) {
	if asked := token(c.Request); asked != "" {
		known := false
		for i := len(l.open) - 1; i >= 0 && !known; i-- {
			if token(l.open[i].Reply) == asked && l.open[i].Answered < c.Seq {
				l.open = append(l.open[:i], l.open[i+1:]...)
				known = true
			}
		}
		if !known && !l.given[asked] {
			l.foreign = append(l.foreign, c)
		}
	}
	if c.Reply == nil {
		return
	}
	if next := token(c.Reply); next != "" {
		l.given[next] = true
		l.open = append(l.open, c)
	}
}

// listOf names the list that a call reads, if it reads one.
func listOf(c fake.Call) (name string, is bool) {
	if c.Request == nil || !c.Method.Pages() {
		return "", false
	}
	request := proto.Clone(c.Request)
	for _, field := range []protoreflect.Name{"page_token", "page_size"} {
		if fd := request.ProtoReflect().Descriptor().Fields().ByName(field); fd != nil {
			request.ProtoReflect().Clear(fd)
		}
	}
	return strings.Join([]string{c.Caller, c.Method.FullName(), plain.Message(request)}, "\x00"), true
}

// token returns the page token of a request, or the one of the next page of a reply.
func token(m proto.Message) string {
	fd := tokenField(m.ProtoReflect().Descriptor())
	if fd == nil {
		return ""
	}
	return m.ProtoReflect().Get(fd).String()
}

func tokenField(d protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	for _, name := range []protoreflect.Name{"page_token", "next_page_token"} {
		if fd := d.Fields().ByName(name); fd != nil && fd.Kind() == protoreflect.StringKind {
			return fd
		}
	}
	return nil
}
