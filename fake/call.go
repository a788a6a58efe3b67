package fake

import (
	"fmt"
	"time"

	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Call is one RPC as the server saw it. KeyReused marks a bug of the caller: a used idempotency key is answered with the operation it
// started, whatever comes with it [docs], so that what such a call asked for is not done. It is -1 where the call that started the
// operation is not in this record, and 0 where nothing is wrong with the key. [Server.Calls] and [Server.Events] hand out copies that
// nothing changes later; what a [Matcher] or the func of [Run] gets is the call as it arrived, without an answer.
type Call struct {
	Seq     int // its place in the record, from 1; shared with the other events
	Method  Method
	Caller  string // see ByCaller
	Request proto.Message
	Reply   proto.Message  // nil where the call failed or is still running
	Status  *status.Status // nil as long as the call is running; of code OK where it succeeded

	Subject   string // on whose behalf: who the token says, else the name of the caller, else the user that all others are
	Peer      string // the client's address, "127.0.0.1:53412"; "in process" where the call came over no network
	UserAgent string // header user-agent, "" without one

	Header       metadata.MD // of the request
	ReplyHeader  metadata.MD
	ReplyTrailer metadata.MD

	Start, End time.Time     // on the server's clock; End is zero as long as the call is running
	Timeout    time.Duration // what the caller's deadline left at arrival, in the time package's time; 0: no deadline

	Attempt     int    // 1, and one more for each repetition by gRPC's retry policy
	First       int    // the Seq of attempt 1, its own if it is that: attempts of one call of the client share it
	Key         string // header idempotency-key, "" without one; any text is accepted
	KeyReused   int    // the Seq of the call that Key belongs to, where this one sent it with another method or request; see above
	ResourceID  string // the image or other resource concerned, "" if there is none; of a Create, the new one
	OperationID string // the operation asked for or started
	Changed     bool   // the call changed the state
	Answered    int    // the Seq of the latest event when it was answered: x.Answered < y.Seq means that x ended before y came
	Faults      []*Injected

	conn      *serverConn
	requestID uint64 // number of the request id
	bare      bool   // answered Trailers-Only
	pace      string // told when to poll again
	unheld    bool   // a poll that could have been held, and was answered at once
	ordered   bool   // it has a turn in an order
	atGate    *Call  // the copy that the gate sees; nil without one
}

// seq returns the call's place in the record, 0 for nil.
func (c *Call) seq() int {
	if c == nil {
		return 0
	}
	return c.Seq
}

// Running tells whether the call has not been answered.
func (c *Call) Running() bool { return c.Status == nil }

// String returns the call in a few words: "#12 ImageCreate by conn-1". It is also what the fmt verbs print, so that tokens in headers
// and requests do not get into a log by themselves.
func (c Call) String() string {
	return plain.Line(fmt.Sprintf("#%d %v by %s", c.Seq, c.Method, c.Caller))
}

// describe returns the call and its answer in one line.
func (c *Call) describe() string {
	text := fmt.Sprintf("%s calls %v", c.Caller, c.Method)
	switch {
	case c.Status == nil:
		text += ", running"
	case c.Status.Code() != codes.OK:
		text += fmt.Sprintf(", answered %v: %s", c.Status.Code(), c.Status.Message())
	case c.KeyReused > 0:
		text += fmt.Sprintf(", answered with the operation of #%d: its idempotency key is used again for another request", c.KeyReused)
	case c.KeyReused < 0:
		text += ", answered with an earlier operation: its idempotency key is used again for another request"
	default:
		text += ", answered OK"
	}
	return plain.Line(text)
}
