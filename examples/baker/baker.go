// Package baker is a small image baker, the kind of program the kit is for: it makes an image from the newest one of a family,
// waits for it, cleans up if that fails, and retires old images. Copy its tests as a pattern for your own.
package baker

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Baker makes images in one folder.
type Baker struct {
	Images       compute.ImageServiceClient
	Operations   operation.OperationServiceClient
	Folder       string        // where images are made
	BaseFolder   string        // where the base images are
	PollInterval time.Duration // between polls where the service does not say; 0: a second
}

// New returns a baker that uses one connection for all services.
func New(cc grpc.ClientConnInterface, folder string) *Baker {
	return &Baker{
		Images:     compute.NewImageServiceClient(cc),
		Operations: operation.NewOperationServiceClient(cc),
		Folder:     folder,
		BaseFolder: "standard-images",
	}
}

// Bake makes an image with a name, which is also its family, from the newest image of a base family, and waits until it is ready.
// If it cannot be made, nothing is left of it.
func (b *Baker) Bake(ctx context.Context, name, base string) (*compute.Image, error) {
	newest, err := retry(ctx, func(ctx context.Context) (*compute.Image, error) {
		return b.Images.GetLatestByFamily(ctx, &compute.GetImageLatestByFamilyRequest{FolderId: b.BaseFolder, Family: base})
	})
	if err != nil {
		return nil, fmt.Errorf("find the newest %s: %w", base, err)
	}
	op, err := b.do(ctx, func(ctx context.Context) (*operation.Operation, error) {
		return b.Images.Create(ctx, &compute.CreateImageRequest{
			FolderId: b.Folder,
			Name:     name,
			Family:   name,
			Source:   &compute.CreateImageRequest_ImageId{ImageId: newest.Id},
			Labels:   map[string]string{"base": newest.Name},
		})
	})
	if err != nil {
		return nil, fmt.Errorf("create %s from %s: %w", name, newest.Name, err)
	}
	made := new(compute.CreateImageMetadata)
	if err := op.GetMetadata().UnmarshalTo(made); err != nil {
		return nil, fmt.Errorf("create %s: which image is it: %w", name, err)
	}
	op, err = b.wait(ctx, op)
	image := new(compute.Image)
	if err == nil {
		err = op.GetResponse().UnmarshalTo(image)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create %s: %w", name, err), b.cleanUp(ctx, op, made.ImageId))
	}
	return image, nil
}

// cleanUpLimit is how long cleaning up may take after the caller's own time is up.
const cleanUpLimit = 10 * time.Minute

// cleanUp removes what a failed bake has left: it cancels the operation if that still runs, and deletes the image if there is one.
// It works on, for a while, after ctx has ended.
func (b *Baker) cleanUp(ctx context.Context, op *operation.Operation, image string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpLimit)
	defer cancel()
	if !op.GetDone() {
		_, err := retry(ctx, func(ctx context.Context) (*operation.Operation, error) {
			return b.Operations.Cancel(ctx, &operation.CancelOperationRequest{OperationId: op.GetId()})
		})
		if err != nil {
			return fmt.Errorf("cancel: %w", err)
		}
		if op, err = b.wait(ctx, op); err == nil {
			return b.Delete(ctx, image) // the cancel came too late: the image is there
		} else if !op.GetDone() {
			return fmt.Errorf("cancel: %w", err)
		}
	}
	err := b.Delete(ctx, image)
	if status.Code(err) == codes.NotFound {
		return nil
	}
	return err
}

// Delete removes an image and waits until it is gone.
func (b *Baker) Delete(ctx context.Context, image string) error {
	op, err := b.do(ctx, func(ctx context.Context) (*operation.Operation, error) {
		return b.Images.Delete(ctx, &compute.DeleteImageRequest{ImageId: image})
	})
	if err != nil {
		return fmt.Errorf("delete %s: %w", image, err)
	}
	if _, err := b.wait(ctx, op); err != nil {
		return fmt.Errorf("delete %s: %w", image, err)
	}
	return nil
}

