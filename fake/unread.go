package fake

import (
	"sync"
	"sync/atomic"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	encodingproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
)

const (
	// messageLimit is the size of the largest request that is taken, in bytes: gRPC's own default.
	messageLimit = 4 << 20

	// memoryLimit is how large a request over a network may be to be read nevertheless, so that its call meets faults. What is larger
	// still is refused by gRPC.
	memoryLimit = 16 * messageLimit
)

// unread is requests that could not be read. gRPC would refuse their calls before anybody knows of them; so it is told that all is
// well, and the road answers with what gRPC would have said.
type unread struct {
	some atomic.Int32 // how many there are: nearly always none

	mu       sync.Mutex          // not a sync.Map, which would be compiled into whatever mentions a Server
	requests map[any]*spb.Status // by request
}

// codec returns the codec of a server that keeps what it cannot read.
func (u *unread) codec() grpc.ServerOption {
	return grpc.ForceServerCodecV2(unreadCodec{encoding.GetCodecV2(encodingproto.Name), u})
}

type unreadCodec struct {
	encoding.CodecV2
	unread *unread
}

func (c unreadCodec) Unmarshal(data mem.BufferSlice, request any) error {
	if size := data.Len(); size > messageLimit {
		c.unread.keep(request, status.Newf(codes.ResourceExhausted, "grpc: received message larger than max (%d vs. %d)", size, messageLimit))
	} else if err := c.CodecV2.Unmarshal(data, request); err != nil {
		c.unread.keep(request, status.Newf(codes.Internal, "grpc: error unmarshalling request: %v", err))
	}
	return nil
}

func (u *unread) keep(request any, why *status.Status) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.requests == nil {
		u.requests = make(map[any]*spb.Status)
	}
	u.requests[request] = why.Proto()
	u.some.Add(1)
}

// take returns why a request could not be read, nil if it was.
func (u *unread) take(request any) *spb.Status {
	if u.some.Load() == 0 {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	why := u.requests[request]
	if why != nil {
		delete(u.requests, request)
		u.some.Add(-1)
	}
	return why
}
