package conformance

import (
	"context"
	"fmt"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
)

// Sweep deletes what runs have left in the folder of the target: every image that carries the label imagefake-run, and nothing else. It
// returns what it has deleted. Do not sweep while another run uses the folder.
func Sweep(ctx context.Context, target Target) (deleted []string, err error) {
	left, err := Leftovers(ctx, target)
	if err != nil {
		return nil, err
	}
	for _, im := range left {
		if err := target.filled().delete(ctx, im.Id); err != nil {
			return deleted, fmt.Errorf("sweeping the folder %s: image %s (%s): %w", target.Folder, im.Id, im.Name, err)
		}
		deleted = append(deleted, fmt.Sprintf("%s (%s)", im.Id, im.Name))
	}
	return deleted, nil
}

// Leftovers returns the images that [Sweep] would delete.
func Leftovers(ctx context.Context, target Target) ([]*compute.Image, error) {
	if err := target.incomplete(); err != nil {
		return nil, err
	}
	var left []*compute.Image
	for token := ""; ; {
		a := target.call(ctx, &compute.ListImagesRequest{FolderId: target.Folder, PageSize: 1000, PageToken: token}, "")
		if a.status.Code() != codes.OK {
			return nil, fmt.Errorf("listing the folder %s: %w", target.Folder, a.status.Err())
		}
		page := a.reply.(*compute.ListImagesResponse)
		for _, im := range page.Images {
			if im.Labels[runLabel] != "" {
				left = append(left, im)
			}
		}
		if token = page.NextPageToken; token == "" {
			return left, nil
		}
	}
}
