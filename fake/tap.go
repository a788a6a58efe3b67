package fake

import (
	"context"

	"github.com/imagefake/imagefake/fake/internal/resource"
	"github.com/imagefake/imagefake/fake/internal/world"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
)

// errand is a call on its way: what the road finds out about it before its handler runs.
type errand struct {
	*Call
	row       *row // of its method
	server    *Server
	header    metadata.MD
	list      *world.ListQuery     // of ImageList: the request, understood
	neighbour *resource.Method     // that is served from its descriptor; nil: another
	query     *world.ResourceQuery // of a neighbour: the request, understood; nil: the conventions do not suffice for it
	view      *world.World         // of a read that lags: what it sees; nil: the present
	lag       *encounter           // with the fault that makes it lag
	pace      string               // of a poll: when to come again, in seconds
	unheld    bool                 // of a poll that could have been held
	answer    answer               // of the server's own handlers
}

type errandKey struct{}

// arriving begins the errand of a call. It keeps the request's headers where the road finds them without copying them, as
// metadata.FromIncomingContext would. It runs on the connection's reader: it must not block. From the moment Close begins no call
// comes in any more.
func (s *Server) arriving(ctx context.Context, info *tap.Info) (context.Context, error) {
	if s.closed() {
		return nil, status.Error(codes.Unavailable, errClosed.Error())
	}
	return context.WithValue(ctx, errandKey{}, &errand{server: s, header: info.Header}), nil
}

func errandOf(ctx context.Context) *errand { return ctx.Value(errandKey{}).(*errand) }
