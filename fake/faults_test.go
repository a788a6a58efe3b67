package fake_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// A request that a server in the state of newTarget answers well.
type target struct {
	method  fake.Method
	request proto.Message
	changes bool   // the state
	image   string // the id that the record names at the end of a call that was not handled
}

// newTarget puts an image and a running operation into a server, and returns a good request for every method there is.
func newTarget(t *testing.T, cloud *fake.Server) []target {
	im := cloud.AddImages(&compute.Image{FolderId: folder, Name: "base", Family: "web"})[0].Id
	op, image := clientsOf(cloud.Conn()).create(t, fromDisk("running"))
	delta := &access.AccessBinding{RoleId: "viewer", Subject: &access.Subject{Id: "u", Type: "userAccount"}}
	return []target{
		{fake.ImageGet, &compute.GetImageRequest{ImageId: im}, false, im},
		{fake.ImageGetLatestByFamily, &compute.GetImageLatestByFamilyRequest{FolderId: folder, Family: "web"}, false, ""},
		{fake.ImageList, &compute.ListImagesRequest{FolderId: folder}, false, ""},
		{fake.ImageCreate, fromDisk("new"), true, ""},
		{fake.ImageUpdate, &compute.UpdateImageRequest{ImageId: im, Description: "new"}, true, im},
		{fake.ImageDelete, &compute.DeleteImageRequest{ImageId: im}, true, im},
		{fake.ImageListOperations, &compute.ListImageOperationsRequest{ImageId: im}, false, im},
		{fake.ImageListAccessBindings, &access.ListAccessBindingsRequest{ResourceId: im}, false, im},
		{fake.ImageSetAccessBindings, &access.SetAccessBindingsRequest{ResourceId: im, AccessBindings: []*access.AccessBinding{delta}}, true, im},
		{fake.ImageUpdateAccessBindings, &access.UpdateAccessBindingsRequest{ResourceId: im,
			AccessBindingDeltas: []*access.AccessBindingDelta{{Action: access.AccessBindingAction_ADD, AccessBinding: delta}}}, true, im},
		{fake.OperationGet, &operation.GetOperationRequest{OperationId: op.Id}, true, image},
		{fake.OperationCancel, &operation.CancelOperationRequest{OperationId: op.Id}, true, image},
		{fake.EndpointGet, &endpoint.GetApiEndpointRequest{ApiEndpointId: "compute"}, false, ""},
		{fake.EndpointList, &endpoint.ListApiEndpointsRequest{}, false, ""},
		{fake.TokenCreate, &iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_Jwt{Jwt: "j"}}, false, ""},
		{fake.TokenCreateForServiceAccount, &iam.CreateIamTokenForServiceAccountRequest{ServiceAccountId: "s"}, false, ""},
		{diskGet, &compute.GetDiskRequest{DiskId: "d"}, false, ""},
	}
}

func anyDisk(_ context.Context, r *compute.GetDiskRequest) (*compute.Disk, error) {
	return &compute.Disk{Id: r.DiskId}, nil
}

// allCodes are the codes that an error can have.
func allCodes() (all []codes.Code) {
	for c := codes.Canceled; c <= codes.Unauthenticated; c++ {
		all = append(all, c)
	}
	return all
}

