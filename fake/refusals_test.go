package fake_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// A refusal is a request that the state of the cloud forbids, or, with a zero outcome, its neighbour that the state allows.
type refusal struct {
	name    string
	request proto.Message
	want    outcome
}

// refusals are the tables, by what the server is like.
var refusals = []struct {
	name    string
	options []fake.Option
	key     string                         // idempotency key of all calls, "" for none
	arrange []proto.Message                // calls beforehand
	moved   func(*testing.T, *fake.Server) // what else happens beforehand, nil for nothing
	rows    []refusal
}{
	{
		name: "unknown ids",
		rows: []refusal{
			{"get", get(nowhere), notFound("Image", nowhere)},
			{"update", describe(nowhere), notFound("Image", nowhere)},
			{"delete", remove(nowhere), notFound("Image", nowhere)},
			{"operations", listOperations(nowhere), notFound("Image", nowhere)},
			{"bindings", listBindings(nowhere), notFound("Image", nowhere)},
			{"set bindings", setBindings(nowhere), notFound("Image", nowhere)},
			{"update bindings", addBinding(nowhere), notFound("Image", nowhere)},
			{"family", latest(folder, "none-such"), notFound("Image", "none-such")},
			{"family of another folder", latest("b1gthird", "web"), notFound("Image", "web")},
			{"family without a READY image", latest(folder, "unready"), notFound("Image", "unready")},
			{"empty family", latest(folder, ""), notFound("Image", "")},
			{"poll", &operation.GetOperationRequest{OperationId: "fd8op"}, notFound("Operation", "fd8op")},
			{"cancel", &operation.CancelOperationRequest{OperationId: "fd8op"}, notFound("Operation", "fd8op")},
			{"create from an image", fromImage(nowhere), noSource("Image", nowhere)},
			{"create from an open set", fromDisk("fresh"), outcome{}},
		},
	},
	{
		name:    "an image that is gone",
		options: []fake.Option{atOnce},
		arrange: []proto.Message{remove(ready)},
		rows: []refusal{
			{"get", get(ready), notFound("Image", ready)},
			{"update", describe(ready), notFound("Image", ready)},
			{"delete", remove(ready), notFound("Image", ready)},
			{"bindings", listBindings(ready), notFound("Image", ready)},
			{"set bindings", setBindings(ready), notFound("Image", ready)},
			{"update bindings", addBinding(ready), notFound("Image", ready)},
			{"create from it", fromImage(ready), noSource("Image", ready)},
			{"its history stays", listOperations(ready), outcome{}},
			{"its name is free", fromDisk(ready), outcome{}},
		},
	},
	{
		name: "an image that is not READY",
		rows: []refusal{
			{"update creating", describe(creating), notReady(creating, "CREATING")},
			{"update failed", describe(failed), notReady(failed, "ERROR")},
			{"update deleting", describe(deleting), notReady(deleting, "DELETING")},
			{"create from creating", fromImage(creating), notReady(creating, "CREATING")},
			{"create from failed", fromImage(failed), notReady(failed, "ERROR")},
			{"create from deleting", fromImage(deleting), notReady(deleting, "DELETING")},
			{"delete creating", remove(creating), notReady(creating, "CREATING")},
			{"delete deleting", remove(deleting), notReady(deleting, "DELETING")},
			{"delete failed", remove(failed), outcome{}},
			{"delete ready", remove(ready), outcome{}},
			{"get deleting", get(deleting), outcome{}},
		},
	},
	{
		name:    "names",
		options: []fake.Option{fake.WithPlan(fake.Stuck())},
		arrange: []proto.Message{rename(ready, "held-by-update"), remove(large), fromDisk("held-by-create")},
		rows: []refusal{
			{"create, of a READY image", fromDisk(ready), nameTaken(ready)},
			{"create, of a failed image", fromDisk(failed), nameTaken(failed)},
			{"create, of an image on its way out", fromDisk(large), nameTaken(large)},
			{"create, of an image on its way in", fromDisk("held-by-create"), nameTaken("held-by-create")},
			{"create, held by an update", fromDisk("held-by-update"), nameTaken("held-by-update")},
			{"update, held by another's create", rename(ready, "held-by-create"), nameTaken("held-by-create")},
			{"update, of another image", rename(ready, failed), nameTaken(failed)},
			{"update, with its own name", rename(ready, ready), outcome{}},
			{"update, not of the name", &compute.UpdateImageRequest{
				ImageId: ready, Name: failed, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"labels"}}}, outcome{}},
			{"the empty name", fromDisk(""), outcome{}},
			{"another folder", in(otherFolder, fromDisk(ready)), outcome{}},
			{"taken in another folder only", fromDisk(away), outcome{}},
		},
	},
	{
		name:    "a name that an update gave back",
		options: []fake.Option{fake.WithPlan(fake.Finish(fake.ByHand()))},
		arrange: []proto.Message{rename(ready, "dropped"), rename(large, "kept")},
		moved: func(t *testing.T, cloud *fake.Server) {
			cloud.NextOperation(t.Context()).Cancel()
			cloud.NextOperation(t.Context()).Complete()
		},
		rows: []refusal{
			{"new name of a cancelled update", fromDisk("dropped"), outcome{}},
			{"old name of a cancelled update", fromDisk(ready), nameTaken(ready)},
			{"new name of a finished update", fromDisk("kept"), nameTaken("kept")},
			{"old name of a finished update", fromDisk(large), outcome{}},
		},
	},
	{
		name: "sizes",
		options: []fake.Option{fake.WithSources(
			fake.Source{Disk: "disk", Size: 2 * gib, StorageSize: gib},
			fake.Source{Snapshot: "snapshot", Size: gib, StorageSize: 3 * gib},
			fake.Source{Object: "https://storage.yandexcloud.net/b/o", Size: 5 * gib})},
		rows: []refusal{
			{"image", sized(8*gib-4*mib, fromImage(large)), tooSmall(8 * gib)},
			{"image, enough", sized(8*gib, fromImage(large)), outcome{}},
			{"disk", fromDiskOf("disk", 2*gib-4*mib), tooSmall(2 * gib)},
			{"disk, enough", fromDiskOf("disk", 2*gib), outcome{}},
			{"snapshot, by what is stored", fromSnapshot("snapshot", 3*gib-4*mib), tooSmall(3 * gib)},
			{"snapshot, enough", fromSnapshot("snapshot", 3*gib), outcome{}},
			{"object", sized(5*gib-4*mib, fromObject("https://storage.yandexcloud.net/b/o")), tooSmall(5 * gib)},
			{"object, enough", sized(5*gib, fromObject("https://storage.yandexcloud.net/b/o")), outcome{}},
			{"update", resize(large, 8*gib-4*mib), tooSmall(8 * gib)},
			{"update, enough", resize(large, 8*gib), outcome{}},
			{"update, not of the size", &compute.UpdateImageRequest{
				ImageId: large, MinDiskSize: gib, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"labels"}}}, outcome{}},
			{"a disk nobody knows", fromDiskOf("elsewhere", 4*mib), outcome{}},
		},
	},
	{
		name:    "quota of images",
		options: []fake.Option{fake.WithStandardImages(), fake.WithQuota(fake.Quota{Images: 7})},
		rows: []refusal{
			{"create", fromDisk("one-more"), imagesQuota(7)},
			{"create elsewhere", in(otherFolder, fromDisk("one-more")), imagesQuota(7)},
			{"update", describe(ready), outcome{}},
			{"delete", remove(ready), outcome{}},
		},
	},
	{
		name:    "one image below the quota",
		options: []fake.Option{fake.WithStandardImages(), fake.WithQuota(fake.Quota{Images: 8})},
		rows:    []refusal{{"create", fromDisk("one-more"), outcome{}}},
	},
	{
		name:    "no room for an image",
		options: []fake.Option{fake.WithStandardImages(), fake.WithQuota(fake.Quota{Images: fake.NoneAllowed})},
		rows: []refusal{
			{"create", fromDisk("first"), quotaExceeded("number of images", "compute.images.count", 0, 7, 1)},
			{"update", describe(ready), outcome{}},
		},
	},
	{
		name:    "quota of pooled images",
		options: []fake.Option{fake.WithStandardImages(), atOnce, fake.WithQuota(fake.Quota{PooledImages: 1})},
		arrange: []proto.Message{pooled(fromDisk("pooled"))},
		rows: []refusal{
			{"one more", pooled(fromDisk("one-more")), quotaExceeded("number of pooled images", "compute.pooledImages.count", 1, 1, 1)},
			{"one that is not", fromDisk("one-more"), outcome{}},
		},
	},
	{
		name:    "no pooled image, as a new cloud has it",
		options: []fake.Option{fake.WithStandardImages(), fake.WithQuota(fake.Quota{PooledImages: fake.NoneAllowed})},
		rows: []refusal{
			{"pooled", pooled(fromDisk("one-more")), quotaExceeded("number of pooled images", "compute.pooledImages.count", 0, 0, 1)},
			{"not pooled", fromDisk("one-more"), outcome{}},
		},
	},
	{
		name: "quota of bytes",
		options: []fake.Option{fake.WithStandardImages(), atOnce, fake.WithSources(fake.Source{Disk: "disk", Size: 2 * gib, StorageSize: 8 * mib}),
			fake.WithQuota(fake.Quota{TotalSize: 4 * gib})},
		rows: []refusal{
			{"too large", fromImage(large), quotaExceeded("total size of images", "compute.images.size", 4*gib, 3*gib+16*mib, gib)},
			{"small enough", fromDiskOf("disk", 0), outcome{}},
		},
	},
	{
		name:    "no operation may run",
		options: []fake.Option{fake.WithQuota(fake.Quota{ActiveOperations: fake.NoneAllowed})},
		rows:    []refusal{{"create", fromDisk("first"), operationsLimit}, {"get", get(ready), outcome{}}},
	},
	{
		name:    "limit of operations",
		options: []fake.Option{fake.WithPlan(fake.Stuck()), fake.WithQuota(fake.Quota{ActiveOperations: 2})},
		arrange: []proto.Message{describe(ready), fromDisk("running")},
		rows: []refusal{
			{"create", fromDisk("one-more"), operationsLimit},
			{"update", describe(ready), operationsLimit},
			{"delete", remove(ready), operationsLimit},
			{"set bindings", setBindings(ready), operationsLimit},
			{"update bindings", addBinding(ready), operationsLimit},
			{"get", get(ready), outcome{}},
		},
	},
	{
		name:    "one operation below the limit",
		options: []fake.Option{fake.WithPlan(fake.Stuck()), fake.WithQuota(fake.Quota{ActiveOperations: 2})},
		arrange: []proto.Message{describe(ready)},
		rows:    []refusal{{"create", fromDisk("one-more"), outcome{}}},
	},
	{
		name:    "closed folders",
		options: []fake.Option{fake.WithFolders(folder), fake.WithStandardImages(), atOnce},
		rows: []refusal{
			{"get", get(away), denied(otherFolder)},
			{"family", latest(otherFolder, "web"), denied(otherFolder)},
			{"list", &compute.ListImagesRequest{FolderId: otherFolder}, denied(otherFolder)},
			{"create", in(otherFolder, fromDisk("x-y-z")), noSource("Folder", otherFolder)},
			{"create from its image", fromImage(away), denied(otherFolder)},
			{"update", describe(away), denied(otherFolder)},
			{"delete", remove(away), denied(otherFolder)},
			{"operations", listOperations(away), denied(otherFolder)},
			{"bindings", listBindings(away), denied(otherFolder)},
			{"set bindings", setBindings(away), denied(otherFolder)},
			{"update bindings", addBinding(away), denied(otherFolder)},
			{"an image that is nowhere", get(nowhere), notFound("Image", nowhere)},
			{"public images are read", latest(fake.StandardImages, "debian-12"), outcome{}},
			{"public images are listed", &compute.ListImagesRequest{FolderId: fake.StandardImages}, outcome{}},
			{"public images are not written", in(fake.StandardImages, fromDisk("x-y-z")), denied(fake.StandardImages)},
			{"the open folder", fromDisk("x-y-z"), outcome{}},
		},
	},
	{
		name:    "forbidden folders",
		options: []fake.Option{fake.WithForbiddenFolders(otherFolder), fake.WithStandardImages(), atOnce},
		rows: []refusal{
			{"get", get(away), denied(otherFolder)},
			{"family", latest(otherFolder, "web"), denied(otherFolder)},
			{"list", &compute.ListImagesRequest{FolderId: otherFolder}, denied(otherFolder)},
			{"create", in(otherFolder, fromDisk("x-y-z")), denied(otherFolder)},
			{"create from its image", fromImage(away), denied(otherFolder)},
			{"update", describe(away), denied(otherFolder)},
			{"delete", remove(away), denied(otherFolder)},
			{"operations", listOperations(away), denied(otherFolder)},
			{"bindings", listBindings(away), denied(otherFolder)},
			{"set bindings", setBindings(away), denied(otherFolder)},
			{"update bindings", addBinding(away), denied(otherFolder)},
			{"any other", in("b1gthird", fromDisk("x-y-z")), outcome{}},
			{"public images are read", latest(fake.StandardImages, "debian-12"), outcome{}},
		},
	},
	{
		name:    "forbidden folders among closed ones",
		options: []fake.Option{fake.WithFolders(folder, otherFolder), fake.WithForbiddenFolders(otherFolder, fake.StandardImages), fake.WithStandardImages()},
		rows: []refusal{
			{"create", in(otherFolder, fromDisk("x-y-z")), denied(otherFolder)},
			{"get", get(away), denied(otherFolder)},
			{"create in none", in("b1gthird", fromDisk("x-y-z")), noSource("Folder", "b1gthird")},
			{"public images", latest(fake.StandardImages, "debian-12"), denied(fake.StandardImages)},
			{"the open folder", fromDisk("x-y-z"), outcome{}},
		},
	},
	{
		name:    "closed folders, image gone",
		options: []fake.Option{fake.WithFolders(folder)},
		moved:   func(_ *testing.T, cloud *fake.Server) { cloud.RemoveImage(away) },
		rows: []refusal{
			{"operations", listOperations(away), denied(otherFolder)},
			{"get", get(away), notFound("Image", away)},
		},
	},
	{
		name:    "no folder at all",
		options: []fake.Option{fake.WithFolders()},
		rows: []refusal{
			{"list", &compute.ListImagesRequest{FolderId: folder}, denied(folder)},
			{"get", get(ready), denied(folder)},
			{"create", fromDisk("x-y-z"), noSource("Folder", folder)},
		},
	},
	{
		name:    "closed sources",
		options: []fake.Option{fake.WithOnlySources(fake.Source{Disk: "disk", Size: gib}, fake.Source{Snapshot: "snapshot", Size: gib})},
		rows: []refusal{
			{"disk", fromDiskOf("gone", 0), noSource("Disk", "gone")},
			{"known disk", fromDiskOf("disk", 0), outcome{}},
			{"a snapshot is no disk", fromDiskOf("snapshot", 0), noSource("Disk", "snapshot")},
			{"snapshot", fromSnapshot("gone", 0), noSource("Snapshot", "gone")},
			{"known snapshot", fromSnapshot("snapshot", 0), outcome{}},
			{"images are not meant", fromImage(ready), outcome{}},
			{"an object is looked for later", fromObject("https://storage.yandexcloud.net/b/o"), outcome{}},
		},
	},
	{
		name: "addresses of objects",
		rows: []refusal{
			{"scheme", fromObject("http://storage.yandexcloud.net/bucket/object"), badURL},
			{"other scheme", fromObject("s3://bucket/object"), badURL},
			{"no scheme", fromObject("storage.yandexcloud.net/bucket/object"), badURL},
			{"other host", fromObject("https://storage.example.net/bucket/object"), badURL},
			{"longer host", fromObject("https://storage.yandexcloud.net.example.net/bucket/object"), badURL},
			{"bucket in the host", fromObject("https://bucket.storage.yandexcloud.net/object"), badURL},
			{"other port", fromObject("https://storage.yandexcloud.net:8443/bucket/object"), badURL},
			{"user", fromObject("https://me@storage.yandexcloud.net/bucket/object"), badURL},
			{"host only", fromObject("https://storage.yandexcloud.net"), badURL},
			{"no bucket", fromObject("https://storage.yandexcloud.net//object"), badURL},
			{"no object", fromObject("https://storage.yandexcloud.net/bucket"), badURL},
			{"empty object", fromObject("https://storage.yandexcloud.net/bucket/"), badURL},
			{"object in the query", fromObject("https://storage.yandexcloud.net/bucket?object"), badURL},
			{"space", fromObject(" https://storage.yandexcloud.net/bucket/object"), badURL},
			{"garbage", fromObject("%zz"), badURL},
			{"good", fromObject("https://storage.yandexcloud.net/bucket/object"), outcome{}},
			{"signed, in a directory", fromObject("https://storage.yandexcloud.net/bucket/dir/disk.qcow2?X-Amz-Signature=0"), outcome{}},
		},
	},
	{
		name:    "a key used before",
		key:     "key",
		options: []fake.Option{fake.WithQuota(fake.Quota{ActiveOperations: 1}), fake.WithFolders(folder)},
		arrange: []proto.Message{fromDisk("first")},
		rows: []refusal{
			{"the same create", fromDisk("first"), outcome{}},
			{"another create", fromDisk("second"), outcome{}},
			{"before the folder", in(otherFolder, fromDisk("second")), outcome{}},
			{"before the name", fromDisk(ready), outcome{}},
			{"update", describe(large), outcome{}},
			{"before the status", describe(failed), outcome{}},
			{"before the image", describe(nowhere), outcome{}},
			{"delete", remove(ready), outcome{}},
			{"set bindings", setBindings(large), outcome{}},
			{"update bindings", addBinding(large), outcome{}},
			{"after the request", fromDisk("A"), invalid("Name", "name", "invalid resource name").outcome},
			{"reads ignore it", get(nowhere), notFound("Image", nowhere)},
		},
	},
	{
		// What is wrong first is told first: the request, then the folder, then the rest of the state.
		name:    "precedence",
		options: []fake.Option{fake.WithFolders(folder), fake.WithQuota(fake.Quota{Images: 1}), fake.WithOnlySources()},
		rows: []refusal{
			{"request before folder", in(otherFolder, fromDisk("A")), invalid("Name", "name", "invalid resource name").outcome},
			{"folder before source", in(otherFolder, fromDisk("x-y-z")), noSource("Folder", otherFolder)},
			{"folder before status", remove(away), denied(otherFolder)},
		},
	},
}

