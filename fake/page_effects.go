package fake

import (
	"fmt"

	"github.com/imagefake/imagefake/fake/internal/world"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// lists are the methods that answer in pages.
var lists = methodsThat(Method.Pages)

// EmptyPage answers a list request with an empty page and a token that leads to what should have been on it: legal by the rules of
// pagination, and the end of the list for a client that stops at an empty page.
func EmptyPage() Effect {
	return paging("answer with an empty page", func(request, reply proto.Message) {
		fields := reply.ProtoReflect().Descriptor().Fields()
		for i := range fields.Len() {
			if fields.Get(i).IsList() {
				reply.ProtoReflect().Clear(fields.Get(i))
			}
		}
		setToken(reply, tokenOf(request))
	})
}

// RepeatPage answers a list request with a token that leads to the same page again: a client that does not notice never ends.
func RepeatPage() Effect {
	return paging("repeat the page token", func(request, reply proto.Message) { setToken(reply, tokenOf(request)) })
}

// ExpirePage refuses the page token of a list request with InvalidArgument, as one that is no longer good. A request without a
// token passes.
func ExpirePage() Effect {
	a := action{kind: expiring, only: lists, fixed: true, text: "expire the page token", code: codes.InvalidArgument,
		message: "Request validation error: PageToken: the page token has expired"}
	return effect(a)
}

func paging(text string, alter func(request, reply proto.Message)) Effect {
	return effect(action{kind: altering, at: late, fixed: true, only: lists, text: text, alter: alter})
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
