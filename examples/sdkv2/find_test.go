package sdkv2

import (
	"fmt"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-sdk/v2/pkg/sdkresolvers"
)

func TestImageResolver(t *testing.T) {
	cloud := fake.New(t)
	web := cloud.AddImages(&compute.Image{FolderId: folder, Name: "web"}, &compute.Image{FolderId: folder, Name: "web-2"})[0]
	resolver := newImageResolver("web", newImageClient(newSDK(t, cloud)), sdkresolvers.FolderID(folder))

	require.NoError(t, resolver.Run(t.Context()))

	require.Equal(t, web.Id, resolver.ID())
}

func TestImageResolverFindsNothing(t *testing.T) {
	resolver := newImageResolver("web", newImageClient(newSDK(t, fake.New(t))), sdkresolvers.FolderID(folder))

	require.ErrorContains(t, resolver.Run(t.Context()), `image with name "web" not found`)
}

func TestIterator(t *testing.T) {
	for _, test := range []struct {
		pageSize  int64
		wantPages int
	}{
		{pageSize: 0, wantPages: 3}, // the SDK then asks for 1000
		{pageSize: 100, wantPages: 25},
		{pageSize: 7, wantPages: 358},
	} {
		t.Run(fmt.Sprintf("page size %d", test.pageSize), func(t *testing.T) {
			cloud := fake.New(t)
			added := cloud.AddImages(images(2500)...)

			listed, err := newImageClient(newSDK(t, cloud)).Iterator(t.Context(), &compute.ListImagesRequest{
				FolderId: folder,
				PageSize: test.pageSize,
			}).TakeAll()

			require.NoError(t, err)
			require.ElementsMatch(t, ids(added), ids(listed))
			require.Len(t, cloud.Calls(fake.ImageList), test.wantPages)
		})
	}
}

func images(n int) []*compute.Image {
	all := make([]*compute.Image, n)
	for i := range all {
		all[i] = &compute.Image{FolderId: folder, Name: fmt.Sprintf("image-%04d", i)}
	}
	return all
}

func ids(images []*compute.Image) []string {
	var all []string
	for _, im := range images {
		all = append(all, im.Id)
	}
	return all
}
