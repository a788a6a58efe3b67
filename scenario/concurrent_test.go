package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// explorations is how often what must not depend on luck is explored. CI says 20.
var explorations = func() int {
	if n, err := strconv.Atoi(os.Getenv("IMAGEFAKE_EXPLORATIONS")); err == nil {
		return n
	}
	return 3
}()

func fromDiskNamed(name string) *compute.CreateImageRequest {
	return &compute.CreateImageRequest{FolderId: "f", Name: name, Source: fromDisk.Source}
}

// bakeBoth creates two images side by side over one connection. The broken one has no keys, and the promise is about "aaa".
func bakeBoth(t *scenario.T, repaired bool) error {
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for i, name := range []string{"aaa", "bbb"} {
		wg.Go(func() {
			ctx := t.Context()
			if repaired {
				ctx = metadata.AppendToOutgoingContext(ctx, "idempotency-key", "bake "+name)
			}
			_, errs[i] = again(ctx, func(ctx context.Context) (struct{}, error) {
				_, err := images(t).Create(ctx, fromDiskNamed(name))
				return struct{}{}, err
			})
		})
	}
	wg.Wait()
	made := t.Cloud().Images(func(im *compute.Image) bool { return im.Name == "aaa" })
	t.Check("aaa is there if nobody says it is not", errs[0] == nil || len(made) == 0)
	return errors.Join(errs...)
}

func TestFaultsStayWithTheCallTheyWereMeantFor(t *testing.T) {
	for range explorations {
		found, err := scenario.Find(t, func(t *scenario.T) error { return bakeBoth(t, false) }, transient)
		require.NoError(t, err)
		require.NotEmpty(t, found.Broken)
		for schedule, story := range found.Broken {
			require.Contains(t, story, "aaa is there if nobody says it is not")
			require.NotContains(t, story, "depends on order")
			require.Regexp(t, `/(lost-reply|connection-cut-late)$`, schedule)
		}
		held, err := scenario.Find(t, func(t *scenario.T) error { return bakeBoth(t, true) }, transient)
		require.NoError(t, err)
		require.Empty(t, held.Broken)
	}
	found, err := scenario.FindChaos(t, 50, 0.3, func(t *scenario.T) error { return bakeBoth(t, false) }, transient)
	require.NoError(t, err)
	require.NotEmpty(t, found)
	for _, story := range found {
		token := printedToken.FindStringSubmatch(story)[1]
		for range explorations {
			again, _, err := scenario.Replay(t, token, func(t *scenario.T) error { return bakeBoth(t, false) }, transient)
			require.NoError(t, err)
			require.Contains(t, again, "aaa is there if nobody says it is not", token)
		}
	}
}

// allOrNothing creates three images side by side and removes all if one fails.
func allOrNothing(t *scenario.T) error {
	errs, ids := make([]error, 3), make([]string, 3)
	var wg sync.WaitGroup
	for i, name := range []string{"aaa", "bbb", "ccc"} {
		wg.Go(func() {
			ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", "bake "+name)
			_, errs[i] = again(ctx, func(ctx context.Context) (struct{}, error) {
				op, err := images(t).Create(ctx, fromDiskNamed(name))
				if err == nil {
					ids[i] = made(op)
					err = await(t, op)
				}
				return struct{}{}, err
			})
		})
	}
	wg.Wait()
	err := errors.Join(errs...)
	if err != nil {
		for _, id := range ids {
			if id != "" {
				err = errors.Join(err, remove(t, id))
			}
		}
	}
	t.Check("all or nothing", count(t) == 3 || err != nil && count(t) == 0)
	return err
}

func TestAParallelClientThatIsCorrectHolds(t *testing.T) {
	found, err := scenario.Find(t, allOrNothing, scenario.Pairs(300), scenario.Parallel(2), scenario.OnServer(fake.WithPlan(fake.AtOnce())))
	require.NoError(t, err)
	require.Empty(t, found.Broken, found.Summary)
	require.Greater(t, found.Runs, 200)
}

