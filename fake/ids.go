package fake

import (
	"encoding/binary"
	"encoding/hex"
	"sync"

	"github.com/imagefake/imagefake/fake/internal/world"
	"google.golang.org/grpc/metadata"
)

const (
	requestIDHeader    = "x-request-id"
	traceIDHeader      = "x-server-trace-id"
	pollIntervalHeader = "x-operation-poll-interval"
)

// requestID returns the n-th request id: a UUID that looks random and is not.
func (s *Server) requestID(n uint64) string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], world.Number(s.settings.world.Seed, "request", n))
	binary.BigEndian.PutUint64(id[8:], world.Number(s.settings.world.Seed, "request'", n))
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // RFC 4122
	var text [36]byte
	hex.Encode(text[0:8], id[0:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:36], id[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// traceID returns the n-th trace id, of the form T:S:T:1 in hex [seen].
func (s *Server) traceID(n uint64) string {
	var trace, span [8]byte
	binary.BigEndian.PutUint64(trace[:], world.Number(s.settings.world.Seed, "trace", n))
	binary.BigEndian.PutUint64(span[:], world.Number(s.settings.world.Seed, "span", n))
	var text [52]byte
	hex.Encode(text[0:16], trace[:])
	hex.Encode(text[17:33], span[:])
	hex.Encode(text[34:50], trace[:])
	text[16], text[33], text[50], text[51] = ':', ':', ':', '1'
	return string(text[:])
}

// requestIDs is the ids of one reply as headers or trailers. When SendHeader returns, gRPC has encoded them, so that the map can
// serve another reply.
type requestIDs struct{ md metadata.MD }

var spareIDs = sync.Pool{New: func() any {
	return &requestIDs{metadata.MD{requestIDHeader: make([]string, 1), traceIDHeader: make([]string, 1)}}
}}

// requestIDs returns the n-th pair of ids. The caller releases it.
func (s *Server) requestIDs(n uint64) *requestIDs {
	ids := spareIDs.Get().(*requestIDs)
	ids.md[requestIDHeader][0] = s.requestID(n)
	ids.md[traceIDHeader][0] = s.traceID(n)
	return ids
}

func (ids *requestIDs) request() string { return ids.md[requestIDHeader][0] }

func (ids *requestIDs) release() {
	delete(ids.md, pollIntervalHeader)
	spareIDs.Put(ids)
}
