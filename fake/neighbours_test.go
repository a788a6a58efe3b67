package fake_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	kms "github.com/yandex-cloud/go-genproto/yandex/cloud/kms/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	vpc "github.com/yandex-cloud/go-genproto/yandex/cloud/vpc/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// forFree serves what machines need.
var forFree = fake.WithNeighbours(&compute.DiskService_ServiceDesc, &compute.SnapshotService_ServiceDesc, &compute.InstanceService_ServiceDesc,
	&vpc.NetworkService_ServiceDesc, &vpc.SubnetService_ServiceDesc)

// started is what starts operations: the method of a generated client.
type started[Q any] func(context.Context, Q, ...grpc.CallOption) (*operation.Operation, error)

// made calls a method that starts an operation, polls that until it is done, and returns its response.
func made[A proto.Message, Q any](t *testing.T, cloud *fake.Server, start started[Q], request Q) (response A) {
	t.Helper()
	op, err := start(t.Context(), request)
	require.NoError(t, err)
	for !op.Done {
		op, err = operation.NewOperationServiceClient(cloud.Conn()).Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
		require.NoError(t, err)
	}
	require.Nil(t, op.GetError())
	m, err := op.GetResponse().UnmarshalNew()
	require.NoError(t, err)
	return m.(A)
}

func TestADiskLivesAsLongAsItsClientSays(t *testing.T) {
	cloud := fake.New(t, forFree)
	disks := compute.NewDiskServiceClient(cloud.Conn())

	op, err := disks.Create(t.Context(), &compute.CreateDiskRequest{FolderId: folder, Name: "data", ZoneId: "ru-central1-a", Size: 8 << 30, Labels: map[string]string{"a": "b"}})
	require.NoError(t, err)
	require.Equal(t, []any{false, "Create disk"}, []any{op.Done, op.Description})
	meta := &compute.CreateDiskMetadata{}
	require.NoError(t, op.Metadata.UnmarshalTo(meta))
	coming, err := disks.Get(t.Context(), &compute.GetDiskRequest{DiskId: meta.DiskId})
	require.NoError(t, err)
	require.Equal(t, compute.Disk_CREATING, coming.Status)
	op, err = operation.NewOperationServiceClient(cloud.Conn()).Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
	require.NoError(t, err)
	disk := &compute.Disk{}
	require.NoError(t, op.GetResponse().UnmarshalTo(disk))
	require.Equal(t, []any{meta.DiskId, "data", compute.Disk_READY, int64(8 << 30), "b"}, []any{disk.Id, disk.Name, disk.Status, disk.Size, disk.Labels["a"]})
	require.WithinDuration(t, time.Now(), disk.CreatedAt.AsTime(), time.Hour)

	list, err := disks.List(t.Context(), &compute.ListDisksRequest{FolderId: folder, Filter: `name="data"`})
	require.NoError(t, err)
	require.Len(t, list.Disks, 1)
	changed := made[*compute.Disk](t, cloud, disks.Update, &compute.UpdateDiskRequest{
		DiskId: disk.Id, Name: "ignored", Description: "new", UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"description"}}})
	require.Equal(t, []any{"data", "new"}, []any{changed.Name, changed.Description})
	_, err = disks.Create(t.Context(), &compute.CreateDiskRequest{FolderId: folder, Name: "data", Size: 8 << 30})
	require.Equal(t, `Disk with name "data" already exists`, status.Convert(err).Message())
	history, err := disks.ListOperations(t.Context(), &compute.ListDiskOperationsRequest{DiskId: disk.Id})
	require.NoError(t, err)
	require.Len(t, history.Operations, 2)

	made[proto.Message](t, cloud, disks.Delete, &compute.DeleteDiskRequest{DiskId: disk.Id})
	_, err = disks.Get(t.Context(), &compute.GetDiskRequest{DiskId: disk.Id})
	require.Equal(t, "NotFound", codeName(err))
	require.Nil(t, cloud.Resource(disk.Id))
	require.True(t, cloud.Snapshot().Gone(disk.Id))
}

