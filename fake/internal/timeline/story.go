// Package timeline draws the record of a server: as text for a terminal, and as a page for a browser.
//
// It draws a [Story], which is plain data: it knows no gRPC server, no lock and no clock. Equal stories give equal pictures, byte
// for byte.
package timeline

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake/plain"
)

// Story is what happened to a server. Numbers (Seq) are places in its record: they ascend, and calls and events share them.
type Story struct {
	Title   string // whose record it is; "" is fine
	Lanes   []string
	Calls   []Call  // ascending by Seq
	Events  []Event // ascending by Seq
	Names   []Name  // of the resources and operations concerned
	Dropped int     // events before the first that the record no longer has

	Failed   bool      // the test has
	Failures []Failure // what checks found wrong
	Faults   []string  // that were to happen, in words
	Again    string    // the command that runs it again; "": none is known

	// Whole tells of the whole record where the story is a part of it; nil: it is the whole.
	Whole *Whole
}

// Failure is what a check found wrong.
type Failure struct {
	Text  string // begins with the name of the check, up to a colon
	Calls []int  // the numbers of those at fault
}

// LastBlamed returns the number of the last call that is at fault for something, 0 if none is.
func LastBlamed(failures []Failure) int {
	last := 0
	for _, f := range failures {
		for _, seq := range f.Calls {
			last = max(last, seq)
		}
	}
	return last
}

// told returns failures without those whose text is part of another one's, which gets their calls.
func told(failures []Failure) []Failure {
	byLength := slices.Clone(failures)
	slices.SortStableFunc(byLength, func(a, b Failure) int { return cmp.Compare(len(b.Text), len(a.Text)) })
	calls := make(map[string][]int) // by text
	for _, f := range byLength {
		whole := f.Text
		for _, longer := range byLength {
			if _, kept := calls[longer.Text]; kept && strings.Contains(longer.Text, f.Text) {
				whole = longer.Text
				break
			}
		}
		calls[whole] = append(calls[whole], f.Calls...)
	}
	var kept []Failure
	for _, f := range failures {
		if of, left := calls[f.Text]; left {
			kept = append(kept, Failure{f.Text, of})
			delete(calls, f.Text)
		}
	}
	return kept
}

// blames returns which checks found fault with which calls, by their numbers.
func blames(failures []Failure) map[int][]string {
	var by map[int][]string
	for _, f := range failures {
		check, _, named := strings.Cut(f.Text, ":")
		if check = plain.Line(check); !named || len(check) > maxCheck {
			check = "a check"
		}
		for _, seq := range f.Calls {
			if by == nil {
				by = make(map[int][]string)
			}
			if !slices.Contains(by[seq], check) {
				by[seq] = append(by[seq], check)
			}
		}
	}
	return by
}

// maxCheck is how long the name of a check is, at most.
const maxCheck = 40

// Whole is what a story that is a part still tells of the whole.
type Whole struct {
	Earlier, Later int // events that the record has and the story has not
	Calls, Failed  int
	Faults         int
	Attempts       int // repetitions by gRPC's retry policy
	Callers        int
	Start, End     time.Time // of the first and of the last event
}

// whole returns what there is to tell of the whole record.
func (s *Story) whole(rows []row) Whole {
	if s.Whole != nil {
		return *s.Whole
	}
	w := Whole{Calls: len(s.Calls), Callers: len(s.Lanes), Start: rows[0].at, End: rows[len(rows)-1].at}
	for _, c := range s.Calls {
		if c.Error != "" {
			w.Failed++
		}
		if c.Attempt > 1 {
			w.Attempts++
		}
	}
	for _, e := range s.Events {
		if e.Kind == Fault {
			w.Faults++
		}
	}
	return w
}

// Call is one RPC: an interval on the lane of its caller.
type Call struct {
	Seq     int
	Lane    int    // index of Story.Lanes
	Method  string // ImageCreate
	Request string // the key facts of the request in words; ids in it are shown by name
	Attempt int    // above 1: a repetition by gRPC's retry policy

	// Key is what a repetition of the call has in common with its first try: the idempotency key. "" where there is none, or where
	// the method does not heed it. It is compared, and never shown.
	Key string
	// Changes tells that the method asks for a change: only such a call is a repetition that must carry the key of the first.
	Changes bool

	Start, End time.Time // on the server's clock; End is zero as long as the call is running
	// Last is the number of the latest event when the call was answered; 0: not known. On a virtual clock many things happen at
	// one time, and only this tells what happened during the call.
	Last int

	Result string // of a call that succeeded: the reply in words; ids in it are shown by name
	Error  string // of one that failed: code and message, shown as they are; "" otherwise

	Image, Operation string // ids; "" for none
}

// Running tells whether the call has not been answered.
func (c *Call) Running() bool { return c.End.IsZero() }

// Kind is what sort of thing happened.
type Kind int

const (
	Image     Kind = iota // an image changed, or another resource
	Operation             // an operation moved
	Fault                 // a fault happened to a call
	Clock                 // the test moved the clock
	Note                  // anything else
)

func (k Kind) String() string { return [...]string{"image", "operation", "fault", "clock", "note"}[k] }

// Event is something that happened to the server and is no call.
type Event struct {
	Seq  int
	At   time.Time // on the server's clock
	Kind Kind
	Text string // in words, without the name of the resource or operation; ids in it are shown by name
	Bad  bool   // a failure: of an operation or of an image
	Over bool   // the operation is done, the image is gone
	Call int    // the call that a fault happened to, or that started an operation; 0: none
	By   int    // the call whose handler did it; 0: time or the test

	Image, Operation string // ids; "" for none
}

// Name is what an image or another resource is called, or an operation does.
type Name struct {
	ID   string
	Kind Kind // Image or Operation
	// Folder is where the image is; it is shown where an image elsewhere has its name. "": not known.
	Folder string
	Text   string // the image's name; the method that started the operation. "": unknown
	Noun   string // what a resource is, "disk"; "": an image
}
