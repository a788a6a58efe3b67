package fake_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1/awscompatibility"
	kms "github.com/yandex-cloud/go-genproto/yandex/cloud/kms/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	resourcemanager "github.com/yandex-cloud/go-genproto/yandex/cloud/resourcemanager/v1"
	vpc "github.com/yandex-cloud/go-genproto/yandex/cloud/vpc/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// forPrograms serves what Terraform, Packer and an autoscaler call beside images.
var forPrograms = fake.WithNeighbours(
	&compute.DiskService_ServiceDesc, &compute.SnapshotService_ServiceDesc, &compute.InstanceService_ServiceDesc, &compute.ZoneService_ServiceDesc,
	&compute.DiskTypeService_ServiceDesc, &vpc.NetworkService_ServiceDesc, &vpc.SubnetService_ServiceDesc,
	&resourcemanager.CloudService_ServiceDesc, &resourcemanager.FolderService_ServiceDesc, &awscompatibility.AccessKeyService_ServiceDesc,
	&kms.SymmetricKeyService_ServiceDesc, &iam.YandexPassportUserAccountService_ServiceDesc)

// Every call that real programs were seen to make is served, with no handler written by anybody. What a call makes later calls name.
func TestWhatProgramsCallIsServed(t *testing.T) {
	cloud := fake.New(t, forPrograms, fake.WithStandardImages())
	cloud.AddResources(&resourcemanager.Cloud{Id: "b1gcloud", Name: "cloud"}, &resourcemanager.Folder{Id: folder, CloudId: "b1gcloud", Name: "folder"})
	base := cloud.Images()[0].Id
	ids := make(map[string]string) // of what calls made, by what they are
	mask := &fieldmaskpb.FieldMask{Paths: []string{"description"}}
	for _, c := range []struct {
		method  fake.Method
		request func() proto.Message
		makes   string // what the response of the operation, or the reply, is called here
		says    string // a field of it, as protobuf text has it
		code    codes.Code
	}{
		{compute.ZoneService_List_FullMethodName, func() proto.Message { return &compute.ListZonesRequest{} }, "", `id:"ru-central1-d"`, 0},
		{compute.ZoneService_Get_FullMethodName, func() proto.Message { return &compute.GetZoneRequest{ZoneId: "ru-central1-a"} }, "", `region_id:"ru-central1"`, 0},
		{compute.DiskTypeService_List_FullMethodName, func() proto.Message { return &compute.ListDiskTypesRequest{} }, "", `id:"network-ssd"`, 0},
		{resourcemanager.CloudService_Get_FullMethodName, func() proto.Message { return &resourcemanager.GetCloudRequest{CloudId: "b1gcloud"} }, "", `name:"cloud"`, 0},
		{resourcemanager.CloudService_List_FullMethodName, func() proto.Message { return &resourcemanager.ListCloudsRequest{} }, "", `id:"b1gcloud"`, 0},
		{resourcemanager.FolderService_Get_FullMethodName, func() proto.Message { return &resourcemanager.GetFolderRequest{FolderId: folder} }, "", `cloud_id:"b1gcloud"`, 0},
		{resourcemanager.FolderService_List_FullMethodName, func() proto.Message { return &resourcemanager.ListFoldersRequest{CloudId: "b1gcloud"} }, "", `status:ACTIVE`, 0},
		{iam.YandexPassportUserAccountService_GetByLogin_FullMethodName, func() proto.Message { return &iam.GetUserAccountByLoginRequest{Login: "me"} }, "", "", codes.NotFound},

		{kms.SymmetricKeyService_Create_FullMethodName, func() proto.Message {
			return &kms.CreateSymmetricKeyRequest{FolderId: folder, Name: "key", DefaultAlgorithm: kms.SymmetricAlgorithm_AES_256}
		}, "key", `status:ACTIVE`, 0},
		{kms.SymmetricKeyService_Get_FullMethodName, func() proto.Message { return &kms.GetSymmetricKeyRequest{KeyId: ids["key"]} }, "", `default_algorithm:AES_256`, 0},
		{awscompatibility.AccessKeyService_Create_FullMethodName, func() proto.Message {
			return &awscompatibility.CreateAccessKeyRequest{ServiceAccountId: "aje"}
		}, "access key", `service_account_id:"aje"`, 0},

		{vpc.NetworkService_Create_FullMethodName, func() proto.Message { return &vpc.CreateNetworkRequest{FolderId: folder, Name: "net"} }, "network", `name:"net"`, 0},
		{vpc.NetworkService_Get_FullMethodName, func() proto.Message { return &vpc.GetNetworkRequest{NetworkId: ids["network"]} }, "", `name:"net"`, 0},
		{vpc.NetworkService_List_FullMethodName, func() proto.Message { return &vpc.ListNetworksRequest{FolderId: folder} }, "", `name:"net"`, 0},
		{vpc.SubnetService_Create_FullMethodName, func() proto.Message {
			return &vpc.CreateSubnetRequest{FolderId: folder, Name: "sub", NetworkId: ids["network"], ZoneId: "ru-central1-a", V4CidrBlocks: []string{"10.1.0.0/24"}}
		}, "subnet", `v4_cidr_blocks:"10.1.0.0/24"`, 0},
		{vpc.SubnetService_Get_FullMethodName, func() proto.Message { return &vpc.GetSubnetRequest{SubnetId: ids["subnet"]} }, "", `zone_id:"ru-central1-a"`, 0},
		{vpc.SubnetService_List_FullMethodName, func() proto.Message { return &vpc.ListSubnetsRequest{FolderId: folder} }, "", `name:"sub"`, 0},

		{compute.DiskService_Create_FullMethodName, func() proto.Message {
			return &compute.CreateDiskRequest{FolderId: folder, Name: "data", TypeId: "network-ssd", ZoneId: "ru-central1-a", Size: 20 << 30,
				Source: &compute.CreateDiskRequest_ImageId{ImageId: base}, KmsKeyId: ids["key"]}
		}, "disk", `source_image_id:`, 0},
		{compute.DiskService_Get_FullMethodName, func() proto.Message { return &compute.GetDiskRequest{DiskId: ids["disk"]} }, "", `status:READY`, 0},
		{compute.DiskService_Update_FullMethodName, func() proto.Message {
			return &compute.UpdateDiskRequest{DiskId: ids["disk"], Description: "changed", UpdateMask: mask}
		}, "", `description:"changed"`, 0},
		{compute.DiskService_List_FullMethodName, func() proto.Message {
			return &compute.ListDisksRequest{FolderId: folder, Filter: `name="data"`}
		}, "", `description:"changed"`, 0},
		{compute.SnapshotService_Create_FullMethodName, func() proto.Message {
			return &compute.CreateSnapshotRequest{FolderId: folder, Name: "snap", DiskId: ids["disk"]}
		}, "snapshot", `disk_size:21474836480`, 0},
		{compute.InstanceService_Create_FullMethodName, func() proto.Message {
			return &compute.CreateInstanceRequest{FolderId: folder, Name: "vm", ZoneId: "ru-central1-a", PlatformId: "standard-v3",
				ResourcesSpec: &compute.ResourcesSpec{Cores: 2, Memory: 2 << 30}, Metadata: map[string]string{"user-data": "#cloud-config"},
				BootDiskSpec:          &compute.AttachedDiskSpec{Disk: &compute.AttachedDiskSpec_DiskId{DiskId: ids["disk"]}},
				NetworkInterfaceSpecs: []*compute.NetworkInterfaceSpec{{SubnetId: ids["subnet"], PrimaryV4AddressSpec: &compute.PrimaryAddressSpec{}}}}
		}, "instance", `status:RUNNING`, 0},
		{compute.InstanceService_Get_FullMethodName, func() proto.Message { return &compute.GetInstanceRequest{InstanceId: ids["instance"]} }, "", `address:"10.1.0.`, 0},
		{compute.DiskService_Delete_FullMethodName, func() proto.Message { return &compute.DeleteDiskRequest{DiskId: ids["disk"]} }, "", "", codes.FailedPrecondition},
		{compute.InstanceService_Stop_FullMethodName, func() proto.Message { return &compute.StopInstanceRequest{InstanceId: ids["instance"]} }, "", "", 0},
		{compute.InstanceService_Get_FullMethodName, func() proto.Message { return &compute.GetInstanceRequest{InstanceId: ids["instance"]} }, "", `status:STOPPED`, 0},
		{compute.InstanceService_Delete_FullMethodName, func() proto.Message { return &compute.DeleteInstanceRequest{InstanceId: ids["instance"]} }, "", "", 0},

		{compute.DiskService_Delete_FullMethodName, func() proto.Message { return &compute.DeleteDiskRequest{DiskId: ids["disk"]} }, "", "", 0},
		{vpc.SubnetService_Delete_FullMethodName, func() proto.Message { return &vpc.DeleteSubnetRequest{SubnetId: ids["subnet"]} }, "", "", 0},
		{vpc.NetworkService_Delete_FullMethodName, func() proto.Message { return &vpc.DeleteNetworkRequest{NetworkId: ids["network"]} }, "", "", 0},
		{awscompatibility.AccessKeyService_Delete_FullMethodName, func() proto.Message {
			return &awscompatibility.DeleteAccessKeyRequest{AccessKeyId: ids["access key"]}
		}, "", "", 0},
		{kms.SymmetricKeyService_Delete_FullMethodName, func() proto.Message { return &kms.DeleteSymmetricKeyRequest{KeyId: ids["key"]} }, "", "", 0},
	} {
		reply, err := invoked(t, cloud, c.method, c.request())
		require.Equal(t, c.code, status.Code(err), "%v: %v", c.method, err)
		if err != nil {
			continue
		}
		said := resultOf(t, cloud, reply)
		require.Contains(t, inText(said), c.says, "%v", c.method)
		if c.makes != "" {
			ids[c.makes] = idOf(said)
			require.NotNil(t, cloud.Resource(ids[c.makes]), "%v", c.method)
		}
	}
	for what, id := range ids {
		if what != "snapshot" {
			require.Nil(t, cloud.Resource(id), what)
		}
	}
	require.Equal(t, "snap", cloud.Resource(ids["snapshot"]).(*compute.Snapshot).Name)
}

