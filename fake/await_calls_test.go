package fake_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// A call counts from the moment at which it is picked: some are by what they ask, some only by what they were answered, and running
// ones count as well.
func TestAwaitCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t)
		c := clientsOf(cloud.Conn())
		hangs := cloud.Inject(fake.Fault{On: fake.ImageGet, When: fake.Nth(2), Do: fake.Hang()})
		im := cloud.AddImage(&compute.Image{FolderId: folder, Name: "web"})
		get := func(ctx context.Context) { _, _ = c.Get(ctx, &compute.GetImageRequest{ImageId: im.Id}) }

		require.NoError(t, cloud.AwaitCalls(t.Context(), 0))
		get(t.Context())
		require.NoError(t, cloud.AwaitCalls(t.Context(), 1, fake.ImageGet), "those before it count")

		ctx, cancel := context.WithCancel(t.Context())
		go get(ctx)
		require.NoError(t, cloud.AwaitCalls(t.Context(), 2, fake.ImageGet), "running ones count")
		require.NoError(t, cloud.Await(t.Context(), func() bool { return hangs.Fired() == 1 }))
		cancel()

		_, id := c.create(t, fromDisk("api"))
		require.NoError(t, cloud.AwaitCalls(t.Context(), 1, fake.OnResource(id)), "by the answer")
		require.NoError(t, cloud.AwaitCalls(t.Context(), 3, fake.ImageGet, fake.ImageCreate))

		require.EqualError(t, cloud.AwaitCalls(t.Context(), 4, fake.ImageGet), "2 calls of 4: it did not happen within 24h0m0s, and the context has no deadline")
		require.NoError(t, cloud.Close())
		require.ErrorContains(t, cloud.AwaitCalls(t.Context(), 4, fake.ImageGet), "2 calls of 4: ")
	})
}

// What the record has let go is not asked about any more, and no call twice.
func TestAwaitCallsInAShortRecord(t *testing.T) {
	for _, keep := range []int{0, 1, 3} {
		cloud := fake.New(t, fake.WithRecord(keep))
		c := clientsOf(cloud.Conn())
		for range 5 {
			_, _ = c.List(t.Context(), anyList)
		}
		require.NoError(t, cloud.AwaitCalls(t.Context(), keep, fake.ImageList))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, cloud.AwaitCalls(ctx, keep+1, fake.ImageList), context.Canceled)
	}
}
