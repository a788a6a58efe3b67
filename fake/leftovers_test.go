package fake_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
)

// lineHere returns the line that is so many before the caller's.
func lineHere(before int) string {
	_, _, line, _ := runtime.Caller(1)
	return fmt.Sprintf("leftovers_test.go:%d", line-before)
}

func dialOwn(t *testing.T, target string, options []grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	own, err := grpc.NewClient(target, options...)
	require.NoError(t, err)
	_, err = clientsOf(own).List(t.Context(), anyList)
	require.NoError(t, err)
	return own
}

func TestWhatATestLeavesOpenIsNamedAtItsEnd(t *testing.T) {
	for _, target := range []string{"passthrough:///imagefake", "compute.api.cloud.yandex.net:443", "dns:///x:1"} {
		for name, options := range map[string][]fake.Option{"asked": {fake.WithLeakCheck()}, "not asked": nil} {
			t.Run(name+" "+target, func(t *testing.T) {
				var line string
				var own *grpc.ClientConn
				w := witnessed(t, func(w *witness) {
					cloud := fake.New(w, options...)
					own = dialOwn(t, target, cloud.DialOptions())
					line = lineHere(1)
					require.NoError(t, dialOwn(t, target, cloud.DialOptions()).Close())
				})
				defer own.Close()
				if options == nil {
					require.Empty(t, w.text())
					return
				}
				require.Contains(t, w.text(), "a client connection made with the DialOptions of "+line+" is open")
			})
		}
	}
}

func TestInABubbleAnOpenConnectionIsNamedUnasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var line string
		var own *grpc.ClientConn
		w := newWitness(t)
		func() {
			cloud := fake.New(w)
			own = dialOwn(t, cloud.Target(), cloud.DialOptions())
			line = lineHere(1)
		}()
		w.end()
		require.Contains(t, w.text(), "the DialOptions of "+line+" is open, and in a testing/synctest bubble it ends the test with a deadlock")
		require.NoError(t, own.Close())
	})
}

func TestACallThatRunsAtTheEndIsNamedWhereAskedFor(t *testing.T) {
	for name, options := range map[string][]fake.Option{"asked": {fake.WithLeakCheck()}, "not asked": nil} {
		t.Run(name, func(t *testing.T) {
			polled := make(chan error, 1)
			w := witnessed(t, func(w *witness) {
				cloud := fake.New(w, append(options, fake.WithPlan(fake.Finish(fake.ByHand())))...)
				op, _ := clientsOf(cloud.Conn()).create(t, fromDisk("web"))
				cloud.Inject(fake.Fault{On: fake.OperationGet, Do: fake.Hang()}) // a first poll is not held
				ops := clientsOf(cloud.ConnAs("stray")).ops
				go func() {
					_, err := ops.Get(context.Background(), &operation.GetOperationRequest{OperationId: op.Id})
					polled <- err
				}()
				require.NoError(t, cloud.Await(t.Context(), func() bool { return len(cloud.Calls(fake.OperationGet)) == 1 }))
			})
			require.Error(t, <-polled)
			if options == nil {
				require.Empty(t, w.text())
				return
			}
			require.Contains(t, w.text(), "the test is over, and the server still answers #")
			require.Contains(t, w.text(), "OperationGet by stray")
		})
	}
}

func TestWhoClosesAConnectionOfTheServerIsInThePicture(t *testing.T) {
	cloud := fake.New(t)
	_, err := clientsOf(cloud.Conn()).List(t.Context(), anyList)
	require.NoError(t, err)
	_, err = clientsOf(cloud.ConnAs("baker")).List(t.Context(), anyList)
	require.NoError(t, err)
	require.NoError(t, cloud.ConnAs("baker").Close())
	line := lineHere(1)
	_, err = clientsOf(cloud.ConnAs("baker")).List(t.Context(), anyList)
	require.Error(t, err)
	require.Contains(t, notes(cloud), "the connection of baker was closed at "+line)
	require.NotContains(t, notes(cloud), "conn-1")
	require.NoError(t, cloud.Close())
	require.NotContains(t, notes(cloud), "conn-1", "the server itself may close it")
}

func TestAManualClockIsAdvancedWhenSomebodyWaitsForIt(t *testing.T) {
	clock := fake.NewClock(newYear)
	ticks := make(chan time.Time)
	go func() { ticks <- <-clock.After(time.Minute) }()
	require.NoError(t, clock.AwaitWaiters(t.Context(), 1))
	clock.Advance(time.Minute)
	require.Equal(t, newYear.Add(time.Minute), <-ticks)

	cloud := fake.New(t, fake.WithClock(clock))
	cloud.Inject(fake.Fault{Do: fake.Delay(time.Hour)})
	for range 2 {
		go func() {
			_, _ = clientsOf(cloud.Conn()).List(context.Background(), &compute.ListImagesRequest{FolderId: folder})
		}()
	}
	go func() { ticks <- <-clock.After(time.Hour) }()
	require.NoError(t, clock.AwaitWaiters(t.Context(), 3))
	clock.Advance(time.Hour)
	require.Equal(t, newYear.Add(time.Hour+time.Minute), <-ticks)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, clock.AwaitWaiters(ended, 4), "0 wait for the clock and not 4: context canceled")
}

func TestAwaitWakesForWhoeverBeginsToWaitForAManualClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := fake.NewClock(newYear)
		cloud := fake.New(t, fake.WithClock(clock))
		start := time.Now()
		go func() {
			time.Sleep(time.Second)
			clock.After(time.Minute)
		}()
		require.NoError(t, cloud.Await(t.Context(), func() bool { return len(clock.Pending()) > 0 }))
		require.Equal(t, time.Second, time.Since(start))
		require.ErrorContains(t, clock.AwaitWaiters(t.Context(), 2), "1 wait for the clock and not 2: it did not happen within 5s")
	})
}

// Of a server nothing stays once it is closed: no goroutine, no timer that keeps a connection's buffers, no memory. What is measured is
// kept after a collection; a pipe alone has 16 KiB.
func TestNothingStaysOfAClosedServer(t *testing.T) {
	const servers, workers = 400, 4
	live := func(t *testing.T) {
		cloud, err := fake.Start(fake.WithStandardImages())
		require.NoError(t, err)
		c := clientsOf(cloud.Conn())
		_, err = c.Create(t.Context(), fromDisk("web"))
		require.NoError(t, err)
		other := dialOwn(t, "passthrough:///imagefake", cloud.DialOptions())
		require.NoError(t, cloud.Close(), "with a connection of the test's own that is open")
		require.NoError(t, other.Close())
	}
	kept := func() (bytes uint64, goroutines int) {
		runtime.GC()
		runtime.GC() // the first one empties pools into their victims
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, runtime.NumGoroutine()
	}
	live(t)
	before, goroutines := kept()

	var side sync.WaitGroup
	for range workers {
		side.Go(func() {
			for range servers / workers {
				live(t)
			}
		})
	}
	side.Wait()

	for range 1000 { // goroutines that have closed their last channel need a turn to end
		if _, now := kept(); now <= goroutines {
			break
		}
		runtime.Gosched()
	}
	after, now := kept()
	require.LessOrEqual(t, now, goroutines, "goroutines")
	require.Less(t, (float64(after)-float64(before))/servers, 1024.0, "bytes a server")
}
