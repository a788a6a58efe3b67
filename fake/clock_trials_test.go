package fake_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// badClock is a clock that tells the time of the time package until it is told what else to do.
type badClock struct {
	now   func()
	after func()
}

func (c *badClock) Now() time.Time {
	if c.now != nil {
		c.now()
	}
	return time.Now()
}

func (c *badClock) After(d time.Duration) <-chan time.Time {
	if c.after != nil {
		c.after()
	}
	return time.After(d)
}

// badClocks are what the Now or the After of a clock may do instead of telling the time, and what the test is told.
var badClocks = map[string]struct {
	does func(cloud *fake.Server, over <-chan struct{})
	told string
}{
	"panics":                 {func(*fake.Server, <-chan struct{}) { panic("no battery") }, "panicked: no battery"},
	"exits":                  {func(*fake.Server, <-chan struct{}) { runtime.Goexit() }, "ended its goroutine"},
	"waits for ever":         {func(_ *fake.Server, over <-chan struct{}) { <-over }, "has not returned for"},
	"uses the server":        {func(cloud *fake.Server, _ <-chan struct{}) { cloud.Images() }, "uses the server"},
	"has a goroutine use it": {func(cloud *fake.Server, _ <-chan struct{}) { wait(func() { cloud.Images() }) }, "has not returned for"},
	"calls the server": {func(cloud *fake.Server, _ <-chan struct{}) {
		_ = cloud.Await(context.Background(), func() bool { return true })
	}, "uses the server"},
	"takes a snapshot and closes": {func(cloud *fake.Server, _ <-chan struct{}) { cloud.Snapshot(); _ = cloud.Close() }, "uses the server"},
	"injects faults while it asks": {func(cloud *fake.Server, _ <-chan struct{}) {
		cloud.Inject(fake.Fault{Do: fake.Cut(), Optional: true}).Remove()
	}, "uses the server"},
}

func wait(f func()) {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	<-done
}

func TestAClockThatTellsNoTimeIsToldOfAndHoldsNothingUp(t *testing.T) {
	for name, bad := range badClocks {
		for use, of := range map[string]func(t *testing.T, cloud *fake.Server){
			"control": func(_ *testing.T, cloud *fake.Server) { cloud.AddImages(named("web")); cloud.Images() },
			"call": func(t *testing.T, cloud *fake.Server) {
				_, _ = clientsOf(cloud.Conn()).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
			},
			"calls": func(t *testing.T, cloud *fake.Server) {
				done := make(chan error)
				for range 3 {
					go func() {
						_, err := clientsOf(cloud.Conn()).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
						done <- err
					}()
				}
				for range 3 {
					<-done
				}
			},
			"close": func(*testing.T, *fake.Server) {},
		} {
			t.Run(name+" in a "+use, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					clock := new(badClock)
					cloud, err := fake.Start(fake.WithClock(clock), fake.WithPlan(fake.Finish(fake.After(time.Hour))))
					require.NoError(t, err)
					clientsOf(cloud.Conn()).create(t, fromDisk("timed"))
					over := make(chan struct{})
					defer close(over)
					clock.now = func() { bad.does(cloud, over) }

					of(t, cloud)
					start := time.Now()
					err = cloud.Close()
					require.LessOrEqual(t, time.Since(start), 5*time.Second, "Close is bounded")
					if use != "close" {
						require.ErrorContains(t, err, "the clock given to WithClock tells no time: its Now "+bad.told)
					}
				})
			})
		}
	}
}

func TestAClockThatCannotBeWaitedForIsToldOfAndHoldsNothingUp(t *testing.T) {
	for _, name := range []string{"panics", "exits"} {
		bad := badClocks[name]
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud, err := fake.Start(fake.WithClock(&badClock{after: func() { bad.does(nil, nil) }}), fake.WithPlan(fake.Finish(fake.After(time.Hour))))
				require.NoError(t, err)
				op, _ := clientsOf(cloud.Conn()).create(t, fromDisk("web"))
				require.Error(t, cloud.Operation(op.Id).Wait(t.Context()))
				require.ErrorContains(t, cloud.Close(), "cannot be waited for: its After(1h0m0s) "+bad.told)
			})
		})
	}
}
