package fake

import (
	"fmt"

	"github.com/imagefake/imagefake/fake/internal/world"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// lists are the methods that answer in pages.
var lists = methodsThat(Method.Pages)

// EmptyPage answers a list request with an empty page and a token that leads to what should have been on it: legal by the rules of
// pagination, and the end of the list for a client that stops at an empty page.
func EmptyPage() Effect {
	return effect(paging{words: "answer with an empty page", alter: func(request, reply proto.Message) {
		fields := reply.ProtoReflect().Descriptor().Fields()
		for i := range fields.Len() {
			if fields.Get(i).IsList() {
				reply.ProtoReflect().Clear(fields.Get(i))
			}
		}
		setToken(reply, tokenOf(request))
	}})
}

// RepeatPage answers a list request with a token that leads to the same page again: a client that does not notice never ends.
func RepeatPage() Effect {
	return effect(paging{words: "repeat the page token", alter: func(request, reply proto.Message) {
		setToken(reply, tokenOf(request))
	}})
}

// paging changes a page.
type paging struct {
	usual
	words string
	alter func(request, reply proto.Message)
}

func (p paging) String() string             { return p.words }
func (paging) home() (at place, fixed bool) { return late, true }
func (p paging) misfit(m Method) string     { return sensibleFor(p, m, lists) }

func (p paging) act(e *encounter) *answer {
	return e.alter(func(reply proto.Message) { p.alter(e.errand.Request, reply) })
}

// ExpirePage refuses the page token of a list request with InvalidArgument, as one that is no longer good. A request without a
// token passes, and the fault has not happened to it.
func ExpirePage() Effect { return effect(expiring{}) }

// expiring ends a call if its request has a page token.
type expiring struct{ usual }

func (expiring) String() string               { return "expire the page token" }
func (expiring) home() (at place, fixed bool) { return beforeCommit, true }
func (x expiring) misfit(m Method) string     { return sensibleFor(x, m, lists) }

func (expiring) act(e *encounter) *answer {
	r, pages := e.errand.Request.(interface{ GetPageToken() string })
	if !pages || r.GetPageToken() == "" {
		return nil
	}
	e.happens()
	return &answer{status: &spb.Status{Code: int32(codes.InvalidArgument), Message: "Request validation error: PageToken: the page token has expired"}}
}

// tokenOf returns a token that leads to the page that a request asks for.
func tokenOf(request proto.Message) string {
	r := request.ProtoReflect()
	if token := r.Get(r.Descriptor().Fields().ByName("page_token")).String(); token != "" {
		return token
	}
	if _, endpoints := request.(*endpoint.ListApiEndpointsRequest); endpoints {
		return endpointsScope.Token(nil)
	}
	return world.StartToken(request)
}

func setToken(reply proto.Message, token string) {
	r := reply.ProtoReflect()
	field := r.Descriptor().Fields().ByName("next_page_token")
	if field == nil {
		panic(fmt.Sprintf("%s has no page token", r.Descriptor().FullName())) // becomes a misuse of the fault
	}
	r.Set(field, protoreflect.ValueOfString(token))
}
