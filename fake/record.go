package fake

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/imagefake/imagefake/fake/internal/world"
	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// record is what has happened, in order: a ring of the latest events. It is guarded by the server's lock.
type record struct {
	keep   int
	last   int // the sequence number of the latest event
	events []entry
}

// An entry is an event as it is kept: nearly all are calls, and a call says all there is to say about itself.
type entry struct {
	call  *Call
	other *Event // nil for a call
}

func (e entry) event() Event {
	if e.other != nil {
		return *e.other
	}
	return Event{Seq: e.call.Seq, Time: e.call.Start, Kind: CallEvent, Call: e.call}
}

// seq returns the number of an entry.
func (e entry) seq() int {
	if e.call != nil {
		return e.call.Seq
	}
	return e.other.Seq
}

func (e entry) time() time.Time {
	if e.other != nil {
		return e.other.Time
	}
	return e.call.Start
}

// failed tells whether a picture shows the entry as a failure.
func (e entry) failed() bool {
	if c := e.call; c != nil {
		return c.Status != nil && c.Status.Code() != codes.OK
	}
	return e.other.Operation.GetError() != nil || e.other.Kind == ResourceEvent && hasFailed(e.other.Resource)
}

// add gives an event that is no call its number and keeps it.
func (r *record) add(e Event) {
	e.Seq, e.Text = r.last+1, plain.Line(e.Text)
	r.put(entry{other: &e})
}

func (r *record) put(e entry) {
	r.last++
	switch {
	case r.keep == 0:
	case len(r.events) < r.keep:
		r.events = append(r.events, e)
	default:
		r.events[(r.last-1)%r.keep] = e
	}
}

// dropped returns how many events are no longer kept.
func (r *record) dropped() int { return r.last - len(r.events) }

// entries yields what is kept, in order.
func (r *record) entries() iter.Seq[entry] { return r.since(0) }

// since yields what is kept of what came behind an event, in order.
func (r *record) since(seq int) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for at := max(seq, r.dropped()); at < r.last; at++ {
			if !yield(r.events[at%len(r.events)]) {
				return
			}
		}
	}
}

// kept yields the events in order.
func (r *record) kept() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for e := range r.entries() {
			if !yield(e.event()) {
				return
			}
		}
	}
}

// copies returns the events in order, with copies of the calls.
func (r *record) copies() []Event { return copiesOf(slices.Collect(r.entries())) }

// copiesOf returns events with copies of their calls, which still share their messages with the server.
func copiesOf(entries []entry) []Event {
	events := make([]Event, len(entries))
	for i, e := range entries {
		events[i] = e.event()
		if e.call != nil {
			c := *e.call
			events[i].Call = &c
		}
	}
	return events
}

// arrive keeps a call that has just come in.
func (r *record) arrive(c *Call) {
	if r.keep > 0 {
		if maps.EqualFunc(c.Header, c.conn.header, slices.Equal) {
			c.Header = c.conn.header
		} else {
			c.conn.header = c.Header
		}
	}
	c.Seq = r.last + 1
	c.First = cmp.Or(r.firstAttempt(c), c.Seq)
	r.put(entry{call: c})
}

// note keeps what helps to understand a failed test.
func (c *core) note(text string) {
	now := c.lock()
	defer c.mu.Unlock()
	c.record.add(Event{Kind: NoteEvent, Time: now, Text: text})
	c.waiters.announce()
}

// firstAttempt finds the first attempt of a call that gRPC's retry policy repeats: it is the call whose latest attempt was the one
// before, by the same caller, with the same request. It returns 0 if c is no repetition, or if the record has lost the first.
func (r *record) firstAttempt(c *Call) int {
	if c.Attempt == 1 {
		return 0
	}
	for i := range r.events {
		before := r.events[(r.last-1-i+len(r.events))%len(r.events)].call
		if before != nil && before.Attempt == c.Attempt-1 && before.Method == c.Method && before.Caller == c.Caller &&
			proto.Equal(before.Request, c.Request) {
			return before.First
		}
	}
	return 0
}

