package sdkv1

import (
	"fmt"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-sdk/sdkresolvers"
)

func TestImageResolver(t *testing.T) {
	cloud := fake.New(t)
	web := cloud.AddImages(&compute.Image{FolderId: folder, Name: "web"}, &compute.Image{FolderId: folder, Name: "web-2"})[0]

	var id string
	err := newSDK(t, cloud).Resolve(t.Context(), sdkresolvers.ImageResolver("web", sdkresolvers.FolderID(folder), sdkresolvers.Out(&id)))

	require.NoError(t, err)
	require.Equal(t, web.Id, id)
}

func TestImageResolverFindsNothing(t *testing.T) {
	resolver := sdkresolvers.ImageResolver("web", sdkresolvers.FolderID(folder))

	err := newSDK(t, fake.New(t)).Resolve(t.Context(), resolver)

	require.ErrorContains(t, err, `image with name "web" not found`)
}

func TestImageByFamilyResolver(t *testing.T) {
	cloud := fake.New(t, fake.WithStandardImages())
	resolver := sdkresolvers.ImageByFamilyResolver("debian-12", sdkresolvers.FolderID(fake.StandardImages))

	err := newSDK(t, cloud).Resolve(t.Context(), resolver)

	require.NoError(t, err)
	newest := cloud.Images(func(im *compute.Image) bool { return im.Family == "debian-12" })
	require.Equal(t, newest[len(newest)-1].Id, resolver.ID())
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

			it := newSDK(t, cloud).Compute().Image().ImageIterator(t.Context(), &compute.ListImagesRequest{
				FolderId: folder,
				PageSize: test.pageSize,
			})
			listed, err := it.TakeAll()

			require.NoError(t, err)
			require.ElementsMatch(t, ids(added), ids(listed))
			require.Len(t, cloud.Calls(fake.ImageList), test.wantPages)
		})
	}
}

func TestIteratorOverOperations(t *testing.T) {
	cloud := fake.New(t)
	image := cloud.AddImages(&compute.Image{FolderId: folder})[0]
	sdk := newSDK(t, cloud)
	for i := range 5 {
		_, err := sdk.Compute().Image().Update(t.Context(), &compute.UpdateImageRequest{ImageId: image.Id, Name: fmt.Sprintf("web-%d", i)})
		require.NoError(t, err)
	}

	history, err := sdk.Compute().Image().ImageOperationsIterator(t.Context(), &compute.ListImageOperationsRequest{
		ImageId:  image.Id,
		PageSize: 2,
	}).TakeAll()

	require.NoError(t, err)
	require.Len(t, history, 5)
	for i, op := range cloud.Operations() {
		require.Equal(t, op.ID(), history[4-i].Id, "newest first")
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
