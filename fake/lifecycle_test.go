package fake_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

var newYear = time.Date(2026, 1, 1, 0, 0, 0, 123456789, time.UTC)

func TestCreateIsVisibleAtOnceAndReadyAtTheEnd(t *testing.T) {
	cloud := fake.New(t, fake.WithClock(fake.NewClock(newYear)))
	c := clientsOf(cloud.Conn())

	op, id := c.create(t, fromDisk("web"))

	require.False(t, op.Done)
	require.Equal(t, "Create image", op.Description)
	require.Equal(t, newYear, op.CreatedAt.AsTime(), "operations have nanoseconds")
	require.Empty(t, cmp.Diff(op.CreatedAt, op.ModifiedAt, protocmp.Transform()))
	require.Regexp(t, `^epd[0-9a-v]{17}$`, op.Id, "an operation runs where its source disk is")
	require.Regexp(t, `^fd8[0-9a-v]{17}$`, id)
	require.Equal(t, compute.Image_CREATING, cloud.Image(id).Status)

	op = c.poll(t, op.Id)

	require.True(t, op.Done)
	made := new(compute.Image)
	require.NoError(t, op.GetResponse().UnmarshalTo(made))
	want := &compute.Image{
		Id: id, FolderId: folder, Name: "web",
		CreatedAt: &timestamppb.Timestamp{Seconds: newYear.Unix()}, // images have whole seconds
		Status:    compute.Image_READY,
		Os:        &compute.Os{Type: compute.Os_LINUX},
		Size:      4 << 30, StorageSize: 1 << 30, MinDiskSize: 4 << 30,
		HardwareGeneration: &compute.HardwareGeneration{Features: &compute.HardwareGeneration_LegacyFeatures{
			LegacyFeatures: &compute.LegacyHardwareFeatures{PciTopology: compute.PCITopology_PCI_TOPOLOGY_V1}}},
	}
	require.Empty(t, cmp.Diff(want, made, protocmp.Transform()))
	got, err := c.Get(t.Context(), &compute.GetImageRequest{ImageId: id})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(made, got, protocmp.Transform()))
}