// A clean-up asks what the body asks anyway, and is none of the places of what no client could mend.
func TestFinalFaultsStayOutOfCleanUps(t *testing.T) {
	body := func(t *scenario.T) error {
		bake := func(name string) (string, error) {
			op, err := images(t).Create(t.Context(), fromDiskNamed(name))
			if err == nil {
				err = await(t, op)
			}
			return made(op), err
		}
		aaa, err := bake("aaa")
		if err != nil {
			return err
		}
		if _, err = bake("bbb"); err != nil {
			err = errors.Join(err, remove(t, aaa))
			t.Check("if bbb fails, aaa goes too", t.Cloud().Image(aaa) == nil)
			return err
		}
		return remove(t, aaa)
	}
	opts := []scenario.Option{scenario.Faults(scenario.Denied, scenario.OperationFails), scenario.Pairs(1000)}
	for range explorations {
		found, err := scenario.Find(t, body, opts...)
		require.NoError(t, err)
		require.Empty(t, found.Broken, found.Summary)
		require.Contains(t, found.Summary, "PermissionDenied")
	}
	chaos, err := scenario.FindChaos(t, 200, 0.5, body, opts...)
	require.NoError(t, err)
	require.Empty(t, chaos)
}

// A guarded is something that holds goroutines up by a lock while one of them calls.
type guarded struct {
	name string
	body func(t *scenario.T) error
}

var guardeds = []guarded{
	{"a Mutex", func(t *scenario.T) error {
		var mu sync.Mutex
		return sideBySide(3, func(i int) error { mu.Lock(); defer mu.Unlock(); return label(t, i) })
	}},
	{"an RWMutex", func(t *scenario.T) error {
		var mu sync.RWMutex
		return sideBySide(3, func(i int) error {
			mu.RLock()
			err := probe(t)
			mu.RUnlock()
			mu.Lock()
			defer mu.Unlock()
			return errors.Join(err, label(t, i))
		})
	}},
	{"a Once", func(t *scenario.T) error {
		var once sync.Once
		var found error
		return sideBySide(3, func(int) error { once.Do(func() { found = probe(t) }); return found })
	}},
	{"a limit", func(t *scenario.T) error {
		slots := make(chan struct{}, 2)
		return sideBySide(4, func(i int) error {
			slots <- struct{}{}
			defer func() { <-slots }()
			_, err := images(t).Create(t.Context(), fromDiskNamed(fmt.Sprintf("image-%d", i)))
			return err
		})
	}},
	{"a single flight", func(t *scenario.T) error {
		flights := flights{running: make(map[string]*flight)}
		return sideBySide(4, func(i int) error { return flights.do(fmt.Sprint(i/2), func() error { return probe(t) }) })
	}},
	{"a cache under its lock", func(t *scenario.T) error {
		var mu sync.Mutex
		known := make(map[string]*compute.Image)
		return sideBySide(4, func(i int) error {
			mu.Lock()
			defer mu.Unlock()
			family := []string{"debian-12", "debian-11"}[i%2]
			if known[family] != nil {
				return nil
			}
			im, err := images(t).GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{FolderId: fake.StandardImages, Family: family})
			known[family] = im
			return err
		})
	}},
}

// sideBySide runs f n times at once, and joins what comes of it in the order of the numbers.
func sideBySide(n int, f func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// label adds a label to the first image, as those do who must read before they write.
func label(t *scenario.T, i int) error { return labelBy(t, images(t), i) }

func labelBy(t *scenario.T, client compute.ImageServiceClient, i int) error {
	id := t.Cloud().Images(func(im *compute.Image) bool { return im.FolderId == "f" })[0].Id
	im, err := client.Get(t.Context(), &compute.GetImageRequest{ImageId: id})
	if err != nil {
		return err
	}
	labels := im.Labels
	if labels == nil {
		labels = make(map[string]string)
	}
	labels[fmt.Sprintf("worker-%d", i)] = "done"
	_, err = client.Update(t.Context(), &compute.UpdateImageRequest{ImageId: id, Labels: labels})
	return err
}

// flights shares the result of calls under way, as golang.org/x/sync/singleflight does.
type flights struct {
	mu      sync.Mutex
	running map[string]*flight
}

type flight struct {
	landed sync.WaitGroup
	err    error
}

func (f *flights) do(key string, call func() error) error {
	f.mu.Lock()
	if have := f.running[key]; have != nil {
		f.mu.Unlock()
		have.landed.Wait()
		return have.err
	}
	mine := new(flight)
	mine.landed.Add(1)
	f.running[key] = mine
	f.mu.Unlock()
	mine.err = call()
	f.mu.Lock()
	delete(f.running, key)
	f.mu.Unlock()
	mine.landed.Done()
	return mine.err
}

func TestBodiesThatHoldLocksAcrossCalls(t *testing.T) {
	for _, c := range guardeds {
		t.Run(c.name, func(t *testing.T) {
			found, err := scenario.Find(t, func(t *scenario.T) error {
				err := c.body(t)
				t.Check("errors are those of the service", err == nil || status.Code(unjoined(err)) != codes.OK)
				return nil
			}, transient, scenario.OnServer(fake.WithStandardImages()), scenario.Setup(fourImages))
			require.NoError(t, err)
			require.Empty(t, found.Broken, found.Summary)
			require.Zero(t, found.Left)
			require.NotContains(t, found.Summary, "hangs")
		})
	}
}

// unjoined returns the first of joined errors.
func unjoined(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()[0]
	}
	return err
}

