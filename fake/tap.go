package fake

import (
	"context"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/tap"
)

type headerKey struct{}

// arrive keeps the headers of a request where the road finds them without copying them, as metadata.FromIncomingContext would. It
// runs on the connection's reader: it must not block.
func arrive(ctx context.Context, info *tap.Info) (context.Context, error) {
	return context.WithValue(ctx, headerKey{}, info.Header), nil
}

func headerOf(ctx context.Context) metadata.MD {
	md, _ := ctx.Value(headerKey{}).(metadata.MD)
	return md
}
