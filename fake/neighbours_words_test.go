package fake_test

import (
	"strings"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1/awscompatibility"
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

// What a neighbour gives away once is shown to its caller alone.
func TestSecretsOfNeighboursStayUnsaid(t *testing.T) {
	cloud := fake.New(t, fake.WithNeighbours(&awscompatibility.AccessKeyService_ServiceDesc, &iam.ApiKeyService_ServiceDesc, &iam.KeyService_ServiceDesc,
		&compute.InstanceService_ServiceDesc))
	access, err := awscompatibility.NewAccessKeyServiceClient(cloud.Conn()).Create(t.Context(), &awscompatibility.CreateAccessKeyRequest{ServiceAccountId: "aje"})
	require.NoError(t, err)
	api, err := iam.NewApiKeyServiceClient(cloud.Conn()).Create(t.Context(), &iam.CreateApiKeyRequest{ServiceAccountId: "aje"})
	require.NoError(t, err)
	key, err := iam.NewKeyServiceClient(cloud.Conn()).Create(t.Context(), &iam.CreateKeyRequest{ServiceAccountId: "aje"})
	require.NoError(t, err)

	var page strings.Builder
	require.NoError(t, cloud.WriteTimeline(&page))
	said := []string{page.String(), cloud.Timeline(), cloud.Transcript(), cloud.Snapshot().String()}
	for e := range cloud.Events() {
		said = append(said, e.String(), e.Text)
	}
	for _, secret := range []string{access.Secret, api.Secret, key.PrivateKey} {
		require.NotEmpty(t, secret)
		for _, text := range said {
			require.NotContains(t, text, secret)
		}
	}
}
