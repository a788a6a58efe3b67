package lro

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/status"
)

var (
	start  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	broken = &status.Status{Code: 13, Message: "broken"}
	poll   = Step{Cause: Poll, Polls: 2}
	minute = Step{Cause: Elapsed, After: time.Minute}
	hand   = Step{Cause: Hand}
	never  = Step{Cause: Never}
)

// A run is driven by letters: p poll, t time (a minute), s step by hand, c complete, f fail, x cancel. Each state is shown by its
// phase and step: r0 running at step 0, b rolling back, F failed, S succeeded.
func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name, moves, want string
		plan              Plan
	}{
		{"at once", "", "S", Plan{}},
		{"at once, failing, at the first poll", "p", "r0 F", Plan{Err: broken}},
		{"at once, failing, by hand", "ss", "r0 b F", Plan{Err: broken}},
		{"polls", "pppp", "r0 r0 r1 r1 S", Plan{Steps: []Step{poll, poll}}},
		{"time does not pass what polls do", "tsp", "r0 r0 r1 r1", Plan{Steps: []Step{poll, poll}}},
		{"polls do not pass what time does", "ppt", "r0 r0 r0 S", Plan{Steps: []Step{minute}}},
		{"a step passes whatever it is", "ssss", "r0 r1 r2 r3 S", Plan{Steps: []Step{poll, minute, hand, never}}},
		{"never, but by hand", "ptps", "r0 r0 r0 r0 S", Plan{Steps: []Step{never}}},
		{"complete", "c", "r0 S", Plan{Steps: []Step{hand, hand}, Err: broken}},
		{"failing by itself ends in one step", "t", "r0 F", Plan{Steps: []Step{minute}, Err: broken}},
		{"failing by hand shows both phases", "ss", "r0 b F", Plan{Steps: []Step{hand}, Err: broken}},
		{"a hand on an automatic plan shows both too", "ss", "r0 b F", Plan{Steps: []Step{minute}, Err: broken}},
		{"fail waits for a hand", "bptcxs", "r0 b b b b b F", Plan{Steps: []Step{minute}}},
		{"a slow rollback", "tptp", "r0 b b F F", Plan{Steps: []Step{minute}, Err: broken, Rollback: &minute}},
		{"a rollback by polls", "bpp", "r0 b b F", Plan{Steps: []Step{minute}, Rollback: &poll}},
		{"a failure by hand", "fptcxbs", "r0 F F F F F F F", Plan{Steps: []Step{minute}, Rollback: &minute}},
		{"a failure behind the first", "bfs", "r0 b b F", Plan{Steps: []Step{hand}}},
		{"cancel", "x", "r0 F", Plan{Steps: []Step{hand}}},
		{"cancel halfway", "xxs", "r0 b b F", Plan{Steps: []Step{hand}, Rollback: &hand}},
		{"cancel too late", "xs", "r0 r0 S", Plan{Steps: []Step{hand}, TooLate: true}},
		{"done is done", "cpstbxc", "r0 S S S S S S S", Plan{Steps: []Step{hand}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := start
			r := Begin(&tt.plan, now)
			got := show(r)
			for _, move := range tt.moves {
				before := r
				switch move {
				case 'p':
					r = r.Poll(now)
				case 't':
					now = now.Add(time.Minute)
					if due, ok := r.Due(); ok && !due.After(now) {
						r = r.Elapse(due)
					}
				case 's':
					r = r.Pass(now)
				case 'c':
					r = r.Complete(now)
				case 'b':
					r = r.RollBack(broken, now)
				case 'f':
					r = r.Fail(broken, now)
				case 'x':
					r = r.Cancel(broken, now)
				}
				require.Equal(t, show(before), got[len(got)-len(show(before)):], "a run is a value: moving it leaves it as it was")
				got += " " + show(r)
			}
			require.Equal(t, tt.want, got)
			require.Equal(t, r.Phase == RollingBack || r.Phase == Failed, r.Err != nil)
		})
	}
}

func show(r Run) string {
	switch r.Phase {
	case RollingBack:
		return "b"
	case Failed:
		return "F"
	case Succeeded:
		return "S"
	}
	return fmt.Sprintf("r%d", r.At)
}

func TestDueCountsFromTheStep(t *testing.T) {
	r := Begin(&Plan{Steps: []Step{minute, {Cause: Elapsed, After: time.Hour}}}, start)
	due, ok := r.Due()
	require.True(t, ok)
	require.Equal(t, start.Add(time.Minute), due)
	due, ok = r.Elapse(due).Due()
	require.True(t, ok)
	require.Equal(t, start.Add(time.Minute+time.Hour), due)
	_, ok = Begin(&Plan{Steps: []Step{poll}}, start).Due()
	require.False(t, ok)
}
