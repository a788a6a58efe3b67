package fake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// behind returns clients of a caller whose reads lag by that many changes.
func behind(cloud *fake.Server, changes int) clients {
	name := fmt.Sprint("behind by ", changes)
	cloud.Inject(fake.Fault{On: fake.ByCaller(name), Do: fake.Lag(changes), Optional: true})
	return clientsOf(cloud.ConnAs(name))
}

// list returns the images of a list as words: name, status and the last characters of the id.
func (c clients) list(t *testing.T, r *compute.ListImagesRequest) string {
	t.Helper()
	r.FolderId = folder
	page, err := c.List(t.Context(), r)
	require.NoError(t, err)
	var all []string
	for _, im := range page.Images {
		all = append(all, fmt.Sprint(im.Name, " ", im.Status, " ", im.Id[16:]))
	}
	return strings.Join(all, ", ")
}

// rename gives an image another name.
func (c clients) rename(t *testing.T, id, name string) {
	t.Helper()
	_, err := c.Update(t.Context(), &compute.UpdateImageRequest{ImageId: id, Name: name, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}}})
	require.NoError(t, err)
}

func (c clients) describe(t *testing.T, id, text string) {
	t.Helper()
	_, err := c.Update(t.Context(), &compute.UpdateImageRequest{ImageId: id, Description: text, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"description"}}})
	require.NoError(t, err)
}

// However far a replica lags, and whatever became of the names, it shows a world that could have been: no name twice, each list by
// filter a part of the list without, and the same in every run.
func TestALaggingReplicaShowsOneConsistentPast(t *testing.T) {
	histories := map[string]func(*testing.T, *fake.Server, clients){
		"a name changes hands": func(t *testing.T, cloud *fake.Server, c clients) {
			ids := cloud.AddImages(named("web"), named("other"))
			c.rename(t, ids[0].Id, "old")
			c.rename(t, ids[1].Id, "web")
			c.describe(t, ids[1].Id, "the new one")
		},
		"two swap names": func(t *testing.T, cloud *fake.Server, c clients) {
			ids := cloud.AddImages(named("web"), named("other"))
			for range 3 {
				c.rename(t, ids[0].Id, "between")
				c.rename(t, ids[1].Id, "web")
				c.rename(t, ids[0].Id, "other")
				slices.Reverse(ids)
			}
		},
		"deleted and created again": func(t *testing.T, _ *fake.Server, c clients) {
			for range 3 {
				_, id := c.create(t, fromDisk("web"))
				c.describe(t, id, "x")
				_, err := c.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: id})
				require.NoError(t, err)
			}
			c.create(t, fromDisk("web"))
		},
		"a name goes round": func(t *testing.T, cloud *fake.Server, c clients) {
			var ids []string
			for _, im := range cloud.AddImages(named("n-0"), named("n-1"), named("n-2"), named("n-3"), named("n-4"), named("n-5")) {
				ids = append(ids, im.Id)
			}
			for range 2 {
				c.rename(t, ids[0], "free")
				for i := 1; i < len(ids); i++ {
					c.rename(t, ids[i], fmt.Sprint("n-", i-1))
					c.describe(t, ids[i], "moved")
				}
				c.rename(t, ids[0], "n-5")
			}
		},
	}
	for name, happened := range histories {
		t.Run(name, func(t *testing.T) {
			var first []string
			for run := range 5 {
				cloud := fake.New(t, atOnce)
				happened(t, cloud, clientsOf(cloud.Conn()))
				var seen []string
				for _, back := range []int{1, 2, 3, 4, 5, 16} {
					c := behind(cloud, back)
					page, err := c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
					require.NoError(t, err)
					names := make(map[string]bool)
					for _, im := range page.Images {
						require.False(t, names[im.Name], "%d changes back %q is there twice: %v", back, im.Name, page.Images)
						names[im.Name] = true
						by := c.list(t, &compute.ListImagesRequest{Filter: fmt.Sprintf("name = %q", im.Name)})
						require.Equal(t, fmt.Sprint(im.Name, " ", im.Status, " ", im.Id[16:]), by, "the list by filter, %d changes back", back)
						got, err := c.Get(t.Context(), &compute.GetImageRequest{ImageId: im.Id})
						require.NoError(t, err)
						require.Equal(t, im.Name, got.Name)
					}
					seen = append(seen, c.list(t, &compute.ListImagesRequest{}), c.list(t, &compute.ListImagesRequest{OrderBy: "name"}))
				}
				if run == 0 {
					first = seen
				}
				require.Equal(t, first, seen, "run %d", run)
			}
		})
	}
}

