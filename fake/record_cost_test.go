package fake_test

import (
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// A matcher is asked about each call as it comes and as it ends, however many there are before it.
func TestAwaitCallsAsksOncePerCall(t *testing.T) {
	const many = 500
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	asked, waiting := 0, make(chan error, 1)
	go func() {
		waiting <- cloud.AwaitCalls(t.Context(), 2, fake.Match(func(r *compute.GetImageRequest) bool {
			asked++
			return r.ImageId == "last"
		}))
	}()
	for n := range many + 2 {
		id := "a"
		if n >= many {
			id = "last"
		}
		_, err := c.Get(t.Context(), &compute.GetImageRequest{ImageId: id})
		require.Error(t, err)
	}
	require.NoError(t, <-waiting)
	require.LessOrEqual(t, asked, 8*many, "of the quarter of a million that asking about all after each would take")
}

// What asking for calls costs follows from how many are returned, not from how many there are.
func TestCallsThatAreNotPickedCostNothing(t *testing.T) {
	const many = 1000
	cloud := fake.New(t, fake.WithRecord(2*many))
	c := clientsOf(cloud.Conn())
	for range many {
		_, err := c.Get(t.Context(), &compute.GetImageRequest{ImageId: "a"})
		require.Error(t, err)
	}
	const headers = 2 * many // reflection allocates the header of each text that it reads
	for name, on := range map[string]fake.Matcher{
		"method":   fake.ImageDelete,
		"caller":   fake.ByCaller("somebody else"),
		"resource": fake.OnResource("another"),
		"header":   fake.ByHeader("user-agent", "terraform"),
		"match":    fake.Match(func(r *compute.GetImageRequest) bool { return r.ImageId == "b" }),
		"like":     fake.Like(&compute.GetImageRequest{ImageId: "b"}),
		"exactly":  fake.Exactly(&compute.GetImageRequest{ImageId: "b"}),
		"field":    fake.Field[*compute.GetImageRequest]("image_id", "b"),
		"inside":   fake.AnyOf(fake.AllOf(fake.ImageGet, fake.Work(fake.ByCaller("x"))), fake.Not(fake.AnyOf())),
	} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, cloud.Calls(on))
			limit := many / 10
			if name == "like" || name == "exactly" || name == "field" {
				limit += headers
			}
			require.Less(t, testing.AllocsPerRun(5, func() { cloud.Calls(on) }), float64(limit))
		})
	}
	require.Len(t, cloud.Calls(fake.ImageGet), many)
}