// Faults come behind a lock that only a failing call lets others wait for: the first run shows nothing of it.
func TestLocksThatOnlyAFaultBrings(t *testing.T) {
	found, err := scenario.Find(t, func(t *scenario.T) error {
		var mu sync.Mutex
		return sideBySide(2, func(int) error {
			err := probe(t)
			if status.Code(err) == codes.OK {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			return errors.Join(err, probe(t), probe(t))
		})
	}, scenario.Faults(scenario.Unavailable), scenario.Pairs(50))
	require.NoError(t, err)
	require.Empty(t, found.Broken)
	require.Greater(t, found.Runs, 5)
}

// Whether its own goroutine waits or one that it started, a body that asks the runtime to come to rest is told that the gate does.
func TestBodiesThatCallWait(t *testing.T) {
	for name, body := range map[string]func(t *scenario.T) error{
		"itself": func(t *scenario.T) error {
			done := make(chan error)
			go func() { done <- probe(t) }()
			synctest.Wait()
			return <-done
		},
		"in a goroutine": func(t *scenario.T) error {
			waited := make(chan bool)
			go func() { synctest.Wait(); close(waited) }()
			err := probe(t)
			<-waited
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scenario.Find(t, body)
			require.ErrorContains(t, err, "the body calls synctest.Wait, and so does the gate")
		})
	}
}

// What a body does side by side, it does in every run alike.
func TestConcurrentRunsLeaveTheSameRecord(t *testing.T) {
	records := make(map[string]int)
	for range 50 {
		_, err := scenario.Find(t, func(t *scenario.T) error {
			err := sideBySide(3, func(i int) error {
				if err := probe(t); err != nil {
					return err
				}
				_, err := images(t).Create(t.Context(), fromDisk)
				return err
			})
			var lines []string
			for e := range t.Cloud().Events() {
				lines = append(lines, e.String())
			}
			records[strings.Join(lines, "\n")]++
			t.Check("one wins", count(t) == 1)
			return err
		}, scenario.Faults(scenario.Kind{Name: "none", Do: fake.Return(codes.Aborted), On: fake.ImageCreate}), scenario.On(fake.ImageList))
		require.ErrorContains(t, err, "can happen to any of the")
	}
	require.Len(t, records, 1)
}

// Which goroutine gets a lock first is decided by no call. A body for which that matters to what is asked is explored nevertheless.
func TestWhoGetsTheLockFirst(t *testing.T) {
	body := func(t *scenario.T, repaired bool) error {
		var mu sync.Mutex
		first := rand.IntN(2) // as the scheduler of the runtime may have it
		err := sideBySide(2, func(i int) error {
			if i != first {
				time.Sleep(time.Nanosecond)
			}
			mu.Lock()
			defer mu.Unlock()
			err := label(t, i)
			if repaired && err != nil {
				err = label(t, i)
			}
			return err
		})
		t.Check("an update that failed is not forgotten", err == nil || !repaired)
		return nil
	}
	opts := []scenario.Option{scenario.Setup(fourImages), scenario.On(fake.ImageUpdate), scenario.Faults(scenario.Unavailable)}
	for range 5 {
		found, err := scenario.Find(t, func(t *scenario.T) error { return body(t, true) }, opts...)
		require.NoError(t, err)
		for _, story := range found.Broken {
			require.Contains(t, story, "Unavailable") // both tries failed
		}
		require.NotContains(t, found.Summary, "not all faults happened")
	}
}
