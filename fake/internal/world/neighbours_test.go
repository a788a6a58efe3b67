package world

import (
	"strings"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/resource"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	awscompatibility "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1/awscompatibility"
	kms "github.com/yandex-cloud/go-genproto/yandex/cloud/kms/v1"
	_ "github.com/yandex-cloud/go-genproto/yandex/cloud/resourcemanager/v1"
	vpc "github.com/yandex-cloud/go-genproto/yandex/cloud/vpc/v1"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// neighbour is a world and the methods of all services that the test is linked with.
type neighbour struct {
	*World
	t   *testing.T
	now time.Time
}

func newNeighbour(t *testing.T) *neighbour {
	return &neighbour{New(Settings{Seed: 1, DefaultOperation: &lro.Plan{Steps: []lro.Step{{Cause: lro.Hand}}}}), t, time.Unix(1_000_000_000, 0)}
}

func methodNamed(t *testing.T, name string) *resource.Method {
	service, _, _ := strings.Cut(name[1:], "/")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	require.NoError(t, err)
	s, err := resource.Of(d.(protoreflect.ServiceDescriptor))
	require.NoError(t, err)
	for _, m := range s.Methods {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("no method %s", name)
	return nil
}

// start begins an operation, whose id and subject it returns.
func (n *neighbour) start(method string, request proto.Message) (op, subject string, refused *spb.Status) {
	m := methodNamed(n.t, method)
	require.Empty(n.t, Stray(m, request))
	started, refused := n.StartOn(Origin{Now: n.now, Method: method}, m, request)
	if refused != nil {
		return "", "", refused
	}
	return started.Id, n.ops.Get(started.Id).Subject, nil
}

func (n *neighbour) end(op string) *lro.Operation {
	return n.Steer(op, n.now, func(r lro.Run) lro.Run { return r.Complete(n.now) })
}

func (n *neighbour) done(method string, request proto.Message) string {
	op, subject, refused := n.start(method, request)
	require.Nil(n.t, refused)
	require.Equal(n.t, lro.Succeeded, n.end(op).Run.Phase)
	return subject
}

func (n *neighbour) read(method string, request proto.Message) (proto.Message, *spb.Status) {
	m := methodNamed(n.t, method)
	q, broken := ParseQuery(m, request)
	require.Nil(n.t, broken)
	reply, _, refused := n.Read(m, request, q)
	return reply, refused
}

func TestADiskBecomesAnImage(t *testing.T) {
	n := newNeighbour(t)
	base, err := n.Add(&compute.Image{FolderId: "f", MinDiskSize: 10 << 30, Os: &compute.Os{Type: compute.Os_WINDOWS}, ProductIds: []string{"p"}}, n.now)
	require.NoError(t, err)
	op, disk, refused := n.start(compute.DiskService_Create_FullMethodName, &compute.CreateDiskRequest{
		FolderId: "f", Name: "d", ZoneId: "ru-central1-b", Source: &compute.CreateDiskRequest_ImageId{ImageId: base.Id}, Size: 20 << 30, KmsKeyId: "key"})
	require.Nil(t, refused)
	require.Equal(t, "epd", disk[:3])
	require.Equal(t, compute.Disk_CREATING, n.Resource(disk).(*compute.Disk).Status)
	create := &compute.CreateImageRequest{FolderId: "f", Source: &compute.CreateImageRequest_DiskId{DiskId: disk}}
	_, refused = n.Create(Origin{Now: n.now}, create)
	require.Equal(t, int32(codes.FailedPrecondition), refused.Code, "not ready")
	_, refused = n.StartOn(Origin{Now: n.now}, methodNamed(t, compute.DiskService_Delete_FullMethodName), &compute.DeleteDiskRequest{DiskId: disk})
	require.Equal(t, int32(codes.FailedPrecondition), refused.Code, "busy")
	n.end(op)

	fork := n.Clone()
	made, refused := n.Create(Origin{Now: n.now}, create)
	require.Nil(t, refused)
	im := n.Image(n.ops.Get(made.Id).Subject)
	require.Equal(t, []any{int64(20 << 30), "key", compute.Os_WINDOWS, []string{"p"}}, []any{im.Size, im.KmsKey.KeyId, im.Os.Type, im.ProductIds})

	snapshot := n.done(compute.SnapshotService_Create_FullMethodName, &compute.CreateSnapshotRequest{FolderId: "f", DiskId: disk})
	require.Equal(t, "key", n.Resource(snapshot).(*compute.Snapshot).KmsKey.KeyId)
	n.done(compute.DiskService_Delete_FullMethodName, &compute.DeleteDiskRequest{DiskId: disk})
	_, refused = n.Create(Origin{Now: n.now}, create)
	require.Equal(t, `Disk "`+disk+`" not found`, refused.GetMessage())
	_, refused = fork.Create(Origin{Now: n.now}, create)
	require.Nil(t, refused, "the fork has it still")
}

func TestAnInstanceHasItsLife(t *testing.T) {
	n := newNeighbour(t)
	base, err := n.Add(&compute.Image{FolderId: "f"}, n.now)
	require.NoError(t, err)
	subnet := n.done(vpc.SubnetService_Create_FullMethodName, &vpc.CreateSubnetRequest{FolderId: "f", NetworkId: "n", V4CidrBlocks: []string{"192.168.7.0/24"}})
	before := n.Text()
	create := &compute.CreateInstanceRequest{
		FolderId: "f", Name: "vm", ZoneId: "ru-central1-a", ResourcesSpec: &compute.ResourcesSpec{Cores: 2, Memory: 1 << 30}, Metadata: map[string]string{"k": "v"},
		BootDiskSpec: &compute.AttachedDiskSpec{AutoDelete: true, Disk: &compute.AttachedDiskSpec_DiskSpec_{DiskSpec: &compute.AttachedDiskSpec_DiskSpec{
			Source: &compute.AttachedDiskSpec_DiskSpec_ImageId{ImageId: base.Id}}}},
		NetworkInterfaceSpecs: []*compute.NetworkInterfaceSpec{{SubnetId: subnet, PrimaryV4AddressSpec: &compute.PrimaryAddressSpec{OneToOneNatSpec: &compute.OneToOneNatSpec{}}}},
	}
	op, failed, refused := n.start(compute.InstanceService_Create_FullMethodName, create)
	require.Nil(t, refused)
	n.Steer(op, n.now, func(r lro.Run) lro.Run { return r.Fail(&spb.Status{Code: 13}, n.now) })
	require.Nil(t, n.Resource(failed))
	require.Len(t, n.allResources(), 1, "its disk is gone with it: %s", before)

	vm := n.done(compute.InstanceService_Create_FullMethodName, create)
	instance := n.Resource(vm).(*compute.Instance)
	require.Equal(t, compute.Instance_RUNNING, instance.Status)
	require.Equal(t, int64(2), instance.Resources.Cores)
	require.True(t, strings.HasPrefix(instance.NetworkInterfaces[0].PrimaryV4Address.Address, "192.168.7."))
	disk := instance.BootDisk.DiskId
	require.Equal(t, []string{vm}, n.Resource(disk).(*compute.Disk).InstanceIds)
	_, _, refused = n.start(compute.DiskService_Delete_FullMethodName, &compute.DeleteDiskRequest{DiskId: disk})
	require.Equal(t, int32(codes.FailedPrecondition), refused.Code)
	shown, _ := n.read(compute.InstanceService_Get_FullMethodName, &compute.GetInstanceRequest{InstanceId: vm})
	require.Empty(t, shown.(*compute.Instance).Metadata)

	stop, _, refused := n.start(compute.InstanceService_Stop_FullMethodName, &compute.StopInstanceRequest{InstanceId: vm})
	require.Nil(t, refused)
	require.Equal(t, compute.Instance_STOPPING, n.Resource(vm).(*compute.Instance).Status)
	n.end(stop)
	require.Equal(t, compute.Instance_STOPPED, n.Resource(vm).(*compute.Instance).Status)
	n.done(compute.InstanceService_Start_FullMethodName, &compute.StartInstanceRequest{InstanceId: vm})
	require.Equal(t, compute.Instance_RUNNING, n.Resource(vm).(*compute.Instance).Status)
	n.done(compute.InstanceService_Update_FullMethodName, &compute.UpdateInstanceRequest{
		InstanceId: vm, Name: "other", ResourcesSpec: &compute.ResourcesSpec{Cores: 4}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"resources_spec.cores"}}})
	instance = n.Resource(vm).(*compute.Instance)
	require.Equal(t, []any{"vm", int64(4), int64(1 << 30)}, []any{instance.Name, instance.Resources.Cores, instance.Resources.Memory})
	n.done(compute.InstanceService_Delete_FullMethodName, &compute.DeleteInstanceRequest{InstanceId: vm})
	require.Nil(t, n.Resource(vm))
	require.Nil(t, n.Resource(disk), "auto_delete")
}

