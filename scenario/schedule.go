package scenario

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/imagefake/imagefake/fake"
)

// A place is one call of a run: the n-th, counted from 1, that a caller makes of a method.
type place struct {
	caller string
	method fake.Method
	n      int
}

// firstCaller is the name of the connection that almost every body uses; names of places leave it out.
const firstCaller = "conn-1"

// String returns the place as names of subtests and tokens show it: "ImageCreate#1", "builder.ImageCreate#1".
func (p place) String() string {
	method := p.method.String()
	if ownMethods[method] != p.method {
		method = p.method.FullName()
	}
	if p.caller == firstCaller {
		return fmt.Sprintf("%s#%d", method, p.n)
	}
	// '+' separates the faults of a schedule, '.' the caller from the method.
	caller := strings.NewReplacer("+", "%2B", ".", "%2E", ";", "%3B").Replace(url.PathEscape(p.caller))
	return fmt.Sprintf("%s.%s#%d", caller, method, p.n)
}

// ownMethods are the methods of the server by their short names. Those of neighbours go by their full ones.
var ownMethods = func() map[string]fake.Method {
	all := make(map[string]fake.Method)
	for _, m := range fake.Methods() {
		all[m.String()] = m
	}
	return all
}()

// A hit is a kind of fault at a place.
type hit struct {
	place
	kind *Kind
	late bool
}

// String returns the hit in a word: "ImageCreate#1/lost-reply".
func (h hit) String() string { return h.place.String() + "/" + h.kind.label(h.late) }

// faults returns what is injected for the hit.
func (h hit) faults(s *fake.Server) []fake.Fault {
	var all []fake.Fault
	for i := range h.kind.times() {
		all = append(all, fake.Fault{
			On:       fake.AllOf(h.method, fake.ByCaller(h.caller)),
			When:     fake.Nth(h.n + i),
			Do:       h.kind.effect(s, h.late),
			Optional: true, // a fault that does not happen is a result of the exploration, not an error
		})
	}
	return all
}

// goCode returns the hit as Go code, a statement a line. One caller needs no naming.
func (h hit) goCode(oneCaller bool) string {
	on := h.method.String()
	if ownMethods[on] == h.method {
		on = "fake." + on
	} else {
		on = fmt.Sprintf("fake.Method(%q)", h.method.FullName())
	}
	if !oneCaller {
		on = fmt.Sprintf("fake.AllOf(%s, fake.ByCaller(%q))", on, h.caller)
	}
	var b strings.Builder
	if h.kind.code == "" && h.kind.make == nil {
		fmt.Fprintf(&b, "// %s.Do is that of the kind %q: %v\n", h.kind.variable(), h.kind.Name, h.kind.Do)
	}
	for i := range h.kind.times() {
		fmt.Fprintf(&b, "cloud.Inject(fake.Fault{On: %s, When: fake.Nth(%d), Do: %s})\n", on, h.n+i, h.kind.goCode(h.late))
	}
	return b.String()
}

// A schedule is what goes wrong in one run, in the order in which it is injected. The empty one is the run without faults.
type schedule []hit

// String returns the schedule as the name of a subtest.
func (s schedule) String() string {
	if len(s) == 0 {
		return noFault
	}
	texts := make([]string, len(s))
	for i, h := range s {
		texts[i] = h.String()
	}
	return strings.Join(texts, "+")
}

// parseSchedule is the inverse of String.
func parseSchedule(text string, kinds []Kind) (schedule, error) {
	if text == "" || text == noFault {
		return nil, nil
	}
	var s schedule
	for part := range strings.SplitSeq(text, "+") {
		h, err := parseHit(part, kinds)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", part, err)
		}
		s = append(s, h)
	}
	return s, nil
}

func parseHit(text string, kinds []Kind) (hit, error) {
	slash := strings.LastIndexByte(text, '/')
	number := strings.LastIndexByte(text, '#')
	if number < 0 || slash < number {
		return hit{}, errors.New("want a call and a kind of fault, such as ImageCreate#1/lost-reply")
	}
	h := hit{place: place{caller: firstCaller}}
	n, err := strconv.Atoi(text[number+1 : slash])
	if err != nil || n < 1 {
		return hit{}, fmt.Errorf("the number of the call, %q, is none", text[number+1:slash])
	}
	h.n = n
	method := text[:number]
	if caller, rest, named := strings.Cut(method, "."); named && !strings.HasPrefix(method, "/") {
		if h.caller, err = url.PathUnescape(caller); err != nil {
			return hit{}, fmt.Errorf("the name of the caller: %w", err)
		}
		method = rest
	}
	var known bool
	if h.method, known = ownMethods[method]; !known {
		if !strings.HasPrefix(method, "/") {
			return hit{}, fmt.Errorf("no method is called %q", method)
		}
		h.method = fake.Method(method)
	}
	for i := range kinds {
		switch text[slash+1:] {
		case kinds[i].Name:
			h.kind = &kinds[i]
			return h, nil
		case kinds[i].label(true):
			if kinds[i].lateToo {
				h.kind, h.late = &kinds[i], true
				return h, nil
			}
		}
	}
	return hit{}, fmt.Errorf("no kind of fault is called %q: Faults must name it as it did when the token was printed", text[slash+1:])
}