func TestAMachineIsMadeWithItsNetwork(t *testing.T) {
	cloud := fake.New(t, forFree, fake.WithStandardImages())
	networks, subnets := vpc.NewNetworkServiceClient(cloud.Conn()), vpc.NewSubnetServiceClient(cloud.Conn())
	instances := compute.NewInstanceServiceClient(cloud.Conn())
	base, err := clientsOf(cloud.Conn()).GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{FolderId: fake.StandardImages, Family: "ubuntu-2204-lts"})
	require.NoError(t, err)

	network := made[*vpc.Network](t, cloud, networks.Create, &vpc.CreateNetworkRequest{FolderId: folder, Name: "n"})
	subnet := made[*vpc.Subnet](t, cloud, subnets.Create, &vpc.CreateSubnetRequest{
		FolderId: folder, Name: "s", NetworkId: network.Id, ZoneId: "ru-central1-a", V4CidrBlocks: []string{"192.168.7.0/24"}})
	vm := made[*compute.Instance](t, cloud, instances.Create, &compute.CreateInstanceRequest{
		FolderId: folder, Name: "vm", ZoneId: "ru-central1-a", PlatformId: "standard-v3",
		ResourcesSpec: &compute.ResourcesSpec{Cores: 2, Memory: 2 << 30},
		BootDiskSpec: &compute.AttachedDiskSpec{AutoDelete: true, Disk: &compute.AttachedDiskSpec_DiskSpec_{DiskSpec: &compute.AttachedDiskSpec_DiskSpec{
			TypeId: "network-ssd", Size: 20 << 30, Source: &compute.AttachedDiskSpec_DiskSpec_ImageId{ImageId: base.Id}}}},
		NetworkInterfaceSpecs: []*compute.NetworkInterfaceSpec{{SubnetId: subnet.Id, PrimaryV4AddressSpec: &compute.PrimaryAddressSpec{
			OneToOneNatSpec: &compute.OneToOneNatSpec{IpVersion: compute.IpVersion_IPV4}}}},
	})
	require.Equal(t, []any{compute.Instance_RUNNING, int64(2)}, []any{vm.Status, vm.Resources.Cores})
	require.Contains(t, vm.NetworkInterfaces[0].PrimaryV4Address.Address, "192.168.7.")
	require.NotEmpty(t, vm.NetworkInterfaces[0].PrimaryV4Address.OneToOneNat.Address)
	inside, err := networks.ListSubnets(t.Context(), &vpc.ListNetworkSubnetsRequest{NetworkId: network.Id})
	require.NoError(t, err)
	require.Len(t, inside.Subnets, 1)

	made[proto.Message](t, cloud, instances.Stop, &compute.StopInstanceRequest{InstanceId: vm.Id})
	stopped, err := instances.Get(t.Context(), &compute.GetInstanceRequest{InstanceId: vm.Id})
	require.NoError(t, err)
	require.Equal(t, compute.Instance_STOPPED, stopped.Status)
	made[proto.Message](t, cloud, instances.Delete, &compute.DeleteInstanceRequest{InstanceId: vm.Id})
	require.Nil(t, cloud.Resource(vm.BootDisk.DiskId), "auto_delete")
	made[proto.Message](t, cloud, subnets.Delete, &vpc.DeleteSubnetRequest{SubnetId: subnet.Id})
	made[proto.Message](t, cloud, networks.Delete, &vpc.DeleteNetworkRequest{NetworkId: network.Id})
	left := cloud.Resources(func(m proto.Message) bool {
		im, is := m.(*compute.Image)
		return !is || im.FolderId != fake.StandardImages
	})
	require.Empty(t, left)
}

