package histories_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/examples/histories"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// How many histories TestHistories makes, and from which seed on. Without them it is a few, from a seed that is another each time:
//
//	IMAGEFAKE_HISTORIES=2000 go test ./... -timeout 1h
const (
	countVariable = "IMAGEFAKE_HISTORIES"
	seedVariable  = "IMAGEFAKE_HISTORIES_SEED"
)

// limit is how long a search may take, of the wall clock.
const limit = time.Minute

func numberIn(t *testing.T, variable string, otherwise uint64) uint64 {
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, "%s must be a number", variable)
	return n
}

// TestHistories lets clients loose on the fake cloud, with faults, and looks for an explanation of what they saw. The seed decides
// what clients ask, how operations move and which faults there are; how the calls of one moment interleave is decided by the machine.
func TestHistories(t *testing.T) {
	count := numberIn(t, countVariable, 60)
	first := numberIn(t, seedVariable, uint64(time.Now().UnixNano()))
	t.Logf("the seeds of the histories: %s=%d and the %d after it", seedVariable, first, count-1)
	var total tally
	for seed := first; seed < first+count && !t.Failed(); seed++ {
		h := randomHistory(t, seed, &total)
		requireExplained(t, h, fmt.Sprintf("%s=%d %s=1", seedVariable, seed, countVariable))
	}
	t.Logf("%v", &total)
	if count >= 60 { // fewer may miss some
		total.requireAll(t)
	}
}

// Replicas that lag are what no order explains: where they answer, the check must find it. A lagging answer may happen to be right.
func TestHistoriesOfReplicasThatLag(t *testing.T) {
	lag := fake.Fault{On: fake.AnyOf(fake.ImageGet, fake.ImageList, fake.OperationGet), When: fake.Chance(0.5), Do: fake.Lag(2), Optional: true}
	var total tally
	refused := 0
	const count = 20
	for seed := range uint64(count) {
		if len(randomHistory(t, seed, &total, lag).Check(limit)) > 0 {
			refused++
		}
	}
	t.Logf("%d of %d were refused", refused, count)
	require.Greater(t, refused, count/2, "of %d histories in which replicas lagged, this many were refused", count)
}

// randomHistory is what three or four clients do to a server in half a minute of virtual time.
func randomHistory(t *testing.T, seed uint64, total *tally, more ...fake.Fault) (h *histories.History) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(seed, 0))
		cloud := fake.New(t, append(plans(random), snapshot())...)
		seen := &seen{}
		for i := range random.IntN(3) {
			im := cloud.AddImage(&compute.Image{FolderId: inFolder, Name: someNames[i], Family: pick(random, someFamilies)})
			seen.images = append(seen.images, im.Id)
		}
		for _, fault := range append(faults(random), more...) {
			cloud.Inject(fault)
		}
		var all sync.WaitGroup
		for n := range 3 + random.IntN(2) {
			c := newClient(cloud, n+1, seed, seen)
			all.Go(func() { c.work(t.Context(), 8) })
		}
		all.Wait()
		var err error
		h, err = histories.Of(cloud)
		require.NoError(t, err)
		total.count(cloud)
	})
	return h
}

// requireExplained fails with the picture of a history that has no explanation, and leaves pages for a browser.
func requireExplained(t *testing.T, h *histories.History, again string) {
	t.Helper()
	refused := h.Check(limit)
	for i, r := range refused {
		t.Errorf("%v%s", r, keep(t, r, i))
	}
	if len(refused) > 0 {
		t.Logf("what the server saw:\n%s\nagain: %s go test ./...", h.Timeline, again)
	}
}
