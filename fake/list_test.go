package fake_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"
)

func TestListOrders(t *testing.T) {
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	at := func(s int64) *timestamppb.Timestamp { return &timestamppb.Timestamp{Seconds: s} }
	cloud.AddImages(
		&compute.Image{Id: "b", FolderId: folder, Name: "mmm", CreatedAt: at(2), Size: 8 << 20},
		&compute.Image{Id: "d", FolderId: folder, CreatedAt: at(1), Size: 4 << 20},
		&compute.Image{Id: "a", FolderId: folder, CreatedAt: at(2), Size: 8 << 20},
		&compute.Image{Id: "c", FolderId: folder, Name: "aaa", CreatedAt: at(3), Size: 4 << 20, Status: compute.Image_ERROR},
		&compute.Image{Id: "0", FolderId: "elsewhere"},
	)
	for order, want := range map[string]string{
		"":                   "abcd",
		"id":                 "abcd",
		"id desc":            "dcba",
		"name":               "adcb", // unnamed ones by id, first
		"name desc":          "bcda",
		"createdAt":          "dbac", // b was created before a
		"created_at asc":     "dbac",
		"createdAt desc":     "cabd", // ties are reversed too
		"size":               "cdab",
		"storage_size":       "cdab",
		"min_disk_size desc": "badc",
		"status":             "abdc",
	} {
		for size := range int64(5) {
			t.Run(fmt.Sprintf("%s by %d", order, size), func(t *testing.T) {
				var got strings.Builder
				for _, im := range listAll(t, c, &compute.ListImagesRequest{FolderId: folder, OrderBy: order, PageSize: size}) {
					got.WriteString(im.Id)
				}
				require.Equal(t, want, got.String())
			})
		}
	}
}

// listAll reads a list to its end, checking what is promised of every page.
func listAll(t require.TestingT, c clients, r *compute.ListImagesRequest) []*compute.Image {
	var all []*compute.Image
	for {
		page, err := c.List(ctxOf(t), r)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.NextPageToken), 100)
		if page.NextPageToken != "" {
			require.NotEmpty(t, page.Images, "SDK iterators stop at an empty page")
		}
		all = append(all, page.Images...)
		require.Less(t, len(all), 5000, "a list comes to its end")
		if page.NextPageToken == "" {
			return all
		}
		r.PageToken = page.NextPageToken
	}
}

func TestListFilters(t *testing.T) {
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	cloud.AddImages(named("web"), named("api"), named("worker"), &compute.Image{FolderId: folder}, &compute.Image{FolderId: "elsewhere", Name: "web"})
	for filter, want := range map[string]string{
		`name = "web"`:                         "web",
		`name="web"`:                           "web",
		`name = web`:                           "web",
		`name != 'web'`:                        " api worker",
		`name IN ("web", "api", "none")`:       "api web",
		`name not in (web, api)`:               " worker",
		`name = "web" AND name = "api"`:        "",
		`name = "web" and name != "api"`:       "web",
		`name IN (web, api) AND name != "web"`: "api",
		`name = "none"`:                        "",
	} {
		for size := range int64(3) {
			var names []string
			for _, im := range listAll(t, c, &compute.ListImagesRequest{FolderId: folder, Filter: filter, PageSize: size}) {
				names = append(names, im.Name)
			}
			slices.Sort(names)
			require.Equal(t, want, strings.Join(names, " "), "%s by %d", filter, size)
		}
	}
}

func TestPageSizes(t *testing.T) {
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	for range 1001 {
		cloud.AddImages(named(""))
	}
	for asked, want := range map[int64]int{0: 100, 1: 1, 99: 99, 1000: 1000} {
		page, err := c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder, PageSize: asked})
		require.NoError(t, err)
		require.Len(t, page.Images, want)
		require.NotEmpty(t, page.NextPageToken)
	}
	r := &compute.ListImagesRequest{FolderId: folder, PageSize: 1000}
	require.Len(t, listAll(t, c, r), 1001)
}

// A page token is stable: whatever comes and goes between two pages, an image that is there throughout, with the same sort key, is
// listed exactly once.
// Images that a filter names come in the order of the list, whatever the order of the names, on pages as without.
func TestImagesAskedForByNameComeInOrder(t *testing.T) {
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	cloud.AddImages(
		&compute.Image{Id: "a", FolderId: folder, Name: "zzz"},
		&compute.Image{Id: "b", FolderId: folder, Name: "mmm"},
		&compute.Image{Id: "c", FolderId: folder, Name: "aaa"},
	)
	for order, want := range map[string]string{"": "abc", "id desc": "cba", "name": "cba", "name desc": "abc"} {
		for size := range int64(4) {
			var got strings.Builder
			r := &compute.ListImagesRequest{FolderId: folder, Filter: `name IN ("mmm", "zzz", "aaa")`, OrderBy: order, PageSize: size}
			for _, im := range listAll(t, c, r) {
				got.WriteString(im.Id)
			}
			require.Equal(t, want, got.String(), "%s by %d", order, size)
		}
	}
}