// A replica that has seen a name taken has seen it given up; whatever did not take part is as far behind as ever.
func TestLagFollowsNames(t *testing.T) {
	cloud := fake.New(t, atOnce)
	c := clientsOf(cloud.Conn())
	added := cloud.AddImages(named("web"), named("other"), named("third"))
	a, b, third := added[0].Id, added[1].Id, added[2].Id
	c.rename(t, a, "old")
	c.rename(t, b, "web")
	c.describe(t, b, "the new one")
	c.describe(t, third, "changed")
	for back, want := range map[int][3]string{1: {"old", "web", "third"}, 2: {"web", "other", "third"}} {
		lagging := behind(cloud, back)
		for i, id := range []string{a, b, third} {
			im, err := lagging.Get(t.Context(), &compute.GetImageRequest{ImageId: id})
			require.NoError(t, err)
			require.Equal(t, want[i], im.Name, "%d changes back", back)
			require.Empty(t, im.Description)
		}
	}
}

// An image that is gone comes back to a replica as it was: in its place by age, with its access bindings.
func TestImagesGoneSinceLagAsTheyWere(t *testing.T) {
	clock := fake.NewClock(time.Unix(1e9, 0)) // all of one second: only the order of creation tells them apart
	cloud := fake.New(t, atOnce, fake.WithClock(clock))
	c := clientsOf(cloud.Conn())
	var ids []string
	for i := range 3 {
		_, id := c.create(t, &compute.CreateImageRequest{FolderId: folder, Name: fmt.Sprint("web-", i), Family: "web",
			Source: &compute.CreateImageRequest_DiskId{DiskId: "disk"}})
		ids = append(ids, id)
	}
	_, err := c.SetAccessBindings(t.Context(), &access.SetAccessBindingsRequest{ResourceId: ids[2], AccessBindings: bindings(2)})
	require.NoError(t, err)
	cloud.RemoveImage(ids[2])

	lagging := behind(cloud, 1)
	latest, err := lagging.GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{FolderId: folder, Family: "web"})
	require.NoError(t, err)
	require.Equal(t, ids[2], latest.Id)
	page, err := lagging.List(t.Context(), &compute.ListImagesRequest{FolderId: folder, OrderBy: "createdAt desc", PageSize: 1})
	require.NoError(t, err)
	require.Equal(t, ids[2], page.Images[0].Id)
	bound, err := lagging.ListAccessBindings(t.Context(), &access.ListAccessBindingsRequest{ResourceId: ids[2]})
	require.NoError(t, err)
	require.Len(t, bound.AccessBindings, 2)
	bound, err = behind(cloud, 2).ListAccessBindings(t.Context(), &access.ListAccessBindingsRequest{ResourceId: ids[2]})
	require.NoError(t, err)
	require.Empty(t, bound.AccessBindings, "access bindings lag with their image")
}

func TestReplicasDoNotKnowWhatDidNotExistYet(t *testing.T) {
	cloud := fake.New(t)
	before := cloud.AddImages(named("before"))[0].Id
	c := clientsOf(cloud.Conn())
	op, made := c.create(t, fromDisk("made"))
	after := cloud.AddImages(named("after"))[0].Id
	lagging := behind(cloud, 1)
	for id, want := range map[string]codes.Code{before: codes.OK, made: codes.NotFound, after: codes.NotFound} {
		_, got := lagging.Get(t.Context(), &compute.GetImageRequest{ImageId: id})
		_, operations := lagging.ListOperations(t.Context(), &compute.ListImageOperationsRequest{ImageId: id})
		_, bound := lagging.ListAccessBindings(t.Context(), &access.ListAccessBindingsRequest{ResourceId: id})
		for what, err := range map[string]error{"Get": got, "ListOperations": operations, "ListAccessBindings": bound} {
			require.Equal(t, want.String(), codeName(err), "%s of %s", what, id)
		}
	}
	require.Equal(t, "before READY "+before[16:], lagging.list(t, &compute.ListImagesRequest{}))
	require.False(t, cloud.Operation(op.Id).Done())

	// An image that is gone, and had been there: its history stays readable, also to a replica.
	require.True(t, c.poll(t, op.Id).Done)
	cloud.RemoveImage(made)
	cloud.AddImages(&compute.Image{Id: made, FolderId: folder, Name: "again"})
	_, err := lagging.Get(t.Context(), &compute.GetImageRequest{ImageId: made})
	require.Equal(t, codes.NotFound.String(), codeName(err))
	history, err := lagging.ListOperations(t.Context(), &compute.ListImageOperationsRequest{ImageId: made})
	require.NoError(t, err)
	require.Len(t, history.Operations, 1)
}
