package assert

import (
	"strings"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
)

// repeats returns the calls in groups, in order of arrival: in one group are those by one caller of one method with equal requests.
// The groups are in order of their first calls.
func repeats(calls []fake.Call) [][]fake.Call {
	place := make(map[string]int)
	var groups [][]fake.Call
	for _, c := range calls {
		key := strings.Join([]string{c.Caller, c.Method.FullName(), requestKey(c)}, "\x00")
		if _, known := place[key]; !known {
			place[key] = len(groups)
			groups = append(groups, nil)
		}
		groups[place[key]] = append(groups[place[key]], c)
	}
	return groups
}

// requestKey returns what equal requests share, and no others.
func requestKey(c fake.Call) string {
	if c.Request == nil {
		return ""
	}
	return plain.Message(c.Request)
}

// requestText returns a request for people.
func requestText(c fake.Call) string {
	if c.Request == nil {
		return ""
	}
	return plain.Redacted(c.Request)
}

// retry tells whether next repeats c because c brought nothing: it failed, or it was not answered when next arrived.
func retry(c, next fake.Call) bool {
	return c.Running() || c.Answered >= next.Seq || c.Status.Code() != codes.OK
}

// lasting are the codes of errors that do not go away: to ask again brings the same answer.
var lasting = map[codes.Code]bool{
	codes.InvalidArgument:    true,
	codes.NotFound:           true,
	codes.AlreadyExists:      true,
	codes.PermissionDenied:   true,
	codes.Unauthenticated:    true,
	codes.FailedPrecondition: true,
	codes.OutOfRange:         true,
	codes.Unimplemented:      true,
}

// changeable are those of lasting that a change of the state makes go away.
var changeable = map[codes.Code]bool{
	codes.NotFound:           true,
	codes.AlreadyExists:      true,
	codes.FailedPrecondition: true,
}

// strayKeys returns the calls that sent the idempotency key of another request, and so were answered with what that one had started
// instead of with what they asked for.
func strayKeys(calls []fake.Call) (stray faults) {
	bySeq := make(map[int]fake.Call)
	for _, c := range calls {
		bySeq[c.Seq] = c
		if c.KeyReused == 0 {
			continue
		}
		owner := "a call that is not in the record"
		if first, kept := bySeq[c.KeyReused]; kept {
			owner = callLine(first)
		}
		stray.add(c, "%s\n%s\n  idempotency-key %q belongs to the first: the second got its operation, and nothing of its own was done",
			owner, callLine(c), c.Key)
	}
	return stray
}

// starts tells whether a call was answered with an operation of its own.
func starts(c fake.Call) bool {
	_, is := c.Reply.(*operation.Operation)
	return is && c.Method.Starts()
}

// unfinished tells whether a call was answered with an operation that is not done.
func unfinished(c fake.Call) bool {
	op, is := c.Reply.(*operation.Operation)
	return is && !op.Done
}
