package scenario

import (
	"errors"
	"fmt"

	"github.com/imagefake/imagefake/fake"
	"google.golang.org/grpc/codes"
)

// NoImpact is the ending of a body that a fault makes no difference to: it returns no error. See [Expect].
const NoImpact = codes.OK

// Expect says how body is to end where one fault alone happens to it: the kind, at a call that on picks. want is the code of the error
// that it returns, [NoImpact] for none:
//
//	scenario.Expect(fake.OperationGet, scenario.Unavailable, scenario.NoImpact)
//	scenario.Expect(fake.ImageCreate, scenario.Denied, codes.PermissionDenied)
//
// A run that ends otherwise is broken. An expectation that no run of [Explore] meets fails the test: the body makes no such call, or the
// kind is not among those that are tried. Options add up; of two for the same call and kind both must hold.
func Expect(on fake.Matcher, kind Kind, want codes.Code) Option {
	return option(func(c *config) error {
		switch {
		case on == nil:
			return errors.New("Expect(nil, …): name the calls, such as fake.ImageCreate")
		case kind.Name == "":
			return fmt.Errorf("Expect(%v, …): the kind has no name: use one of this package, or the one that Faults is given", on)
		case want > codes.Unauthenticated:
			return fmt.Errorf("Expect(%v, %s, %d): that is no gRPC code", on, kind.Name, want)
		}
		c.expected = append(c.expected[:len(c.expected):len(c.expected)], expectation{on, kind.Name, want})
		return nil
	})
}

// An expectation is how a body is to end under one fault.
type expectation struct {
	on   fake.Matcher
	kind string
	want codes.Code
}

// String returns the expectation as it reads.
func (e expectation) String() string {
	if e.want == NoImpact {
		return fmt.Sprintf("%s at %v makes no difference", e.kind, e.on)
	}
	return fmt.Sprintf("%s at %v ends with %v", e.kind, e.on, e.want)
}

// meetExpectations judges how a run has ended, and notes which expectations it was about.
func (r *run) meetExpectations() {
	if len(r.expected) == 0 || len(r.schedule) != 1 || r.order != nil || r.answers || !r.result.returned || r.placed[0].Fired() == 0 {
		return
	}
	at := r.result.trace.find(r.schedule[0].place)
	if at == nil {
		return
	}
	for i, e := range r.expected {
		if e.kind != r.schedule[0].kind.Name || !r.picks(e.on, at.seq) {
			continue
		}
		r.result.met = append(r.result.met, i)
		got := r.result.outcome()
		if want := e.want.String(); e.want == NoImpact && got != "ok" || e.want != NoImpact && got != want {
			r.test.add(fmt.Sprintf("expected: %v; it ended %s", e, got))
		}
	}
}

// picks tells whether a matcher picks a call of the run.
func (r *run) picks(on fake.Matcher, seq int) bool {
	for _, c := range r.test.cloud.Calls(on) {
		if c.Seq == seq {
			return true
		}
	}
	return false
}

// unmet returns the expectations that no run was about.
func (e *exploration) unmet() []expectation {
	var unmet []expectation
	for i, expected := range e.expected {
		if !e.met[i] {
			unmet = append(unmet, expected)
		}
	}
	return unmet
}