// A page token belongs to the folder that it was given for.
func TestATokenOfAnotherFolder(t *testing.T) {
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	for _, in := range []string{folder, "elsewhere"} {
		cloud.AddImages(&compute.Image{FolderId: in}, &compute.Image{FolderId: in})
	}
	page, err := c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder, PageSize: 1})
	require.NoError(t, err)
	_, err = c.List(t.Context(), &compute.ListImagesRequest{FolderId: "elsewhere", PageSize: 1, PageToken: page.NextPageToken})
	require.Equal(t, codes.InvalidArgument.String(), codeName(err))
}

func TestPagesNeitherRepeatNorSkip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cloud, err := fake.Start()
		require.NoError(rt, err)
		defer cloud.Close()
		c := clientsOf(cloud.Conn())
		for n := range rapid.IntRange(1, 30).Draw(rt, "images") {
			im := named("")
			if rapid.Bool().Draw(rt, "named") {
				im.Name = fmt.Sprintf("image-%02d", n)
			}
			im.CreatedAt = &timestamppb.Timestamp{Seconds: rapid.Int64Range(1, 4).Draw(rt, "created")}
			im.Size = rapid.Int64Range(1, 3).Draw(rt, "size") << 22
			cloud.AddImages(im)
		}
		throughout := map[string]bool{}
		for _, im := range cloud.Images() {
			throughout[im.Id] = true
		}
		r := &compute.ListImagesRequest{
			FolderId: folder,
			OrderBy:  rapid.SampledFrom([]string{"", "id desc", "name", "name desc", "createdAt", "createdAt desc", "size"}).Draw(rt, "order"),
			Filter:   rapid.SampledFrom([]string{"", `name != "image-03"`}).Draw(rt, "filter"),
		}
		listed := map[string]int{}
		for {
			r.PageSize = rapid.Int64Range(1, 4).Draw(rt, "page size")
			page, err := c.List(ctxOf(rt), r)
			require.NoError(rt, err)
			for _, im := range page.Images {
				listed[im.Id]++
			}
			if page.NextPageToken == "" {
				break
			}
			r.PageToken = page.NextPageToken
			for range rapid.IntRange(0, 2).Draw(rt, "removals") {
				all := cloud.Images()
				if len(all) > 0 {
					gone := rapid.SampledFrom(all).Draw(rt, "removed")
					cloud.RemoveImage(gone.Id)
					delete(throughout, gone.Id)
				}
			}
			for range rapid.IntRange(0, 2).Draw(rt, "additions") {
				cloud.AddImages(named(""))
			}
		}
		for id, times := range listed {
			require.Equal(rt, 1, times, "image %s was listed again", id)
		}
		for id := range throughout {
			if im := cloud.Image(id); r.Filter == "" || im.Name != "image-03" {
				require.Equal(rt, 1, listed[id], "image %s was skipped", id)
			}
		}
	})
}

func TestListOperationsNewestFirst(t *testing.T) {
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	create, id := c.create(t, fromDisk("web"))
	c.poll(t, create.Id)
	var want []string
	for _, start := range []func() (op interface{ GetId() string }, err error){
		func() (interface{ GetId() string }, error) {
			return c.Update(t.Context(), &compute.UpdateImageRequest{ImageId: id, Name: "new"})
		},
		func() (interface{ GetId() string }, error) {
			return c.SetAccessBindings(t.Context(), &access.SetAccessBindingsRequest{ResourceId: id})
		},
		func() (interface{ GetId() string }, error) {
			return c.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: id})
		},
	} {
		op, err := start()
		require.NoError(t, err)
		c.poll(t, op.GetId())
		want = append([]string{op.GetId()}, want...)
	}
	want = append(want, create.Id)
	require.Nil(t, cloud.Image(id), "the history of an image that is gone stays readable")
	for size := range int64(5) {
		var got []string
		r := &compute.ListImageOperationsRequest{ImageId: id, PageSize: size}
		for {
			page, err := c.ListOperations(t.Context(), r)
			require.NoError(t, err)
			for _, op := range page.Operations {
				got = append(got, op.Id)
			}
			if r.PageToken = page.NextPageToken; r.PageToken == "" {
				break
			}
		}
		require.Equal(t, want, got, "pages of %d", size)
	}
}