// invoked calls a method by its name.
func invoked(t *testing.T, cloud *fake.Server, method fake.Method, request proto.Message) (proto.Message, error) {
	t.Helper()
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(strings.ReplaceAll(method.FullName()[1:], "/", ".")))
	require.NoError(t, err)
	reply := newMessage(t, d.(protoreflect.MethodDescriptor).Output())
	return reply, cloud.Conn().Invoke(t.Context(), method.FullName(), request, reply)
}

// resultOf returns what a call came to: the reply, or the response of the operation that it started, once that is done.
func resultOf(t *testing.T, cloud *fake.Server, reply proto.Message) proto.Message {
	t.Helper()
	op, is := reply.(*operation.Operation)
	for is && !op.Done {
		next, err := operation.NewOperationServiceClient(cloud.Conn()).Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
		require.NoError(t, err)
		op = next
	}
	if !is {
		return reply
	}
	require.Nil(t, op.GetError())
	response, err := op.GetResponse().UnmarshalNew()
	require.NoError(t, err)
	return response
}

// idOf returns the id of a resource, which a reply may carry.
func idOf(m proto.Message) string {
	if made, is := m.(*awscompatibility.CreateAccessKeyResponse); is {
		return made.AccessKey.Id
	}
	return m.(interface{ GetId() string }).GetId()
}