func TestDisksAndSnapshotsOfNeighboursBecomeImages(t *testing.T) {
	cloud := fake.New(t, forFree, fake.WithOnlySources())
	c, disks := clientsOf(cloud.Conn()), compute.NewDiskServiceClient(cloud.Conn())
	disk := made[*compute.Disk](t, cloud, disks.Create, &compute.CreateDiskRequest{FolderId: folder, Size: 20 << 30, KmsKeyId: "key"})
	snapshot := made[*compute.Snapshot](t, cloud, compute.NewSnapshotServiceClient(cloud.Conn()).Create, &compute.CreateSnapshotRequest{FolderId: folder, DiskId: disk.Id})
	fromDisk := &compute.CreateImageRequest{FolderId: folder, Source: &compute.CreateImageRequest_DiskId{DiskId: disk.Id}}
	fromSnapshot := &compute.CreateImageRequest{FolderId: folder, Source: &compute.CreateImageRequest_SnapshotId{SnapshotId: snapshot.Id}}
	for _, request := range []*compute.CreateImageRequest{fromDisk, fromSnapshot} {
		im := made[*compute.Image](t, cloud, c.Create, request)
		require.Equal(t, []any{int64(20 << 30), "key"}, []any{im.MinDiskSize, im.KmsKey.GetKeyId()})
	}
	made[proto.Message](t, cloud, disks.Delete, &compute.DeleteDiskRequest{DiskId: disk.Id})
	_, err := c.Create(t.Context(), fromDisk)
	require.Equal(t, `Disk "`+disk.Id+`" not found`, status.Convert(err).Message())
	made[*compute.Image](t, cloud, c.Create, fromSnapshot)
}

func TestPlansAndFaultsAndTheRecordHoldForNeighbours(t *testing.T) {
	create := fake.Method(compute.DiskService_Create_FullMethodName)
	cloud := fake.New(t, forFree, fake.WithPlan(fake.Finish(fake.ByHand()), create))
	disks := compute.NewDiskServiceClient(cloud.Conn())
	cloud.Inject(fake.Fault{On: create, When: fake.First(1), Do: fake.Return(codes.Unavailable)})
	_, err := disks.Create(t.Context(), &compute.CreateDiskRequest{FolderId: folder, Size: 1 << 30})
	require.Equal(t, "Unavailable", codeName(err))
	require.Empty(t, cloud.Resources())

	key := withKey(t.Context(), "0a6f0a9c-0000-4000-8000-000000000000")
	first, err := disks.Create(key, &compute.CreateDiskRequest{FolderId: folder, Size: 1 << 30})
	require.NoError(t, err)
	again, err := disks.Create(key, &compute.CreateDiskRequest{FolderId: folder, Size: 1 << 30})
	require.NoError(t, err)
	require.Equal(t, first.Id, again.Id, "one key, one disk")
	op := cloud.NextOperation(t.Context(), create)
	require.Equal(t, first.Id, op.ID())
	require.Contains(t, op.String(), "DiskCreate of disk "+op.ResourceID())
	op.RollBack(codes.Internal, "disk read error")
	require.Equal(t, compute.Disk_CREATING, cloud.Resource(op.ResourceID()).(*compute.Disk).Status)
	op.Step()
	require.Nil(t, cloud.Resource(op.ResourceID()))

	var became []fake.Change
	for e := range cloud.Events() {
		if e.Kind == fake.ResourceEvent && e.ResourceID == op.ResourceID() {
			became = append(became, e.Step)
		}
	}
	require.Equal(t, []fake.Change{fake.Creating, fake.Gone}, became)
	require.Len(t, cloud.Calls(fake.OnResource(op.ResourceID())), 2)
	require.True(t, cloud.Calls(create)[1].Changed)
}