func TestOtherServices(t *testing.T) {
	n := newNeighbour(t)
	key := n.done(kms.SymmetricKeyService_Create_FullMethodName, &kms.CreateSymmetricKeyRequest{FolderId: "f", Name: "k"})
	got, _ := n.read(kms.SymmetricKeyService_Get_FullMethodName, &kms.GetSymmetricKeyRequest{KeyId: key})
	require.Equal(t, kms.SymmetricKey_ACTIVE, got.(*kms.SymmetricKey).Status)
	_, refused := n.read(iam.YandexPassportUserAccountService_GetByLogin_FullMethodName, &iam.GetUserAccountByLoginRequest{Login: "me"})
	require.Equal(t, `User account "me" not found`, refused.GetMessage())
	reply, _, refused := n.DoAtOnce(Origin{Now: n.now}, methodNamed(t, awscompatibility.AccessKeyService_Create_FullMethodName), &awscompatibility.CreateAccessKeyRequest{ServiceAccountId: "sa"})
	require.Nil(t, refused)
	made := reply.(*awscompatibility.CreateAccessKeyResponse)
	require.NotEmpty(t, made.Secret)
	require.NotEmpty(t, made.AccessKey.KeyId)

	network := n.done(vpc.NetworkService_Create_FullMethodName, &vpc.CreateNetworkRequest{FolderId: "f", Name: "n"})
	for _, name := range []string{"a", "b", "c"} {
		n.done(vpc.SubnetService_Create_FullMethodName, &vpc.CreateSubnetRequest{FolderId: "f", NetworkId: network, Name: name})
	}
	_, _, refused = n.start(vpc.NetworkService_Create_FullMethodName, &vpc.CreateNetworkRequest{FolderId: "f", Name: "n"})
	require.Equal(t, int32(codes.AlreadyExists), refused.Code)
	var names []string
	for token := ""; ; {
		page, refused := n.read(vpc.SubnetService_List_FullMethodName, &vpc.ListSubnetsRequest{FolderId: "f", PageSize: 2, PageToken: token})
		require.Nil(t, refused)
		for _, s := range page.(*vpc.ListSubnetsResponse).Subnets {
			names = append(names, s.Name)
		}
		if token = page.(*vpc.ListSubnetsResponse).NextPageToken; token == "" {
			break
		}
	}
	require.ElementsMatch(t, []string{"a", "b", "c"}, names)
	inside, _ := n.read(vpc.NetworkService_ListSubnets_FullMethodName, &vpc.ListNetworkSubnetsRequest{NetworkId: network})
	require.Len(t, inside.(*vpc.ListNetworkSubnetsResponse).Subnets, 3)
	require.Equal(t, "addition_rule_specs", Stray(methodNamed(t, vpc.SecurityGroupService_UpdateRules_FullMethodName), &vpc.UpdateSecurityGroupRulesRequest{
		SecurityGroupId: "sg", AdditionRuleSpecs: []*vpc.SecurityGroupRuleSpec{{}}}))
}

// Every service of these packages but those without a resource is known.
func TestWhichServicesAreKnown(t *testing.T) {
	var refused []string
	known := 0
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			d := file.Services().Get(i)
			if pkg := string(file.Package()); !strings.HasPrefix(pkg, "yandex.cloud.compute.") && !strings.HasPrefix(pkg, "yandex.cloud.vpc.") &&
				!strings.HasPrefix(pkg, "yandex.cloud.resourcemanager.") && pkg != "yandex.cloud.iam.v1.awscompatibility" {
				continue
			}
			s, err := resource.Of(d)
			if err != nil {
				refused = append(refused, string(d.Name()))
				continue
			}
			known++
			for _, m := range s.Methods {
				if m.Kind == resource.Unknown {
					t.Logf("%s: %s", m.Name, m.Why)
				}
			}
		}
		return true
	})
	t.Logf("known %d, refused %v", known, refused)
	require.Equal(t, []string{"TemporaryAccessKeyService"}, refused)
}
