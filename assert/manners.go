package assert

import (
	"fmt"
	"slices"

	"github.com/imagefake/imagefake/fake"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
)

// KeysKept checks that a request which changes something, when it is made again, carries the idempotency key of the try before.
//
// It looks at the methods that start operations (Create, Update, Delete, the access bindings, and such methods of neighbours). Two
// calls are tries of one request if they are by the same caller, of the same method, with equal requests, and the earlier one had
// failed or was not answered when the later one arrived. Attempts that gRPC repeats by its retry policy are tries. After an error
// that is certain to have changed nothing and does not go away (InvalidArgument, NotFound, AlreadyExists, PermissionDenied,
// Unauthenticated, FailedPrecondition, OutOfRange, Unimplemented) a new key is fine.
//
// No call may send a key that another request, or another method, has used: the service answers it with that one's operation [docs].
//
// Where nothing was tried again it passes; where there was no call at all it fails.
func KeysKept(t fake.TB, s *fake.Server) bool {
	t.Helper()
	r, ok := readJudged(t, "KeysKept", s)
	if !ok {
		return false
	}
	var tries faults
	for _, group := range repeats(r.calls) {
		if !group[0].Method.Starts() {
			continue
		}
		for i, c := range group[1:] {
			first := group[i]
			certain := !first.Running() && first.Answered < c.Seq && lasting[first.Status.Code()]
			if certain || !retry(first, c) || c.Key != "" && c.Key == first.Key {
				continue
			}
			tries.add(c, "%s\n%s\n  idempotency-key: want %s, got %s",
				callLine(first), callLine(c), keyText(first.Key, "one, the same on every try"), keyText(c.Key, "none"))
		}
	}
	stray := strayKeys(r.calls)
	wrong := slices.Concat(tries.calls, stray.calls)
	if len(wrong) == 0 {
		return true
	}
	return failedAt(t, s, wrong, "KeysKept", "expected every further try of a request to carry the idempotency key of the first, so that what succeeded "+
		"without an answer is not done twice, and no other request to carry it. "+missed(len(wrong)),
		tries.block("a try and the next"), stray.block("a key of another request"))
}

func keyText(key, none string) string {
	if key == "" {
		return none
	}
	return fmt.Sprintf("%q", key)
}

// missed tells how often a manner was not kept.
func missed(n int) string {
	if n == 1 {
		return "Once it was not so"
	}
	return fmt.Sprintf("%d times it was not so", n)
}

// Awaited checks that every operation was followed to its end by the caller that started it: to a caller that was answered with an
// operation which is not done, a later answer of any kind (a poll, held or not, a cancel, a repeat by idempotency key) has said that
// it is done. Whether it failed does not matter. An operation of which the caller never heard, because the answer was lost, is not
// its fault: [NothingLeft] finds what becomes of it.
//
// Where no operation was started it passes; where there was no call at all it fails.
func Awaited(t fake.TB, s *fake.Server) bool {
	t.Helper()
	r, ok := readJudged(t, "Awaited", s)
	if !ok {
		return false
	}
	type following struct{ caller, operation string }
	ended := make(map[following]bool)
	latest := make(map[following]fake.Call)
	for _, c := range r.calls {
		if op, is := c.Reply.(*operation.Operation); is && op.Done {
			ended[following{c.Caller, op.Id}] = true
		}
		latest[following{c.Caller, c.OperationID}] = c
	}
	now := make(map[string]string)
	for _, op := range s.Operations() {
		now[op.ID()] = fmt.Sprintf("\n  now: %v", op)
	}
	var left faults
	for _, c := range r.calls {
		who := following{c.Caller, c.OperationID}
		if !starts(c) || ended[who] {
			continue
		}
		ended[who] = true // once is enough
		line := callLine(c) + ", operation " + c.OperationID
		if last := latest[who]; last.Seq != c.Seq {
			line += "\n  last asked for by: " + callLine(last)
		} else {
			line += "\n  never asked for again"
		}
		left.add(c, "%s%s", line, now[c.OperationID])
	}
	if left.calls == nil {
		return true
	}
	return failedAt(t, s, left.calls, "Awaited", fmt.Sprintf("expected callers to follow every operation they start until they are told that it is done. "+
		"%s %s not followed to the end", count(len(left.calls), "operation"), was(len(left.calls))), left.block("started by"))
}