func TestWhatANeighbourCannotBe(t *testing.T) {
	byHand := fake.WithService(func(r grpc.ServiceRegistrar, _ *fake.Server) { compute.RegisterDiskServiceServer(r, wordy{}) })
	answer := func(context.Context, *compute.GetDiskRequest) (*compute.Disk, error) { return nil, nil }
	for name, c := range map[string]struct {
		options []fake.Option
		says    []string
	}{
		"none":               {[]fake.Option{fake.WithNeighbours()}, []string{"WithNeighbours()", "DiskService_ServiceDesc"}},
		"nil":                {[]fake.Option{fake.WithNeighbours(nil)}, []string{"service 1", "nil"}},
		"own":                {[]fake.Option{fake.WithNeighbours(&compute.ImageService_ServiceDesc)}, []string{"ImageService", "itself"}},
		"no descriptor":      {[]fake.Option{fake.WithNeighbours(&grpc.ServiceDesc{ServiceName: "no.Service"})}, []string{"no.Service", "no descriptor"}},
		"no resource":        {[]fake.Option{fake.WithNeighbours(&kms.SymmetricCryptoService_ServiceDesc)}, []string{"service 1", "SymmetricCryptoService", "Encrypt", "WithHandler"}},
		"no conventions":     {[]fake.Option{fake.WithNeighbours(&healthpb.Health_ServiceDesc)}, []string{"grpc.health.v1.Health", "itself"}},
		"twice at once":      {[]fake.Option{fake.WithNeighbours(&compute.DiskService_ServiceDesc, &compute.DiskService_ServiceDesc)}, []string{"service 2", "twice"}},
		"twice":              {[]fake.Option{forFree, fake.WithNeighbours(&compute.DiskService_ServiceDesc)}, []string{"DiskService", "twice"}},
		"by hand as well":    {[]fake.Option{forFree, byHand}, []string{"WithNeighbours", "DiskService", "WithService number 1"}},
		"handler nil":        {[]fake.Option{fake.WithHandler[*compute.GetDiskRequest, *compute.Disk](diskGet, nil)}, []string{"WithHandler(DiskGet)", "nil"}},
		"handler of own":     {[]fake.Option{fake.WithHandler(fake.ImageGet, answer)}, []string{"WithHandler(ImageGet)", "itself", "Reply"}},
		"handler unknown":    {[]fake.Option{fake.WithHandler("/no.Service/Get", answer)}, []string{"no descriptor"}},
		"handler of a watch": {[]fake.Option{fake.WithHandler(healthpb.Health_Watch_FullMethodName, answer)}, []string{"stream", "WithService"}},
		"handler on others": {[]fake.Option{fake.WithHandler(compute.DiskService_Delete_FullMethodName, answer)},
			[]string{"DeleteDiskRequest", "Operation", "GetDiskRequest", "Disk"}},
		"handler on any": {[]fake.Option{fake.WithHandler(diskGet, func(context.Context, proto.Message) (proto.Message, error) { return nil, nil })}, []string{"concrete"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fake.Start(c.options...)
			for _, part := range c.says {
				require.ErrorContains(t, err, part)
			}
		})
	}
}

