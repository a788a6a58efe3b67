// Package plans drives operations along every kind of plan to every kind of ending, through whatever client it is given, and checks
// at each step all that a user can see: the operation, the image, the list, the image's history and the timestamps.
//
// The table is in table.go. [Run] runs it; the tests of this package do so for plain gRPC stubs, those of the modules
// examples/sdkv1 and examples/sdkv2 for the official SDKs.
package plans

import (
	"context"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
)

// Client is one kind of client of the ImageService.
type Client interface {
	Create(context.Context, *compute.CreateImageRequest) (Operation, error)
	Update(context.Context, *compute.UpdateImageRequest) (Operation, error)
	Delete(context.Context, *compute.DeleteImageRequest) (Operation, error)

	Get(ctx context.Context, image string) (*compute.Image, error)
	List(ctx context.Context, folder string) ([]*compute.Image, error)
	// History returns the operations on an image, newest first.
	History(ctx context.Context, image string) ([]*operation.Operation, error)
	// Cancel asks the service to stop an operation. The one who waits for it may be somebody else.
	Cancel(ctx context.Context, operation string) error
}

// Operation is an operation as the client that started it sees it. As in the SDKs, it is not for use by two goroutines at once.
type Operation interface {
	// Proto returns the operation as it was last seen.
	Proto() *operation.Operation
	// Poll looks at the operation once.
	Poll(context.Context) error
	// Wait polls until the operation has ended. Its error is the operation's, or tells why the wait ended early; either way
	// status.Code or errors.Is finds the reason in it.
	Wait(context.Context) error
}
