package sdkv1

import (
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

func TestCreate(t *testing.T) {
	cloud := fake.New(t, fake.WithStandardImages())
	sdk := newSDK(t, cloud)
	images := sdk.Compute().Image()

	base, err := images.GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{
		FolderId: fake.StandardImages,
		Family:   "ubuntu-2204-lts",
	})
	require.NoError(t, err)
	op, err := sdk.WrapOperation(images.Create(t.Context(), &compute.CreateImageRequest{
		FolderId: folder,
		Name:     "web",
		Family:   "web",
		Source:   &compute.CreateImageRequest_ImageId{ImageId: base.Id},
	}))
	require.NoError(t, err)
	metadata, err := op.Metadata()
	require.NoError(t, err)
	require.NoError(t, op.Wait(t.Context()))
	response, err := op.Response()
	require.NoError(t, err)

	image := response.(*compute.Image)
	require.Equal(t, metadata.(*compute.CreateImageMetadata).ImageId, image.Id)
	require.Equal(t, compute.Image_READY, cloud.Image(image.Id).Status)
	require.Equal(t, base.MinDiskSize, image.MinDiskSize)
}

func TestGet(t *testing.T) {
	cloud := fake.New(t)
	want := cloud.AddImages(&compute.Image{FolderId: folder, Name: "web"})[0]

	got, err := newSDK(t, cloud).Compute().Image().Get(t.Context(), &compute.GetImageRequest{ImageId: want.Id})

	require.NoError(t, err)
	require.Equal(t, want.String(), got.String())
}

func TestList(t *testing.T) {
	cloud := fake.New(t)
	cloud.AddImages(&compute.Image{FolderId: folder, Name: "web"}, &compute.Image{FolderId: folder, Name: "mail"})

	reply, err := newSDK(t, cloud).Compute().Image().List(t.Context(), &compute.ListImagesRequest{
		FolderId: folder,
		Filter:   `name="mail"`,
	})

	require.NoError(t, err)
	require.Len(t, reply.Images, 1)
	require.Equal(t, "mail", reply.Images[0].Name)
}

func TestUpdate(t *testing.T) {
	cloud := fake.New(t)
	image := cloud.AddImages(&compute.Image{FolderId: folder, Name: "web", Labels: map[string]string{"team": "a"}})[0]
	sdk := newSDK(t, cloud)

	op, err := sdk.WrapOperation(sdk.Compute().Image().Update(t.Context(), &compute.UpdateImageRequest{
		ImageId:    image.Id,
		Name:       "web-2",
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}},
	}))
	require.NoError(t, err)
	require.NoError(t, op.Wait(t.Context()))

	require.Equal(t, "web-2", cloud.Image(image.Id).Name)
	require.Equal(t, map[string]string{"team": "a"}, cloud.Image(image.Id).Labels)
}

func TestDelete(t *testing.T) {
	cloud := fake.New(t)
	image := cloud.AddImages(&compute.Image{FolderId: folder, Name: "web"})[0]
	sdk := newSDK(t, cloud)

	op, err := sdk.WrapOperation(sdk.Compute().Image().Delete(t.Context(), &compute.DeleteImageRequest{ImageId: image.Id}))
	require.NoError(t, err)
	require.NoError(t, op.Wait(t.Context()))
	response, err := op.Response()
	require.NoError(t, err)

	require.IsType(t, &emptypb.Empty{}, response)
	require.Nil(t, cloud.Image(image.Id))
}

func TestListOperations(t *testing.T) {
	cloud := fake.New(t)
	image := cloud.AddImages(&compute.Image{FolderId: folder, Name: "web"})[0]
	sdk := newSDK(t, cloud)
	op, err := sdk.WrapOperation(sdk.Compute().Image().Delete(t.Context(), &compute.DeleteImageRequest{ImageId: image.Id}))
	require.NoError(t, err)
	require.NoError(t, op.Wait(t.Context()))

	reply, err := sdk.Compute().Image().ListOperations(t.Context(), &compute.ListImageOperationsRequest{ImageId: image.Id})

	require.NoError(t, err)
	require.Len(t, reply.Operations, 1)
	require.Equal(t, op.Proto().String(), reply.Operations[0].String())
}

func TestAccessBindings(t *testing.T) {
	cloud := fake.New(t)
	image := cloud.AddImages(&compute.Image{FolderId: folder, Name: "web"})[0]
	sdk := newSDK(t, cloud)
	images := sdk.Compute().Image()
	user := func(id string) *access.AccessBinding {
		return &access.AccessBinding{RoleId: "compute.images.user", Subject: &access.Subject{Id: id, Type: "userAccount"}}
	}

	op, err := sdk.WrapOperation(images.SetAccessBindings(t.Context(), &access.SetAccessBindingsRequest{
		ResourceId:     image.Id,
		AccessBindings: []*access.AccessBinding{user("ann")},
	}))
	require.NoError(t, err)
	require.NoError(t, op.Wait(t.Context()))
	op, err = sdk.WrapOperation(images.UpdateAccessBindings(t.Context(), &access.UpdateAccessBindingsRequest{
		ResourceId: image.Id,
		AccessBindingDeltas: []*access.AccessBindingDelta{
			{Action: access.AccessBindingAction_ADD, AccessBinding: user("bob")},
			{Action: access.AccessBindingAction_REMOVE, AccessBinding: user("ann")},
		},
	}))
	require.NoError(t, err)
	require.NoError(t, op.Wait(t.Context()))
	bindings, err := images.ImageAccessBindingsIterator(t.Context(), &access.ListAccessBindingsRequest{ResourceId: image.Id}).TakeAll()

	require.NoError(t, err)
	require.Len(t, bindings, 1)
	require.Equal(t, "bob", bindings[0].Subject.Id)
}

func TestNotFound(t *testing.T) {
	sdk := newSDK(t, fake.New(t))

	_, err := sdk.Compute().Image().Get(t.Context(), &compute.GetImageRequest{ImageId: "fd8nosuchimage000000"})

	require.Equal(t, codes.NotFound, status.Code(err))
	require.ErrorContains(t, err, `Image "fd8nosuchimage000000" not found`)
}
