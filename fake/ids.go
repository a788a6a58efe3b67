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

// A uuid of 36 characters, then a trace id of the form T:S:T:1, in hex [seen], in one text.
const (
	uuidLength = 36
	idsLength  = uuidLength + 52
)

// writeIDs writes the n-th request id, a UUID that looks random and is not, and the n-th trace id.
func (s *Server) writeIDs(n uint64) string {
	seed := s.settings.world.Seed
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], world.Nth(seed, requestSequence, n))
	binary.BigEndian.PutUint64(id[8:], world.Nth(seed, requestSequence+1, n))
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // RFC 4122
	var text [idsLength]byte
	hex.Encode(text[0:8], id[0:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:36], id[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'

	var trace, span [8]byte
	binary.BigEndian.PutUint64(trace[:], world.Nth(seed, traceSequence, n))
	binary.BigEndian.PutUint64(span[:], world.Nth(seed, traceSequence+1, n))
	path := text[uuidLength:]
	hex.Encode(path[0:16], trace[:])
	hex.Encode(path[17:33], span[:])
	hex.Encode(path[34:50], trace[:])
	path[16], path[33], path[50], path[51] = ':', ':', ':', '1'
	return string(text[:])
}

// Sequences of numbers, each with the next for a second half.
const (
	requestSequence = 1
	traceSequence   = 3
)

// requestIDs is the ids of one reply as headers or trailers. When SendHeader returns, gRPC has encoded them, so that the map can
// serve another reply.
type requestIDs struct{ md metadata.MD }

var spareIDs = sync.Pool{New: func() any {
	return &requestIDs{metadata.MD{requestIDHeader: make([]string, 1), traceIDHeader: make([]string, 1)}}
}}

// requestIDs returns the n-th pair of ids. The caller releases it.
func (s *Server) requestIDs(n uint64) *requestIDs {
	ids := spareIDs.Get().(*requestIDs)
	text := s.writeIDs(n)
	ids.md[requestIDHeader][0], ids.md[traceIDHeader][0] = text[:uuidLength], text[uuidLength:]
	return ids
}

func (ids *requestIDs) request() string { return ids.md[requestIDHeader][0] }

func (ids *requestIDs) release() {
	delete(ids.md, pollIntervalHeader)
	spareIDs.Put(ids)
}
