package scenario_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// underLock lets two goroutines make a call each, under one lock: first that of "a", for which the other one waits.
func underLock(call func(context.Context, compute.ImageServiceClient) error) func(*scenario.T) error {
	return func(t *scenario.T) error {
		var lock sync.Mutex
		var all sync.WaitGroup
		held := make(chan struct{})
		locked := func(caller string, before, after func()) {
			before()
			lock.Lock()
			defer lock.Unlock()
			after()
			_ = call(t.Context(), compute.NewImageServiceClient(t.Cloud().ConnAs(caller)))
		}
		all.Go(func() { locked("a", func() {}, func() { close(held) }) })
		all.Go(func() { locked("b", func() { <-held }, func() {}) })
		all.Wait()
		t.Check("nothing is made", len(t.Cloud().Images()) == 0)
		return nil
	}
}

// Where time is to pass under a lock that another goroutine waits for, a bubble stands still. The body may be right: such runs are told
// apart from those that hang, and are not held against it; the others are made.
func TestRunsThatStandStillAreNotJudged(t *testing.T) {
	get := func(ctx context.Context, images compute.ImageServiceClient) error {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		_, err := images.List(ctx, &compute.ListImagesRequest{FolderId: "f"})
		return err
	}
	found, err := scenario.Find(t, underLock(get), scenario.Faults(scenario.Deadline, scenario.Unavailable, scenario.Denied))
	require.NoError(t, err)
	require.Empty(t, found.Broken, found.Summary)
	require.Zero(t, found.Left)
	require.Zero(t, found.Unrun)
	require.Contains(t, found.Summary, "1 run could not be judged: it stands still: a lock is waited for at standstill_test.go:", found.Summary)
	require.Contains(t, found.Summary, "in sync.Mutex.Lock, and is held where time is to pass first: at standstill_test.go:")
	require.Regexp(t, `a\.ImageList#1 held: unavailable, denied;.* stood still: deadline\n`, found.Summary)
	require.Regexp(t, `b\.ImageList#1 held: deadline, unavailable, denied`, found.Summary)

	// Where every run does, there is nothing to explore.
	_, err = scenario.Find(t, underLock(func(ctx context.Context, images compute.ImageServiceClient) error {
		time.Sleep(time.Second)
		return get(ctx, images)
	}), scenario.Faults(scenario.Denied))
	require.ErrorContains(t, err, "stands still: a lock is waited for")
	require.ErrorContains(t, err, "a channel of capacity one")
}

// An expectation is a promise, and an error without faults is worth a word.
func TestNotesOfWhatWasPromised(t *testing.T) {
	find := func(id string, opts ...scenario.Option) string {
		found, err := scenario.Find(t, func(t *scenario.T) error {
			_, err := again(t.Context(), func(ctx context.Context) (*compute.Image, error) {
				return images(t).Get(ctx, &compute.GetImageRequest{ImageId: id})
			})
			return err
		}, append(opts, scenario.Faults(scenario.Unavailable), scenario.Setup(func(s *fake.Server) { s.AddImage(&compute.Image{Id: "base", FolderId: "f"}) }))...)
		require.NoError(t, err)
		require.Empty(t, found.Broken, found.Summary)
		return found.Summary
	}
	const nothing, failed = "whatever the body does, this finds nothing", "note: the body ended with an error without faults, too: rpc error: code = NotFound"
	require.Contains(t, find("base"), nothing)
	require.NotContains(t, find("base", scenario.Expect(fake.ImageGet, scenario.Unavailable, scenario.NoImpact)), nothing)
	require.NotContains(t, find("base"), "without faults, too")
	require.Contains(t, find("none"), failed)
}
