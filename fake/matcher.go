package fake

import (
	"errors"
	"fmt"
	"slices"
)

// Matcher picks calls. A [Method] is one; [AnyOf], [AllOf] and [Not] combine them. Wherever a list of matchers is taken, a call is
// picked if any of them picks it, and an empty list picks every call.
//
// A matcher looks at a call as it arrives: its method, caller, headers and request. It is asked once per call, without any lock
// held. What it is shown belongs to the server: it must not change the request, nor keep it.
//
// Whatever a matcher has to say of a call, see [Verdict], is said by what contains it as well: any matcher can stand in any other.
type Matcher interface {
	judging() judging
	fmt.Stringer
}

// judging is all there is to a matcher. What is known before any call comes stands beside what judges one.
type judging struct {
	picks func(*Call) bool    // every call of a server is asked about, for each fault on it
	judge func(*Call) Verdict // of the same call its Picked says the same
	only  []Method            // the only methods whose calls can be picked; nil: no such limit
	named []Method            // the methods that whoever made it named, all of which a server should serve
	asks  bool                // code of the test is run to decide
	wrong string              // why it can pick nothing, or does not mean what it says; "" if it is fine
}

// Verdict is what a matcher says of a call.
type Verdict struct {
	Picked bool

	// ToTheEnd: the call lasts until the operation that it started has ended, rather than until it was answered. See [Work].
	ToTheEnd bool

	// Reasons tell what keeps the call from being picked, the fewer the nearer it is. There are none for a call of quite another
	// kind: of another method, with another type of request.
	Reasons []string

	// Vague: the reasons tell only which matcher does not pick it, so that nothing is known of how near it is.
	Vague bool
}

// Distance tells how far the call is from being picked, for comparing: 0 if it is, else one for each reason; vague reasons are farther
// than any others, and no reason is farther still.
func (v Verdict) Distance() int {
	const vague, far = 1 << 10, 1 << 20
	switch {
	case v.Picked:
		return 0
	case v.Reasons == nil:
		return far
	case v.Vague:
		return vague
	}
	return min(len(v.Reasons), vague-1)
}

// far is the verdict on a call of quite another kind.
var far = Verdict{}

// Judge returns what a matcher says of calls that this server has seen. The error tells, in a sentence, why the matcher can pick none
// of this server, or does not mean what it says: it names a method that is not served, its conditions exclude each other, a path or
// an id in it cannot be. Package assert asks this way; for the calls that are picked, [Server.Calls] is enough.
func (s *Server) Judge(on Matcher) (judge func(*Call) Verdict, err error) {
	j, wrong := s.judging(on)
	if wrong != "" {
		return nil, errors.New(wrong)
	}
	return j.judge, nil
}

// judging returns what there is to a matcher, and what is wrong with it on this server, "" if nothing.
func (s *Server) judging(on Matcher) (j judging, wrong string) {
	if on == nil {
		return nothing, "it is nil; use a method such as fake.ImageCreate, or fake.Match"
	}
	j = on.judging()
	if j.wrong != "" {
		return j, j.wrong
	}
	served := func(m Method) bool { _, ok := s.method(m); return ok }
	for _, method := range j.named {
		if !served(method) {
			return j, fmt.Sprintf("the server does not serve %q: %s, or use one of the methods of package fake", method.FullName(), s.howToServe(method))
		}
	}
	if j.only != nil && !slices.ContainsFunc(j.only, served) {
		return j, "the server serves no method that takes such a request; add the service with WithNeighbours or WithService"
	}
	return j, ""
}

// asked returns what there is to the matchers that a method of the server was given. If something is wrong with one of them it says
// so at the test's line; then nothing is picked.
func (s *Server) asked(by string, on []Matcher) judging {
	s.tb.Helper()
	for i, m := range on {
		if _, wrong := s.judging(m); wrong != "" {
			if len(on) > 1 {
				by = fmt.Sprintf("%s: matcher %d of %d", by, i+1, len(on))
			}
			s.misuse("%s: %s", by, wrong)
			return nothing
		}
	}
	return AnyOf(on...).judging()
}

// matcher is a Matcher with its text.
type matcher struct {
	is   judging
	text string
}

func (m *matcher) judging() judging { return m.is }
func (m *matcher) String() string   { return m.text }

// nothing picks no call.
var nothing = judging{
	picks: func(*Call) bool { return false }, judge: func(*Call) Verdict { return far }, only: []Method{},
}

// impossible is a matcher that picks nothing, and says why.
func impossible(text, why string) Matcher {
	j := nothing
	j.wrong = why
	return &matcher{j, text}
}

// vague makes a matcher that can tell of a call that it does not pick no more than that.
func vague(text, wrong string, picks func(*Call) bool) *matcher {
	judge := func(c *Call) Verdict {
		if picks(c) {
			return Verdict{Picked: true}
		}
		return Verdict{Reasons: []string{"not picked by: " + text}, Vague: true}
	}
	return &matcher{judging{picks: picks, judge: judge, wrong: wrong}, text}
}

// narrow makes of a judgement one of the calls for which fits holds: others are of another kind.
func (j *judging) narrow(fits func(*Call) bool) {
	picks, judge := j.picks, j.judge
	j.picks = func(c *Call) bool { return fits(c) && picks(c) }
	j.judge = func(c *Call) Verdict {
		if !fits(c) {
			return far
		}
		return judge(c)
	}
}

func (m Method) judging() judging {
	j := judging{only: []Method{m}, named: []Method{m}}
	j.picks = func(c *Call) bool { return c.Method == m }
	j.judge = func(c *Call) Verdict { return Verdict{Picked: c.Method == m} }
	if m == "" {
		j.wrong = "it is the zero Method; use one of the methods of package fake, or fake.Method(\"/package.Service/Name\")"
	}
	return j
}