// inText returns a message as text, in which the blanks are always the same.
func inText(m proto.Message) string {
	return strings.ReplaceAll(prototext.MarshalOptions{}.Format(m), "  ", " ")
}

// A fleet is a plugin that keeps so many instances running, as an autoscaler does. It keeps no operations of its own: it polls those that
// the cloud gave it.
type fleet struct {
	instances  compute.InstanceServiceClient
	operations operation.OperationServiceClient
	image      string
}

// scale makes instances, or deletes the oldest, all at once, and waits until that is done.
func (f fleet) scale(ctx context.Context, want int) error {
	page, err := f.instances.List(ctx, &compute.ListInstancesRequest{FolderId: folder, Filter: `name!="other"`})
	if err != nil {
		return err
	}
	var starts []func() (*operation.Operation, error)
	for range want - len(page.Instances) {
		starts = append(starts, func() (*operation.Operation, error) {
			return f.instances.Create(ctx, &compute.CreateInstanceRequest{
				FolderId: folder, ZoneId: "ru-central1-a", PlatformId: "standard-v3", ResourcesSpec: &compute.ResourcesSpec{Cores: 2, Memory: 2 << 30},
				BootDiskSpec: &compute.AttachedDiskSpec{AutoDelete: true, Disk: &compute.AttachedDiskSpec_DiskSpec_{DiskSpec: &compute.AttachedDiskSpec_DiskSpec{
					Size: 20 << 30, Source: &compute.AttachedDiskSpec_DiskSpec_ImageId{ImageId: f.image}}}},
			})
		})
	}
	for i := range len(page.Instances) - want {
		starts = append(starts, func() (*operation.Operation, error) {
			return f.instances.Delete(ctx, &compute.DeleteInstanceRequest{InstanceId: page.Instances[i].Id})
		})
	}
	var all sync.WaitGroup
	failed := make([]error, len(starts))
	for i, start := range starts {
		all.Go(func() { failed[i] = f.await(ctx, start) })
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

func (f fleet) await(ctx context.Context, start func() (*operation.Operation, error)) error {
	op, err := start()
	for err == nil && !op.Done {
		time.Sleep(time.Second)
		op, err = f.operations.Get(ctx, &operation.GetOperationRequest{OperationId: op.Id})
	}
	if err != nil {
		return err
	}
	return status.ErrorProto(op.GetError())
}

func TestAFleetIsScaled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		create := fake.Method(compute.InstanceService_Create_FullMethodName)
		cloud := fake.New(t, forPrograms, fake.WithStandardImages(), fake.WithPlan(fake.Finish(fake.After(90*time.Second)), create))
		cc := cloud.ConnAs("fleet")
		f := fleet{compute.NewInstanceServiceClient(cc), operation.NewOperationServiceClient(cc), cloud.Images()[0].Id}
		machines := func() int {
			return len(cloud.Resources(func(m proto.Message) bool { _, is := m.(*compute.Instance); return is }))
		}
		disks := func() int {
			return len(cloud.Resources(func(m proto.Message) bool { _, is := m.(*compute.Disk); return is }))
		}

		begun := time.Now()
		require.NoError(t, f.scale(t.Context(), 3))
		require.Equal(t, []int{3, 3}, []int{machines(), disks()})
		require.Equal(t, 90*time.Second, time.Since(begun), "side by side")

		full := cloud.NextOperation(t.Context(), create) // those of before are history
		require.True(t, full.Done())
		cloud.Inject(fake.Fault{On: create, When: fake.Nth(2), Do: fake.Return(codes.ResourceExhausted)})
		require.Equal(t, codes.ResourceExhausted, status.Code(f.scale(t.Context(), 5)))
		require.Equal(t, 4, machines(), "the other one was made")

		require.NoError(t, f.scale(t.Context(), 1))
		require.Equal(t, []int{1, 1}, []int{machines(), disks()}, "disks go with their machines")
	})
}