func TestCreateInheritsFromItsSource(t *testing.T) {
	windows, nvidia := &compute.Os{Type: compute.Os_WINDOWS}, &compute.Os{Nvidia: &compute.Nvidia{Driver: "r550"}}
	generation2 := &compute.HardwareGeneration{Features: &compute.HardwareGeneration_Generation2Features{
		Generation2Features: &compute.Generation2HardwareFeatures{}}}
	sources := fake.WithSources(
		fake.Source{Disk: "disk", Size: 10<<30 - 1, StorageSize: 1 << 30, OS: windows, ProductIDs: []string{"a", "b"}, Hardware: generation2},
		fake.Source{Snapshot: "snapshot", Size: 1 << 30, StorageSize: 3 << 30, OS: windows})
	disk := &compute.CreateImageRequest_DiskId{DiskId: "disk"}
	snapshot := &compute.CreateImageRequest_SnapshotId{SnapshotId: "snapshot"}
	image := &compute.CreateImageRequest_ImageId{ImageId: "base"}
	for name, tt := range map[string]struct {
		request *compute.CreateImageRequest
		check   func(*testing.T, *compute.Image)
	}{
		"sizes are multiples of 4 MiB": {&compute.CreateImageRequest{Source: disk}, func(t *testing.T, im *compute.Image) {
			require.Equal(t, int64(10<<30), im.Size)
			require.Equal(t, int64(1<<30), im.StorageSize)
			require.Equal(t, int64(10<<30), im.MinDiskSize)
		}},
		"a given size is rounded up": {&compute.CreateImageRequest{Source: disk, MinDiskSize: 20<<30 - 5}, func(t *testing.T, im *compute.Image) {
			require.Equal(t, int64(20<<30), im.MinDiskSize)
		}},
		"the need is the larger size": {&compute.CreateImageRequest{Source: snapshot}, func(t *testing.T, im *compute.Image) {
			require.Equal(t, int64(3<<30), im.MinDiskSize)
		}},
		"min_disk_size of an image": {&compute.CreateImageRequest{Source: image}, func(t *testing.T, im *compute.Image) {
			require.Equal(t, int64(50<<30), im.MinDiskSize)
			require.Equal(t, int64(2<<30), im.Size)
		}},
		"os of a disk":    {&compute.CreateImageRequest{Source: disk}, func(t *testing.T, im *compute.Image) { require.Equal(t, compute.Os_WINDOWS, im.Os.Type) }},
		"os of an image":  {&compute.CreateImageRequest{Source: image}, func(t *testing.T, im *compute.Image) { require.Equal(t, compute.Os_WINDOWS, im.Os.Type) }},
		"no os of others": {&compute.CreateImageRequest{Source: snapshot}, func(t *testing.T, im *compute.Image) { require.Equal(t, compute.Os_LINUX, im.Os.Type) }},
		"a given os": {&compute.CreateImageRequest{Source: disk, Os: &compute.Os{Type: compute.Os_LINUX}}, func(t *testing.T, im *compute.Image) {
			require.Equal(t, compute.Os_LINUX, im.Os.Type)
		}},
		"an unspecified os is not given, its driver is": {&compute.CreateImageRequest{Source: disk, Os: nvidia}, func(t *testing.T, im *compute.Image) {
			require.Equal(t, compute.Os_WINDOWS, im.Os.Type)
			require.Equal(t, "r550", im.Os.Nvidia.Driver)
		}},
		"products of the source first, no repeats": {&compute.CreateImageRequest{Source: disk, ProductIds: []string{"c", "b", "c"}}, func(t *testing.T, im *compute.Image) {
			require.Equal(t, []string{"a", "b", "c"}, im.ProductIds)
		}},
		"hardware of the source": {&compute.CreateImageRequest{Source: disk}, func(t *testing.T, im *compute.Image) {
			require.Empty(t, cmp.Diff(generation2, im.HardwareGeneration, protocmp.Transform()))
		}},
		"pooled": {&compute.CreateImageRequest{Source: disk, Pooled: true}, func(t *testing.T, im *compute.Image) { require.True(t, im.Pooled) }},
		"an unregistered source is as small as it must be": {
			&compute.CreateImageRequest{Source: &compute.CreateImageRequest_DiskId{DiskId: "other"}, MinDiskSize: 8 << 20},
			func(t *testing.T, im *compute.Image) {
				require.EqualValues(t, 8<<20, im.MinDiskSize)
				require.EqualValues(t, 8<<20, im.Size)
			}},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t, sources, atOnce)
			cloud.AddImages(&compute.Image{Id: "base", FolderId: "elsewhere", Size: 2 << 30, MinDiskSize: 50 << 30, Os: windows})
			tt.request.FolderId = folder
			_, id := clientsOf(cloud.Conn()).create(t, tt.request)
			tt.check(t, cloud.Image(id))
		})
	}
}

func TestUpdateWritesWhatItsMaskNames(t *testing.T) {
	old := func() *compute.Image {
		return &compute.Image{Id: "im", FolderId: folder, Name: "old", Description: "old", Labels: map[string]string{"old": ""},
			Size: 1 << 30, MinDiskSize: 2 << 30}
	}
	request := func(paths ...string) *compute.UpdateImageRequest {
		r := &compute.UpdateImageRequest{ImageId: "im", Name: "new", Description: "new", Labels: map[string]string{"new": ""}, MinDiskSize: 3 << 30}
		if paths != nil {
			r.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
		}
		return r
	}
	for name, tt := range map[string]struct {
		request *compute.UpdateImageRequest
		want    func(*compute.Image)
	}{
		"name":          {request("name"), func(im *compute.Image) { im.Name = "new" }},
		"description":   {request("description"), func(im *compute.Image) { im.Description = "new" }},
		"labels, whole": {request("labels"), func(im *compute.Image) { im.Labels = map[string]string{"new": ""} }},
		"min_disk_size": {request("min_disk_size"), func(im *compute.Image) { im.MinDiskSize = 3 << 30 }},
		"two":           {request("labels", "description"), func(im *compute.Image) { im.Description, im.Labels = "new", map[string]string{"new": ""} }},
		"no mask": {request(), func(im *compute.Image) {
			im.Name, im.Description, im.Labels, im.MinDiskSize = "new", "new", map[string]string{"new": ""}, 3<<30
		}},
		"an empty mask is none": {&compute.UpdateImageRequest{ImageId: "im", UpdateMask: &fieldmaskpb.FieldMask{}}, func(im *compute.Image) {
			im.Name, im.Description, im.Labels, im.MinDiskSize = "", "", nil, 1<<30 // the need
		}},
		"reset one": {&compute.UpdateImageRequest{ImageId: "im", UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"labels"}}}, func(im *compute.Image) {
			im.Labels = nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t)
			c := clientsOf(cloud.Conn())
			want := cloud.AddImages(old())[0]

			op, err := c.Update(t.Context(), tt.request)

			require.NoError(t, err)
			require.Equal(t, "Update image", op.Description)
			require.NoError(t, op.Metadata.UnmarshalTo(&compute.UpdateImageMetadata{}))
			require.Empty(t, cmp.Diff(want, cloud.Image("im"), protocmp.Transform()), "visible when the operation ends, not before")
			op = c.poll(t, op.Id)
			tt.want(want)
			require.Empty(t, cmp.Diff(want, cloud.Image("im"), protocmp.Transform()))
			answered := new(compute.Image)
			require.NoError(t, op.GetResponse().UnmarshalTo(answered))
			require.Empty(t, cmp.Diff(want, answered, protocmp.Transform()))
		})
	}
}

