package scenario_test

import (
	"context"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
)

// A body that neither returns nor fails nor skips is broken, however it ends.
func TestABodyThatDoesNotReturnIsBroken(t *testing.T) {
	for name, end := range map[string]func(){
		"Goexit":      runtime.Goexit,
		"outer Fatal": func() { new(testing.T).FailNow() },
	} {
		t.Run(name, func(t *testing.T) {
			found, err := scenario.Find(t, func(t *scenario.T) error {
				if err := probe(t); err != nil {
					end()
				}
				return nil
			}, scenario.Faults(scenario.Denied))
			require.NoError(t, err)
			require.Contains(t, found.Broken["ImageList#1/denied"], "ended its goroutine and did not return")
		})
	}
}

func TestSetupsAddUp(t *testing.T) {
	add := func(name string) scenario.Option {
		return scenario.Setup(func(s *fake.Server) { s.AddImage(&compute.Image{FolderId: "f", Name: name}) })
	}
	require.Empty(t, scenario.Single(t, func(t *scenario.T) error {
		require.NotNil(t, t.Cloud().ImageNamed("f", "one"))
		require.NotNil(t, t.Cloud().ImageNamed("f", "two"))
		return probe(t)
	}, add("one"), add("two")))
}

func TestPromisesShowValues(t *testing.T) {
	for name, row := range map[string]struct {
		check func(*scenario.T)
		want  []string
	}{
		"values": {func(t *scenario.T) {
			t.Check("the newest are kept", false, "kept", []string{"a"}, "newest", 3, "alone")
		},
			[]string{"broken promise: the newest are kept", "\n\tkept: [a]", "\n\tnewest: 3", "\n\talone"}},
		"equal":   {func(t *scenario.T) { t.CheckEqual("it is so", []int{1}, []int{1}) }, nil},
		"unequal": {func(t *scenario.T) { t.CheckEqual("it is so", 1, 2) }, []string{"it is so\n\twant 1\n\tgot  2"}},
		"messages": {func(t *scenario.T) {
			t.CheckEqual("it is READY", &compute.Image{Status: compute.Image_READY}, &compute.Image{Name: "web"})
		}, []string{"name: want nothing, got \"web\"", "status: want READY, got nothing"}},
		"what go-cmp does not look into": {func(t *scenario.T) {
			t.CheckEqual("it is so", struct{ a int }{1}, struct{ a int }{2})
		}, []string{"cannot be compared"}},
	} {
		t.Run(name, func(t *testing.T) {
			story := scenario.Single(t, func(t *scenario.T) error { row.check(t); return probe(t) })
			if row.want == nil {
				require.Empty(t, story)
			}
			for _, want := range row.want {
				require.Contains(t, story, want)
			}
		})
	}
}

func TestWhatIsToHappenSometimesMustHappenOnce(t *testing.T) {
	body := func(t *scenario.T) error {
		err := probe(t)
		t.Sometimes("the list fails", err != nil)
		t.Sometimes("pigs fly", false)
		return err
	}
	require.Equal(t, []string{"pigs fly"}, scenario.Missed(t, body, scenario.Faults(scenario.Denied)))
}

func TestABodyThatChecksNothingIsTold(t *testing.T) {
	const note = "no promise was checked, and no outcome differed"
	deaf := func(t *scenario.T) error { _ = probe(t); return nil }
	for name, row := range map[string]struct {
		body func(*scenario.T) error
		told bool
	}{
		"nothing":            {deaf, true},
		"outcomes differ":    {probe, false},
		"a promise":          {func(t *scenario.T) error { t.Check("all is well", true); return deaf(t) }, false},
		"testify":            {func(t *scenario.T) error { require.NotNil(t, t); return deaf(t) }, false},
		"a Sometimes":        {func(t *scenario.T) error { t.Sometimes("it is", true); return deaf(t) }, false},
		"helpers of the kit": {func(t *scenario.T) error { t.Cloud().Images(); return deaf(t) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := scenario.Find(t, row.body)
			require.NoError(t, err)
			require.Equal(t, row.told, strings.Contains(found.Summary, note), found.Summary)
		})
	}
}

