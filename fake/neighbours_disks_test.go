package fake_test

import (
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/status"
)

// withDisk returns what attaches a disk that is there.
func withDisk(id string) *compute.AttachedDiskSpec {
	return &compute.AttachedDiskSpec{Disk: &compute.AttachedDiskSpec_DiskId{DiskId: id}}
}

// A disk belongs to one instance, from the call that attaches it on, and not only from the end of its operation.
func TestADiskThatIsBeingAttachedIsTaken(t *testing.T) {
	cloud := fake.New(t, forFree, fake.WithPlan(fake.Finish(fake.ByHand())))
	cloud.AddResources(&compute.Disk{Id: "boot", FolderId: folder, Size: 1 << 30}, &compute.Disk{Id: "data", FolderId: folder, Size: 1 << 30},
		&compute.Instance{Id: "one", FolderId: folder, Name: "one"}, &compute.Instance{Id: "two", FolderId: folder, Name: "two"})
	instances, disks := compute.NewInstanceServiceClient(cloud.Conn()), compute.NewDiskServiceClient(cloud.Conn())
	create := func(name, boot string, more ...string) error {
		r := &compute.CreateInstanceRequest{FolderId: folder, Name: name, BootDiskSpec: withDisk(boot)}
		for _, id := range more {
			r.SecondaryDiskSpecs = append(r.SecondaryDiskSpecs, withDisk(id))
		}
		_, err := instances.Create(t.Context(), r)
		return err
	}
	attach := func(to, disk string) error {
		_, err := instances.AttachDisk(t.Context(), &compute.AttachInstanceDiskRequest{InstanceId: to, AttachedDiskSpec: withDisk(disk)})
		return err
	}
	remove := func(disk string) error {
		_, err := disks.Delete(t.Context(), &compute.DeleteDiskRequest{DiskId: disk})
		return err
	}
	refused := func(err error, says string) {
		t.Helper()
		require.Equal(t, "FailedPrecondition", codeName(err))
		require.Contains(t, status.Convert(err).Message(), says)
	}
	latest := func() *fake.Operation { all := cloud.Operations(); return all[len(all)-1] }

	refused(create("vm", "boot", "boot"), "in use by the same instance")
	require.Empty(t, cloud.Operations(), "a refused call starts nothing")
	require.NoError(t, create("vm", "boot"))
	refused(create("other", "boot"), "has not ended")
	refused(remove("boot"), "has not ended")
	latest().Fail(13, "no hosts")
	require.NoError(t, create("vm", "boot"), "it is free again")
	latest().Complete()
	refused(remove("boot"), "in use by instance")

	require.NoError(t, attach("one", "data"))
	refused(attach("two", "data"), "has not ended")
	fork := cloud.Fork(t)
	fork.Operations()[len(fork.Operations())-1].Complete()
	require.Equal(t, []string{"one"}, fork.Resource("data").(*compute.Disk).InstanceIds)
	latest().RollBack(13, "no slot")
	refused(attach("two", "data"), "has not ended")
	latest().Step()
	require.NoError(t, attach("two", "data"))
	latest().Complete()
	require.Equal(t, []string{"two"}, cloud.Resource("data").(*compute.Disk).InstanceIds)
}
