package fake_test

import (
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	vpc "github.com/yandex-cloud/go-genproto/yandex/cloud/vpc/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

func TestReplicasOfNeighboursLag(t *testing.T) {
	cloud := fake.New(t, forFree, fake.WithPlan(fake.Finish(fake.ByHand())))
	disks, behind := compute.NewDiskServiceClient(cloud.Conn()), compute.NewDiskServiceClient(cloud.ConnAs("behind"))
	cloud.AddResources(&compute.Disk{Id: "old", FolderId: folder, Name: "old"})
	lag := cloud.Inject(fake.Fault{On: fake.ByCaller("behind"), Do: fake.Lag(1)})
	_, err := behind.Get(t.Context(), &compute.GetDiskRequest{DiskId: "old"})
	require.NoError(t, err, "it has always been there")
	require.Zero(t, lag.Fired())

	_, err = disks.Create(t.Context(), &compute.CreateDiskRequest{FolderId: folder, Name: "new", Size: 1 << 30})
	require.NoError(t, err)
	op := cloud.NextOperation(t.Context(), fake.Method(compute.DiskService_Create_FullMethodName))
	_, err = behind.Get(t.Context(), &compute.GetDiskRequest{DiskId: op.ResourceID()})
	require.Equal(t, "NotFound", codeName(err))
	op.Complete()
	seen, err := behind.Get(t.Context(), &compute.GetDiskRequest{DiskId: op.ResourceID()})
	require.NoError(t, err)
	require.Equal(t, compute.Disk_CREATING, seen.Status)
	_, err = disks.Delete(t.Context(), &compute.DeleteDiskRequest{DiskId: "old"})
	require.NoError(t, err)
	cloud.NextOperation(t.Context(), fake.OnResource("old")).Complete()
	list, err := behind.List(t.Context(), &compute.ListDisksRequest{FolderId: folder})
	require.NoError(t, err)
	require.Equal(t, []any{2, compute.Disk_DELETING}, []any{len(list.Disks), statusOf(list.Disks, "old")})
	require.Equal(t, 3, lag.Fired())
}

func statusOf(disks []*compute.Disk, id string) compute.Disk_Status {
	for _, d := range disks {
		if d.Id == id {
			return d.Status
		}
	}
	return compute.Disk_STATUS_UNSPECIFIED
}

func TestPagesOfNeighboursGoWrong(t *testing.T) {
	cloud := fake.New(t, forFree)
	for _, name := range []string{"a", "b", "c"} {
		cloud.AddResources(&compute.Disk{Id: "disk-" + name, FolderId: folder, Name: name})
	}
	bind := &access.SetAccessBindingsRequest{ResourceId: "disk-a", AccessBindings: []*access.AccessBinding{
		{RoleId: "r1", Subject: &access.Subject{Id: "s", Type: "userAccount"}}, {RoleId: "r2", Subject: &access.Subject{Id: "s", Type: "userAccount"}}}}
	made[proto.Message](t, cloud, compute.NewDiskServiceClient(cloud.Conn()).SetAccessBindings, bind)
	made[proto.Message](t, cloud, compute.NewDiskServiceClient(cloud.Conn()).Update, &compute.UpdateDiskRequest{DiskId: "disk-a", Description: "d"})

	disks := compute.NewDiskServiceClient(cloud.Conn())
	for method, list := range map[fake.Method]func(token string) (items int, next string, err error){
		compute.DiskService_List_FullMethodName: func(token string) (int, string, error) {
			r, err := disks.List(t.Context(), &compute.ListDisksRequest{FolderId: folder, PageSize: 1, OrderBy: "name desc", PageToken: token})
			return len(r.GetDisks()), r.GetNextPageToken(), err
		},
		compute.DiskService_ListOperations_FullMethodName: func(token string) (int, string, error) {
			r, err := disks.ListOperations(t.Context(), &compute.ListDiskOperationsRequest{DiskId: "disk-a", PageSize: 1, PageToken: token})
			return len(r.GetOperations()), r.GetNextPageToken(), err
		},
		compute.DiskService_ListAccessBindings_FullMethodName: func(token string) (int, string, error) {
			r, err := disks.ListAccessBindings(t.Context(), &access.ListAccessBindingsRequest{ResourceId: "disk-a", PageSize: 1, PageToken: token})
			return len(r.GetAccessBindings()), r.GetNextPageToken(), err
		},
	} {
		t.Run(method.String(), func(t *testing.T) {
			all := func() (total int) {
				for token, pages := "", 0; ; pages++ {
					require.Less(t, pages, 10)
					n, next, err := list(token)
					require.NoError(t, err)
					if total += n; next == "" {
						return total
					}
					token = next
				}
			}
			right := all()
			require.GreaterOrEqual(t, right, 2)
			empty := cloud.Inject(fake.Fault{On: method, When: fake.First(2), Do: fake.EmptyPage()})
			n, next, err := list("")
			require.NoError(t, err)
			require.Zero(t, n)
			n, again, err := list(next)
			require.NoError(t, err)
			require.Zero(t, n)
			require.Equal(t, next, again)
			require.Equal(t, right, all(), "nothing is lost behind an empty page")
			empty.Remove()

			repeat := cloud.Inject(fake.Fault{On: method, When: fake.First(1), Do: fake.RepeatPage()})
			n, next, err = list("")
			require.NoError(t, err)
			require.Equal(t, 1, n)
			n, _, err = list(next)
			require.NoError(t, err)
			require.Equal(t, 1, n)
			repeat.Remove()
			expire := cloud.Inject(fake.Fault{On: method, Do: fake.ExpirePage()})
			_, _, err = list(next)
			require.Equal(t, "InvalidArgument", codeName(err))
			expire.Remove()
		})
	}
}

func TestWhatAHandlerAnswersHasNoPast(t *testing.T) {
	for name, option := range map[string]fake.Option{
		"WithHandler": fake.WithHandler(diskGet, answersDisk),
		"WithService": fake.WithService(func(r grpc.ServiceRegistrar, _ *fake.Server) { compute.RegisterDiskServiceServer(r, wordy{}) }),
	} {
		t.Run(name, func(t *testing.T) {
			cloud, err := fake.Start(option)
			require.NoError(t, err)
			defer cloud.Close()
			cloud.Inject(fake.Fault{On: fake.AnyOf(diskGet, fake.ImageGet), Do: fake.Lag(1), Optional: true})
			require.NoError(t, cloud.Err(), "images have one")
			cloud.Inject(fake.Fault{On: diskGet, Do: fake.Lag(1)})
			require.ErrorContains(t, cloud.Err(), "DiskGet is answered by a handler of the test")
		})
	}
}

// Of an operation of a neighbour everything holds that holds for one of an image.
func TestOperationsOfNeighboursAreSteered(t *testing.T) {
	for name, c := range map[string]struct {
		steer func(*fake.Operation)
		left  string
	}{
		"completed": {(*fake.Operation).Complete, "READY"},
		"failed":    {func(op *fake.Operation) { op.Fail(13, "disk read error") }, ""},
		"cancelled": {(*fake.Operation).Cancel, ""},
		"kept": {func(op *fake.Operation) {
			op.Replan(fake.Plan{Steps: []fake.Step{{When: fake.ByHand()}}, KeepFailed: true})
			op.Fail(13, "disk read error")
		}, "ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t, forFree, fake.WithPlan(fake.Stuck()))
			op, err := compute.NewDiskServiceClient(cloud.Conn()).Create(t.Context(), &compute.CreateDiskRequest{FolderId: folder, Size: 1 << 30})
			require.NoError(t, err)
			handle := cloud.NextOperation(t.Context())
			before := cloud.Snapshot()
			fork := cloud.Fork(t)
			c.steer(handle)
			ended, err := operation.NewOperationServiceClient(cloud.Conn()).Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
			require.NoError(t, err)
			require.True(t, ended.Done)
			status := ""
			if disk, there := cloud.Resource(handle.ResourceID()).(*compute.Disk); there {
				status = disk.Status.String()
			}
			require.Equal(t, c.left, status)

			require.Equal(t, compute.Disk_CREATING, fork.Resource(handle.ResourceID()).(*compute.Disk).Status, "a fork goes its own way")
			cloud.Restore(before)
			require.Equal(t, compute.Disk_CREATING, cloud.Resource(handle.ResourceID()).(*compute.Disk).Status)
			require.False(t, handle.Done())
		})
	}
}

