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
	number   int    // of its name
	text     string // the request in canonical form: equal ones are equal requests, within one process
	message  proto.Message
	seq      int // in the record
	code     codes.Code
	ending   ending  // its code, and that of the operation it was answered with
	changed  bool    // it changed the state
	deadline bool    // its caller set one
	picked   bool    // by the matchers of On
	unfit    []*Kind // whose On does not pick it

	afterChange bool // something had changed before it came
	usual       bool // the body came to it on its usual way

	arrived, answered int // when, by a clock that counts arrivals and answers; answered is 0 as long as it runs
}

func (s seen) name() name { return name{s.caller, s.method, s.number} }

// asks returns what a call asks, without regard to its number: who, which method, with what.
func (s seen) asks() string { return s.caller + "\x00" + s.method.FullName() + "\x00" + s.text }

// String returns the call as a report shows it.
func (s seen) String() string {
	text := "{}"
	if s.message != nil {
		text = plain.Redacted(s.message)
	}
	return plain.Line(fmt.Sprintf("%v%s by %s", s.method, text, s.caller))
}

// trace is the calls of a run, in order of arrival.
type trace []seen

// find returns the call at a place, nil if there is none.
func (tr trace) find(p place) *seen {
	for i := range tr {
		if tr[i].place == p {
			return &tr[i]
		}
	}
	return nil
}

// pick notes which calls the matchers of a user pick: those of On, and those of the kinds.
func (tr trace) pick(s *fake.Server, on []fake.Matcher, kinds []Kind) {
	seqs := func(on ...fake.Matcher) map[int]bool {
		picked := make(map[int]bool)
		for _, c := range s.Calls(on...) {
			picked[c.Seq] = true
		}
		return picked
	}
	if len(on) > 0 {
		picked := seqs(on...)
		for i := range tr {
			tr[i].picked = picked[tr[i].seq]
		}
	}
	for k := range kinds {
		if kinds[k].On == nil {
			continue
		}
		picked := seqs(kinds[k].On)
		for i := range tr {
			if !picked[tr[i].seq] {
				tr[i].unfit = append(tr[i].unfit, &kinds[k])
			}
		}
	}
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
				if o.name() == s.name() {
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
