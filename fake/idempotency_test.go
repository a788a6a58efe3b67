package fake_test

import (
	"context"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
)

func TestARepeatedKeyAnswersTheFirstOperation(t *testing.T) {
	for name, start := range map[string]func(c clients, ctx context.Context) (*operation.Operation, error){
		"Create": func(c clients, ctx context.Context) (*operation.Operation, error) {
			return c.Create(ctx, fromDisk("web"))
		},
		"Update": func(c clients, ctx context.Context) (*operation.Operation, error) {
			return c.Update(ctx, &compute.UpdateImageRequest{ImageId: "im", Name: "new"})
		},
		"Delete": func(c clients, ctx context.Context) (*operation.Operation, error) {
			return c.Delete(ctx, &compute.DeleteImageRequest{ImageId: "im"})
		},
		"SetAccessBindings": func(c clients, ctx context.Context) (*operation.Operation, error) {
			return c.SetAccessBindings(ctx, &access.SetAccessBindingsRequest{ResourceId: "im"})
		},
		"UpdateAccessBindings": func(c clients, ctx context.Context) (*operation.Operation, error) {
			return c.UpdateAccessBindings(ctx, &access.UpdateAccessBindingsRequest{ResourceId: "im", AccessBindingDeltas: []*access.AccessBindingDelta{{
				Action: access.AccessBindingAction_ADD, AccessBinding: &access.AccessBinding{RoleId: "r", Subject: &access.Subject{Id: "i", Type: "t"}}}}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t)
			c := clientsOf(cloud.Conn())
			cloud.AddImages(&compute.Image{Id: "im", FolderId: folder, Name: "old"})
			ctx := withKey(t.Context(), "key")

			first, err := start(c, ctx)
			require.NoError(t, err)
			before := cloud.Snapshot().String()
			again, err := start(c, ctx)
			require.NoError(t, err)

			require.Equal(t, first.Id, again.Id)
			require.False(t, again.Done, "a repeat is no poll")
			require.Equal(t, before, cloud.Snapshot().String(), "and does nothing else")
			c.poll(t, first.Id)
			again, err = start(c, ctx)
			require.NoError(t, err)
			require.True(t, again.Done, "the current state, even if the image is gone by now")
			require.Len(t, cloud.Operations(), 1)
			require.False(t, cloud.Calls()[1].Changed)
		})
	}
}

func TestAKeyBelongsToOneRequestOfOneMethod(t *testing.T) {
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	ctx := withKey(t.Context(), "key")
	_, id := func() (*operation.Operation, string) {
		op, id := c.create(t, fromDisk("other"))
		c.poll(t, op.Id)
		return op, id
	}()
	created, err := c.Create(ctx, fromDisk("web"))
	require.NoError(t, err)

	_, err = c.Create(ctx, fromDisk("web-2"))
	require.Equal(t, "InvalidArgument", codeName(err), "another request")
	deleted, err := c.Delete(ctx, &compute.DeleteImageRequest{ImageId: id})
	require.NoError(t, err, "another method")
	require.NotEqual(t, created.Id, deleted.Id)
	_, err = c.List(ctx, &compute.ListImagesRequest{FolderId: folder})
	require.NoError(t, err, "reads ignore it")
}

func TestAKeyIsKeptOnlyIfAnOperationWasStarted(t *testing.T) {
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	taken := cloud.AddImages(named("web"))[0]
	ctx := withKey(t.Context(), "key")
	_, err := c.Create(ctx, fromDisk("web"))
	require.Equal(t, "AlreadyExists", codeName(err))

	cloud.RemoveImage(taken.Id)

	_, err = c.Create(ctx, fromDisk("web"))
	require.NoError(t, err)
}