// What an image needs is the larger of its two sizes, and a bound is rounded up to a multiple of 4 MiB before it is compared with that.
func TestTheBoundThatAnUpdateGives(t *testing.T) {
	const need = 8 << 30
	for name, given := range map[string]struct {
		size, storage int64
		bound         int64
		want          int64 // 0: it is refused
	}{
		"reset, where the data is larger than the disk": {1 << 30, need, 0, need},
		"reset, where the disk is larger than the data": {need, 1 << 30, 0, need},
		"a byte short of the need":                      {need, 1 << 30, need - 1, need},
		"a unit short of the need":                      {need, 1 << 30, need - 4<<20, 0},
		"a byte above the need":                         {need, 1 << 30, need + 1, need + 4<<20},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t, atOnce, fake.WithSources(fake.Source{Disk: "epd00000000000000000", Size: given.size, StorageSize: given.storage}))
			c := clientsOf(cloud.Conn())
			request := fromDisk("web")
			request.MinDiskSize = 20 << 30
			_, id := c.create(t, request)
			_, err := c.Update(t.Context(), &compute.UpdateImageRequest{
				ImageId: id, MinDiskSize: given.bound, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"min_disk_size"}}})
			if given.want == 0 {
				require.Equal(t, codes.InvalidArgument.String(), codeName(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, given.want, cloud.Image(id).MinDiskSize)
		})
	}
}

func TestUpdatesSideBySideWriteTheirOwnFields(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())))
	c := clientsOf(cloud.Conn())
	cloud.AddImages(&compute.Image{Id: "im", FolderId: folder, Name: "old"})
	update := func(r *compute.UpdateImageRequest, path string) *fake.Operation {
		r.ImageId, r.UpdateMask = "im", &fieldmaskpb.FieldMask{Paths: []string{path}}
		_, err := c.Update(t.Context(), r)
		require.NoError(t, err)
		return cloud.NextOperation(t.Context())
	}
	first := update(&compute.UpdateImageRequest{Name: "first"}, "name")
	second := update(&compute.UpdateImageRequest{Name: "second"}, "name")
	words := update(&compute.UpdateImageRequest{Description: "words"}, "description")
	again := update(&compute.UpdateImageRequest{Name: "first"}, "name") // the image was promised that name already

	second.Complete()
	words.Complete()
	require.Equal(t, "second", cloud.Image("im").Name)
	_, err := c.Create(t.Context(), fromDisk("first"))
	require.ErrorContains(t, err, `Image with name "first" already exists`, "a new name is held from acceptance")
	first.Complete()
	again.Complete()

	require.Equal(t, "first", cloud.Image("im").Name, "in the order in which they end")
	require.Equal(t, "words", cloud.Image("im").Description)
	_, err = c.Create(t.Context(), fromDisk("second"))
	require.NoError(t, err, "a name is free when nobody bears it or was promised it")
}

