package fake_test

import (
	"context"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// answersDisk is a handler of DiskService.Get.
func answersDisk(_ context.Context, r *compute.GetDiskRequest) (*compute.Disk, error) {
	return &compute.Disk{Id: r.DiskId, Name: "by hand"}, nil
}

func TestAHandlerWinsWhoeverServesTheRest(t *testing.T) {
	handler := fake.WithHandler(diskGet, answersDisk)
	for name, c := range map[string]struct {
		rest fake.Option
		list string // what List is answered with
	}{
		"WithNeighbours": {forFree, "OK"},
		"WithService":    {fake.WithService(func(r grpc.ServiceRegistrar, _ *fake.Server) { compute.RegisterDiskServiceServer(r, wordy{}) }), "OK"},
		"nobody": {fake.WithHandler(iam.IamTokenService_Revoke_FullMethodName, func(context.Context, *iam.RevokeIamTokenRequest) (*iam.RevokeIamTokenResponse, error) {
			return &iam.RevokeIamTokenResponse{}, nil
		}), "Unimplemented"},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t, c.rest, handler)
			disks := compute.NewDiskServiceClient(cloud.Conn())
			disk, err := disks.Get(t.Context(), &compute.GetDiskRequest{DiskId: "d"})
			require.NoError(t, err)
			require.Equal(t, "by hand", disk.Name)
			_, err = disks.List(t.Context(), &compute.ListDisksRequest{FolderId: folder})
			require.Equal(t, c.list, codeName(err))
			if c.list != "OK" {
				require.ErrorContains(t, err, "fake.WithHandler")
				_, err = iam.NewIamTokenServiceClient(cloud.Conn()).Revoke(t.Context(), &iam.RevokeIamTokenRequest{IamToken: "t"})
				require.NoError(t, err, "a method of a service of its own that the fake does not model")
			}
			require.Len(t, cloud.Calls(diskGet), 1)
			fault := cloud.Inject(fake.Fault{On: diskGet, Do: fake.Return(codes.Unavailable)})
			_, err = disks.Get(t.Context(), &compute.GetDiskRequest{DiskId: "d"})
			require.Equal(t, "Unavailable", codeName(err))
			fault.Remove()
			disk, err = compute.NewDiskServiceClient(cloud.Fork(t).Conn()).Get(t.Context(), &compute.GetDiskRequest{DiskId: "d"})
			require.NoError(t, err)
			require.Equal(t, "by hand", disk.Name, "a fork has it too")
		})
	}
}

func TestAHandlerStartsOperations(t *testing.T) {
	relocate := fake.Method(compute.DiskService_Relocate_FullMethodName)
	seen := make(chan *fake.Call, 4)
	cloud := fake.New(t, forFree, fake.WithAuth("secret"), fake.WithPlan(fake.Finish(fake.ByHand()), relocate),
		fake.WithHandler(relocate, func(ctx context.Context, r *compute.RelocateDiskRequest) (*operation.Operation, error) {
			cloud, c := fake.Serving(ctx)
			seen <- c
			disk, ok := cloud.Resource(r.DiskId).(*compute.Disk)
			if !ok {
				return nil, status.Errorf(codes.NotFound, "Disk %q not found", r.DiskId)
			}
			disk.ZoneId = r.DestinationZoneId
			return cloud.StartOperation(ctx, fake.Job{Description: "Relocate disk", Metadata: &compute.RelocateDiskMetadata{DiskId: disk.Id}, Resource: disk})
		}))
	cloud.AddResources(&compute.Disk{Id: "d", FolderId: folder, ZoneId: "ru-central1-a"})
	disks := compute.NewDiskServiceClient(cloud.ConnAs("mover"))
	ctx := withKey(withToken(t.Context(), "secret"), "0a6f0a9c-0000-4000-8000-000000000001")
	_, err := disks.Relocate(withToken(t.Context(), "secret"), &compute.RelocateDiskRequest{DiskId: "x"})
	require.Equal(t, `Disk "x" not found`, status.Convert(err).Message())
	<-seen

	op, err := disks.Relocate(ctx, &compute.RelocateDiskRequest{DiskId: "d", DestinationZoneId: "ru-central1-b"})
	require.NoError(t, err)
	c := <-seen
	require.Equal(t, []any{"mover", relocate, "ru-central1-b"}, []any{c.Caller, c.Method, c.Request.(*compute.RelocateDiskRequest).DestinationZoneId})
	require.Equal(t, c.Subject, op.CreatedBy)
	again, err := disks.Relocate(ctx, &compute.RelocateDiskRequest{DiskId: "d", DestinationZoneId: "ru-central1-b"})
	require.NoError(t, err)
	require.Equal(t, op.Id, again.Id, "its idempotency key is heeded")
	handle := cloud.NextOperation(t.Context(), relocate)
	require.Equal(t, []any{op.Id, "d", "Relocate disk"}, []any{handle.ID(), handle.ResourceID(), handle.Proto().Description})
	require.Equal(t, "ru-central1-a", cloud.Resource("d").(*compute.Disk).ZoneId)
	handle.Step()
	require.Equal(t, "ru-central1-b", cloud.Resource("d").(*compute.Disk).ZoneId)
	moved := &compute.Disk{}
	require.NoError(t, handle.Proto().GetResponse().UnmarshalTo(moved))
	require.Equal(t, "ru-central1-b", moved.ZoneId)
}

