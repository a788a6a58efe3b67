package sdkv2

import (
	"context"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// The server of each run is the SDK's connector; operations are waited for by the SDK. With its key every lost reply is got over.
func TestExploreABakeWithTheSDK(t *testing.T) {
	scenario.Explore(t, func(t *scenario.T) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		images := newImageClient(t.Cloud())
		keyed := metadata.AppendToOutgoingContext(ctx, "idempotency-key", "bake-1")
		request := &compute.CreateImageRequest{
			FolderId: folder, Name: "web", Source: &compute.CreateImageRequest_DiskId{DiskId: "fhmdisk0000000000000"}}
		op, err := images.Create(keyed, request)
		for try := 1; status.Code(err) == codes.Unavailable && try < 4; try++ {
			time.Sleep(time.Second)
			op, err = images.Create(keyed, request)
		}
		if err == nil {
			_, err = op.Wait(ctx)
		}
		made := t.Cloud().ImageNamed(folder, "web")
		t.Check("no error means an image", err != nil || made.GetStatus() == compute.Image_READY)
		t.Check("it does not meet its own image", status.Code(err) != codes.AlreadyExists)
		return err
	}, scenario.On(fake.ImageCreate, fake.OperationGet),
		scenario.Faults(scenario.Unavailable, scenario.LostReply, scenario.Throttled, scenario.Denied, scenario.OperationFails))
}
