package scenario_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// Runs leave no goroutine behind, those that broke included.
func TestNoGoroutineIsLeft(t *testing.T) {
	bodies := map[string]func(*scenario.T) error{
		"held":   func(t *scenario.T) error { return repeatCreate(t, true) },
		"broken": func(t *scenario.T) error { return repeatCreate(t, false) },
		"hung":   func(t *scenario.T) error { return pollForever(t, false) },
		"deaf":   func(t *scenario.T) error { return deafCaller(t, false) },
		"failed": func(t *scenario.T) error { _ = probe(t); _, err := create(t, ""); require.NoError(t, err); return nil },
		"panic":  func(t *scenario.T) error { return unchecked(t, false) },
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			found, err := scenario.Find(t, body, scenario.Parallel(2))
			require.NoError(t, err)
			require.Equal(t, name == "held", len(found.Broken) == 0)
			require.Zero(t, found.Left)
			// The goroutine of a run may still be on its way out when its result is there.
			for try := 0; runtime.NumGoroutine() > before && try < 1_000_000; try++ {
				runtime.Gosched()
			}
			require.LessOrEqual(t, runtime.NumGoroutine(), before)
		})
	}
}

// After a few runs that cannot be ended, an exploration stops, and says so.
func TestStopsAfterAFewThatCannotBeEnded(t *testing.T) {
	found, err := scenario.Find(t, func(t *scenario.T) error {
		if err := probe(t); err != nil {
			select {}
		}
		_, err := images(t).Get(t.Context(), &compute.GetImageRequest{ImageId: "x"})
		return err
	})
	require.NoError(t, err)
	require.Equal(t, 3, found.Left)
	require.Positive(t, found.Unrun)
	require.Contains(t, found.Summary, "note: 3 runs left behind what cannot be ended")
	require.Contains(t, found.Summary, "runs were not made, because of what earlier ones left behind")
	require.Contains(t, found.Broken["ImageList#1/unavailable"], "does not end when its context does: at leak_test.go:")
}

func TestRealTime(t *testing.T) {
	foreign := make(chan bool, 1) // from outside: in a bubble, to use it would end the process
	found, err := scenario.Find(t, func(t *scenario.T) error {
		foreign <- true
		t.Check("time is real", time.Now().Year() > 2000 && <-foreign)
		return pollForever(t, false)
	}, scenario.RealTime(), scenario.Limit(0, 50), scenario.Faults(scenario.OperationFails))
	require.NoError(t, err)
	require.Contains(t, found.Broken["ImageCreate#1/operation-fails"], "hangs: it made more than 50 calls: at clients_test.go:")
	require.Zero(t, found.Left)
}

func TestCallsOutsideOfOnMeetNoFault(t *testing.T) {
	found, err := scenario.Find(t, func(t *scenario.T) error { return repeatCreate(t, false) },
		scenario.On(fake.OperationGet, fake.ImageCreate), scenario.Faults(scenario.Denied, scenario.Unavailable.Times(4)))
	require.NoError(t, err)
	require.Empty(t, found.Broken)
	require.Contains(t, found.Summary, "explored TestCallsOutsideOfOnMeetNoFault in 8 runs: 3 ended ok, 4 with Unavailable, 1 with PermissionDenied")

	found, err = scenario.Find(t, func(t *scenario.T) error { return failedWait(t, false) }, scenario.On(fake.ImageCreate), transient)
	require.NoError(t, err)
	require.Empty(t, found.Broken)
	require.Contains(t, found.Summary, "OperationGet#1 met 0 faults")
}
