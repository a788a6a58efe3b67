package fake_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// paced polls once and returns what the answer says about the next poll, too.
func (c clients) paced(t *testing.T, ctx context.Context, id string) (op *operation.Operation, interval string) {
	t.Helper()
	var header metadata.MD
	op, err := c.ops.Get(ctx, &operation.GetOperationRequest{OperationId: id}, grpc.Header(&header))
	require.NoError(t, err)
	return op, strings.Join(header.Get("x-operation-poll-interval"), "")
}

// A poll is held only if it comes from the caller of the last one, and at once: whoever sleeps by itself is on its own time.
func TestOnlyWhoComesBackAtOnceIsHeld(t *testing.T) {
	for name, options := range map[string][]fake.Option{"time package": nil, "manual clock": {fake.WithClock(fake.NewClock(newYear))}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud := fake.New(t, append(options, byHand)...)
				c := clientsOf(cloud.ConnAs("one"))
				op, _ := c.create(t, fromDisk("web"))
				took := func(c clients) time.Duration {
					start := time.Now()
					seen, interval := c.paced(t, t.Context(), op.Id)
					require.False(t, seen.Done)
					require.Equal(t, "0", interval)
					return time.Since(start)
				}
				require.Zero(t, took(c), "the first poll")
				require.Equal(t, 20*time.Second, took(c), "at once")
				require.Equal(t, 20*time.Second, took(c), "at once after a hold")
				for range 5 {
					time.Sleep(5 * time.Second)
					require.Zero(t, took(c), "every five seconds is every five seconds")
				}
				time.Sleep(time.Nanosecond)
				require.Zero(t, took(c), "the least pause is a pause")
				require.Zero(t, took(clientsOf(cloud.ConnAs("another"))), "another caller's first")
				require.Equal(t, 20*time.Second, took(c))
				other, _ := c.create(t, fromDisk("data"))
				require.False(t, c.poll(t, other.Id).Done, "the first poll of another operation")
			})
		})
	}
}

// A client that sleeps on a manual clock has slept, however little of the time package's time that took.
func TestWhoSleepsOnAManualClockIsNotHeld(t *testing.T) {
	clock := fake.NewClock(newYear)
	cloud := fake.New(t, byHand, fake.WithClock(clock))
	c := clientsOf(cloud.Conn())
	op, _ := c.create(t, fromDisk("web"))
	for range 50 {
		seen, interval := c.paced(t, t.Context(), op.Id)
		require.False(t, seen.Done)
		require.Equal(t, "0", interval)
		clock.Advance(time.Second)
	}
}

// A held poll whose caller gives up is over: it is held for nobody.
func TestAHeldPollEndsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, byHand)
		c := clientsOf(cloud.Conn())
		op, _ := c.create(t, fromDisk("web"))
		c.poll(t, op.Id)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _, _ = c.ops.Get(ctx, &operation.GetOperationRequest{OperationId: op.Id}) }()
		synctest.Wait()
		polls := cloud.Calls(fake.OperationGet)
		require.True(t, polls[1].Running())
		cancel()
		synctest.Wait()
		polls = cloud.Calls(fake.OperationGet)
		require.False(t, polls[1].Running())
		require.Equal(t, codes.Canceled, polls[1].Status.Code())
	})
}

// A poll that a lagging replica answers says when to come back: at once would be for ever.
func TestAPollThatLagsIsNotToComeBackAtOnce(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Plan{Steps: []fake.Step{{When: fake.Polls(1)}, {When: fake.ByHand()}}}))
	c := clientsOf(cloud.Conn())
	op, _ := c.create(t, fromDisk("web"))
	_, interval := c.paced(t, t.Context(), op.Id)
	require.Equal(t, "0", interval)
	cloud.Inject(fake.Fault{On: fake.OperationGet, Do: fake.Lag(1)})
	_, interval = c.paced(t, t.Context(), op.Id)
	require.Equal(t, "1", interval)
}

func TestUnheldPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, byHand, fake.WithUnheldPolls())
		c := clientsOf(cloud.Conn())
		op, _ := c.create(t, fromDisk("web"))
		start := time.Now()
		for range 10 {
			seen, interval := c.paced(t, t.Context(), op.Id)
			require.False(t, seen.Done)
			require.Equal(t, "1", interval)
		}
		require.Zero(t, time.Since(start))
	})
}

