package histories_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/examples/histories"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// nobody is an id that nothing has.
const nobody = "fd800000000000000000"

// wrongs are services that lie once, in the history of tell, and the kinds of part that show it.
var wrongs = []struct {
	name  string
	fault fake.Fault
	shown []string
}{
	{"an image seen in the status it had", alter(fake.ImageGet, 3, func(im *compute.Image) { im.Status = compute.Image_CREATING }), []string{"image"}},
	{"an update that is lost", alter(fake.ImageGet, 4, func(im *compute.Image) { im.Name = "web" }), []string{"image"}},
	{"a replica that lags tells of an image", on(fake.ImageGet, 4, fake.Lag(1)), []string{"image"}},
	{"a replica that lags tells of an operation", on(fake.OperationGet, 2, fake.Lag(1)), []string{"operation"}},
	{"an operation that is done and then is not", alter(fake.OperationGet, 2, func(op *operation.Operation) { op.Done, op.Result = false, nil }), []string{"operation"}},
	{"an operation with another response", alter(fake.OperationGet, 2, func(op *operation.Operation) {
		op.Result = &operation.Operation_Response{Response: op.Metadata}
	}), []string{"operation"}},
	{"a cancel that leaves it running", alter(fake.OperationCancel, 3, func(op *operation.Operation) { op.Done, op.Result = false, nil }), []string{"operation"}},
	{"a list without one image", alter(fake.ImageList, 1, func(r *compute.ListImagesResponse) { r.Images = r.Images[1:] }), []string{"folder"}},
	{"a list in another order", alter(fake.ImageList, 1, func(r *compute.ListImagesResponse) { slices.Reverse(r.Images) }), []string{"folder"}},
	{"a list with a status of before", alter(fake.ImageList, 1, func(r *compute.ListImagesResponse) {
		for _, im := range r.Images {
			im.Status = compute.Image_CREATING
		}
	}), []string{"folder"}},
	{"a name that nobody is found by", alter(fake.ImageList, 2, func(r *compute.ListImagesResponse) { r.Images = nil }), []string{"name"}},
	{"a name that finds another image", alter(fake.ImageList, 2, func(r *compute.ListImagesResponse) { r.Images[0].Id = nobody }), []string{"name"}},
	{"the newest of a family that is not the newest", alter(fake.ImageGetLatestByFamily, 1, func(im *compute.Image) { im.Id = nobody }), []string{"folder"}},
	{"a family that has nobody", on(fake.ImageGetLatestByFamily, 1, fake.Return(codes.NotFound)), []string{"folder"}},
	{"an image that is not found though it is there", on(fake.ImageGet, 3, fake.Return(codes.NotFound)), []string{"image"}},
	{"a name that is said to be taken", on(fake.ImageUpdate, 1, fake.Return(codes.AlreadyExists)), []string{"name"}},
	{"a delete that is refused without a reason", on(fake.ImageDelete, 1, fake.Return(codes.FailedPrecondition)), []string{"image"}},
	{"a delete that is refused and done all the same", on(fake.ImageDelete, 1, fake.Return(codes.FailedPrecondition).Late()), []string{"folder", "image", "name", "operation"}},
	{"a used key that is refused", on(fake.ImageCreate, 2, fake.Return(codes.AlreadyExists)), []string{"key"}},
	{"a used key with another operation", alter(fake.ImageCreate, 2, func(op *operation.Operation) { op.Id = nobody }), []string{"key", "operation"}},
	{"a create that never was", on(fake.ImageCreate, 1, fake.Reply(&operation.Operation{Id: nobody})), []string{"operation"}},
	{"operations that are not listed", alter(fake.ImageListOperations, 1, func(r *compute.ListImageOperationsResponse) { r.Operations = r.Operations[1:] }), []string{"image"}},
	{"operations listed the oldest first", alter(fake.ImageListOperations, 1, func(r *compute.ListImageOperationsResponse) { slices.Reverse(r.Operations) }), []string{"image"}},
}

func on(m fake.Method, nth int, do fake.Effect) fake.Fault {
	return fake.Fault{On: m, When: fake.Nth(nth), Do: do}
}

func alter[M proto.Message](m fake.Method, nth int, f func(M)) fake.Fault {
	return on(m, nth, fake.Alter(func(reply proto.Message) { f(reply.(M)) }))
}

