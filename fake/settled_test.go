package fake_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/conformance"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

// TestSettled shows the rows of the contract that were open the longest: hardly any source speaks of them, and the kit decided.
func TestSettled(t *testing.T) {
	rows := conformance.Rows()
	for _, settled := range []struct {
		row  string
		show func(*testing.T)
	}{
		{"errors.state-order", whatIsToldFirst},
		{"errors.unimplemented", idsOfTheUnimplemented},
		{"resources.os-others", osOfSnapshotsAndObjects},
		{"list.name-retaken", aNameTakenBetweenPages},
		{"list.spelling", otherSpellingsOfAList},
		{"keys.before-state", aUsedKeyBeforeTheState},
		{"update.name-until-end", aNameHeldForAnImageThatIsGone},
		{"update.not-ready-at-end", anUpdateThatEndsOnWhatIsNotReady},
		{"bindings.image-gone", meddledWith("bind")},
		{"operations.meddling", meddledWith("create", "update", "delete", "bind")},
		{"operations.bad-source", aBadSourceByHand},
		{"operations.only-step", nothingButStepEndsARollback},
	} {
		t.Run(settled.row, func(t *testing.T) {
			at := slices.IndexFunc(rows, func(r conformance.Row) bool { return r.ID == settled.row })
			require.GreaterOrEqual(t, at, 0, "the contract has no such row")
			require.Contains(t, rows[at].Tests, "fake.TestSettled")
			settled.show(t)
		})
	}
}

// Each request has one thing less in its way than the one before.
func whatIsToldFirst(t *testing.T) {
	create := func(r *compute.CreateImageRequest, name string) proto.Message {
		r.Name = name
		return r
	}
	update := func(id, name string, size int64) proto.Message {
		return &compute.UpdateImageRequest{ImageId: id, Name: name, MinDiskSize: size}
	}
	const small, enough = gib, 8 * gib
	closed := []fake.Option{fake.WithFolders(folder), fake.WithOnlySources(fake.Source{Disk: "disk", Size: 2 * gib})}
	full := fake.WithQuota(fake.Quota{Images: 1, ActiveOperations: fake.NoneAllowed})
	busy := fake.WithQuota(fake.Quota{ActiveOperations: fake.NoneAllowed})
	for _, row := range []struct {
		name    string
		quota   fake.Option
		request proto.Message
		want    outcome
	}{
		{"create: folder", full, in(otherFolder, create(fromDiskOf("none", small), ready).(*compute.CreateImageRequest)), noSource("Folder", otherFolder)},
		{"create: source", full, create(fromDiskOf("none", small), ready), noSource("Disk", "none")},
		{"create: folder of the source", full, create(sized(4*mib, fromImage(away)), ready), denied(otherFolder)},
		{"create: status of the source", full, create(sized(4*mib, fromImage(creating)), ready), notReady(creating, "CREATING")},
		{"create: size", full, create(fromDiskOf("disk", small), ready), tooSmall(2 * gib)},
		{"create: name", full, create(fromDiskOf("disk", enough), ready), nameTaken(ready)},
		{"create: quota", full, create(fromDiskOf("disk", enough), "free"), quotaExceeded("number of images", "compute.images.count", 1, 7, 1)},
		{"create: operations", busy, create(fromDiskOf("disk", enough), "free"), operationsLimit},
		{"update: image", busy, update(nowhere, ready, small), notFound("Image", nowhere)},
		{"update: folder", busy, update(away, ready, 4*mib), denied(otherFolder)},
		{"update: status", busy, update(failed, ready, 4*mib), notReady(failed, "ERROR")},
		{"update: size", busy, update(large, ready, small), tooSmall(8 * gib)},
		{"update: name", busy, update(large, ready, enough), nameTaken(ready)},
		{"update: operations", busy, update(large, "free", enough), operationsLimit},
		{"delete: image", busy, remove(nowhere), notFound("Image", nowhere)},
		{"delete: folder", busy, remove(away), denied(otherFolder)},
		{"delete: status", busy, remove(deleting), notReady(deleting, "DELETING")},
		{"delete: operations", busy, remove(ready), operationsLimit},
		{"bindings: folder", busy, setBindings(away), denied(otherFolder)},
		{"bindings: operations", busy, setBindings(failed), operationsLimit},
	} {
		t.Run(row.name, func(t *testing.T) {
			cloud := fake.New(t, append(slices.Clone(closed), row.quota)...)
			stock(cloud)
			_, header, err := send(t.Context(), cloud.Conn(), row.request)
			requireOutcome(t, row.want, header, err)
		})
	}
}

func idsOfTheUnimplemented(t *testing.T) {
	newer := &compute.GetImageRequest{ImageId: ready}
	newer.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 4000, protowire.VarintType), 1))
	for method, request := range map[fake.Method]proto.Message{
		"/yandex.cloud.compute.v1.DiskService/Get":     &compute.GetDiskRequest{DiskId: "disk"}, // a service that nobody serves
		"/yandex.cloud.compute.v1.ImageService/Export": get(ready),                              // a method that came later
		"/no.such.Service/Method":                      get(ready),
		fake.ImageGet:                                  newer, // a field that came later
	} {
		t.Run(method.FullName(), func(t *testing.T) {
			cloud, err := fake.Start() // the test of a server from New would be told of the field
			require.NoError(t, err)
			defer cloud.Close()
			var header metadata.MD

			err = cloud.Conn().Invoke(t.Context(), method.FullName(), request, new(compute.Image), grpc.Header(&header))

			st := status.Convert(err)
			requireOutcome(t, outcome{code: codes.Unimplemented, text: st.Message()}, header, err)
			require.Equal(t, header["x-request-id"], cloud.Calls()[0].ReplyHeader["x-request-id"])
		})
	}
}

