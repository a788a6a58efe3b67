package fake

import (
	"cmp"
	"fmt"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// Reply answers the call with a message instead of handling it; the message is copied. Nothing changes, whatever the method: an
// operation that is answered so is none that the server knows. A call of a method that answers with another type of message is left
// alone. A Late one takes the place of whatever the handler answered, an error included.
func Reply(message proto.Message) Effect {
	if message == nil || !message.ProtoReflect().IsValid() {
		return effect(replying{})
	}
	return effect(replying{message: proto.Clone(message)})
}

// replying answers a call with a message.
type replying struct {
	usual
	message proto.Message
	trailer metadata.MD
}

func (r replying) String() string {
	if r.message == nil {
		return "reply with nothing"
	}
	return fmt.Sprintf("reply with a %s", r.message.ProtoReflect().Descriptor().Name())
}

func (replying) ends() bool { return true }

func (r replying) wrong() string {
	if r.message == nil {
		return "Reply(nil): give it the message to answer with, an empty one is fine"
	}
	if st := unsendable(r.message); st != nil {
		return fmt.Sprintf("the message of Reply cannot be sent: %s", st.Message)
	}
	return wrongTrailer(r.trailer)
}

func (r replying) misfit(m Method) string {
	f := m.facts()
	if f == nil || r.message == nil {
		return ""
	}
	if want, is := f.descriptor.Output().FullName(), r.message.ProtoReflect().Descriptor().FullName(); want != is {
		return fmt.Sprintf("%v answers with a %s, not with a %s", m, want, is)
	}
	return ""
}

func (r replying) act(e *encounter) *answer {
	e.happens()
	return &answer{reply: r.message, trailer: r.trailer.Copy()}
}

// Alter changes the reply: f gets a copy of it, with its concrete type. A call that failed has no reply and is left alone, and
// where f has changed nothing the fault has not happened. What f makes of the reply must be something that a client can receive.
func Alter(f func(reply proto.Message)) Effect { return effect(altering{f: f}) }

// altering changes the reply with a func of the test.
type altering struct {
	usual
	f     func(proto.Message)
	words string // "": none
}

func (a altering) String() string             { return cmp.Or(a.words, "alter the reply") }
func (a altering) named(words string) action  { a.words = words; return a }
func (altering) home() (at place, fixed bool) { return late, true }

func (a altering) wrong() string {
	if a.f == nil {
		return "Alter(nil): give it a func that changes the reply"
	}
	return ""
}

func (a altering) act(e *encounter) *answer { return e.alter(a.f) }

// alter lets a func change a copy of what was answered.
func (e *encounter) alter(f func(reply proto.Message)) *answer {
	if e.answered == nil || e.answered.reply == nil {
		return nil
	}
	altered := proto.Clone(e.answered.reply)
	if broken := guarded(func() { f(altered) }); broken != "" {
		e.happens()
		return e.brokenFunc(broken)
	}
	if proto.Equal(altered, e.answered.reply) {
		return nil
	}
	e.happens()
	if st := unsendable(altered); st != nil {
		e.server.misuse("what the fault injected at %s made of the reply to %v cannot be sent, and the client sees %v: %s; "+
			"to test a client with that use Return", e.fault.line, e.errand.Call, codes.Code(st.Code), st.Message)
		return &answer{status: st, bare: true}
	}
	e.answered.reply = altered
	return nil
}

// receiveLimit is how large a message a gRPC client takes unless it is told otherwise, in bytes.
const receiveLimit = 4 << 20

// unsendable returns the status that a client sees in place of a message which cannot come to it, nil for one that can. A client
// with a limit of its own is not known here.
func unsendable(message proto.Message) *spb.Status {
	data, err := proto.Marshal(message)
	switch {
	case err != nil:
		return &spb.Status{Code: int32(codes.Internal), Message: fmt.Sprintf("grpc: error while marshaling: %v", err)}
	case len(data) > receiveLimit:
		return &spb.Status{Code: int32(codes.ResourceExhausted),
			Message: fmt.Sprintf("grpc: received message larger than max (%d vs. %d)", len(data), receiveLimit)}
	}
	return nil
}