// The check must fail where it has to, at the part that is wrong, and say what does not fit; a check that finds nothing wrong may not
// look.
func TestAWrongHistoryIsRefused(t *testing.T) {
	for _, w := range wrongs {
		t.Run(w.name, func(t *testing.T) {
			h := tell(t, &w.fault)
			refused := h.Check(limit)
			var kinds []string
			for _, r := range refused {
				kind, _, _ := strings.Cut(r.Subject(), " ")
				kinds = append(kinds, kind)
				require.Contains(t, r.String(), "is not linearizable")
				require.Contains(t, r.String(), "nothing can follow of\n  #")
				require.NotEmpty(t, h.Timeline)

				path := filepath.Join(t.TempDir(), "history.html")
				require.NoError(t, writePage(r, path))
				page, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Contains(t, string(page), "PartialLinearizations")
			}
			slices.Sort(kinds)
			require.Subset(t, slices.Compact(kinds), w.shown)
		})
	}
}

// The same history without a lie has an explanation, whatever goes wrong on the way: what came of a call whose answer was lost may
// have happened, or not.
func TestARightHistoryIsExplained(t *testing.T) {
	requireExplained(t, tell(t, nil), "")
	for _, effect := range []fake.Effect{
		fake.LoseReply(), fake.Cut(), fake.Cut().Late(), fake.Return(codes.Unavailable), fake.Return(codes.Internal).Late(),
		fake.Return(codes.DeadlineExceeded).Late(), fake.Throttle(time.Second), fake.Delay(time.Second), fake.Delay(time.Second).Late(),
	} {
		for _, m := range []fake.Method{fake.ImageCreate, fake.ImageUpdate, fake.ImageDelete, fake.ImageGet, fake.ImageList, fake.OperationGet, fake.OperationCancel} {
			t.Run(m.String()+" "+effect.String(), func(t *testing.T) {
				fault := on(m, 1, effect)
				requireExplained(t, tell(t, &fault), "")
			})
		}
	}
}

// A history that has lost its beginning is not guessed at.
func TestAHistoryWithGaps(t *testing.T) {
	cloud := fake.New(t, fake.WithRecord(1))
	cloud.AddImages(&compute.Image{FolderId: inFolder}, &compute.Image{FolderId: inFolder})
	_, err := histories.Of(cloud)
	require.EqualError(t, err, "the record has let its first 1 events go, and a history with gaps cannot be explained: "+
		"give the server a longer one with fake.WithRecord")
}

// tell plays a history in which nothing is wrong unless a fault makes it so: an image "web" is created, with a key used twice, renamed
// to "api" and deleted, and looked at in every way in between; "base" is there all the time.
func tell(t *testing.T, fault *fake.Fault) (h *histories.History) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, snapshot())
		cloud.AddImage(&compute.Image{FolderId: inFolder, Name: "base", Family: "web"})
		if fault != nil {
			cloud.Inject(*fault)
		}
		ctx := t.Context()
		images, operations := compute.NewImageServiceClient(cloud.Conn()), operation.NewOperationServiceClient(cloud.Conn())
		create := func() {
			keyed := metadata.AppendToOutgoingContext(ctx, "idempotency-key", "one-key")
			_, _ = images.Create(keyed, &compute.CreateImageRequest{FolderId: inFolder, Name: "web", Family: "web",
				Source: &compute.CreateImageRequest_SnapshotId{SnapshotId: "snapshot"}})
		}
		create()
		web := nobody
		if im := cloud.ImageNamed(inFolder, "web"); im != nil {
			web = im.Id
		}
		look := func() { _, _ = images.Get(ctx, &compute.GetImageRequest{ImageId: web}) }
		poll := func() { finish(ctx, cloud, operations) }
		look()
		poll()
		poll()
		create()
		look()
		look()
		_, _ = images.List(ctx, &compute.ListImagesRequest{FolderId: inFolder})
		_, _ = images.List(ctx, &compute.ListImagesRequest{FolderId: inFolder, Filter: `name="web"`})
		_, _ = images.GetLatestByFamily(ctx, &compute.GetImageLatestByFamilyRequest{FolderId: inFolder, Family: "web"})
		_, _ = images.Update(ctx, &compute.UpdateImageRequest{ImageId: web, Name: "api"})
		poll()
		look()
		_, _ = images.Delete(ctx, &compute.DeleteImageRequest{ImageId: web})
		for _, op := range cloud.Operations() {
			_, _ = operations.Cancel(ctx, &operation.CancelOperationRequest{OperationId: op.ID()})
		}
		_, _ = images.ListOperations(ctx, &compute.ListImageOperationsRequest{ImageId: web})
		look()
		var err error
		h, err = histories.Of(cloud)
		require.NoError(t, err)
	})
	return h
}

// finish polls the latest operation.
func finish(ctx context.Context, cloud *fake.Server, operations operation.OperationServiceClient) {
	id := nobody
	if all := cloud.Operations(); len(all) > 0 {
		id = all[len(all)-1].ID()
	}
	_, _ = operations.Get(ctx, &operation.GetOperationRequest{OperationId: id})
}