// Retire deletes all images of a family in the folder but the newest keep, the oldest first, and returns how many it deleted.
func (b *Baker) Retire(ctx context.Context, family string, keep int) (int, error) {
	var images []*compute.Image
	token := ""
	for {
		page, err := retry(ctx, func(ctx context.Context) (*compute.ListImagesResponse, error) {
			return b.Images.List(ctx, &compute.ListImagesRequest{FolderId: b.Folder, PageToken: token})
		})
		if err != nil {
			return 0, fmt.Errorf("list %s: %w", b.Folder, err)
		}
		for _, image := range page.Images {
			if image.Family == family && image.Status == compute.Image_READY {
				images = append(images, image)
			}
		}
		if page.NextPageToken == "" {
			break
		}
		token = page.NextPageToken
	}
	slices.SortStableFunc(images, func(x, y *compute.Image) int {
		return cmp.Compare(x.GetCreatedAt().GetSeconds(), y.GetCreatedAt().GetSeconds())
	})
	retired := 0
	for _, image := range images[:max(0, len(images)-keep)] {
		if err := b.Delete(ctx, image.Id); err != nil && status.Code(err) != codes.NotFound {
			return retired, err
		}
		retired++
	}
	return retired, nil
}

// do starts an operation. All tries carry one idempotency key, so that a try whose reply was lost is not made twice.
func (b *Baker) do(ctx context.Context, start func(context.Context) (*operation.Operation, error)) (*operation.Operation, error) {
	return retry(metadata.AppendToOutgoingContext(ctx, "idempotency-key", rand.Text()), start)
}

// wait polls an operation until it is done, and returns it with its error. It forgives a few answers that the operation is not
// known: a replica may not have heard of it yet.
func (b *Baker) wait(ctx context.Context, op *operation.Operation) (*operation.Operation, error) {
	forgiven := 0
	for !op.GetDone() {
		var header metadata.MD
		next, err := retry(ctx, func(ctx context.Context) (*operation.Operation, error) {
			return b.Operations.Get(ctx, &operation.GetOperationRequest{OperationId: op.GetId()}, grpc.Header(&header))
		})
		switch {
		case err == nil:
			op = next
		case status.Code(err) == codes.NotFound && forgiven < 3:
			forgiven++
		default:
			return op, err
		}
		if op.GetDone() {
			break
		}
		if err := sleep(ctx, b.pause(header)); err != nil {
			return op, err
		}
	}
	return op, status.ErrorProto(op.GetError())
}

// pause returns how long to wait before the next poll: what the service says, else the baker's own interval.
func (b *Baker) pause(header metadata.MD) time.Duration {
	if told := header.Get("x-operation-poll-interval"); len(told) > 0 {
		if seconds, err := strconv.Atoi(told[0]); err == nil {
			return time.Duration(seconds) * time.Second
		}
	}
	return cmp.Or(b.PollInterval, time.Second)
}

const (
	tries     = 5                // how often a call is made before its error is believed
	callLimit = 30 * time.Second // how long one try may hang; the service holds a poll for 20 seconds
)

// retry makes a call again, with growing pauses, as long as the service says that it is unavailable or busy, or says nothing.
func retry[R any](ctx context.Context, call func(context.Context) (R, error)) (R, error) {
	pause := 100 * time.Millisecond
	for try := 1; ; try++ {
		bounded, cancel := context.WithTimeout(ctx, callLimit)
		reply, err := call(bounded)
		cancel()
		code := status.Code(err)
		passing := code == codes.Unavailable || code == codes.ResourceExhausted || code == codes.DeadlineExceeded && ctx.Err() == nil
		if !passing || try == tries {
			return reply, err
		}
		if stopped := sleep(ctx, pause); stopped != nil {
			return reply, err
		}
		pause *= 2
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
