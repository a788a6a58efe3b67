// Command bake makes an image of a disk with SDK v2, as a program in production would: the cloud's address is the SDK's own, and the
// credentials are a service account's key. Nothing in it knows of the fake; program_test.go sends it there.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	ycsdk "github.com/yandex-cloud/go-sdk/v2"
	"github.com/yandex-cloud/go-sdk/v2/credentials"
	"github.com/yandex-cloud/go-sdk/v2/pkg/options"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	id, err := bake(ctx, os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(id)
}

func bake(ctx context.Context, folder, disk string) (id string, err error) {
	key, err := credentials.ServiceAccountKeyFile(os.Getenv("YC_SERVICE_ACCOUNT_KEY_FILE"))
	if err != nil {
		return "", err
	}
	sdk, err := ycsdk.Build(ctx, options.WithCredentials(key), options.WithDefaultRetryOptions())
	if err != nil {
		return "", err
	}
	defer func() { _ = sdk.Shutdown(context.Background()) }()
	toImages, err := sdk.GetConnection(ctx, "yandex.cloud.compute.v1.ImageService.Create")
	if err != nil {
		return "", err
	}
	op, err := compute.NewImageServiceClient(toImages).Create(ctx, &compute.CreateImageRequest{
		FolderId: folder, Name: "web", Source: &compute.CreateImageRequest_DiskId{DiskId: disk}})
	if err != nil {
		return "", err
	}
	toOperations, err := sdk.GetConnection(ctx, "yandex.cloud.operation.OperationService.Get")
	if err != nil {
		return "", err
	}
	for !op.Done {
		if op, err = operation.NewOperationServiceClient(toOperations).Get(ctx, &operation.GetOperationRequest{OperationId: op.Id}); err != nil {
			return "", err
		}
	}
	if failure := op.GetError(); failure != nil {
		return "", fmt.Errorf("the operation failed: %s", failure.Message)
	}
	var image compute.Image
	if err := op.GetResponse().UnmarshalTo(&image); err != nil {
		return "", err
	}
	return image.Id, nil
}