func TestJobs(t *testing.T) {
	relocate := fake.Method(compute.DiskService_Relocate_FullMethodName)
	stuck, broken := fake.Stuck(), fake.Plan{Steps: []fake.Step{{}}}
	for name, c := range map[string]struct {
		job    fake.Job
		misuse string // "": it starts
		check  func(t *testing.T, cloud *fake.Server, op *operation.Operation)
	}{
		"nothing to say": {fake.Job{}, "", func(t *testing.T, _ *fake.Server, op *operation.Operation) {
			require.True(t, op.Done)
			require.NoError(t, op.GetResponse().UnmarshalTo(&emptypb.Empty{}))
		}},
		"a new resource": {fake.Job{Resource: &compute.Disk{FolderId: folder, Name: "n"}}, "", func(t *testing.T, cloud *fake.Server, op *operation.Operation) {
			disk := &compute.Disk{}
			require.NoError(t, op.GetResponse().UnmarshalTo(disk))
			require.True(t, proto.Equal(disk, cloud.Resource(cloud.Operation(op.Id).ResourceID())))
			require.Equal(t, compute.Disk_READY, disk.Status)
		}},
		"a response of its own": {fake.Job{ResourceID: "d", Response: &compute.Disk{Id: "other"}}, "", func(t *testing.T, _ *fake.Server, op *operation.Operation) {
			disk := &compute.Disk{}
			require.NoError(t, op.GetResponse().UnmarshalTo(disk))
			require.Equal(t, "other", disk.Id)
		}},
		"a plan of its own": {fake.Job{Plan: &stuck}, "", func(t *testing.T, _ *fake.Server, op *operation.Operation) { require.False(t, op.Done) }},
		"bad metadata":      {fake.Job{Metadata: &compute.Disk{Name: "\xff"}}, "its metadata cannot be sent", nil},
		"a bad response":    {fake.Job{Response: &compute.Disk{Name: "\xff"}}, "its response cannot be sent", nil},
		"a broken plan":     {fake.Job{Plan: &broken}, "step 1 of the plan", nil},
		"no resource":       {fake.Job{Resource: &emptypb.Empty{}}, "Empty is no resource", nil},
		"nil resource":      {fake.Job{Resource: (*compute.Disk)(nil)}, "its Resource is a nil *compute.Disk: give it one, or leave the field out", nil},
		"nil metadata":      {fake.Job{Metadata: (*compute.RelocateDiskMetadata)(nil)}, "its Metadata is a nil *compute.RelocateDiskMetadata", nil},
		"nil response":      {fake.Job{Response: (*emptypb.Empty)(nil)}, "its Response is a nil *emptypb.Empty", nil},
		"an image":          {fake.Job{Resource: &compute.Image{FolderId: folder}}, "ImageService", nil},
		"in no folder":      {fake.Job{Resource: &compute.Disk{}}, "folder_id", nil},
		"a taken name":      {fake.Job{Resource: &compute.Disk{FolderId: folder, Name: "d"}}, `"d" is taken`, nil},
		"an id of another":  {fake.Job{Resource: &compute.Snapshot{FolderId: folder, Id: "d"}}, "d is the id of a disk", nil},
	} {
		t.Run(name, func(t *testing.T) {
			cloud, err := fake.Start(fake.WithPlan(fake.AtOnce()),
				fake.WithHandler(relocate, func(ctx context.Context, _ *compute.RelocateDiskRequest) (*operation.Operation, error) {
					cloud, _ := fake.Serving(ctx)
					return cloud.StartOperation(ctx, c.job)
				}))
			require.NoError(t, err)
			cloud.AddResources(&compute.Disk{Id: "d", Name: "d", FolderId: folder})
			op, err := compute.NewDiskServiceClient(cloud.Conn()).Relocate(t.Context(), &compute.RelocateDiskRequest{DiskId: "d"})
			if c.misuse == "" {
				require.NoError(t, err)
				c.check(t, cloud, op)
				require.NoError(t, cloud.Close())
				return
			}
			require.Equal(t, "Internal", codeName(err))
			require.ErrorContains(t, err, c.misuse)
			require.ErrorContains(t, cloud.Close(), c.misuse)
			require.Empty(t, cloud.Operations())
		})
	}
}