func TestWhatANeighbourRefuses(t *testing.T) {
	cloud, err := fake.Start(forFree, fake.WithNeighbours(&vpc.SecurityGroupService_ServiceDesc), fake.WithFolders(folder), fake.WithForbiddenFolders("denied"))
	require.NoError(t, err)
	defer cloud.Close()
	disk := cloud.AddResources(&compute.Disk{FolderId: folder, Name: "d", Size: 1 << 30}, &compute.Disk{FolderId: "denied", Id: "theirs"})[0].(*compute.Disk)
	for name, c := range map[string]struct {
		method  fake.Method
		request proto.Message
		code    string
		says    []string
	}{
		"no id":       {compute.DiskService_Get_FullMethodName, &compute.GetDiskRequest{}, "InvalidArgument", []string{"DiskId: missing required field"}},
		"unknown id":  {compute.DiskService_Get_FullMethodName, &compute.GetDiskRequest{DiskId: "x"}, "NotFound", []string{`Disk "x" not found`}},
		"other kind":  {compute.SnapshotService_Get_FullMethodName, &compute.GetSnapshotRequest{SnapshotId: disk.Id}, "NotFound", []string{"Snapshot"}},
		"denied":      {compute.DiskService_Get_FullMethodName, &compute.GetDiskRequest{DiskId: "theirs"}, "PermissionDenied", nil},
		"no folder":   {compute.DiskService_Create_FullMethodName, &compute.CreateDiskRequest{Size: 1}, "InvalidArgument", []string{"FolderId"}},
		"folder":      {compute.DiskService_Create_FullMethodName, &compute.CreateDiskRequest{FolderId: "other", Size: 1}, "FailedPrecondition", []string{`Folder "other" not found`}},
		"name taken":  {compute.DiskService_Create_FullMethodName, &compute.CreateDiskRequest{FolderId: folder, Name: "d", Size: 1}, "AlreadyExists", []string{`"d"`}},
		"no size":     {compute.DiskService_Create_FullMethodName, &compute.CreateDiskRequest{FolderId: folder}, "InvalidArgument", []string{"Size"}},
		"no source":   {compute.DiskService_Create_FullMethodName, &compute.CreateDiskRequest{FolderId: folder, Source: &compute.CreateDiskRequest_ImageId{ImageId: "x"}}, "FailedPrecondition", []string{"x"}},
		"list folder": {compute.DiskService_List_FullMethodName, &compute.ListDisksRequest{}, "InvalidArgument", []string{"FolderId"}},
		"list denied": {compute.DiskService_List_FullMethodName, &compute.ListDisksRequest{FolderId: "denied"}, "PermissionDenied", nil},
		"filter":      {compute.DiskService_List_FullMethodName, &compute.ListDisksRequest{FolderId: folder, Filter: "size=1"}, "InvalidArgument", []string{"Filter"}},
		"order":       {compute.DiskService_List_FullMethodName, &compute.ListDisksRequest{FolderId: folder, OrderBy: "size"}, "InvalidArgument", []string{"OrderBy"}},
		"page size":   {compute.DiskService_List_FullMethodName, &compute.ListDisksRequest{FolderId: folder, PageSize: 1001}, "InvalidArgument", []string{"PageSize"}},
		"page token":  {compute.DiskService_List_FullMethodName, &compute.ListDisksRequest{FolderId: folder, PageToken: "x"}, "InvalidArgument", []string{"PageToken"}},
		"mask":        {compute.DiskService_Update_FullMethodName, &compute.UpdateDiskRequest{DiskId: disk.Id, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"zone_id"}}}, "InvalidArgument", []string{"UpdateMask", "zone_id", "labels"}},
		"mask of id":  {compute.DiskService_Update_FullMethodName, &compute.UpdateDiskRequest{DiskId: disk.Id, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"disk_id"}}}, "InvalidArgument", []string{"UpdateMask"}},
		"boot disk":   {compute.InstanceService_Create_FullMethodName, &compute.CreateInstanceRequest{FolderId: folder}, "InvalidArgument", []string{"BootDiskSpec"}},
		"no meaning":  {compute.InstanceService_GetSerialPortOutput_FullMethodName, &compute.GetInstanceSerialPortOutputRequest{InstanceId: "x"}, "Unimplemented", []string{"InstanceGetSerialPortOutput", "fake.WithHandler"}},
		"no place": {vpc.SecurityGroupService_UpdateRules_FullMethodName, &vpc.UpdateSecurityGroupRulesRequest{SecurityGroupId: "x",
			AdditionRuleSpecs: []*vpc.SecurityGroupRuleSpec{{}}}, "Unimplemented", []string{"addition_rule_specs"}},
		"not served": {compute.FilesystemService_Get_FullMethodName, &compute.GetFilesystemRequest{FilesystemId: "x"}, "Unimplemented", []string{"fake.WithNeighbours", "fake.WithService"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := cloud.Snapshot().String()
			err := cloud.Conn().Invoke(t.Context(), c.method.FullName(), c.request, &emptypb.Empty{})
			require.Equal(t, c.code, codeName(err), "%v", err)
			for _, part := range c.says {
				require.ErrorContains(t, err, part)
			}
			require.Equal(t, before, cloud.Snapshot().String(), "what is refused changes nothing")
		})
	}
	require.ErrorContains(t, cloud.Err(), "addition_rule_specs, which finds no place")
	require.ErrorContains(t, cloud.Err(), "fake.WithHandler")
	require.Len(t, strings.Split(cloud.Err().Error(), "\n"), 1, "the others are no misuse")
}