func TestEveryCodeOnEveryMethodAtEveryPlace(t *testing.T) {
	cloud := fake.New(t, withDisks(anyDisk), fake.WithRecord(20))
	targets := newTarget(t, cloud)
	start := cloud.Snapshot()
	detail := &errdetails.ErrorInfo{Reason: "TEST"}
	for _, to := range targets {
		for _, code := range allCodes() {
			bare := func(e fake.Effect) fake.Effect {
				if code == codes.Unavailable {
					return e // as it is
				}
				return e.TrailersOnly()
			}
			for place, at := range map[string]func(fake.Effect) fake.Effect{
				"early": fake.Effect.Early, "before": func(e fake.Effect) fake.Effect { return e }, "late": fake.Effect.Late,
			} {
				for _, e := range []struct {
					text string
					bare bool
					do   fake.Effect
				}{
					{"given", code == codes.Unavailable, fake.Return(code, detail).Text("given").Trailer("x-test", "1")},
					{"given", true, bare(fake.Return(code, detail).Text("given").Trailer("x-test", "1"))},
					{"", code == codes.Unavailable, fake.Return(code)},
				} {
					if e.text == "" && place != "before" || e.bare && code != codes.Unavailable && place != "late" {
						continue // once is enough
					}
					what := fmt.Sprintf("%v, %v %s, bare: %v", to.method, code, place, e.bare)
					cloud.Restore(start)
					before := cloud.Snapshot().String()
					i := cloud.Inject(fake.Fault{On: to.method, When: fake.First(1), Do: at(e.do)})
					var header, trailer metadata.MD
					err := cloud.Conn().Invoke(t.Context(), to.method.FullName(), to.request, new(emptypb.Empty), grpc.Header(&header), grpc.Trailer(&trailer))
					i.Remove()

					st := status.Convert(err)
					require.Equal(t, code, st.Code(), what)
					require.Equal(t, 1, i.Fired(), what)
					if e.text == "" {
						require.NotRegexp(t, `^$|""|\s$`, st.Message(), what) // nothing, or a name or id that is none
					} else {
						require.Equal(t, e.text, st.Message(), what)
						require.True(t, proto.Equal(detail, st.Details()[0].(proto.Message)), what)
						require.Equal(t, []string{"1"}, trailer["x-test"], what)
					}
					id := append(header["x-request-id"], trailer["x-request-id"]...)
					require.Len(t, id, 1, what)
					require.Equal(t, e.bare, len(header["x-request-id"]) == 0, "%s: %v %v", what, header, trailer)
					info, ok := st.Details()[len(st.Details())-1].(*errdetails.RequestInfo)
					require.True(t, ok && info.RequestId == id[0], "%s: %v", what, st.Details())

					changed := to.changes && place == "late"
					require.Equal(t, changed, before != cloud.Snapshot().String(), what)
					calls := cloud.Calls()
					call := calls[len(calls)-1]
					require.Equal(t, to.method, call.Method, what)
					require.Equal(t, changed, call.Changed, what)
					require.True(t, proto.Equal(st.Proto(), call.Status.Proto()), "%s: %v", what, call.Status)
					require.Nil(t, call.Reply, what)
					require.Equal(t, []*fake.Injected{i}, call.Faults, what)
					require.Equal(t, id, append(call.ReplyHeader["x-request-id"], call.ReplyTrailer["x-request-id"]...), what)
					if to.image != "" {
						require.Equal(t, to.image, call.ResourceID, what)
					}
				}
			}
		}
	}
}

func TestPlacesAreWhereTheyAreSaidToBe(t *testing.T) {
	invalid := &compute.GetImageRequest{} // no id
	for name, c := range map[string]struct {
		do            fake.Effect
		fires         bool // on a request that is invalid
		firesDenied   bool // on one without a token
		firesNotFound bool // on one that the handler refuses
	}{
		"early":  {do: fake.Return(codes.Aborted).Text("here").Early(), fires: true, firesDenied: true, firesNotFound: true},
		"before": {do: fake.Return(codes.Aborted).Text("here"), firesNotFound: true},
		"late":   {do: fake.Return(codes.Aborted).Text("here").Late(), firesNotFound: true},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t)
			i := cloud.Inject(fake.Fault{On: fake.ImageGet, Do: c.do, Optional: true})
			want := func(fires bool, otherwise codes.Code) codes.Code {
				return map[bool]codes.Code{true: codes.Aborted, false: otherwise}[fires]
			}
			_, err := clientsOf(cloud.Conn()).Get(t.Context(), invalid)
			require.Equal(t, want(c.fires, codes.InvalidArgument), status.Code(err))
			_, err = clientsOf(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
			require.Equal(t, want(c.firesNotFound, codes.NotFound), status.Code(err))
			require.Equal(t, c.fires, i.Fired() == 2)

			closed := fake.New(t, fake.WithAuth("secret"))
			closed.Inject(fake.Fault{On: fake.ImageGet, Do: c.do, Optional: true})
			_, err = clientsOf(closed.Conn()).Get(t.Context(), invalid)
			require.Equal(t, want(c.firesDenied, codes.Unauthenticated), status.Code(err), "Unauthenticated wins over validation")
		})
	}
}