// What is used up is said in the words of the method: of a Create the resources, else the operations; who only reads has asked too often.
func TestWhatIsUsedUp(t *testing.T) {
	cloud := fake.New(t, fake.WithNeighbours(&compute.DiskService_ServiceDesc, &vpc.AddressService_ServiceDesc))
	cloud.Inject(fake.Fault{On: fake.Match(func(proto.Message) bool { return true }), Do: fake.Return(codes.ResourceExhausted)})
	disks, addresses := compute.NewDiskServiceClient(cloud.Conn()), vpc.NewAddressServiceClient(cloud.Conn())
	for want, call := range map[string]func() (any, error){
		"The limit on maximum number of disks has exceeded.": func() (any, error) {
			return disks.Create(t.Context(), &compute.CreateDiskRequest{FolderId: folder, Size: 4 << 30})
		},
		"The limit on maximum number of addresses has exceeded.": func() (any, error) {
			return addresses.Create(t.Context(), &vpc.CreateAddressRequest{FolderId: folder})
		},
		"The limit on maximum number of active operations has exceeded.": func() (any, error) {
			return disks.Delete(t.Context(), &compute.DeleteDiskRequest{DiskId: "d"})
		},
		"too many requests": func() (any, error) {
			return compute.NewImageServiceClient(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: "i"})
		},
	} {
		_, err := call()
		require.Equal(t, want, status.Convert(err).Message())
		require.Equal(t, codes.ResourceExhausted, status.Code(err))
	}
}
