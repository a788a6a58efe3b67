package assert_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/assert"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
)

// everyCheck is all checks of the package, as one would use them. The first ones need the record and cannot be sure if it has gaps.
func everyCheck(s *fake.Server, on fake.Matcher) (ofRecord, ofState map[string]func(fake.TB) bool) {
	var state *fake.State
	if s != nil {
		state = s.Snapshot()
	}
	ofRecord = map[string]func(fake.TB) bool{
		"Called":          func(t fake.TB) bool { return assert.Called(t, s, on) },
		"NotCalled":       func(t fake.TB) bool { return assert.NotCalled(t, s, on) },
		"CalledTimes":     func(t fake.TB) bool { return assert.CalledTimes(t, s, 0, on) },
		"Sequence":        func(t fake.TB) bool { return assert.Sequence(t, s, on) },
		"Subsequence":     func(t fake.TB) bool { return assert.Subsequence(t, s, on) },
		"Request":         func(t fake.TB) bool { return assert.Request[*compute.CreateImageRequest](t, s, on) != nil },
		"Requests":        func(t fake.TB) bool { return assert.Requests[*compute.CreateImageRequest](t, s, on) != nil },
		"Outcomes":        func(t fake.TB) bool { return assert.Outcomes(t, s, on, codes.OK) },
		"Faulted":         func(t fake.TB) bool { return assert.Faulted(t, s, new(fake.Injected), on) },
		"Before":          func(t fake.TB) bool { return assert.Before(t, s, on, on) },
		"Overlapping":     func(t fake.TB) bool { return assert.Overlapping(t, s, on, on) },
		"NeverConcurrent": func(t fake.TB) bool { return assert.NeverConcurrent(t, s, on, on) },
		"Gaps":            func(t fake.TB) bool { return assert.Gaps(t, s, on, assert.Pauses{AtLeast: time.Second}) },
		"Backoff":         func(t fake.TB) bool { return assert.Backoff(t, s, on, assert.Growth{Factor: 2}) },
		"Deadlines":       func(t fake.TB) bool { return assert.Deadlines(t, s, on) },
		"KeysKept":        func(t fake.TB) bool { return assert.KeysKept(t, s) },
		"Awaited":         func(t fake.TB) bool { return assert.Awaited(t, s) },
		"PagesRead":       func(t fake.TB) bool { return assert.PagesRead(t, s) },
		"NotRepeated":     func(t fake.TB) bool { return assert.NotRepeated(t, s) },
		"History":         func(t fake.TB) bool { return assert.History(t, s, "fd8x", fake.Ready) },
	}
	ofState = map[string]func(fake.TB) bool{
		"NothingLeft": func(t fake.TB) bool { return assert.NothingLeft(t, s, state) },
		"Image":       func(t fake.TB) bool { return assert.Image(t, s, "fd8x") },
		"Folder":      func(t fake.TB) bool { return assert.Folder(t, s, "f", nil) },
		"Unchanged":   func(t fake.TB) bool { return assert.Unchanged(t, s, state) },
		"Changed":     func(t fake.TB) bool { return assert.Changed(t, s, state, map[string][]assert.Check{"x": nil}) },
		"Eventually": func(t fake.TB) bool {
			return assert.Eventually(t, s, func() bool { return true })
		},
	}
	return ofRecord, ofState
}

func requireFailure(t *testing.T, check string, f func(fake.TB) bool, text string) {
	t.Helper()
	r := &recorder{ctx: t.Context()}
	require.False(t, f(r), "%s should fail", check)
	require.Len(t, r.failures, 1, "%s", check)
	require.Contains(t, r.failures[0], "assert."+check+": ")
	require.Contains(t, r.failures[0], text)
	require.Contains(t, r.lines[0], "misuse_test.go:", "%s is reported at another line", check)
}

// No check panics, and none passes, on a nil server, with a nil matcher, or with one that can pick nothing.
func TestEveryCheckRefusesNonsense(t *testing.T) {
	ofRecord, ofState := everyCheck(nil, fake.ImageCreate)
	for _, checks := range []map[string]func(fake.TB) bool{ofRecord, ofState} {
		for name, check := range checks {
			requireFailure(t, name, check, "the server is nil")
		}
	}
	cloud := fake.New(t)
	for _, nothing := range []fake.Matcher{nil, fake.Method(""), fake.Like(&compute.Image{Name: "web"}), fake.AllOf(fake.Work(nil))} {
		ofRecord, _ := everyCheck(cloud, nothing)
		for _, name := range []string{"KeysKept", "Awaited", "PagesRead", "NotRepeated", "History"} {
			delete(ofRecord, name) // take no matcher
		}
		for name, check := range ofRecord {
			requireFailure(t, name, check, "picks nothing: ")
		}
	}
}

// No check that looks at calls passes on a record that may miss some.
func TestEveryCheckSaysThatTheRecordHasGaps(t *testing.T) {
	for _, keep := range []int{0, 2} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t, fake.WithRecord(keep))
			for range 3 {
				require.NoError(t, s.as(t, "ci").get(s.id))
			}
			ofRecord, _ := everyCheck(s.Server, fake.ImageCreate)
			for name, check := range ofRecord {
				requireFailure(t, name, check, "fake.WithRecord")
			}
		})
	}
}
