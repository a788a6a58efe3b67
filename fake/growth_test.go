package fake_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// crowded returns a server with a record of so many events: images of one name in as many folders, each looked for once.
func crowded(t *testing.T, events int) *fake.Server {
	cloud := fake.New(t, fake.WithRecord(1<<20))
	for i := range events / 2 {
		im := cloud.AddImage(&compute.Image{FolderId: fmt.Sprintf("folder-%d", i), Name: "web"})
		_, err := clientsOf(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: im.Id})
		require.NoError(t, err)
	}
	return cloud
}

// A record is drawn as quickly as it is read: a picture of ten times the events costs no more, and their transcript ten times as
// much. Work is counted in allocations, because clocks measure the machine.
func TestPicturesOfLongRecordsCostWhatTheyShow(t *testing.T) {
	const fewer, few, many = 500, 5_000, 50_000 // the latter two are more than a picture shows
	tiny, short, long := crowded(t, fewer), crowded(t, few), crowded(t, many)
	work := func(f func()) float64 { return testing.AllocsPerRun(1, f) }
	for name, row := range map[string]struct {
		draw     func(*fake.Server)
		one, ten *fake.Server
		limit    float64
	}{
		"timeline":   {func(s *fake.Server) { s.Timeline() }, short, long, 1.5},
		"page":       {func(s *fake.Server) { require.NoError(t, s.WriteTimeline(new(bytes.Buffer))) }, short, long, 1.5},
		"transcript": {func(s *fake.Server) { s.Transcript() }, tiny, short, 12},
	} {
		t.Run(name, func(t *testing.T) {
			one := work(func() { row.draw(row.one) })
			ten := work(func() { row.draw(row.ten) })
			require.LessOrEqual(t, ten/one, row.limit, "%v allocations for one, %v for ten times the events", one, ten)
		})
	}
	var page bytes.Buffer
	require.NoError(t, long.WriteTimeline(&page))
	require.Less(t, page.Len(), 1<<20)
	require.Contains(t, page.String(), "earlier events left out")
	require.Contains(t, long.Timeline(), fmt.Sprintf("%d calls", many/2))
}