func TestEffectsApplyInTheOrderOfTheirDeclaration(t *testing.T) {
	var order []string
	note := func(what string) fake.Effect { return fake.Run(func(*fake.Call) { order = append(order, what) }) }
	cloud := fake.New(t)
	im := cloud.AddImages(named("base"))[0]
	cloud.Inject(fake.Fault{On: fake.ImageGet, Do: note("late 1").Late().Then(fake.Alter(func(m proto.Message) { m.(*compute.Image).Description += "a" }))})
	gets := fake.Match(func(*compute.GetImageRequest) bool { return true })
	cloud.Inject(fake.Fault{On: gets, Do: note("0")})
	cloud.Inject(fake.Fault{On: fake.ImageGet, Do: note("1").Then(note("2")).Then(note("3"))})
	cloud.Inject(fake.Fault{On: fake.ImageGet, When: fake.While(func() bool { return true }), Do: note("early").Early().Then(note("4"))})
	cloud.Inject(fake.Fault{On: fake.ImageGet, Do: note("late 2").Late().Then(fake.Alter(func(m proto.Message) { m.(*compute.Image).Description += "b" }))})
	got, err := clientsOf(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: im.Id})
	require.NoError(t, err)
	require.Equal(t, []string{"early", "0", "1", "2", "3", "4", "late 1", "late 2"}, order)
	require.Equal(t, "ab", got.Description)
	require.Empty(t, cloud.Image(im.Id).Description, "what was altered was a copy")
	require.Len(t, cloud.Calls()[0].Faults, 5)
	require.Equal(t, "ab", cloud.Calls()[0].Reply.(*compute.Image).Description, "the record has what was sent")

	// The first that ends the call keeps the later ones from it, and they have not fired.
	ends := cloud.Inject(fake.Fault{On: fake.ImageList, When: fake.First(1), Do: fake.Return(codes.Aborted).Text("first")})
	never := cloud.Inject(fake.Fault{On: fake.ImageList, When: fake.First(1), Do: fake.Return(codes.Internal).Text("second"), Optional: true})
	sooner := cloud.Inject(fake.Fault{On: fake.ImageList, When: fake.Nth(2), Do: fake.Return(codes.DataLoss).Text("early").Early()})
	list := func() codes.Code {
		_, err := clientsOf(cloud.Conn()).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
		return status.Code(err)
	}
	require.Equal(t, []codes.Code{codes.Aborted, codes.DataLoss, codes.OK}, []codes.Code{list(), list(), list()})
	require.Equal(t, []int{1, 0, 1}, []int{ends.Fired(), never.Fired(), sooner.Fired()})
	require.Equal(t, []*fake.Injected{ends}, cloud.Calls(fake.ImageList)[0].Faults)
}

func TestALateRunSeesTheAnswer(t *testing.T) {
	cloud := fake.New(t)
	im := cloud.AddImages(named("base"))[0]
	var seen []fake.Call
	see := fake.Run(func(c *fake.Call) { seen = append(seen, *c) })
	cloud.Inject(fake.Fault{On: fake.ImageGet, Do: see.Early()})
	cloud.Inject(fake.Fault{On: fake.ImageGet, Do: see.Late()})
	for _, id := range []string{im.Id, "none"} {
		_, _ = clientsOf(cloud.ConnAs("web")).Get(t.Context(), &compute.GetImageRequest{ImageId: id})
	}
	require.Len(t, seen, 4)
	require.True(t, seen[0].Running())
	require.Nil(t, seen[0].Reply)
	require.Equal(t, []string{"web", im.Id}, []string{seen[0].Caller, seen[0].ResourceID})
	require.True(t, proto.Equal(im, seen[1].Reply))
	require.Equal(t, codes.OK, seen[1].Status.Code())
	require.Nil(t, seen[3].Reply)
	require.Equal(t, codes.NotFound, seen[3].Status.Code())
}
