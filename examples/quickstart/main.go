// Command quickstart shows the fake at work: it starts one inside the process, does to an image what a program would do to it in
// the cloud, and prints what the server saw.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"text/tabwriter"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

const folder = "b1g-my-folder"

func main() {
	cloud, err := fake.Start(fake.WithStandardImages())
	if err != nil {
		log.Fatal(err)
	}
	if err := run(context.Background(), cloud); err != nil {
		log.Fatal(err)
	}
	fmt.Println("\nWhat the server saw:")
	fmt.Println(cloud.Timeline())
	if err := cloud.Close(); err != nil {
		log.Fatal(err)
	}
}

// run is an ordinary client of the service: it does not know that the cloud is a fake.
func run(ctx context.Context, cloud *fake.Server) error {
	images := compute.NewImageServiceClient(cloud.Conn())
	operations := operation.NewOperationServiceClient(cloud.Conn())
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	say := func(what, text string, values ...any) {
		fmt.Fprintf(out, "%s\t%s\n", what, fmt.Sprintf(text, values...))
	}
	// finish waits for an operation the way programs do: it polls until it is done.
	finish := func(op *operation.Operation, err error) (*operation.Operation, error) {
		for err == nil && !op.Done {
			op, err = operations.Get(ctx, &operation.GetOperationRequest{OperationId: op.Id})
		}
		if err == nil {
			err = status.ErrorProto(op.GetError())
		}
		return op, err
	}

	base, err := images.GetLatestByFamily(ctx, &compute.GetImageLatestByFamilyRequest{FolderId: fake.StandardImages, Family: "ubuntu-2204-lts"})
	if err != nil {
		return fmt.Errorf("find a base: %w", err)
	}
	say("find", "newest of family %s is %s", base.Family, base.Name)

	op, err := finish(images.Create(ctx, &compute.CreateImageRequest{
		FolderId: folder, Name: "web-1", Family: "web", Source: &compute.CreateImageRequest_ImageId{ImageId: base.Id},
	}))
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	image := new(compute.Image)
	if err := op.GetResponse().UnmarshalTo(image); err != nil {
		return fmt.Errorf("create: read the image: %w", err)
	}
	say("create", "%s is %s, %d GiB, id %s", image.Name, image.Status, image.MinDiskSize>>30, image.Id)

	_, err = finish(images.Update(ctx, &compute.UpdateImageRequest{
		ImageId: image.Id, Labels: map[string]string{"tested": "yes"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"labels"}},
	}))
	if err != nil {
		return fmt.Errorf("update: %w", err)
	}
	page, err := images.List(ctx, &compute.ListImagesRequest{FolderId: folder, Filter: `name = "web-1"`})
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	for _, im := range page.Images {
		say("list", "%s with labels %v", im.Name, im.Labels)
	}

	if _, err := finish(images.Delete(ctx, &compute.DeleteImageRequest{ImageId: image.Id})); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	_, err = images.Get(ctx, &compute.GetImageRequest{ImageId: image.Id})
	say("delete", "and now: %v", err)
	return out.Flush()
}
