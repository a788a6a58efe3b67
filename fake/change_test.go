package fake_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestAnotherClientChangesAnImage(t *testing.T) {
	cloud := fake.New(t)
	im := cloud.AddImage(&compute.Image{FolderId: folder, Name: "web", Family: "web"})
	cloud.AddImage(named("taken"))

	cloud.ChangeImage(im.Id, func(im *compute.Image) {
		im.Name, im.Family, im.Labels = "api", "api", map[string]string{"stage": "prod"}
	})

	seen, err := clientsOf(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: im.Id})
	require.NoError(t, err)
	require.Equal(t, "prod", seen.Labels["stage"])
	require.Equal(t, im.Id, cloud.ImageNamed(folder, "api").Id)
	require.Nil(t, cloud.ImageNamed(folder, "web"), "the old name is free")
	_, err = clientsOf(cloud.Conn()).GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{FolderId: folder, Family: "web"})
	require.Equal(t, codes.NotFound, status.Code(err))
	require.Equal(t, "web", im.Name, "what was handed out before stays as it was")
}

func TestMisuseOfChangeImage(t *testing.T) {
	w := witnessed(t, func(w *witness) {
		cloud := fake.New(w)
		im := cloud.AddImage(named("web"))
		cloud.AddImage(named("taken"))
		before := cloud.Snapshot().String()
		cloud.ChangeImage("nowhere", func(*compute.Image) {})
		cloud.ChangeImage(im.Id, nil)
		cloud.ChangeImage(im.Id, func(im *compute.Image) { im.Id = "other" })
		cloud.ChangeImage(im.Id, func(im *compute.Image) { im.Name = "taken" })
		cloud.ChangeImage(im.Id, func(im *compute.Image) { im.Name = "No Name" })
		cloud.ChangeImage(im.Id, func(im *compute.Image) { im.Status = 0 })
		cloud.ChangeImage(im.Id, func(im *compute.Image) { im.Description = "\xff" })
		require.Equal(t, before, cloud.Snapshot().String())
	})
	require.Len(t, w.errors, 7)
}

// A running operation gets another plan: one that was to end is stuck, a stuck one ends.
func TestReplan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.After(time.Minute))))
		c := clientsOf(cloud.Conn())
		started, image := c.create(t, fromDisk("web"))
		op := cloud.Operation(started.Id)

		op.Replan(fake.Stuck())
		time.Sleep(time.Hour)
		require.False(t, op.Done())
		op.Replan(fake.Finish(fake.After(time.Second)))
		time.Sleep(time.Second)
		require.True(t, op.Done())
		require.Equal(t, compute.Image_READY, cloud.Image(image).Status)

		started, _ = c.create(t, fromDisk("halfway"))
		op = cloud.Operation(started.Id)
		steps := fake.Plan{Steps: []fake.Step{{Name: "copy", When: fake.ByHand()}, {Name: "check", When: fake.ByHand()}}}
		op.Replan(steps)
		op.Step()
		op.Replan(steps)
		require.Contains(t, op.String(), "at copy", "a new plan begins with its first step")
		op.Complete()

		started, image = c.create(t, fromDisk("api"))
		op = cloud.Operation(started.Id)
		op.Replan(fake.AtOnce())
		require.True(t, op.Done())
		require.NotNil(t, cloud.Image(image))
	})
	w := witnessed(t, func(w *witness) {
		cloud := fake.New(w, fake.WithPlan(fake.AtOnce()))
		op, _ := clientsOf(cloud.Conn()).create(t, fromDisk("web"))
		cloud.Operation(op.Id).Replan(fake.Stuck())
		cloud.Operation(op.Id).Replan(fake.Finish(fake.Polls(0)))
	})
	require.Contains(t, w.text(), "only a running operation can have another plan")
	require.Contains(t, w.text(), "counted from 1")
}