func TestAnUpdateThatEndsOnADeletedImageFails(t *testing.T) {
	for name, deleted := range map[string]bool{"deleting": false, "gone": true} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())))
			c := clientsOf(cloud.Conn())
			cloud.AddImages(&compute.Image{Id: "im", FolderId: folder, Name: "old"})
			_, err := c.Update(t.Context(), &compute.UpdateImageRequest{ImageId: "im", Name: "new"})
			require.NoError(t, err)
			_, err = c.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: "im"})
			require.NoError(t, err)
			update, deletion := cloud.NextOperation(t.Context(), fake.ImageUpdate), cloud.NextOperation(t.Context(), fake.ImageDelete)
			if deleted {
				deletion.Complete()
			}

			update.Complete()

			require.Equal(t, "FailedPrecondition", codeName(update.Wait(t.Context())))
			_, err = c.Create(t.Context(), fromDisk("new"))
			require.NoError(t, err, "the name it held is free again")
		})
	}
}

func TestDelete(t *testing.T) {
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	for _, status := range []compute.Image_Status{compute.Image_READY, compute.Image_ERROR} {
		im := cloud.AddImages(&compute.Image{FolderId: folder, Name: "web", Status: status})[0]

		op, err := c.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: im.Id})

		require.NoError(t, err)
		require.Equal(t, "Delete image", op.Description)
		require.NoError(t, op.Metadata.UnmarshalTo(&compute.DeleteImageMetadata{}))
		require.Equal(t, compute.Image_DELETING, cloud.Image(im.Id).Status)
		op = c.poll(t, op.Id)
		require.NoError(t, op.GetResponse().UnmarshalTo(&emptypb.Empty{}))
		require.Nil(t, cloud.Image(im.Id))
		_, err = c.Get(t.Context(), &compute.GetImageRequest{ImageId: im.Id})
		require.Equal(t, "NotFound", codeName(err))
	}
}

func TestLatestByFamily(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())))
	c := clientsOf(cloud.Conn())
	second := func(s int64) *timestamppb.Timestamp { return &timestamppb.Timestamp{Seconds: s} }
	cloud.AddImages(
		&compute.Image{Id: "newest", FolderId: folder, Family: "web", CreatedAt: second(20)},
		&compute.Image{Id: "oldest", FolderId: folder, Family: "web", CreatedAt: second(10)},
		&compute.Image{Id: "same-second", FolderId: folder, Family: "web", CreatedAt: second(20)},
		&compute.Image{Id: "broken", FolderId: folder, Family: "web", CreatedAt: second(30), Status: compute.Image_ERROR},
		&compute.Image{Id: "elsewhere", FolderId: "other", Family: "web", CreatedAt: second(40)},
		&compute.Image{Id: "longer-family", FolderId: folder, Family: "web-2", CreatedAt: second(50)},
		&compute.Image{Id: "no-family", FolderId: folder, CreatedAt: second(60)},
	)
	latest := func(family string) string {
		im, err := c.GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{FolderId: folder, Family: family})
		if err != nil {
			return codeName(err)
		}
		return im.Id
	}

	require.Equal(t, "same-second", latest("web"), "of one second, the one created last")
	require.Equal(t, "NotFound", latest(""), "the empty family finds nothing")
	require.Equal(t, "NotFound", latest("we1"))
	cloud.SetImageStatus("same-second", compute.Image_DELETING)
	require.Equal(t, "newest", latest("web"))
	cloud.RemoveImage("newest")
	require.Equal(t, "oldest", latest("web"))
	cloud.SetImageStatus("broken", compute.Image_READY)
	require.Equal(t, "broken", latest("web"))
}

func TestEveryReplyCarriesItsIDs(t *testing.T) {
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	seen := map[string]bool{}
	for range 10 {
		var header metadata.MD
		_, err := c.Get(metadata.AppendToOutgoingContext(t.Context(), "x-request-id", "the-caller's"), &compute.GetImageRequest{ImageId: "none"}, grpc.Header(&header))
		require.Error(t, err)
		id := header.Get("x-request-id")[0]
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
		require.Regexp(t, `^([0-9a-f]{16}):[0-9a-f]{16}:([0-9a-f]{16}):1$`, header.Get("x-server-trace-id")[0])
		require.False(t, seen[id], "ids do not repeat")
		seen[id] = true
	}
	last := cloud.Calls()[9]
	require.Equal(t, []string{"the-caller's"}, last.Header["x-request-id"], "a caller's own id is only recorded")
	require.True(t, seen[last.ReplyHeader["x-request-id"][0]])
}
