package scenario_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ranUnder explores a body that makes n equal calls, and returns the names of its runs, without that of the test.
func ranUnder(t *testing.T, n int, opts ...scenario.Option) []string {
	var mu sync.Mutex
	var names []string
	scenario.Explore(t, func(s *scenario.T) error {
		mu.Lock()
		names = append(names, strings.TrimPrefix(s.Name(), t.Name()+"/"))
		mu.Unlock()
		for range n {
			_ = probe(s)
		}
		s.Check("nothing", true)
		return nil
	}, opts...)
	return names
}

// A budget that is too short for all pairs tries some of everything: not those of the first call alone.
func TestABudgetOfPairsIsSpread(t *testing.T) {
	var firsts []string
	for _, name := range ranUnder(t, 6, scenario.Faults(scenario.Unavailable), scenario.Pairs(3)) {
		if first, _, pair := strings.Cut(name, "+"); pair && !slices.Contains(firsts, first) {
			firsts = append(firsts, first)
		}
	}
	require.Len(t, firsts, 3)
}

// What Setup does is no part of the body: its calls do not count against the limit, and what it adds by hand has always been there.
func TestSetupIsNoPartOfTheBody(t *testing.T) {
	added := scenario.Setup(func(cloud *fake.Server) { cloud.AddImage(&compute.Image{FolderId: "f"}) })
	names := ranUnder(t, 3, added, scenario.Faults(scenario.ReplicaLag, scenario.Unavailable))
	require.NotEmpty(t, names)
	for _, name := range names {
		require.NotContains(t, name, "replica-lag", "nothing has changed that a replica could miss")
	}
	called := scenario.Setup(func(cloud *fake.Server) {
		for range 5 {
			_, err := compute.NewImageServiceClient(cloud.Conn()).List(noEnd, &compute.ListImagesRequest{FolderId: "f"})
			require.NoError(t, err)
		}
	})
	require.NotEmpty(t, ranUnder(t, 3, called, scenario.Limit(0, 4), scenario.Faults(scenario.Unavailable)))
}

// Faults that break a body two by two, or all together, and not in threes, are shrunk to two, though no single one can be left out.
func TestShrinkingFindsTwoThatAreNoNeighbours(t *testing.T) {
	text, _ := scenario.OneInput(t, []byte{0, 14, 28, 42}, func(t *scenario.T) error {
		failed := ""
		for range 4 {
			if status.Code(probe(t)) == codes.Unavailable {
				failed += "x"
			} else {
				failed += "."
			}
		}
		t.Check("it is neither of the two", failed != "xxxx" && failed != "x.x.")
		return nil
	}, scenario.Faults(scenario.Unavailable))
	require.Contains(t, text, "broken promise")
	require.Equal(t, 2, strings.Count(text, "cloud.Inject("), text)
}

// How long what lasts goes on, and to whom and to what it happens.
func TestWhatLastsIsOfItsCallerItsMethodAndItsTime(t *testing.T) {
	failed := func(err error) bool {
		return status.Code(err) == codes.Unavailable || status.Code(err) == codes.PermissionDenied
	}
	list := func(s *scenario.T, caller string) bool {
		_, err := compute.NewImageServiceClient(s.Cloud().ConnAs(caller)).List(s.Context(), &compute.ListImagesRequest{FolderId: "f"})
		return failed(err)
	}
	get := func(s *scenario.T, caller string) bool {
		_, err := compute.NewImageServiceClient(s.Cloud().ConnAs(caller)).Get(s.Context(), &compute.GetImageRequest{ImageId: "none"})
		return failed(err)
	}
	for name, c := range map[string]struct {
		kind scenario.Kind
		then func(s *scenario.T) bool // what comes behind a first List by ann that failed
		want bool
	}{
		"For, in time":              {scenario.Unavailable.For(time.Minute), func(s *scenario.T) bool { time.Sleep(59 * time.Second); return list(s, "ann") }, true},
		"For, when it is over":      {scenario.Unavailable.For(time.Minute), func(s *scenario.T) bool { time.Sleep(time.Minute); return list(s, "ann") }, false},
		"Onwards":                   {scenario.Unavailable.Onwards(), func(s *scenario.T) bool { time.Sleep(time.Hour); return list(s, "ann") }, true},
		"Onwards, another caller":   {scenario.Unavailable.Onwards(), func(s *scenario.T) bool { return list(s, "bob") }, false},
		"Onwards, another method":   {scenario.Unavailable.Onwards(), func(s *scenario.T) bool { return get(s, "ann") }, false},
		"a role, another method":    {scenario.RoleRevoked, func(s *scenario.T) bool { return get(s, "ann") }, true},
		"a role, another's":         {scenario.RoleRevoked, func(s *scenario.T) bool { return get(s, "bob") }, false},
		"Times":                     {scenario.Unavailable.Times(2), func(s *scenario.T) bool { return list(s, "ann") }, true},
		"Times, when they are over": {scenario.Unavailable.Times(2), func(s *scenario.T) bool { list(s, "ann"); return list(s, "ann") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			scenario.Explore(t, func(s *scenario.T) error {
				if failed := list(s, "ann"); strings.Contains(s.Name(), "+") {
					return nil // a second fault, at what comes behind
				} else if failed {
					s.Sometimes("the first call fails", true)
					s.CheckEqual("what comes behind", c.want, c.then(s))
				} else {
					s.Sometimes("the first call fails", false)
				}
				return nil
			}, scenario.Faults(c.kind))
		})
	}
}