// TestWhatTheStateForbids goes through the errors that a valid request can get. Each leaves the state as it was, to the last id.
func TestWhatTheStateForbids(t *testing.T) {
	for _, table := range refusals {
		t.Run(table.name, func(t *testing.T) {
			cloud := fake.New(t, table.options...)
			stock(cloud)
			ctx := t.Context()
			if table.key != "" {
				ctx = withKey(ctx, table.key)
			}
			for _, request := range table.arrange {
				_, _, err := send(ctx, cloud.Conn(), request)
				require.NoError(t, err)
			}
			if table.moved != nil {
				table.moved(t, cloud)
			}
			before := cloud.Snapshot()
			for _, row := range table.rows {
				t.Run(row.name, func(t *testing.T) {
					_, header, err := send(ctx, cloud.Conn(), row.request)
					requireOutcome(t, row.want, header, err)
					if row.want.code == codes.OK {
						cloud.Restore(before)
						return
					}
					require.Equal(t, before.String(), cloud.Snapshot().String())
				})
			}
		})
	}
}

// TestOperationsThatCannotEndWell goes through what shows only while the work is done: the call is taken, the operation fails, and
// all is as it was before, but for the history.
func TestOperationsThatCannotEndWell(t *testing.T) {
	const uri = "https://storage.yandexcloud.net/bucket/object"
	object := func(format string) fake.Option {
		return fake.WithSources(fake.Source{Object: uri, Format: format, Size: gib})
	}
	newer := fake.WithRules(fake.Current)
	for _, row := range []struct {
		name    string
		options []fake.Option
		request proto.Message
		want    outcome
	}{
		{"missing object", []fake.Option{fake.WithOnlySources()}, fromObject(uri), outcome{code: codes.InvalidArgument, text: "url source not found"}},
		{"forbidden object", []fake.Option{fake.WithSources(fake.Source{Object: uri, Forbidden: true})}, fromObject(uri),
			outcome{code: codes.InvalidArgument, text: "url source forbidden"}},
		{"forbidden object of a closed set", []fake.Option{fake.WithOnlySources(fake.Source{Object: uri, Forbidden: true})}, fromObject(uri),
			outcome{code: codes.InvalidArgument, text: "url source forbidden"}},
		{"no image", []fake.Option{object("iso")}, fromObject(uri), badURL},
		{"no image, at once", []fake.Option{object("iso"), atOnce}, fromObject(uri), badURL},
		{"raw, published", []fake.Option{object("raw")}, fromObject(uri), outcome{}},
		{"missing object, whatever the query", []fake.Option{fake.WithOnlySources()}, fromObject(uri + "?X-Amz-Signature=1"),
			outcome{code: codes.InvalidArgument, text: "url source not found"}},
		{"presigned", []fake.Option{fake.WithOnlySources(fake.Source{Object: uri})}, fromObject(uri + "?X-Amz-Signature=1"), outcome{}},
		{"presigned, registered so", []fake.Option{fake.WithOnlySources(fake.Source{Object: uri + "?X-Amz-Signature=0"})},
			fromObject(uri + "?X-Amz-Signature=1&X-Amz-Date=2#f"), outcome{}},
		{"presigned and forbidden", []fake.Option{fake.WithSources(fake.Source{Object: uri, Forbidden: true})}, fromObject(uri + "?a"),
			outcome{code: codes.InvalidArgument, text: "url source forbidden"}},
		{"another object", []fake.Option{fake.WithOnlySources(fake.Source{Object: uri})}, fromObject(uri + "2"),
			outcome{code: codes.InvalidArgument, text: "url source not found"}},
		{"vhd, published", []fake.Option{object("vhd")}, fromObject(uri), outcome{}},
		{"qcow2, published", []fake.Option{object("qcow2")}, fromObject(uri), outcome{}},
		{"vmdk, published", []fake.Option{object("vmdk")}, fromObject(uri), outcome{}},
		{"raw, current", []fake.Option{object("raw"), newer}, fromObject(uri), outcome{}},
		{"vhd, current", []fake.Option{object("vhd"), newer}, fromObject(uri), outcome{}},
		{"in capitals", []fake.Option{object("QCOW2")}, fromObject(uri), outcome{}},
		{"qcow2, current", []fake.Option{object("qcow2"), newer}, fromObject(uri), outcome{}},
		{"vmdk, current", []fake.Option{object("vmdk"), newer}, fromObject(uri), outcome{}},
		{"unknown object of an open set", nil, fromObject(uri), outcome{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			cloud := fake.New(t, row.options...)
			stock(cloud)
			before := cloud.Images()
			reply, header, err := send(t.Context(), cloud.Conn(), row.request)
			requireOutcome(t, outcome{}, header, err)
			started := reply.(*operation.Operation)
			require.False(t, started.Done)
			require.Nil(t, started.GetError())

			ended := clientsOf(cloud.Conn()).poll(t, started.Id)

			require.True(t, ended.Done)
			require.Equal(t, row.want.code.String(), codes.Code(ended.GetError().GetCode()).String())
			require.Equal(t, row.want.text, ended.GetError().GetMessage())
			if row.want.code != codes.OK {
				require.Empty(t, cmp.Diff(before, cloud.Images(), protocmp.Transform()))
			}
		})
	}
}