// A job is of the server whose call it answers, and what its messages become later is nothing to it.
func TestJobsAreCopiedAndOfOneServer(t *testing.T) {
	relocate := fake.Method(compute.DiskService_Relocate_FullMethodName)
	other, err := fake.Start()
	require.NoError(t, err)
	cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())),
		fake.WithHandler(relocate, func(ctx context.Context, r *compute.RelocateDiskRequest) (*operation.Operation, error) {
			if r.DiskId == "elsewhere" {
				return other.StartOperation(ctx, fake.Job{})
			}
			cloud, _ := fake.Serving(ctx)
			disk := &compute.Disk{Id: "d", FolderId: folder, Name: "as it was"}
			answer := &compute.Disk{Name: "as it was"}
			op, err := cloud.StartOperation(ctx, fake.Job{Resource: disk, Response: answer})
			disk.Name, answer.Name = "later", "later"
			return op, err
		}))
	disks := compute.NewDiskServiceClient(cloud.Conn())
	op, err := disks.Relocate(t.Context(), &compute.RelocateDiskRequest{DiskId: "d"})
	require.NoError(t, err)
	cloud.Operation(op.Id).Complete()
	require.Equal(t, "as it was", cloud.Resource("d").(*compute.Disk).Name)
	answer := &compute.Disk{}
	require.NoError(t, cloud.Operation(op.Id).Proto().GetResponse().UnmarshalTo(answer))
	require.Equal(t, "as it was", answer.Name)

	_, err = disks.Relocate(t.Context(), &compute.RelocateDiskRequest{DiskId: "elsewhere"})
	require.Equal(t, codes.Internal, status.Code(err))
	require.ErrorContains(t, other.Close(), "of no call of this server")
}

func TestServingIsOfACallAlone(t *testing.T) {
	cloud, err := fake.Start()
	require.NoError(t, err)
	server, c := fake.Serving(t.Context())
	require.Nil(t, server)
	require.Nil(t, c)
	_, err = cloud.StartOperation(t.Context(), fake.Job{})
	require.Equal(t, "Internal", codeName(err))
	require.ErrorContains(t, cloud.Close(), "of no call of this server")
}

// A handler that is half written returns nothing at all.
func TestAHandlerThatReturnsNothing(t *testing.T) {
	cloud, err := fake.Start(fake.WithHandler(fake.Method(compute.DiskService_Relocate_FullMethodName),
		func(context.Context, *compute.RelocateDiskRequest) (*operation.Operation, error) { return nil, nil }))
	require.NoError(t, err)
	_, err = compute.NewDiskServiceClient(cloud.Conn()).Relocate(t.Context(), &compute.RelocateDiskRequest{DiskId: "d"})
	require.Equal(t, "Internal", codeName(err))
	require.ErrorContains(t, cloud.Close(), "returned neither a reply nor an error")
}
