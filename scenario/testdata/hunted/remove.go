// Package hunted is a client with a bug that takes four things to go wrong in one run, each of which leads it to other code.
package hunted

import (
	"context"
	"time"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// RemoveFirst removes the first image of a folder and looks whether it is gone. sure tells whether it has seen that it is.
func RemoveFirst(ctx context.Context, cc grpc.ClientConnInterface, folder string) (id string, sure bool) {
	images := compute.NewImageServiceClient(cc)
	request := &compute.ListImagesRequest{FolderId: folder}
	page, err := images.List(ctx, request)
	careful := false
	if status.Code(err) == codes.ResourceExhausted { // the first: it is throttled, and takes small pages from there on
		time.Sleep(2 * time.Second)
		request.PageSize = 1
		page, err = images.List(ctx, request)
		careful = true
	}
	if err != nil {
		return "", false
	}
	seeks := false
	if len(page.Images) == 0 && page.NextPageToken != "" { // the second: the page is empty
		request.PageToken = page.NextPageToken
		if page, err = images.List(ctx, request); err != nil {
			return "", false
		}
		seeks = careful
	}
	if len(page.Images) == 0 {
		return "", false
	}
	id = page.Images[0].Id
	_, err = images.Delete(ctx, &compute.DeleteImageRequest{ImageId: id})
	unsure := false
	if status.Code(err) == codes.Unavailable { // the third: it may be deleted, or not
		unsure = seeks
	}
	im, err := images.Get(ctx, &compute.GetImageRequest{ImageId: id})
	if status.Code(err) == codes.ResourceExhausted && unsure { // the fourth: it may not look, and takes that for a good sign
		return id, true
	}
	return id, status.Code(err) == codes.NotFound || err == nil && im.Status == compute.Image_DELETING
}
