package scenario

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// seen is what a run shows of one call.
type seen struct {
	place
	request  string // canonical bytes: equal ones are equal requests, within one process
	message  proto.Message
	code     codes.Code
	changed  bool // it changed the state
	deadline bool // its caller set one
	picked   bool // by the matchers of On

	afterChange bool // something had changed before it came
}

// trace is the calls of a run, in order of arrival.
type trace []seen

// traceOf reads the calls from the record of a server, those after the event numbered since. On picks the calls to place faults at.
func traceOf(s *fake.Server, since int, on []fake.Matcher) trace {
	var tr trace
	var picked map[int]bool
	if len(on) > 0 {
		picked = make(map[int]bool)
		for _, c := range s.Calls(on...) {
			picked[c.Seq] = true
		}
	}
	counts := make(map[place]int)
	changed := false
	for e := range s.Events() {
		c := e.Call
		if c == nil {
			// What Setup adds with calls can be lagged behind, what it adds by hand cannot.
			changed = changed || e.Seq > since && (e.Kind == fake.ResourceEvent || e.Kind == fake.OperationEvent)
			continue
		}
		if e.Seq <= since {
			changed = true
			continue
		}
		at := place{caller: c.Caller, method: c.Method}
		counts[at]++
		at.n = counts[at]
		call := seen{
			place: at, message: c.Request, code: codes.Unknown, changed: c.Changed, deadline: c.Timeout > 0,
			picked: picked == nil || picked[c.Seq], afterChange: changed,
		}
		if raw, err := (proto.MarshalOptions{Deterministic: true}).Marshal(c.Request); err == nil {
			call.request = string(raw)
		}
		if c.Status != nil {
			call.code = c.Status.Code()
		}
		tr = append(tr, call)
	}
	return tr
}

// request returns what a call asks, without regard to its number: who, which method, with what.
func (s seen) asks() string { return s.caller + "\x00" + s.method.FullName() + "\x00" + s.request }

// String returns the call as a report shows it.
func (s seen) String() string {
	text := "{}"
	if s.message != nil {
		text = plain.Redacted(s.message)
	}
	return plain.Line(fmt.Sprintf("%v%s by %s", s.method, text, s.caller))
}

// fingerprint returns a text that two runs share if they are equivalent: the same calls, in the same order, with the same answers
// and changes.
func (tr trace) fingerprint() string {
	h := fnv.New128a()
	for _, s := range tr {
		fmt.Fprintf(h, "%s\x00%d\x00%t\x01", s.asks(), s.code, s.changed)
	}
	return string(h.Sum(nil))
}

// version returns a short text that changes when the body makes other calls: for replay tokens.
func (tr trace) version() string {
	var lines []string
	for _, s := range tr {
		lines = append(lines, s.caller+" "+s.method.FullName())
	}
	slices.Sort(lines)
	h := fnv.New32a()
	for _, line := range lines {
		fmt.Fprintln(h, line)
	}
	return fmt.Sprintf("%08x", h.Sum32())
}

// difference tells how two runs of the same body differ, as multisets of what is asked: "" if they do not.
func (tr trace) difference(other trace) string {
	have := make(map[string]int)
	for _, s := range other {
		have[s.asks()]++
	}
	for _, s := range tr {
		if have[s.asks()]--; have[s.asks()] < 0 {
			for _, o := range other {
				if o.place == s.place {
					return fmt.Sprintf("the first run called %v, the second %v", s, o)
				}
			}
			return fmt.Sprintf("the first run called %v, the second did not", s)
		}
	}
	for _, o := range other {
		if have[o.asks()] > 0 {
			return fmt.Sprintf("the second run called %v, the first did not", o)
		}
	}
	return ""
}

// places returns the set of places in the trace.
func (tr trace) places() map[place]bool {
	all := make(map[place]bool, len(tr))
	for _, s := range tr {
		all[s.place] = true
	}
	return all
}

// summary returns how often the trace calls what: "ImageCreate 1 time, OperationGet 2 times".
func (tr trace) summary() string {
	var order []string
	counts := make(map[string]int)
	for _, s := range tr {
		name := s.method.String()
		if counts[name]++; counts[name] == 1 {
			order = append(order, name)
		}
	}
	for i, name := range order {
		order[i] = name + " " + count(counts[name], "time", "times")
	}
	return strings.Join(order, ", ")
}
