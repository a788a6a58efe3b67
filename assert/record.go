package assert

import (
	"fmt"
	"strings"

	"github.com/imagefake/imagefake/fake"
)

// record is the calls that a server has seen, taken once per check.
type record struct {
	server  *fake.Server
	calls   []fake.Call
	dropped int
}

// read takes the record of a server and looks at the matchers that are asked about it. If one of them makes no sense it fails the
// check.
func read(t fake.TB, check string, s *fake.Server, on ...fake.Matcher) (record, bool) {
	t.Helper()
	if !given(t, check, s) {
		return record{}, false
	}
	r := record{server: s, calls: s.Calls(), dropped: s.Dropped()}
	for i, m := range on {
		if _, err := s.Judge(m); err != nil {
			which := "the matcher"
			if len(on) > 1 {
				which = fmt.Sprintf("matcher %d of %d", i+1, len(on))
			}
			return r, failed(t, s, check, which+" picks nothing: "+err.Error())
		}
	}
	return r, true
}

// readWhole is read for checks that would lie about a record with gaps.
func readWhole(t fake.TB, check string, s *fake.Server, on ...fake.Matcher) (record, bool) {
	t.Helper()
	r, ok := read(t, check, s, on...)
	if ok && r.dropped > 0 {
		return r, failed(t, s, check, r.gap())
	}
	return r, ok
}

// readJudged is readWhole for checks of manners: where nobody called, there is nobody to judge.
func readJudged(t fake.TB, check string, s *fake.Server, on ...fake.Matcher) (record, bool) {
	t.Helper()
	r, ok := readWhole(t, check, s, on...)
	if ok && len(r.calls) == 0 {
		return r, failed(t, s, check, "there is nothing to judge: "+summary(nil))
	}
	return r, ok
}

// gap says that the record cannot be relied on.
func (r record) gap() string {
	return fmt.Sprintf("the record is not whole: %d of its events were not kept, calls may be among them, so nothing can be said for certain. "+
		"Give the server a larger record with fake.WithRecord", r.dropped)
}

// given tells whether there is a server.
func given(t fake.TB, check string, s *fake.Server) bool {
	t.Helper()
	if s == nil {
		return failed(t, s, check, "the server is nil: give it the one that fake.New or fake.Start returned")
	}
	return true
}

// judge returns what a matcher says of calls. Of one that makes no sense, which read refuses, they are all far from being picked.
func (r record) judge(m fake.Matcher) func(*fake.Call) fake.Verdict {
	judge, err := r.server.Judge(m)
	if err != nil {
		return func(*fake.Call) fake.Verdict { return fake.Verdict{} }
	}
	return judge
}

// pick returns the calls that one of the matchers picks.
func (r record) pick(on ...fake.Matcher) []fake.Call {
	judge := r.judge(fake.AnyOf(on...))
	var calls []fake.Call
	for _, c := range r.calls {
		if judge(&c).Picked {
			calls = append(calls, c)
		}
	}
	return calls
}

// own tells whether a call is one that code makes on purpose: not one of those to the services for endpoints and tokens, which
// SDKs make on their own, and not a health check.
func own(c fake.Call) bool {
	switch c.Method {
	case fake.EndpointGet, fake.EndpointList, fake.TokenCreate, fake.TokenCreateForServiceAccount:
		return false
	}
	return !strings.HasPrefix(c.Method.FullName(), "/grpc.health.")
}

// offstage leaves the calls that are not own out, unless a matcher is the very method.
func offstage(calls []fake.Call, on []fake.Matcher) []fake.Call {
	var kept []fake.Call
	for _, c := range calls {
		named := false
		for _, m := range on {
			named = named || m == c.Method
		}
		if named || own(c) {
			kept = append(kept, c)
		}
	}
	return kept
}