func was(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// NotRepeated checks that nobody makes a request again after an error that will not go away: InvalidArgument, NotFound, AlreadyExists,
// PermissionDenied, Unauthenticated, FailedPrecondition, OutOfRange, Unimplemented. Two requests are the same if they are by one
// caller, of one method, and equal.
//
// It forgives: polls of an operation that is not found (replicas lag, and SDKs ask again up to three times [sdk]); a request after
// NotFound, AlreadyExists or FailedPrecondition if anything changed on the server between the two; one after Unauthenticated with
// another authorization header.
//
// A request that carries the idempotency key of another one repeats that one, and is no request of its own: it is reported too.
//
// Where nothing failed it passes; where there was no call at all it fails.
func NotRepeated(t fake.TB, s *fake.Server) bool {
	t.Helper()
	r, ok := readJudged(t, "NotRepeated", s)
	if !ok {
		return false
	}
	var again faults
	for _, group := range repeats(r.calls) {
		for i, c := range group[1:] {
			refused := group[i]
			if refused.Running() || refused.Answered >= c.Seq || !lasting[refused.Status.Code()] {
				continue
			}
			code := refused.Status.Code()
			switch {
			case code == codes.NotFound && c.Method == fake.OperationGet,
				changeable[code] && r.changed(refused.Seq, c.Seq),
				code == codes.Unauthenticated && !slices.Equal(refused.Header["authorization"], c.Header["authorization"]):
				continue
			}
			again.add(c, "%s\n%s\n  both times: %s", callLine(refused), callLine(c), requestText(c))
		}
	}
	stray := strayKeys(r.calls)
	wrong := slices.Concat(again.calls, stray.calls)
	if len(wrong) == 0 {
		return true
	}
	return failedAt(t, s, wrong, "NotRepeated", "expected no request to be made again after an error that will not go away, or under the idempotency key of "+
		"another. "+missed(len(wrong)), again.block("refused and made again"), stray.block("a key of another request"))
}

// changed tells whether an image or an operation changed between two events.
func (r record) changed(from, to int) bool {
	for e := range r.server.Events() {
		if e.Seq > from && e.Seq < to && changes(e) {
			return true
		}
	}
	return false
}

// Deadlines checks that every call that one of the matchers picks came with a deadline. Without matchers it looks at all calls but
// those to the endpoint and token services and health checks, which SDKs make on their own. There must be a call to look at.
func Deadlines(t fake.TB, s *fake.Server, on ...fake.Matcher) bool {
	t.Helper()
	r, ok := readJudged(t, "Deadlines", s, on...)
	if !ok {
		return false
	}
	calls := r.pick(on...)
	if len(on) == 0 {
		calls = offstage(calls, nil)
	}
	if len(calls) == 0 {
		return failed(t, s, "Deadlines", fmt.Sprintf("there is nothing to judge: no call is picked by %s", wanted(on)), "  "+summary(r.calls))
	}
	bare := slices.DeleteFunc(slices.Clone(calls), func(c fake.Call) bool { return c.Timeout != 0 })
	if len(bare) == 0 {
		return true
	}
	return failedAt(t, s, bare, "Deadlines", fmt.Sprintf("expected every call to have a deadline%s. Of %s, %d had none, and would wait for ever "+
		"for a service that does not answer", wantedOr(on, ""), count(len(calls), "call"), len(bare)),
		block("without a deadline", cut(callLines(bare))...))
}