func TestAccessBindings(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.Polls(1))))
	c := clientsOf(cloud.Conn())
	im := cloud.AddImages(named("web"))[0]
	binding := func(role, user string) *access.AccessBinding {
		return &access.AccessBinding{RoleId: role, Subject: &access.Subject{Id: user, Type: "userAccount"}}
	}
	delta := func(action access.AccessBindingAction, b *access.AccessBinding) *access.AccessBindingDelta {
		return &access.AccessBindingDelta{Action: action, AccessBinding: b}
	}
	bindings := func(size int64) string {
		var got []string
		r := &access.ListAccessBindingsRequest{ResourceId: im.Id, PageSize: size}
		for {
			page, err := c.ListAccessBindings(t.Context(), r)
			require.NoError(t, err)
			for _, b := range page.AccessBindings {
				got = append(got, b.RoleId+"/"+b.Subject.Id)
			}
			require.Less(t, len(got), 1000, "a list comes to its end")
			if r.PageToken = page.NextPageToken; r.PageToken == "" {
				return strings.Join(got, " ")
			}
		}
	}
	effective := func(id string) string {
		op := c.poll(t, id)
		result := new(access.AccessBindingsOperationResult)
		require.NoError(t, op.GetResponse().UnmarshalTo(result))
		var got []string
		for _, d := range result.EffectiveDeltas {
			got = append(got, d.Action.String()+" "+d.AccessBinding.RoleId+"/"+d.AccessBinding.Subject.Id)
		}
		return strings.Join(got, ", ")
	}

	op, err := c.SetAccessBindings(t.Context(), &access.SetAccessBindingsRequest{ResourceId: im.Id,
		AccessBindings: []*access.AccessBinding{binding("viewer", "ann"), binding("editor", "bob"), binding("viewer", "ann")}})
	require.NoError(t, err)
	require.NoError(t, op.Metadata.UnmarshalTo(&access.SetAccessBindingsMetadata{}))
	require.Empty(t, bindings(0), "visible when the operation ends")
	require.Equal(t, "ADD viewer/ann, ADD editor/bob", effective(op.Id))

	op, err = c.UpdateAccessBindings(t.Context(), &access.UpdateAccessBindingsRequest{ResourceId: im.Id, AccessBindingDeltas: []*access.AccessBindingDelta{
		delta(access.AccessBindingAction_ADD, binding("viewer", "eve")),
		delta(access.AccessBindingAction_ADD, binding("editor", "bob")),
		delta(access.AccessBindingAction_REMOVE, binding("viewer", "ann")),
		delta(access.AccessBindingAction_REMOVE, binding("viewer", "nobody")),
	}})
	require.NoError(t, err)
	require.NoError(t, op.Metadata.UnmarshalTo(&access.UpdateAccessBindingsMetadata{}))
	require.Equal(t, "ADD viewer/eve, REMOVE viewer/ann", effective(op.Id), "only the deltas that changed something")
	for size := range int64(3) {
		require.Equal(t, "editor/bob viewer/eve", bindings(size))
	}

	op, err = c.SetAccessBindings(t.Context(), &access.SetAccessBindingsRequest{ResourceId: im.Id, AccessBindings: []*access.AccessBinding{binding("viewer", "eve")}})
	require.NoError(t, err)
	require.Equal(t, "REMOVE editor/bob", effective(op.Id))
	require.Equal(t, "viewer/eve", bindings(0))

	group := binding("viewer", "eve")
	group.Subject.Type = "group"
	op, err = c.UpdateAccessBindings(t.Context(), &access.UpdateAccessBindingsRequest{ResourceId: im.Id, AccessBindingDeltas: []*access.AccessBindingDelta{
		delta(access.AccessBindingAction_ADD, group)}})
	require.NoError(t, err)
	require.Equal(t, "ADD viewer/eve", effective(op.Id), "a group is somebody else than the user with its id")
	require.Equal(t, "viewer/eve viewer/eve", bindings(0))
}

func TestImagesComeInOrderOfCreation(t *testing.T) {
	cloud := fake.New(t)
	var want []string
	for i := range 20 {
		want = append(want, cloud.AddImages(named(fmt.Sprintf("image-%d", i)))[0].Id)
	}
	var got []string
	for _, im := range cloud.Images() {
		got = append(got, im.Id)
	}
	require.Equal(t, want, got)
	require.False(t, slices.IsSortedFunc(cloud.Images(), func(a, b *compute.Image) int { return cmp.Compare(a.Id, b.Id) }), "ids do not sort by time")
}
