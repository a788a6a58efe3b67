package stories

import (
	"context"
	"slices"
	"time"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// body is code that works with images, as users of the client write it. Its error is its outcome. Where the client leaves the body with
// something wrong and no error, the body makes one: that no user would know is for the table to say.
type body func(context.Context, Client) error

const (
	folder = "b1gstoriesfolder0000"
	family = "debian-12" // of the standard images
)

// create makes an image from a disk and waits for it.
func create(ctx context.Context, c Client) error {
	_, err := started(ctx, c, &compute.CreateImageRequest{
		FolderId: folder,
		Name:     "web",
		Source:   &compute.CreateImageRequest_DiskId{DiskId: "fhmdisk0000000000000"},
	})
	return err
}

// bake makes an image from the newest of a family and waits for it.
func bake(ctx context.Context, c Client) error {
	_, err := baked(ctx, c, "web")
	return err
}

func baked(ctx context.Context, c Client, name string) (*compute.Image, error) {
	base, err := c.Latest(ctx, fake.StandardImages, family)
	if err != nil {
		return nil, err
	}
	return started(ctx, c, &compute.CreateImageRequest{
		FolderId: folder,
		Name:     name,
		Source:   &compute.CreateImageRequest_ImageId{ImageId: base.Id},
	})
}

// started starts a create, waits for it and returns the image that the operation says it has made.
func started(ctx context.Context, c Client, r *compute.CreateImageRequest) (*compute.Image, error) {
	op, err := c.Create(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := op.Wait(ctx); err != nil {
		return nil, err
	}
	image := new(compute.Image)
	if err := op.Proto().GetResponse().UnmarshalTo(image); err != nil {
		return nil, err
	}
	return image, ready(image)
}

func ready(image *compute.Image) error {
	if image.Status != compute.Image_READY {
		return status.Errorf(codes.FailedPrecondition, "the image should be READY and is %s", image.Status)
	}
	return nil
}

// bakeTwo bakes two images.
func bakeTwo(ctx context.Context, c Client) error {
	if err := bake(ctx, c); err != nil {
		return err
	}
	_, err := baked(ctx, c, "web-2")
	return err
}

// bakeAfresh bakes, and looks the family up again when the image it found has gone.
func bakeAfresh(ctx context.Context, c Client) error {
	err := bake(ctx, c)
	if status.Code(err) == codes.FailedPrecondition {
		err = bake(ctx, c)
	}
	return err
}

// bakeAndGet bakes, and reads the image.
func bakeAndGet(ctx context.Context, c Client) error {
	image, err := baked(ctx, c, "web")
	if err != nil {
		return err
	}
	if image, err = c.Get(ctx, image.Id); err != nil {
		return err
	}
	return ready(image)
}

// bakeOrCancel bakes for ten minutes at most, then cancels what still goes on.
func bakeOrCancel(ctx context.Context, c Client) error {
	base, err := c.Latest(ctx, fake.StandardImages, family)
	if err != nil {
		return err
	}
	op, err := c.Create(ctx, &compute.CreateImageRequest{
		FolderId: folder,
		Name:     "web",
		Source:   &compute.CreateImageRequest_ImageId{ImageId: base.Id},
	})
	if err != nil {
		return err
	}
	short, stop := context.WithTimeout(ctx, 10*time.Minute)
	defer stop()
	gaveUp := op.Wait(short)
	if gaveUp == nil {
		return nil
	}
	if err := c.Cancel(ctx, op.Proto().Id); err != nil {
		return err
	}
	return gaveUp
}

// cancel changes its mind about an image, and deletes it if the cancel comes too late.
func cancel(ctx context.Context, c Client) error {
	op, err := c.Create(ctx, &compute.CreateImageRequest{
		FolderId: folder,
		Name:     "web",
		Source:   &compute.CreateImageRequest_DiskId{DiskId: "fhmdisk0000000000000"},
	})
	if err != nil {
		return err
	}
	if err := c.Cancel(ctx, op.Proto().Id); err != nil {
		return err
	}
	err = op.Wait(ctx)
	if status.Code(err) == codes.Canceled {
		return nil
	}
	if err != nil {
		return err
	}
	return deleteAll(ctx, c)
}

// deleteAll deletes all images of the folder, one after the other.
func deleteAll(ctx context.Context, c Client) error {
	images, err := c.List(ctx, folder)
	if err != nil {
		return err
	}
	for _, image := range images {
		op, err := c.Delete(ctx, &compute.DeleteImageRequest{ImageId: image.Id})
		if err != nil {
			return err
		}
		if err := op.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// list reads the folder in pages of two, and looks for the images that were there before.
func list(ctx context.Context, c Client) error {
	images, err := c.Pages(ctx, folder, 2)
	if err != nil {
		return err
	}
	var names []string
	for _, image := range images {
		if image.Name != "" { // what a story adds has no name
			names = append(names, image.Name)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, oldImages) {
		return status.Errorf(codes.DataLoss, "the list should have %q and has %q, without an error", oldImages, names)
	}
	return nil
}

// within gives a body a deadline.
func within(d time.Duration, b body) body {
	return func(ctx context.Context, c Client) error {
		ctx, stop := context.WithTimeout(ctx, d)
		defer stop()
		return b(ctx, c)
	}
}
