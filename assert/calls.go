package assert

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Called checks that at least one call is picked by one of the matchers; without matchers, that there was any call. An attempt that
// gRPC repeats by its retry policy is a call, and so is one that failed or still runs: see [Outcomes] for how calls ended.
func Called(t fake.TB, s *fake.Server, on ...fake.Matcher) bool {
	t.Helper()
	r, ok := read(t, "Called", s, on...)
	if !ok {
		return false
	}
	if len(r.pick(on...)) > 0 {
		return true
	}
	if r.dropped > 0 {
		return failed(t, s, "Called", r.gap())
	}
	return failed(t, s, "Called", fmt.Sprintf("expected at least one call%s. %s", wantedOr(on, ""), none(r.calls)),
		r.nearest(r.calls, on...), "  "+summary(r.calls))
}

// NotCalled checks that no call is picked by any of the matchers; without matchers, that there was no call at all.
func NotCalled(t fake.TB, s *fake.Server, on ...fake.Matcher) bool {
	t.Helper()
	r, ok := readWhole(t, "NotCalled", s, on...)
	if !ok {
		return false
	}
	calls := r.pick(on...)
	if len(calls) == 0 {
		return true
	}
	return failedAt(t, s, calls, "NotCalled", fmt.Sprintf("expected no call%s. There %s %d", wantedOr(on, " at all"), is(len(calls)), len(calls)),
		block("the calls", cut(callLines(calls))...))
}

// CalledTimes checks that n calls are picked by one of the matchers; without matchers, that there were n calls.
func CalledTimes(t fake.TB, s *fake.Server, n int, on ...fake.Matcher) bool {
	t.Helper()
	r, ok := readWhole(t, "CalledTimes", s, on...)
	if !ok {
		return false
	}
	if n < 0 {
		return failed(t, s, "CalledTimes", fmt.Sprintf("there cannot be %d calls: name a number from 0", n))
	}
	calls := r.pick(on...)
	if len(calls) == n {
		return true
	}
	below := []string{block("the calls", cut(callLines(calls))...)}
	if len(calls) < n {
		below = append(below, r.nearest(r.calls, on...), "  "+summary(r.calls))
	}
	expected := fmt.Sprintf("expected %s%s", count(n, "call"), wantedOr(on, " in all"))
	return failedAt(t, s, calls[min(n, len(calls)):], "CalledTimes", fmt.Sprintf("%s. There %s %d", expected, is(len(calls)), len(calls)), below...)
}

// Request returns the one request of type Q among the calls that one of the matchers picks, all calls without one:
//
//	require.Equal(t, "web", assert.Request[*compute.CreateImageRequest](t, cloud).GetName())
//
// If there is none or several, it fails and returns nil, whose getters return zero values. Each attempt of a call that is repeated
// counts. The request is a copy.
func Request[Q proto.Message](t fake.TB, s *fake.Server, on ...fake.Matcher) (q Q) {
	t.Helper()
	requests, r, ok := requestsOf[Q](t, "Request", s, on)
	if !ok {
		return q
	}
	if len(requests) == 1 {
		return requests[0].Request.(Q)
	}
	lines := make([]string, len(requests))
	for i, c := range requests {
		lines[i] = callLine(c) + "\n  " + plain.Redacted(c.Request)
	}
	below := []string{block("the requests", cut(lines)...)}
	if len(requests) == 0 {
		below = []string{r.nearest(r.calls, on...), "  " + summary(r.calls)}
	}
	found := "There is none"
	if len(requests) > 0 {
		found = fmt.Sprintf("There are %d", len(requests))
	}
	failed(t, s, "Request", fmt.Sprintf("expected one %s%s. %s", typeOf[Q]().Name(), wantedOr(on, ""), found), below...)
	return q
}

// Requests returns the requests of type Q of the calls that one of the matchers picks, all calls without one, in order of arrival. It
// fails if the record has dropped events, or if no method takes Q; no call is no failure. Each attempt of a call that is repeated
// counts. The requests are copies.
func Requests[Q proto.Message](t fake.TB, s *fake.Server, on ...fake.Matcher) []Q {
	t.Helper()
	calls, _, ok := requestsOf[Q](t, "Requests", s, on)
	if !ok {
		return nil
	}
	requests := make([]Q, len(calls))
	for i, c := range calls {
		requests[i] = c.Request.(Q)
	}
	return requests
}

