// Package stories plays the catalogue of known failures to whatever client it is given, and checks what that client's user gets: work
// that is done in spite of the failure, or an error with a stated code and a stated state of the cloud.
//
// The table is in table.go, the code that a user could have written in bodies.go. [Run] runs it; the tests of the modules
// examples/sdkv1 and examples/sdkv2 do so for the official SDKs.
package stories

import (
	"context"

	"github.com/imagefake/imagefake/examples/internal/plans"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
)

// Client is one kind of client of the ImageService. Its List goes through the client's own iterator, where it has one.
type Client interface {
	plans.Client

	// Latest returns the newest image of a family.
	Latest(ctx context.Context, folder, family string) (*compute.Image, error)
	// Pages is List with a page size.
	Pages(ctx context.Context, folder string, size int64) ([]*compute.Image, error)
}

// Options is what a client is asked to do about failures. The zero value is a client as it comes.
type Options struct {
	// Retry has the codes of the answers after which a call is made again, in the way and as often as the client does by itself.
	Retry []codes.Code
	// Persistent allows as many retries as the client allows in long-lived programs.
	Persistent bool
	// Keys sends an idempotency key with each call.
	Keys bool
}
