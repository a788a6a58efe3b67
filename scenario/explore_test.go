package scenario_test

import (
	"sync/atomic"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

func TestEveryBrokenClientIsFound(t *testing.T) {
	ended := new(atomic.Bool)
	released.Store(ended)
	defer ended.Store(true)
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			found, err := scenario.Find(t, func(t *scenario.T) error { return c.run(t, false) }, c.opts...)
			require.NoError(t, err)
			require.Contains(t, found.Broken, c.schedule, found.Summary)
			require.Contains(t, found.Broken[c.schedule], c.shows)

			scenario.Explore(t, func(t *scenario.T) error { return c.run(t, true) }, c.opts...)
		})
	}
}

// Two faults at calls that come anyway are tried within the budget of Pairs, and not without.
func TestPairs(t *testing.T) {
	body := func(t *scenario.T) error {
		var failed [1]error // room for one
		n := 0
		note := func(err error) {
			if err != nil {
				failed[n] = err
				n++
			}
		}
		note(probe(t))
		_, err := images(t).GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{FolderId: fake.StandardImages, Family: "debian-12"})
		note(err)
		return failed[0]
	}
	opts := []scenario.Option{scenario.OnServer(fake.WithStandardImages()), transient}
	found, err := scenario.Find(t, body, opts...)
	require.NoError(t, err)
	require.Empty(t, found.Broken)

	// Three kinds can happen to each call and show something different; of two with the same answers only one is followed up.
	found, err = scenario.Find(t, body, append(opts, scenario.Pairs(100))...)
	require.NoError(t, err)
	require.Len(t, found.Broken, 6, found.Summary)
	require.Contains(t, found.Broken["ImageList#1/unavailable+ImageGetLatestByFamily#1/throttled"], "index out of range [1] with length 1: at explore_test.go:")

	found, err = scenario.Find(t, body, append(opts, scenario.Pairs(2))...)
	require.NoError(t, err)
	require.Len(t, found.Broken, 2)
	require.Contains(t, found.Summary, "note: 4 pairs are beyond the budget: Pairs(n) sets it")
}
