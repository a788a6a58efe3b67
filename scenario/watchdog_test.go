package scenario_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
)

// A body that waits for what is outside of its bubble, or spins and yields, is given up, and the report says where it stands.
func TestBodiesThatLetNoTimePass(t *testing.T) {
	outside := make(chan struct{})
	var stop atomic.Bool
	defer close(outside)
	defer stop.Store(true)
	for name, wait := range map[string]func(){
		"a channel from outside": func() { <-outside },
		"a spin that yields": func() {
			for !stop.Load() {
				runtime.Gosched()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scenario.Find(t, func(t *scenario.T) error {
				err := probe(t)
				wait()
				return err
			}, scenario.Watchdog(300*time.Millisecond))
			require.ErrorContains(t, err, "hangs: no call for 300ms of real time, and no virtual time passes: at watchdog_test.go:")
		})
	}
}
