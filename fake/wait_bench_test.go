package fake_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
)

// wait polls as the SDKs do: at once again where the service says 0, else after so many seconds.
func (c clients) wait(ctx context.Context, id string, pace time.Duration) error {
	for {
		op, err := c.ops.Get(ctx, &operation.GetOperationRequest{OperationId: id})
		if err != nil || op.Done {
			return err
		}
		time.Sleep(pace)
	}
}

// BenchmarkHourInABubble is an hour of waiting for an operation, in virtual time: what it costs in real time.
func BenchmarkHourInABubble(b *testing.B) {
	for name, tt := range map[string]struct {
		pace    time.Duration
		options []fake.Option
	}{
		"held":  {0, nil},
		"paced": {time.Second, []fake.Option{fake.WithPollInterval(time.Second)}},
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				took = append(took, inBubble(b, func(t *testing.T) {
					cloud := fake.New(t, append(tt.options, fake.WithPlan(fake.Finish(fake.After(time.Hour))))...)
					c := clientsOf(cloud.Conn())
					op, _ := c.create(t, fromDisk("web"))
					require.NoError(t, c.wait(t.Context(), op.Id, tt.pace))
				}))
			}
			b.ReportMetric(milliseconds(median(took)), "ms/hour")
		})
	}
}

// BenchmarkWaitReturns is how long after the end of an operation a held poll is answered.
func BenchmarkWaitReturns(b *testing.B) {
	cloud := fake.New(b, byHand)
	c := clientsOf(cloud.Conn())
	var took []time.Duration
	for b.Loop() {
		op, err := c.Create(context.Background(), fromDisk(""))
		require.NoError(b, err)
		polls := len(cloud.Calls(fake.OperationGet))
		returned := make(chan time.Time)
		go func() { _ = c.wait(context.Background(), op.Id, 0); returned <- time.Now() }()
		require.NoError(b, cloud.Await(context.Background(), func() bool { return len(cloud.Calls(fake.OperationGet)) > polls }))
		time.Sleep(100 * time.Microsecond) // let the poll be held; a benchmark, not a test
		ended := time.Now()
		cloud.Operation(op.Id).Complete()
		took = append(took, (<-returned).Sub(ended))
	}
	b.ReportMetric(milliseconds(median(took)), "ms/return")
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// inBubble runs f in a bubble and returns the real time it took. synctest.Test wants a *testing.T, which a benchmark has not.
func inBubble(b *testing.B, f func(*testing.T)) (took time.Duration) {
	ok := testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: b.Name(), F: func(t *testing.T) {
		start := time.Now()
		synctest.Test(t, f)
		took = time.Since(start)
	}}})
	if !ok {
		b.Fatal("the test in the bubble failed")
	}
	return took
}
