package scenario

import (
	"slices"
	"strings"
	"sync"

	"github.com/imagefake/imagefake/fake"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// A diary is what a run knows of its calls while it goes on: which place each of them is, where ids come from, and whether the body
// still goes its usual way.
type diary struct {
	base trace // the calls of the run without faults; nil as long as that is not known

	mu       sync.Mutex // guards what follows
	begun    bool       // the body has: calls before it are not its own
	since    int        // the record's last event before the body
	trace    trace      // in order of arrival
	at       map[proto.Message]int
	bySeq    map[int]int
	times    map[ask]int
	numbers  map[caller]int
	answered map[ask]ending // the latest answers
	origins  origins
	subjects map[string]string // what the operations work on that calls started
	events   int               // of the record since the body began that are calls or faults
	changed  bool
	clock    int
}

func newDiary(base trace) *diary {
	return &diary{
		base: base, at: make(map[proto.Message]int), bySeq: make(map[int]int), times: make(map[ask]int),
		subjects: make(map[string]string), numbers: make(map[caller]int), answered: make(map[ask]ending),
	}
}

// A caller is who calls a method.
type caller struct {
	name   string
	method fake.Method
}

// An ask is what is asked by whom, however often.
type ask struct {
	caller  string
	method  fake.Method
	request string // a digest of the request, ids in it by their origin
}

// asks returns what a call asks: in short, and in full with ids by their origin.
func (d *diary) asks(c *fake.Call) (asked ask, canonical string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	canonical = d.origins.canonical(c.Request)
	return ask{c.Caller, c.Method, digest(canonical)}, canonical
}

// begin makes the diary take down calls: from here on they are those of the body. since is the record's last event before.
func (d *diary) begin(since int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begun, d.since = true, since
}

// arrive takes down a call that has come.
func (d *diary) arrive(c *fake.Call, seq int, asked ask, canonical string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.begun {
		d.changed = true // a replica can lag behind what Setup changes with calls, not behind what it adds by hand
		return
	}
	d.times[asked]++
	who := caller{c.Caller, c.Method}
	d.numbers[who]++
	d.clock++
	// Whatever is in the record beside calls and faults is a change: by time, or by the test.
	d.changed = d.changed || seq-d.since-1 > d.events
	d.events++
	s := seen{
		place:  place{asked, d.times[asked]},
		number: d.numbers[who],
		text:   canonical, message: c.Request, code: codes.Unknown, deadline: c.Timeout > 0,
		picked: true, afterChange: d.changed, seq: seq, arrived: d.clock,
	}
	s.usual = d.onUsualWay(s)
	d.at[c.Request] = len(d.trace)
	d.bySeq[seq] = len(d.trace)
	d.trace = append(d.trace, s)
}

// answer takes down how a call was answered, and which ids it gave out.
func (d *diary) answer(c *fake.Call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i, known := d.bySeq[c.Seq]
	if !known {
		return
	}
	s := &d.trace[i]
	d.clock++
	s.code, s.changed, s.answered = c.Status.Code(), c.Changed, d.clock
	s.ending = endingOf(c)
	d.answered[s.ask] = s.ending
	d.changed = d.changed || c.Changed
	d.events += len(c.Faults)
	d.origins.learn(s.ask, c)
	if c.Method.Starts() && c.OperationID != "" && ownMethod(c.Method) { // those of neighbours may work on more than their subject
		d.subjects[c.OperationID] = c.ResourceID
	}
}

// onUsualWay tells whether a body has come to a call as it does without faults: what was answered before it then was answered in the
// same way now. What comes after a failure that the body did not get over, a clean-up above all, is not on its usual way, even if the
// same is asked as usual.
func (d *diary) onUsualWay(s seen) bool {
	if d.base == nil {
		return true
	}
	usual := d.base.find(s.place)
	if usual == nil {
		return false
	}
	then := make(map[ask]ending)
	for _, before := range d.base {
		if before.answered > 0 && before.answered < usual.arrived {
			then[before.ask] = before.ending
		}
	}
	for asked, ended := range then {
		if now, answered := d.answered[asked]; !answered || now != ended {
			return false
		}
	}
	return true
}

// final returns the state of a server in a form that is equal in all orders that come to the same: without ids and what follows from
// their order.
func (d *diary) final(s *fake.Server) string {
	state := s.Snapshot()
	d.mu.Lock()
	defer d.mu.Unlock()
	var lines []string
	for _, m := range state.Resources() {
		lines = append(lines, d.origins.canonical(m))
	}
	for _, op := range state.Operations() {
		op.Metadata = nil // ids in what is packed would stay, and those of the response
		if op.GetError() == nil {
			op.Result = nil
		}
		lines = append(lines, d.origins.canonical(op))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// calls returns the calls so far.
func (d *diary) calls() trace {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.trace)
}

// An ending is how a call was answered, as far as its caller goes on differently for it.
type ending struct {
	code   codes.Code
	failed codes.Code // of the operation that it was answered with
}

func endingOf(c *fake.Call) ending {
	e := ending{code: c.Status.Code()}
	if op, ok := c.Reply.(*operation.Operation); ok {
		e.failed = codes.Code(op.GetError().GetCode())
	}
	return e
}

// of returns what is known of the call with a request, which is that of the call itself and no copy.
func (d *diary) of(request proto.Message) (seen, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i, known := d.at[request]
	if !known {
		return seen{}, false
	}
	return d.trace[i], true
}