// Where time passes by itself a busy machine may take long to bring an answer: who leaves little is not held at all, and is not told to
// come back at once either.
func TestShortDeadlinesAreKeptUnderLoad(t *testing.T) {
	cloud := fake.New(t, byHand)
	c := clientsOf(cloud.Conn())
	op, _ := c.create(t, fromDisk("web"))
	c.poll(t, op.Id) // whoever comes back at once could be held
	stop := make(chan struct{})
	var burners sync.WaitGroup
	for range 4 * runtime.GOMAXPROCS(0) {
		burners.Go(func() {
			for n := 1; ; n++ {
				if n%100_000 != 0 {
					continue
				}
				select {
				case <-stop:
					return
				default:
					runtime.Gosched()
				}
			}
		})
	}
	defer burners.Wait()
	defer close(stop)
	for _, left := range []time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, time.Second} {
		ctx, cancel := context.WithTimeout(t.Context(), left)
		seen, err := c.ops.Get(ctx, &operation.GetOperationRequest{OperationId: op.Id})
		cancel()
		if err == nil {
			require.False(t, seen.Done)
			continue
		}
		// The machine was slower than the deadline. It was not the hold that took the time: what the server had answered, it had
		// answered before the deadline, and what it did not get to it did not hold.
		require.Equal(t, "DeadlineExceeded", codeName(err))
		polls := cloud.Calls(fake.OperationGet)
		last := polls[len(polls)-1]
		if !last.Running() && last.Status.Err() == nil && last.Timeout > 0 {
			require.Less(t, last.End.Sub(last.Start), left+time.Second, "%v", &last)
		}
	}
}

// How often a poll is answered without being held depends on how fast the client comes back. The canonical record does not show it.
func TestTranscriptsFoldPollsThatWereNotHeld(t *testing.T) {
	var transcripts []string
	for _, late := range []int{0, 1, 7} {
		synctest.Test(t, func(t *testing.T) {
			cloud := fake.New(t, fake.WithPlan(fake.Plan{Steps: []fake.Step{{When: fake.After(10 * time.Second)}, {When: fake.ByHand()}}}))
			c := clientsOf(cloud.Conn())
			op, _ := c.create(t, fromDisk("web"))
			c.poll(t, op.Id)
			for range late {
				time.Sleep(time.Second) // a machine that is busy
				c.poll(t, op.Id)
			}
			time.AfterFunc(15*time.Second-time.Duration(late)*time.Second, cloud.Operation(op.Id).Complete)
			ended, err := c.untilDone(t.Context(), op.Id)
			require.NoError(t, err)
			require.True(t, ended.Done)
			transcripts = append(transcripts, cloud.Transcript())
		})
	}
	for _, transcript := range transcripts[1:] {
		require.Equal(t, strings.Count(transcripts[0], "OperationGet"), strings.Count(transcript, "OperationGet"))
	}
	require.Greater(t, strings.Count(transcripts[0], "OperationGet"), 1)
}

// logs is a test that keeps what it is told.
type logs struct {
	fake.TB
	mu    sync.Mutex
	lines []string
}

func (l *logs) Logf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func TestASpinningClientIsNamedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := &logs{TB: t}
		cloud := fake.New(told, byHand, fake.WithUnheldPolls(), fake.WithRecord(10))
		c := clientsOf(cloud.Conn())
		op, _ := c.create(t, fromDisk("web"))
		for range 9_999 {
			c.poll(t, op.Id)
		}
		require.Empty(t, told.lines)
		for range 10 {
			c.poll(t, op.Id)
		}
		require.Len(t, told.lines, 1)
		require.Contains(t, told.lines[0], op.Id)
		require.Contains(t, told.lines[0], "10000 polls")
		cloud.Operation(op.Id).Complete()
	})
}

// Code that reads the image until it is READY waits for ever under a plan that counts polls. The log of the failed test says so.
func TestTheLogOfAFailedTestNamesWhatNobodyPolls(t *testing.T) {
	for name, c := range map[string]struct {
		reads, polls int
		plan         fake.Plan
		want         bool
	}{
		"read and not polled": {reads: 5, plan: fake.Finish(fake.Polls(1)), want: true},
		"polled":              {reads: 5, polls: 1, plan: fake.Finish(fake.Polls(3))},
		"hardly read":         {reads: 1, plan: fake.Finish(fake.Polls(1))},
		"by time":             {reads: 5, plan: fake.Finish(fake.After(time.Hour))},
	} {
		t.Run(name, func(t *testing.T) {
			b := &failingTest{failed: true}
			cloud := fake.New(b, fake.WithPlan(c.plan))
			own := clientsOf(cloud.Conn())
			op, image := own.create(t, fromDisk("web"))
			for i := range c.reads {
				if i%2 == 0 {
					_, err := own.Get(t.Context(), &compute.GetImageRequest{ImageId: image})
					require.NoError(t, err)
				} else {
					_, err := own.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
					require.NoError(t, err)
				}
			}
			for range c.polls {
				own.poll(t, op.Id)
			}
			for _, cleanUp := range b.cleanups {
				cleanUp()
			}
			text := strings.Join(b.logged, "\n")
			line := fmt.Sprintf("image %s was read %d times, and operation %s (ImageCreate of image %s) is running", image, c.reads, op.Id, image)
			require.Equal(t, c.want, strings.Contains(text, line), text)
			require.Equal(t, c.want, strings.Contains(text, "plan with After"), text)
		})
	}
}