// seqOf returns the number of a call, -1 if it is not in this record: it was let go, or is nil because it was another server's.
func (r *record) seqOf(c *Call) int {
	for _, e := range r.events {
		if c != nil && e.call == c {
			return c.Seq
		}
	}
	return -1
}

// cloned returns a copy of a message, nil of nil.
func cloned[M interface {
	comparable
	proto.Message
}](m M) M {
	var none M
	if m == none {
		return none
	}
	return proto.Clone(m).(M)
}

// change keeps a change of the world; by is the call whose handler made it, nil for time and the test, and starter the one that
// started the operation that changed, nil if that is not known here.
func (r *record) change(change world.Change, by, starter *Call) {
	if r.keep == 0 {
		r.last++
		return
	}
	r.add(eventOf(change, by.seq(), starter.seq()))
}

// Calls returns the calls that one of the matchers picks, in order of arrival; without matchers all that are in the record. Calls
// still running are among them. They are copies: nothing changes them later. What they cost follows from how many are returned.
//
// A request that cannot be read, or is larger than gRPC's limit, is in the record with what its caller heard. So is what gRPC refuses
// before it reads it, because the program does not know the compression, or because more than 64 MiB came over a network: such a call
// meets no fault. What is no call is not in the record: a content-type that is not gRPC's, a path that names no method. Nor does the
// record know of the limits that a client has set for itself: its caller may have heard ResourceExhausted where the record has OK.
func (s *Server) Calls(on ...Matcher) []Call {
	s.tb.Helper()
	s.checkBubble()
	is := s.asked("Calls", on)
	var candidates []*Call
	s.look(func(*world.World) {
		for e := range s.record.kept() {
			if e.Call != nil && (is.only == nil || slices.Contains(is.only, e.Call.Method)) {
				candidates = append(candidates, e.Call)
			}
		}
	})
	// Matchers may be the test's code: they are asked without the lock, and shown one copy after the other.
	var calls []Call
	shown := new(Call)
	for _, c := range candidates {
		*shown = s.copyOf(c)
		if is.picks(shown) {
			call := *shown
			s.detachCall(&call)
			calls = append(calls, call)
		}
	}
	return calls
}

// Events yields the record: calls, changes of images, steps of operations and faults in the order in which they began. What happens
// during the iteration is not in it.
func (s *Server) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		s.checkBubble()
		var events []Event
		s.look(func(*world.World) { events = s.record.copies() })
		for _, e := range events {
			if e.Call != nil {
				s.detachCall(e.Call)
				e.ResourceID, e.OperationID = e.Call.ResourceID, e.Call.OperationID
				e.Text = e.Call.describe()
			}
			e.Resource, e.Before, e.Operation = cloned(e.Resource), cloned(e.Before), cloned(e.Operation)
			if !yield(e) {
				return
			}
		}
	}
}

// shared yields the record as Events does, for those who only read it: its messages are the server's own.
func (s *Server) shared() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		s.checkBubble()
		var events []Event
		s.look(func(*world.World) { events = s.record.copies() })
		for _, e := range events {
			if !yield(e) {
				return
			}
		}
	}
}

// Dropped returns how many events the record has let go because it was full. See [WithRecord].
func (s *Server) Dropped() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record.dropped()
}

// detachCall puts copies of what the server shares into a copy of a call, and what is only made when somebody looks.
func (s *Server) detachCall(c *Call) {
	if c.Request != nil {
		c.Request = proto.Clone(c.Request)
	}
	if c.Reply != nil {
		c.Reply = proto.Clone(c.Reply)
	}
	c.Header = c.Header.Copy()
	c.Faults = slices.Clone(c.Faults)
	c.ReplyTrailer = c.ReplyTrailer.Copy()
	if c.Status == nil {
		return
	}
	ids := s.requestIDs(c.requestID)
	defer ids.release()
	if c.bare {
		c.ReplyTrailer = metadata.Join(c.ReplyTrailer, ids.md)
		return
	}
	c.ReplyHeader = ids.md.Copy()
	if c.pace != "" {
		c.ReplyHeader.Set(pollIntervalHeader, c.pace)
	}
}
