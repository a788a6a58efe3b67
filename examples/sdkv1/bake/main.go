// Command bake makes an image of a disk with SDK v1, as a program in production would: the cloud's address is the SDK's own, and the
// credentials are a service account's key. Nothing in it knows of the fake; program_test.go sends it there.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	ycsdk "github.com/yandex-cloud/go-sdk"
	"github.com/yandex-cloud/go-sdk/iamkey"
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
	key, err := iamkey.ReadFromJSONFile(os.Getenv("YC_SERVICE_ACCOUNT_KEY_FILE"))
	if err != nil {
		return "", err
	}
	credentials, err := ycsdk.ServiceAccountKey(key)
	if err != nil {
		return "", err
	}
	sdk, err := ycsdk.Build(ctx, ycsdk.Config{Credentials: credentials})
	if err != nil {
		return "", err
	}
	defer func() { _ = sdk.Shutdown(context.Background()) }()
	op, err := sdk.WrapOperation(sdk.Compute().Image().Create(ctx, &compute.CreateImageRequest{
		FolderId: folder, Name: "web", Source: &compute.CreateImageRequest_DiskId{DiskId: disk}}))
	if err != nil {
		return "", err
	}
	if err := op.Wait(ctx); err != nil {
		return "", err
	}
	image, err := op.Response()
	if err != nil {
		return "", err
	}
	return image.(*compute.Image).Id, nil
}
