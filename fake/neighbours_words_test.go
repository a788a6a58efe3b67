package fake_test

import (
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// Pictures call things what they are: a disk is no image.
func TestPicturesNameNeighbours(t *testing.T) {
	cloud := fake.New(t, forFree, fake.WithSources())
	disks := compute.NewDiskServiceClient(cloud.Conn())
	nameless := made[*compute.Disk](t, cloud, disks.Create, &compute.CreateDiskRequest{FolderId: folder, Size: 4 << 30})
	named := made[*compute.Disk](t, cloud, disks.Create, &compute.CreateDiskRequest{FolderId: folder, Name: "data", Size: 4 << 30})
	made[*compute.Image](t, cloud, clientsOf(cloud.Conn()).Create,
		&compute.CreateImageRequest{FolderId: folder, Source: &compute.CreateImageRequest_DiskId{DiskId: named.Id}})

	picture := cloud.Timeline()
	for _, words := range []string{"op 1 started · disk 1 CREATING", "disk data READY", "image 1 READY", "disk 1", nameless.Id} {
		require.Contains(t, picture, words)
	}
	require.NotContains(t, picture, "image 2")
	require.NotContains(t, picture, "image data")
	op := cloud.NextOperation(t.Context(), fake.Method(compute.DiskService_Create_FullMethodName))
	require.Contains(t, op.String(), "(DiskCreate of disk "+nameless.Id+")")
}
