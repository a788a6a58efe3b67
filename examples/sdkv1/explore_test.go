package sdkv1

import (
	"context"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	ycsdk "github.com/yandex-cloud/go-sdk"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// bake makes an image with the SDK as its documentation shows, and cleans up after a failure. With a key it says what it asks for once,
// however often it asks.
func bake(ctx context.Context, sdk *ycsdk.SDK, key string) error {
	create := ctx
	if key != "" {
		create = metadata.AppendToOutgoingContext(ctx, "idempotency-key", key)
	}
	request := &compute.CreateImageRequest{
		FolderId: folder, Name: "web", Source: &compute.CreateImageRequest_DiskId{DiskId: "fhmdisk0000000000000"}}
	op, err := sdk.WrapOperation(sdk.Compute().Image().Create(create, request))
	for try := 1; status.Code(err) == codes.Unavailable && try < 4; try++ {
		time.Sleep(time.Second)
		op, err = sdk.WrapOperation(sdk.Compute().Image().Create(create, request))
	}
	if err != nil {
		return err
	}
	return op.Wait(ctx)
}

// The body is built with the SDK in each run, in its bubble; what is promised is that no error means an image, and AlreadyExists never
// comes: nobody else makes one of that name.
func baking(t *scenario.T, key string) error {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	sdk, err := ycsdk.Build(ctx, ycsdk.Config{
		Credentials: ycsdk.NewIAMTokenCredentials("any"), Endpoint: t.Cloud().Target(), Plaintext: true,
	}, t.Cloud().DialOptions()...)
	if err != nil {
		return err
	}
	t.Cleanup(func() { _ = sdk.Shutdown(context.Background()) })
	err = bake(ctx, sdk, key)
	made := t.Cloud().ImageNamed(folder, "web")
	t.Check("no error means an image", err != nil || made.GetStatus() == compute.Image_READY)
	t.Check("it does not meet its own image", status.Code(err) != codes.AlreadyExists)
	return err
}

// With the key every lost reply is got over.
func TestExploreABakeWithTheSDK(t *testing.T) {
	scenario.Explore(t, func(t *scenario.T) error { return baking(t, "bake-1") },
		scenario.On(fake.ImageCreate, fake.OperationGet),
		scenario.Faults(scenario.Unavailable, scenario.LostReply, scenario.Throttled, scenario.Denied, scenario.OperationFails))
}
