package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1/awscompatibility"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	resourcemanager "github.com/yandex-cloud/go-genproto/yandex/cloud/resourcemanager/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// done polls an operation until it is done, and fails the test where it fails.
func done(t *testing.T, cc *grpc.ClientConn, op *operation.Operation, err error) {
	t.Helper()
	for err == nil && !op.Done {
		op, err = operation.NewOperationServiceClient(cc).Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
	}
	require.NoError(t, err)
	require.Nil(t, op.GetError())
}

// What images need beside them is served over the HTTP API as well, at the places that the annotations name.
func TestNeighboursOverREST(t *testing.T) {
	p := start(t, "-folder", "f", "-plan", "DiskDelete:stuck")
	a := newAPI(p)
	post := func(path, body string) string {
		t.Helper()
		op, _ := a.do(200, "POST", path, body)
		done := a.get(200, "/operations/"+op["id"].(string))
		require.Equal(t, true, done["done"], "%v", done)
		require.NotContains(t, done, "error")
		return done["response"].(fields)["id"].(string)
	}
	require.Len(t, a.get(200, "/compute/v1/zones")["zones"], 3)
	require.Equal(t, "my-cloud", a.get(200, "/resource-manager/v1/folders/f")["cloudId"])
	require.Len(t, a.get(200, "/resource-manager/v1/folders?cloudId=my-cloud")["folders"], 1)
	network := post("/vpc/v1/networks", `{"folderId": "f", "name": "net"}`)
	subnet := post("/vpc/v1/subnets", `{"folderId": "f", "name": "sub", "networkId": "`+network+`", "zoneId": "ru-central1-a", "v4CidrBlocks": ["10.0.0.0/24"]}`)
	key := post("/kms/v1/keys", `{"folderId": "f", "name": "key", "defaultAlgorithm": "AES_256"}`)
	disk := post("/compute/v1/disks", `{"folderId": "f", "name": "data", "size": "21474836480", "kmsKeyId": "`+key+`"}`)
	vm := post("/compute/v1/instances", `{"folderId": "f", "name": "vm", "zoneId": "ru-central1-a", "platformId": "standard-v3",
		"resourcesSpec": {"cores": "2", "memory": "2147483648"}, "bootDiskSpec": {"diskId": "`+disk+`"},
		"networkInterfaceSpecs": [{"subnetId": "`+subnet+`", "primaryV4AddressSpec": {}}]}`)
	image := post("/compute/v1/images", `{"folderId": "f", "name": "web", "diskId": "`+disk+`"}`)
	require.Equal(t, "21474836480", a.get(200, "/compute/v1/images/"+image)["minDiskSize"])
	require.Equal(t, "RUNNING", a.get(200, "/compute/v1/instances/"+vm)["status"])
	access, _ := a.do(200, "POST", "/iam/aws-compatibility/v1/accessKeys", `{"serviceAccountId": "aje"}`)
	require.NotEmpty(t, access["secret"])
	refused, _ := a.do(400, "DELETE", "/compute/v1/disks/"+disk, "")
	require.Contains(t, refused["message"], vm)
	p.out.await(t, `(?m)^\S+  rest +InstanceCreate +\S+ +OK$`)
	require.NoError(t, p.stop())
}

// The state file has all that there is, and nothing of what is under way.
func TestNeighboursAreInTheStateFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cloud.json")
	first := start(t, "-state", file, "-plan", "InstanceStop:stuck", "-plan", "SnapshotCreate:stuck")
	cc := first.tls()
	disks, instances := compute.NewDiskServiceClient(cc), compute.NewInstanceServiceClient(cc)
	op, err := disks.Create(t.Context(), &compute.CreateDiskRequest{FolderId: "my-folder", Name: "boot", Size: 20 << 30})
	done(t, cc, op, err)
	page, err := disks.List(t.Context(), &compute.ListDisksRequest{FolderId: "my-folder"})
	require.NoError(t, err)
	boot := page.Disks[0].Id
	op, err = instances.Create(t.Context(), &compute.CreateInstanceRequest{FolderId: "my-folder", Name: "vm", ZoneId: "ru-central1-a", PlatformId: "standard-v3",
		ResourcesSpec: &compute.ResourcesSpec{Cores: 2, Memory: 2 << 30}, BootDiskSpec: &compute.AttachedDiskSpec{Disk: &compute.AttachedDiskSpec_DiskId{DiskId: boot}}})
	done(t, cc, op, err)
	machines, err := instances.List(t.Context(), &compute.ListInstancesRequest{FolderId: "my-folder"})
	require.NoError(t, err)
	vm := machines.Instances[0].Id
	_, err = instances.Stop(t.Context(), &compute.StopInstanceRequest{InstanceId: vm})
	require.NoError(t, err)
	_, err = compute.NewSnapshotServiceClient(cc).Create(t.Context(), &compute.CreateSnapshotRequest{FolderId: "my-folder", DiskId: boot})
	require.NoError(t, err)
	access, err := awscompatibility.NewAccessKeyServiceClient(cc).Create(t.Context(), &awscompatibility.CreateAccessKeyRequest{ServiceAccountId: "aje"})
	require.NoError(t, err)
	require.NoError(t, first.stop())

	second := start(t, "-state", file)
	cc = second.tls()
	disk, err := compute.NewDiskServiceClient(cc).Get(t.Context(), &compute.GetDiskRequest{DiskId: boot})
	require.NoError(t, err)
	require.Equal(t, []string{vm}, disk.InstanceIds)
	machine, err := compute.NewInstanceServiceClient(cc).Get(t.Context(), &compute.GetInstanceRequest{InstanceId: vm})
	require.NoError(t, err)
	require.Equal(t, compute.Instance_RUNNING, machine.Status, "the stop has not happened")
	snapshots, err := compute.NewSnapshotServiceClient(cc).List(t.Context(), &compute.ListSnapshotsRequest{FolderId: "my-folder"})
	require.NoError(t, err)
	require.Empty(t, snapshots.Snapshots)
	folder, err := resourcemanager.NewFolderServiceClient(cc).Get(t.Context(), &resourcemanager.GetFolderRequest{FolderId: "my-folder"})
	require.NoError(t, err)
	require.Equal(t, "my-cloud", folder.CloudId)
	_, err = awscompatibility.NewAccessKeyServiceClient(cc).Get(t.Context(), &awscompatibility.GetAccessKeyRequest{AccessKeyId: access.AccessKey.Id})
	require.NoError(t, err)
	_, err = compute.NewDiskServiceClient(cc).Delete(t.Context(), &compute.DeleteDiskRequest{DiskId: boot})
	require.Equal(t, codes.FailedPrecondition, status.Code(err), "it is attached")
	require.NoError(t, second.stop())
}