// requestsOf returns the calls with requests of type Q.
func requestsOf[Q proto.Message](t fake.TB, check string, s *fake.Server, on []fake.Matcher) ([]fake.Call, record, bool) {
	t.Helper()
	r, ok := readWhole(t, check, s, on...)
	if !ok {
		return nil, r, false
	}
	of := typeOf[Q]()
	if of == nil {
		return nil, r, failed(t, s, check, fmt.Sprintf("%v is the type of no request: ask for one such as *compute.CreateImageRequest",
			reflect.TypeFor[Q]()))
	}
	calls := slices.DeleteFunc(slices.Clone(r.pick(on...)), func(c fake.Call) bool {
		_, is := c.Request.(Q)
		return !is
	})
	var q Q
	if _, err := s.Judge(fake.Like(q.ProtoReflect().New().Interface().(Q))); len(calls) == 0 && err != nil {
		return nil, r, failed(t, s, check, err.Error())
	}
	return calls, r, true
}

// Outcomes checks how the calls that on picks were answered: with these codes, one for each call, in order of arrival. A call that
// still runs has no outcome.
//
//	assert.Outcomes(t, cloud, fake.ImageCreate, codes.Unavailable, codes.OK)
//
// The code is the one that the server sent: a caller that gave up earlier has seen another.
func Outcomes(t fake.TB, s *fake.Server, on fake.Matcher, want ...codes.Code) bool {
	t.Helper()
	r, ok := readWhole(t, "Outcomes", s, on)
	if !ok {
		return false
	}
	if len(want) == 0 {
		return failed(t, s, "Outcomes", "there are no codes to compare with: name one for each call, or use NotCalled")
	}
	calls := r.pick(on)
	if slices.EqualFunc(calls, want, func(c fake.Call, code codes.Code) bool { return !c.Running() && c.Status.Code() == code }) {
		return true
	}
	below := []string{block("the calls", cut(callLines(calls))...)}
	if len(calls) == 0 {
		below = []string{r.nearest(r.calls, on), "  " + summary(r.calls)}
	}
	return failedAt(t, s, unlike(calls, want), "Outcomes", fmt.Sprintf("expected %v to be answered %s. %s", on, codeNames(want), outcomeFound(calls)), below...)
}

// unlike returns the calls that were not answered with the code which is theirs, or have none.
func unlike(calls []fake.Call, want []codes.Code) []fake.Call {
	var wrong []fake.Call
	for i, c := range calls {
		if i >= len(want) || c.Running() || c.Status.Code() != want[i] {
			wrong = append(wrong, c)
		}
	}
	return wrong
}

func codeNames(want []codes.Code) string {
	names := make([]string, len(want))
	for i, code := range want {
		names[i] = code.String()
	}
	return strings.Join(names, ", ")
}

func outcomeFound(calls []fake.Call) string {
	if len(calls) == 0 {
		return "There is no such call"
	}
	names := make([]string, len(calls))
	for i, c := range calls {
		if names[i] = "nothing yet"; !c.Running() {
			names[i] = c.Status.Code().String()
		}
	}
	return "They were answered " + strings.Join(names, ", ")
}

// Faulted checks that a fault has happened to at least one of the calls that one of the matchers picks, of all calls without one.
// [fake.Injected] tells how often it has happened at all.
func Faulted(t fake.TB, s *fake.Server, fault *fake.Injected, on ...fake.Matcher) bool {
	t.Helper()
	r, ok := read(t, "Faulted", s, on...)
	if !ok {
		return false
	}
	if fault == nil {
		return failed(t, s, "Faulted", "the fault is nil: give it what Inject returned")
	}
	calls := r.pick(on...)
	if slices.ContainsFunc(calls, func(c fake.Call) bool { return slices.Contains(c.Faults, fault) }) {
		return true
	}
	if r.dropped > 0 {
		return failed(t, s, "Faulted", r.gap())
	}
	return failed(t, s, "Faulted", fmt.Sprintf("expected the fault (%v) to happen to a call%s. It has happened to none of %d, and to %d in all",
		fault, wantedOr(on, ""), len(calls), fault.Fired()),
		block("the calls", cut(callLines(calls))...), "  "+summary(r.calls))
}

// typeOf returns the message type that Q is, nil for an interface.
func typeOf[Q proto.Message]() protoreflect.MessageDescriptor {
	var q Q
	if any(q) == nil {
		return nil
	}
	return q.ProtoReflect().Descriptor()
}