// One bug shows under many faults: it is told once, with the shortest of them.
func TestBrokenRunsAreGrouped(t *testing.T) {
	body := func(t *scenario.T) error {
		first, second := probe(t), probe(t)
		t.Check("lists work", first == nil)
		t.Check("the second works as well", second == nil || first != nil)
		return nil
	}
	reports := scenario.Reports(t, body, scenario.Faults(scenario.Unavailable, scenario.Denied, scenario.Throttled))
	require.Len(t, reports, 2)
	require.Contains(t, reports[0], "broken promise: lists work")
	require.Contains(t, reports[0], "it breaks in the same way under 2 other schedules:\n\tImageList#1/denied\n\tImageList#1/throttled\n")
	require.Contains(t, reports[0], "what happened:")
	require.Contains(t, reports[1], "broken promise: the second works as well")
}

// What does not break again when it is run again is not reported as if it did.
func TestABreakThatDoesNotRepeatSaysSo(t *testing.T) {
	var once atomic.Bool
	reports := scenario.Reports(t, func(t *scenario.T) error {
		err := probe(t)
		t.Check("the moon is not full", err == nil || once.Swap(true))
		return err
	}, scenario.Faults(scenario.Denied))
	require.Len(t, reports, 1)
	require.Contains(t, reports[0], "run again, it held: it depends on")
	reports = scenario.Reports(t, func(t *scenario.T) error {
		err := probe(t)
		t.Check("no fault shows", err == nil)
		return err
	}, scenario.Faults(scenario.Denied))
	require.NotContains(t, reports[0], "run again, it held")
}

// A loop that never gives up meets a fault at every call: shrinking ends, and a thousand equal faults read as one.
func TestShrinkingEnds(t *testing.T) {
	body := func(t *scenario.T) error {
		for {
			if err := probe(t); err == nil {
				return nil
			}
			select {
			case <-time.After(time.Second):
			case <-t.Context().Done():
				return t.Context().Err()
			}
		}
	}
	opts := []scenario.Option{scenario.Faults(scenario.Unavailable), scenario.Limit(0, 150)}
	found, err := scenario.FindChaos(t, 1, 1, body, opts...)
	require.NoError(t, err)
	require.Len(t, found, 1)
	for _, story := range found {
		require.Contains(t, story, "it made more than 150 calls")
		require.Less(t, strings.Count(story, "fake.Inject")+strings.Count(story, "cloud.Inject"), 4)
		before, _, _ := strings.Cut(story, "what happened:")
		require.Less(t, len(before), 1000, "%s", before)
		token := regexp.MustCompile(`IMAGEFAKE_REPLAY='([^']*)'`).FindStringSubmatch(story)
		require.NotNil(t, token)
		again, _, err := scenario.Replay(t, token[1], body, opts...)
		require.NoError(t, err)
		require.Contains(t, again, "it made more than 150 calls")
	}
}

func TestRun(t *testing.T) {
	require.Empty(t, scenario.Single(t, func(t *scenario.T) error {
		start := time.Now()
		time.Sleep(time.Hour)
		require.Equal(t, time.Hour, time.Since(start), "time is virtual")
		return probe(t)
	}))
	forEver := scenario.Single(t, func(t *scenario.T) error {
		op, err := images(t).Create(t.Context(), &compute.CreateImageRequest{
			FolderId: "f", Source: &compute.CreateImageRequest_DiskId{DiskId: "d"}})
		for err == nil && !op.Done {
			op, err = operations(t).Get(context.Background(), &operation.GetOperationRequest{OperationId: op.Id})
			time.Sleep(time.Second)
		}
		return err
	}, scenario.OnServer(fake.WithPlan(fake.Stuck())))
	require.Contains(t, forEver, "hangs: it made more than 1000 calls: at trust_test.go:")
	require.Contains(t, forEver, "OperationGet", "there is a picture")
	require.Contains(t, scenario.Single(t, func(*scenario.T) error { return fmt.Errorf("it is late") }), "the body returned an error: it is late")
	require.Contains(t, scenario.Single(t, probe, scenario.Pairs(3)), "are for Explore")
	require.Contains(t, scenario.Single(t, probe, scenario.Faults(scenario.Denied)), "are for Explore")
	require.Contains(t, scenario.Single(t, nil), "the body is nil")
}
