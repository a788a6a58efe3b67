package fake

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Effect is what a fault does to a call. Effects are values; [Effect.Then] chains them. The zero Effect does nothing and is refused
// by [Server.Inject].
//
// An effect acts at one of three places on the road of a call. The default is before the commit: the request has passed validation
// and nothing has changed. [Effect.Early] puts it before validation and authentication, [Effect.Late] behind the handler, whatever
// that answered: the state may have changed, and a [Return] there keeps the caller from learning of it.
type Effect struct{ actions []action }

type place int

// In the order of the road.
const (
	early place = iota - 1
	beforeCommit
	late
)

func (p place) String() string {
	return [...]string{"before validation", "before the commit", "after the commit"}[p-early]
}

type actionKind int

const (
	answering actionKind = iota // ends the call with a status
	delaying
	cutting // ends the connection
	hanging // ends the call when the caller gives up
	lagging
	altering
	running
	expiring // ends the call with a status if its request has a page token
)

// An action is one link of an effect.
type action struct {
	kind  actionKind
	at    place
	fixed bool // belongs where it is: Early and Late do not apply
	text  string

	code    codes.Code // answering
	message string     // answering; "": the contract's text
	details []*anypb.Any
	broken  error // why it makes no sense
	bare    bool  // answering: Trailers-Only
	trailer metadata.MD

	d     time.Duration                      // delaying; of a throttling answer, when to come back
	back  int                                // lagging
	alter func(request, reply proto.Message) // altering
	f     func(*Call)                        // running

	only []Method // the methods it makes sense for, nil: all
}

// ends tells whether nothing can follow the action.
func (a action) ends() bool { return a.kind == answering || a.kind == cutting || a.kind == hanging }

// Then returns an effect that does what e does, then what next does.
func (e Effect) Then(next Effect) Effect {
	return Effect{slices.Concat(e.actions, next.actions)}
}

// Early moves the effect, all that was chained so far, before validation and authentication, where a proxy would act.
func (e Effect) Early() Effect { return e.to(early) }

// Late moves the effect, all that was chained so far, behind the handler: the state has changed if the call changes it.
func (e Effect) Late() Effect { return e.to(late) }

func (e Effect) to(p place) Effect {
	moved := slices.Clone(e.actions)
	for i := range moved {
		if moved[i].fixed && moved[i].at != p {
			moved[i].broken = fmt.Errorf("%q acts where it does: leave Early and Late out", moved[i].text)
			continue
		}
		moved[i].at = p
	}
	return Effect{moved}
}

// TrailersOnly makes the statuses of the effect come without headers, as from the transport or a proxy. Without it only those of
// code Unavailable and of [Throttle] do; all others come with the headers that the service itself sends. The difference decides
// whether gRPC's retry policy repeats the call: grpc-go never repeats one that was answered with headers [sdk].
func (e Effect) TrailersOnly() Effect {
	return e.edit(func(a *action) { a.bare = true })
}

// Trailer adds a trailer to the statuses of the effect.
func (e Effect) Trailer(key, value string) Effect {
	return e.edit(func(a *action) { a.trailer = metadata.Join(a.trailer, metadata.Pairs(key, value)) })
}

func (e Effect) edit(f func(*action)) Effect {
	edited := slices.Clone(e.actions)
	for i := range edited {
		if edited[i].kind == answering {
			f(&edited[i])
		}
	}
	return Effect{edited}
}

// String returns the effect in words, as the record shows it.
func (e Effect) String() string {
	var texts []string
	for _, a := range e.actions {
		text := a.text
		if a.at != beforeCommit && !a.fixed {
			text += " " + a.at.String()
		}
		texts = append(texts, text)
	}
	return plain.Line(strings.Join(texts, ", then "))
}

func effect(a action) Effect { return Effect{[]action{a}} }

// Return answers the call with a status instead of handling it. An empty text stands for the service's own: NotFound names what the
// request asks for, ResourceExhausted the quota, and so on, with the details that go with it. The details given come behind those;
// they are copied.
func Return(code codes.Code, text string, details ...proto.Message) Effect {
	packed, err := pack(details)
	return effect(action{
		kind: answering, code: code, message: text, details: packed, broken: err, bare: code == codes.Unavailable,
		text: strings.TrimSuffix(fmt.Sprintf("return %v: %s", code, text), ": "),
	})
}

// Unavailable answers as a service or proxy that is down for a moment does, without headers.
func Unavailable() Effect { return Return(codes.Unavailable, "") }

// LoseReply handles the call and loses the answer: the state has changed, the caller sees Unavailable.
func LoseReply() Effect {
	e := Return(codes.Unavailable, "the reply was lost").Late()
	e.actions[0].text = "lose the reply"
	e.actions[0].fixed = true
	return e
}

// Throttle answers ResourceExhausted, without headers, with a google.rpc.RetryInfo that asks to come back after retryAfter.
func Throttle(retryAfter time.Duration) Effect {
	e := Return(codes.ResourceExhausted, "too many requests", retryInfo(retryAfter)).TrailersOnly()
	e.actions[0].text, e.actions[0].d = fmt.Sprintf("throttle for %v", retryAfter), retryAfter
	return e
}

// Delay holds the call up for d on the server's clock, or until the caller gives up.
func Delay(d time.Duration) Effect {
	return effect(action{kind: delaying, d: d, text: fmt.Sprintf("delay by %v", d)})
}

// Cut ends the connection that the call came on. Its other calls end too.
func Cut() Effect { return effect(action{kind: cutting, text: "cut the connection"}) }

// Hang never answers: the call ends when the caller's deadline passes, the caller cancels it, or the server closes.
func Hang() Effect { return effect(action{kind: hanging, text: "hang"}) }

// maxLag is how many versions of an image or operation are remembered.
const maxLag = 16

// reads are the methods that a lagging replica can answer. The addresses of services never change.
var reads = methodsThat(Method.Reads, func(m Method) bool { return m.Service() != EndpointGet.Service() })

// Lag answers a read from a replica that lags behind: every image and operation is seen as it was that many changes of its own
// ago, 16 at most. What did not exist then is not found; what the test added itself has always existed. A poll that lags moves
// no operation.
func Lag(changes int) Effect {
	return effect(action{kind: lagging, back: changes, fixed: true, only: reads, text: fmt.Sprintf("lag %d changes behind", changes)})
}

// Alter changes the reply: f gets a copy of it, with its concrete type. A call that failed has no reply and is left alone.
func Alter(f func(reply proto.Message)) Effect {
	a := action{kind: altering, at: late, fixed: true, text: "alter the reply"}
	if f != nil {
		a.alter = func(_, reply proto.Message) { f(reply) }
	}
	return effect(a)
}

// Run calls f when the call comes. f may use the server and clients, and may wait. Its Call is a copy without an answer, or with
// one if the effect is Late. A panic in it, or a t.FailNow, is answered with Internal and reported.
func Run(f func(*Call)) Effect { return effect(action{kind: running, f: f, text: "run a func"}) }
