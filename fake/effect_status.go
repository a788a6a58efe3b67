package fake

import (
	"fmt"
	"strings"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Return answers the call with a status instead of handling it. The text is the service's own: NotFound names what the request asks
// for, ResourceExhausted the quota, and so on, with the details that go with it; [Effect.Text] gives another. The details given come
// behind those; they are copied.
func Return(code codes.Code, details ...proto.Message) Effect {
	packed, err := pack(details)
	return effect(returning{code: code, details: packed, unpackable: err, bare: code == codes.Unavailable})
}

// LoseReply handles the call and loses the answer: the state has changed, the caller sees Unavailable.
func LoseReply() Effect {
	return effect(returning{words: "lose the reply", code: codes.Unavailable, text: "the reply was lost", bare: true, behind: true})
}

// Throttle answers ResourceExhausted, without headers, with a google.rpc.RetryInfo that asks to come back after retryAfter.
func Throttle(retryAfter time.Duration) Effect {
	packed, err := pack([]proto.Message{retryInfo(retryAfter)})
	return effect(returning{
		words: fmt.Sprintf("throttle for %v", retryAfter), code: codes.ResourceExhausted, text: tooMany,
		details: packed, unpackable: err, bare: true, back: retryAfter,
	})
}

// returning answers a call with a status.
type returning struct {
	usual
	words string // how it reads; "": by its code and text

	code       codes.Code
	text       string // "": the service's own
	worded     bool   // the text was given by Text
	details    []*anypb.Any
	unpackable error // of the details
	bare       bool  // Trailers-Only
	trailer    metadata.MD
	behind     bool          // always behind the handler
	back       time.Duration // when the caller is asked to come back
}

func (r returning) String() string {
	if r.words != "" {
		return r.words
	}
	return strings.TrimSuffix(fmt.Sprintf("return %v: %s", r.code, r.text), ": ")
}

func (r returning) home() (at place, fixed bool) {
	if r.behind {
		return late, true
	}
	return beforeCommit, false
}

func (returning) ends() bool { return true }

func (r returning) wrong() string {
	st := &spb.Status{Code: int32(r.code), Message: r.text, Details: r.details}
	switch {
	case r.code == codes.OK:
		return "code OK is no error: to answer with a message use Reply, to change a reply use Alter, to answer normally leave the fault out"
	case r.back < 0:
		return fmt.Sprintf("nobody can come back after %v: name a duration above 0, or 0 for at once", r.back)
	case r.unpackable != nil:
		return r.unpackable.Error()
	}
	if wrong := wrongStatus(st); wrong != "" {
		return wrong
	}
	if wrong := wrongTrailer(r.trailer); wrong != "" {
		return wrong
	}
	return tooLarge(st, r.trailer)
}

func (r returning) act(e *encounter) *answer {
	e.happens()
	st := &spb.Status{Code: int32(r.code), Message: r.text}
	if r.text == "" {
		st = e.server.ownText(e.errand, r.code)
	}
	st.Details = append(st.Details, r.details...)
	return &answer{status: st, bare: r.bare, trailer: r.trailer.Copy()}
}

// Text gives the statuses of the effect a text of their own.
func (e Effect) Text(text string) Effect {
	return e.edit(func(l *link) (changes bool, why string) {
		r, returns := l.action.(returning)
		switch {
		case !returns:
			return false, fmt.Sprintf("Text words a status, and %q answers with none: leave Text out", l)
		case text == "":
			return false, fmt.Sprintf("Text(\"\") changes nothing about %q: leave it out", l)
		case r.worded:
			return true, fmt.Sprintf("%q has its text from Text already: leave one of them out", l)
		}
		if r.words != "" {
			r.words += ": " + text
		}
		r.text, r.worded = text, true
		l.action = r
		return true, ""
	})
}

// TrailersOnly makes the statuses of the effect come without headers, as from the transport or a proxy. Without it only those of
// code Unavailable and of [Throttle] do; all others come with the headers that the service itself sends. The difference decides
// whether gRPC's retry policy repeats the call: grpc-go never repeats one that was answered with headers [sdk].
func (e Effect) TrailersOnly() Effect {
	return e.edit(func(l *link) (changes bool, why string) {
		r, returns := l.action.(returning)
		switch {
		case !returns:
			return false, fmt.Sprintf("TrailersOnly is for statuses, and %q answers with none: leave it out", l)
		case r.bare:
			return false, fmt.Sprintf("%q comes without headers as it is: leave TrailersOnly out", l)
		}
		r.bare = true
		l.action = r
		return true, ""
	})
}

// Trailer adds a trailer to the statuses of the effect, or to its [Reply]. The value of a key that ends in "-bin" may be any bytes,
// every other one is printable ASCII. Keys that gRPC or HTTP/2 themselves use are refused, but for grpc-retry-pushback-ms.
func (e Effect) Trailer(key, value string) Effect {
	return e.edit(func(l *link) (changes bool, why string) {
		added := metadata.Pairs(key, value)
		switch a := l.action.(type) {
		case returning:
			a.trailer = metadata.Join(a.trailer, added)
			l.action = a
		case replying:
			a.trailer = metadata.Join(a.trailer, added)
			l.action = a
		default:
			return false, fmt.Sprintf("a trailer comes with a status or a Reply, and %q answers with neither: leave Trailer out", l)
		}
		return true, ""
	})
}
