package sdkv2

import (
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

func TestCreate(t *testing.T) {
	cloud := fake.New(t, fake.WithStandardImages())
	images := newImageClient(newSDK(t, cloud))

	base, err := images.GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{
		FolderId: fake.StandardImages,
		Family:   "ubuntu-2204-lts",
	})
	require.NoError(t, err)
	op, err := images.Create(t.Context(), &compute.CreateImageRequest{
		FolderId: folder,
		Name:     "web",
		Family:   "web",
		Source:   &compute.CreateImageRequest_ImageId{ImageId: base.Id},
	})
	require.NoError(t, err)
	response, err := op.Wait(t.Context())
	require.NoError(t, err)

	image := response.(*compute.Image)
	require.Equal(t, op.ResourceID(), image.Id)
	require.Equal(t, compute.Image_READY, cloud.Image(image.Id).Status)
	require.Equal(t, base.MinDiskSize, image.MinDiskSize)
}

func TestGet(t *testing.T) {
	cloud := fake.New(t)
	want := cloud.AddImages(&compute.Image{FolderId: folder, Name: "web"})[0]

	got, err := newImageClient(newSDK(t, cloud)).Get(t.Context(), &compute.GetImageRequest{ImageId: want.Id})

	require.NoError(t, err)
	require.True(t, proto.Equal(want, got), "got %v, want %v", got, want)
}

func TestList(t *testing.T) {
	cloud := fake.New(t)
	cloud.AddImages(&compute.Image{FolderId: folder, Name: "web"}, &compute.Image{FolderId: folder, Name: "mail"})

	reply, err := newImageClient(newSDK(t, cloud)).List(t.Context(), &compute.ListImagesRequest{
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

	op, err := newImageClient(newSDK(t, cloud)).Update(t.Context(), &compute.UpdateImageRequest{
		ImageId:    image.Id,
		Name:       "web-2",
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}},
	})
	require.NoError(t, err)
	_, err = op.Wait(t.Context())
	require.NoError(t, err)

	require.Equal(t, image.Id, op.ResourceID())
	require.Equal(t, "web-2", cloud.Image(image.Id).Name)
	require.Equal(t, map[string]string{"team": "a"}, cloud.Image(image.Id).Labels)
}

func TestDelete(t *testing.T) {
	cloud := fake.New(t)
	image := cloud.AddImages(&compute.Image{FolderId: folder, Name: "web"})[0]

	op, err := newImageClient(newSDK(t, cloud)).Delete(t.Context(), &compute.DeleteImageRequest{ImageId: image.Id})
	require.NoError(t, err)
	response, err := op.Wait(t.Context())
	require.NoError(t, err)

	require.IsType(t, &emptypb.Empty{}, response)
	require.Nil(t, cloud.Image(image.Id))
}

func TestListOperations(t *testing.T) {
	cloud := fake.New(t)
	image := cloud.AddImages(&compute.Image{FolderId: folder, Name: "web"})[0]
	images := newImageClient(newSDK(t, cloud))
	op, err := images.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: image.Id})
	require.NoError(t, err)
	_, err = op.Wait(t.Context())
	require.NoError(t, err)

	reply, err := images.ListOperations(t.Context(), &compute.ListImageOperationsRequest{ImageId: image.Id})

	require.NoError(t, err)
	require.Len(t, reply.Operations, 1)
	require.Equal(t, op.ID(), reply.Operations[0].Id)
	require.True(t, reply.Operations[0].Done)
}

func TestAccessBindings(t *testing.T) {
	cloud := fake.New(t)
	image := cloud.AddImages(&compute.Image{FolderId: folder, Name: "web"})[0]
	images := newImageClient(newSDK(t, cloud))
	user := func(id string) *access.AccessBinding {
		return &access.AccessBinding{RoleId: "compute.images.user", Subject: &access.Subject{Id: id, Type: "userAccount"}}
	}

	op, err := images.SetAccessBindings(t.Context(), &access.SetAccessBindingsRequest{
		ResourceId:     image.Id,
		AccessBindings: []*access.AccessBinding{user("ann")},
	})
	require.NoError(t, err)
	_, err = op.Wait(t.Context())
	require.NoError(t, err)
	op, err = images.UpdateAccessBindings(t.Context(), &access.UpdateAccessBindingsRequest{
		ResourceId: image.Id,
		AccessBindingDeltas: []*access.AccessBindingDelta{
			{Action: access.AccessBindingAction_ADD, AccessBinding: user("bob")},
			{Action: access.AccessBindingAction_REMOVE, AccessBinding: user("ann")},
		},
	})
	require.NoError(t, err)
	response, err := op.Wait(t.Context())
	require.NoError(t, err)
	require.Len(t, response.(*access.AccessBindingsOperationResult).EffectiveDeltas, 2)
	reply, err := images.ListAccessBindings(t.Context(), &access.ListAccessBindingsRequest{ResourceId: image.Id})

	require.NoError(t, err)
	require.Len(t, reply.AccessBindings, 1)
	require.Equal(t, "bob", reply.AccessBindings[0].Subject.Id)
}

func TestNotFound(t *testing.T) {
	images := newImageClient(newSDK(t, fake.New(t)))

	_, err := images.Get(t.Context(), &compute.GetImageRequest{ImageId: "fd8nosuchimage000000"})

	require.Equal(t, codes.NotFound, status.Code(err))
	require.ErrorContains(t, err, `Image "fd8nosuchimage000000" not found`)
}
