package scenario

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/imagefake/imagefake/fake"
)

// A place is one call of a run: the n-th time, counted from 1, that a caller asks something. Names go by what is asked, and not by
// the order of the calls, so that a fault stays with the call it was meant for when others come earlier, later or not at all.
type place struct {
	ask
	n int
}

// A name is a place as people read it: the number-th call that the caller makes of the method in one run.
type name struct {
	caller string
	method fake.Method
	number int
}

// firstCaller is the name of the connection that almost every body uses; names leave it out.
const firstCaller = "conn-1"

// String returns the name as subtests and tokens show it: "ImageCreate#1", "builder.ImageCreate#1".
func (n name) String() string {
	method := n.method.String()
	if ownMethods[method] != n.method {
		method = n.method.FullName()
	}
	if n.caller == firstCaller {
		return fmt.Sprintf("%s#%d", method, n.number)
	}
	// '+' separates the faults of a schedule, '.' the caller from the method.
	caller := strings.NewReplacer("+", "%2B", ".", "%2E", ";", "%3B").Replace(url.PathEscape(n.caller))
	return fmt.Sprintf("%s.%s#%d", caller, method, n.number)
}

// parseName is the inverse of String.
func parseName(text string) (name, error) {
	n := name{caller: firstCaller}
	method, number, _ := strings.Cut(text, "#")
	var err error
	if n.number, err = strconv.Atoi(number); err != nil || n.number < 1 {
		return n, fmt.Errorf("the number of the call, %q, is none", number)
	}
	if caller, rest, named := strings.Cut(method, "."); named && !strings.HasPrefix(method, "/") {
		if n.caller, err = url.PathUnescape(caller); err != nil {
			return n, fmt.Errorf("the name of the caller: %w", err)
		}
		method = rest
	}
	var known bool
	if n.method, known = ownMethods[method]; !known {
		if !strings.HasPrefix(method, "/") {
			return n, fmt.Errorf("no method is called %q", method)
		}
		n.method = fake.Method(method)
	}
	return n, nil
}

// ownMethods are the methods of the server by their short names. Those of neighbours go by their full ones.
var ownMethods = func() map[string]fake.Method {
	all := make(map[string]fake.Method)
	for _, m := range fake.Methods() {
		all[m.String()] = m
	}
	return all
}()

// ownMethod tells whether a method is the server's own, not a neighbour's.
func ownMethod(m fake.Method) bool { return ownMethods[m.String()] == m }

// A hit is a kind of fault at a place.
type hit struct {
	place
	number int // of its name, in the run under the hits before it
	kind   *Kind
	late   bool
}

func (h hit) name() name { return name{h.caller, h.method, h.number} }

// String returns the hit in a word: "ImageCreate#1/lost-reply".
func (h hit) String() string { return h.name().String() + "/" + h.kind.label(h.late) }

// exact returns the hit as tokens have it: with what is asked, and how often it was before, "ImageCreate#1~7a3f0c21b9e4.1/lost-reply".
func (h hit) exact() string {
	return fmt.Sprintf("%s~%s.%d/%s", h.name(), h.request, h.n, h.kind.label(h.late))
}

// identity returns a text that hits share if they are the same fault at the same place, whatever their names.
func (h hit) identity() string {
	return fmt.Sprintf("%s\x00%s\x00%s\x00%d\x00%s", h.caller, h.method, h.request, h.n, h.kind.label(h.late))
}

// parseHit reads a hit in either form. Without what is asked it has no place yet: see resolve.
func parseHit(text string, kinds []Kind) (hit, error) {
	slash := strings.LastIndexByte(text, '/')
	number := strings.LastIndexByte(text, '#')
	if number < 0 || slash < number {
		return hit{}, errors.New("want a call and a kind of fault, such as ImageCreate#1/lost-reply")
	}
	tilde := strings.IndexByte(text[number:slash], '~')
	end := slash
	if tilde >= 0 {
		end = number + tilde
	}
	named, err := parseName(text[:end])
	if err != nil {
		return hit{}, err
	}
	h := hit{place: place{ask: ask{caller: named.caller, method: named.method}}, number: named.number}
	if tilde >= 0 {
		request, times, _ := strings.Cut(text[end+1:slash], ".")
		if h.n, err = strconv.Atoi(times); err != nil || h.n < 1 {
			return hit{}, fmt.Errorf("what is asked, %q, is cut short", text[end+1:slash])
		}
		h.request = request
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