// TestABadRequestMeetsNoFaultBehindValidation: a fault that is not early stands behind all that is wrong with a request by itself.
func TestABadRequestMeetsNoFaultBehindValidation(t *testing.T) {
	cloud := fake.New(t)
	stock(cloud)
	cloud.Inject(fake.Fault{Do: fake.Return(codes.Internal).Text("the fault"), Optional: true})
	for name, row := range map[string]struct {
		request proto.Message
		want    verdict
	}{
		"rule": {get(""), invalid("ImageId", "image_id", missing)},
		"mask": {updating(func(r *compute.UpdateImageRequest) { r.UpdateMask = &fieldmaskpb.FieldMask{Paths: []string{"os"}} }),
			badPath("os")},
		"order": {list(func(r *compute.ListImagesRequest) { r.OrderBy = "x" }),
			badOrder(`column 1: expected one of ` + orderFields + `, found "x"`)},
		"token":            {list(func(r *compute.ListImagesRequest) { r.PageToken = "x" }), damagedToken},
		"operations token": {&compute.ListImageOperationsRequest{ImageId: ready, PageToken: "x"}, damagedToken},
		"bindings token":   {&access.ListAccessBindingsRequest{ResourceId: ready, PageToken: "x"}, damagedToken},
		"identity":         {&iam.CreateIamTokenRequest{}, invalid("Identity", "identity", missing)},
		"account":          {&iam.CreateIamTokenForServiceAccountRequest{}, invalid("ServiceAccountId", "service_account_id", missing)},
		"good":             {get(ready), verdict{outcome: outcome{code: codes.Internal, text: "the fault"}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, header, err := send(t.Context(), cloud.Conn(), row.request)
			requireOutcome(t, row.want.outcome, header, err)
		})
	}
}

// pooled asks for a pooled image.
func pooled(r *compute.CreateImageRequest) *compute.CreateImageRequest {
	r.Pooled = true
	return r
}