func osOfSnapshotsAndObjects(t *testing.T) {
	const uri = "https://storage.yandexcloud.net/bucket/object"
	windows := &compute.Os{Type: compute.Os_WINDOWS}
	for name, request := range map[string]func() *compute.CreateImageRequest{
		"snapshot": func() *compute.CreateImageRequest { return fromSnapshot("snapshot", 0) },
		"object":   func() *compute.CreateImageRequest { return fromObject(uri) },
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t, fake.WithSources(fake.Source{Snapshot: "snapshot", OS: windows}, fake.Source{Object: uri, OS: windows}))
			c := clientsOf(cloud.Conn())
			_, id := c.create(t, request())
			require.Equal(t, compute.Os_LINUX, cloud.Image(id).Os.Type)

			given := request()
			given.Os = windows
			_, id = c.create(t, given)
			require.Equal(t, compute.Os_WINDOWS, cloud.Image(id).Os.Type)
		})
	}
}

func aNameTakenBetweenPages(t *testing.T) {
	for _, filter := range []string{"", `name IN ("aaa", "bbb", "ccc")`, `name != "zzz"`} {
		for order, left := range map[string]string{"name": "ccc", "name asc": "ccc", "name desc": "aaa"} {
			t.Run(order+", "+filter, func(t *testing.T) {
				cloud := fake.New(t, atOnce)
				cloud.AddImages(named("aaa"), named("bbb"), named("ccc"))
				c := clientsOf(cloud.Conn())
				r := &compute.ListImagesRequest{FolderId: folder, OrderBy: order, Filter: filter, PageSize: 2}
				first, err := c.List(t.Context(), r)
				require.NoError(t, err)
				require.Equal(t, "bbb", first.Images[1].Name)

				cloud.RemoveImage(first.Images[1].Id)
				c.create(t, fromDisk("bbb"))

				r.PageToken = first.NextPageToken
				second, err := c.List(t.Context(), r)
				require.NoError(t, err)
				require.Len(t, second.Images, 1, "the name was read, whoever bears it now")
				require.Equal(t, left, second.Images[0].Name)
			})
		}
	}
}

func otherSpellingsOfAList(t *testing.T) {
	cloud := fake.New(t)
	cloud.AddImages(named("aaa"), named("bbb"), named("ccc"))
	c := clientsOf(cloud.Conn())
	const filter, order = `name != "zzz"`, "name"
	first, err := c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder, Filter: filter, OrderBy: order, PageSize: 1})
	require.NoError(t, err)
	for _, row := range []struct {
		filter, order string
		want          string
	}{
		{filter, order, "OK"},
		{`name!="zzz"`, order, "InvalidArgument"},
		{filter + " ", order, "InvalidArgument"},
		{`name  != "zzz"`, order, "InvalidArgument"},
		{`name != 'zzz'`, order, "InvalidArgument"},
		{filter, "name asc", "InvalidArgument"},
		{filter, " name", "InvalidArgument"},
	} {
		r := &compute.ListImagesRequest{FolderId: folder, Filter: row.filter, OrderBy: row.order, PageSize: 1}
		_, err := c.List(t.Context(), r)
		require.NoError(t, err, "%q by %q is a list", row.filter, row.order)
		r.PageToken = first.NextPageToken
		_, err = c.List(t.Context(), r)
		require.Equal(t, row.want, codeName(err), "%q by %q", row.filter, row.order)
	}
}

func aUsedKeyBeforeTheState(t *testing.T) {
	cloud := fake.New(t, fake.WithForbiddenFolders(otherFolder), fake.WithQuota(fake.Quota{ActiveOperations: 1}))
	stock(cloud)
	ctx := withKey(t.Context(), "key")
	first, _, err := send(ctx, cloud.Conn(), fromDisk("first"))
	require.NoError(t, err)
	for name, request := range map[string]proto.Message{
		"forbidden folder": in(otherFolder, fromDisk("second")), "image of a forbidden folder": remove(away), "bindings there": addBinding(away),
		"unknown image": describe(nowhere), "status": describe(failed), "limit": remove(ready),
	} {
		answer, _, err := send(ctx, cloud.Conn(), request)
		require.NoError(t, err, name)
		require.Empty(t, cmp.Diff(first, answer, protocmp.Transform()), name)
	}
	_, header, err := send(ctx, cloud.Conn(), in(otherFolder, fromDisk("A")))
	requireOutcome(t, invalid("Name", "name", "invalid resource name").outcome, header, err)
	_, header, err = send(ctx, cloud.ConnAs("somebody else"), remove(away))
	requireOutcome(t, denied(otherFolder), header, err)
}
