package scenario_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

var printedToken = regexp.MustCompile(`IMAGEFAKE_REPLAY='([^']*)'`)

func TestChaosShrinksAndReplays(t *testing.T) {
	broken := func(t *scenario.T) error { return repeatCreate(t, false) }
	found, err := scenario.FindChaos(t, 200, 0.4, broken, transient)
	require.NoError(t, err)
	require.NotEmpty(t, found)
	for schedule, story := range found {
		require.NotContains(t, schedule, "+", "one fault is enough for this bug: %s", story)
		require.Contains(t, story, "broken promise: a refused bake leaves no image")
		require.Contains(t, story, "on a server made with fake.WithSeed(")

		token := printedToken.FindStringSubmatch(story)[1]
		first, firstTimeline, err := scenario.Replay(t, token, broken, transient)
		require.NoError(t, err)
		require.Contains(t, first, "broken promise: a refused bake leaves no image")
		for line := range strings.Lines(firstTimeline) {
			require.Contains(t, story, line)
		}
		_, secondTimeline, err := scenario.Replay(t, token, broken, transient)
		require.NoError(t, err)
		require.Equal(t, firstTimeline, secondTimeline)
		require.Equal(t, transcript(t, token, broken), transcript(t, token, broken), "equal in canonical form")

		repaired := func(t *scenario.T) error { return repeatCreate(t, true) }
		story, _, err = scenario.Replay(t, token, repaired, transient)
		require.NoError(t, err)
		require.Empty(t, story, "the repaired client survives what broke the other")
	}
}

// transcript replays a token and returns the record of its run in canonical form.
func transcript(t *testing.T, token string, body func(*scenario.T) error) (last string) {
	_, _, err := scenario.Replay(t, token, func(t *scenario.T) error {
		err := body(t)
		last = t.Cloud().Transcript()
		return err
	}, transient)
	require.NoError(t, err)
	require.Contains(t, last, "fault: ")
	return last
}

// Two faults are needed: the update is denied, and the cleanup that follows fails at its first try.
func TestChaosFindsPairs(t *testing.T) {
	found, err := scenario.FindChaos(t, 400, 0.4, func(t *scenario.T) error { return weakCleanup(t, false) },
		scenario.Faults(scenario.Unavailable, scenario.LostReply, scenario.Denied))
	require.NoError(t, err)
	require.NotEmpty(t, found)
	for schedule, story := range found {
		require.Regexp(t, `^ImageUpdate#\d/[a-z-]+\+ImageDelete#1/[a-z-]+$|^(.*\+)*ImageUpdate#\d/[a-z-]+(\+.*)*$`, schedule, story)
	}
}

func TestChaosLeavesTheRepairedAlone(t *testing.T) {
	for _, c := range clients {
		if c.name == "gives up cleaning up at the first error" {
			continue // even the good cleanup is at its end where every try fails
		}
		t.Run(c.name, func(t *testing.T) {
			scenario.Chaos(t, 30, 0.05, func(t *scenario.T) error {
				err := c.run(t, true)
				if err != nil {
					return nil
				}
				return err
			}, append(c.opts[:len(c.opts):len(c.opts)], scenario.Parallel(2))...)
		})
	}
}

// Callers that run side by side meet the same faults in every run: decisions go by the caller.
func TestChaosOfConcurrentCallers(t *testing.T) {
	body := func(t *scenario.T) error {
		var wg sync.WaitGroup
		errs := make([]error, 3)
		for i, name := range []string{"a", "b", "c+d.e"} {
			client := compute.NewImageServiceClient(t.Cloud().ConnAs(name))
			wg.Go(func() {
				for range 3 {
					_, err := client.List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
					errs[i] = errors.Join(errs[i], err)
				}
			})
		}
		wg.Wait()
		t.Check("the third gets through", errs[2] == nil)
		return nil
	}
	found, err := scenario.FindChaos(t, 50, 0.3, body, transient)
	require.NoError(t, err)
	require.NotEmpty(t, found)
	for schedule, story := range found {
		require.Regexp(t, `^c%2Bd%2Ee\.ImageList#[123]/[a-z-]+$`, schedule)
		token := printedToken.FindStringSubmatch(story)[1]
		again, _, err := scenario.Replay(t, token, body, transient)
		require.NoError(t, err)
		require.Contains(t, again, "broken promise: the third gets through")
		require.Contains(t, story, `fake.AllOf(fake.ImageList, fake.ByCaller("c+d.e"))`)
	}
}

// One bug that shows in many ways, by its values and by where it strikes, is told once.
func TestChaosTellsOneWayOnce(t *testing.T) {
	found, err := scenario.FindChaos(t, 60, 0.2, func(t *scenario.T) error {
		seen, err := listed(t, func(page *compute.ListImagesResponse) bool { return len(page.Images) == 0 })
		t.Check("all are seen", err != nil || len(seen) == 4, "seen", len(seen))
		return err
	}, scenario.Faults(scenario.EmptyPage), scenario.Setup(func(s *fake.Server) {
		for i := range 4 {
			s.AddImage(&compute.Image{FolderId: "f", Name: fmt.Sprint("image-", i)})
		}
	}))
	require.NoError(t, err)
	require.Len(t, found, 1, "%v", found)
}

// A seed whose faults come down to one that is known is no other way, whatever more of them break first.
func TestChaosTellsWhatIsEnoughOnce(t *testing.T) {
	found, err := scenario.FindChaos(t, 60, 0.2, func(t *scenario.T) error {
		failed := 0
		for range 4 {
			if _, err := images(t).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"}); err != nil {
				failed++
			}
		}
		t.Check("at most one call fails", failed < 2)
		t.Check("no call fails", failed == 0)
		return nil
	}, scenario.Faults(scenario.Unavailable))
	require.NoError(t, err)
	require.Len(t, found, 1, "%v", found)
}
