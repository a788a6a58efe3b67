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

// EmptyPage answers a list request with an empty page and a token that leads to what should have been on it: legal by the rules of
// pagination, and the end of the list for a client that stops at an empty page. The first page of a list that a handler of the test
// answers is left alone, here and by RepeatPage: what leads there, only the handler knows.
func EmptyPage() Effect {
	return effect(paging{words: "answer with an empty page", alter: func(reply proto.Message, token string) {
		fields := reply.ProtoReflect().Descriptor().Fields()
		for i := range fields.Len() {
			if fields.Get(i).IsList() {
				reply.ProtoReflect().Clear(fields.Get(i))
			}
		}
		setToken(reply, token)
	}})
}

// RepeatPage answers a list request with a token that leads to the same page again: a client that does not notice never ends.
func RepeatPage() Effect {
	return effect(paging{words: "repeat the page token", alter: setToken})
}

// paging changes a page.
type paging struct {
	usual
	words string
	alter func(reply proto.Message, token string) // that leads to the same page
}

func (p paging) String() string             { return p.words }
func (paging) home() (at place, fixed bool) { return late, true }
func (p paging) misfit(m Method) string     { return unpaged(p, m) }

func (p paging) act(e *encounter) *answer {
	token := e.pageToken()
	if token == "" {
		return nil
	}
	return e.alter(func(reply proto.Message) { p.alter(reply, token) })
}

// unpaged returns why an action on pages finds nothing to do at a method that has none.
func unpaged(a action, m Method) string {
	if m.Pages() {
		return ""
	}
	return fmt.Sprintf("%q makes sense for methods that answer in pages, such as %v", a, ImageList)
}

// ExpirePage refuses the page token of a list request with InvalidArgument, as one that is no longer good. A request without a
// token passes, and the fault has not happened to it.
func ExpirePage() Effect { return effect(expiring{}) }

// expiring ends a call if its request has a page token.
type expiring struct{ usual }

func (expiring) String() string               { return "expire the page token" }
func (expiring) home() (at place, fixed bool) { return beforeCommit, true }
func (x expiring) misfit(m Method) string     { return unpaged(x, m) }

func (expiring) act(e *encounter) *answer {
	r, pages := e.errand.Request.(interface{ GetPageToken() string })
	if !pages || r.GetPageToken() == "" {
		return nil
	}
	e.happens()
	return &answer{status: &spb.Status{Code: int32(codes.InvalidArgument), Message: "Request validation error: PageToken: the page token has expired"}}
}

// pageToken returns a token that leads to the page that a request asks for: "" for the first page of a list that a handler of the test
// answers, whose tokens only that knows.
func (e *encounter) pageToken() string {
	switch request, m := e.errand.Request, e.errand.neighbour; r := request.(type) {
	case interface{ GetPageToken() string }:
		_, endpoints := request.(*endpoint.ListApiEndpointsRequest)
		switch {
		case r.GetPageToken() != "":
			return r.GetPageToken()
		case endpoints:
			return endpointsScope.Token(nil)
		case e.errand.row.own:
			return world.StartToken(request)
		case m != nil && e.server.handlers[e.errand.Method] == nil:
			return m.Scope(request).Token(nil)
		}
	}
	return ""
}

func setToken(reply proto.Message, token string) {
	r := reply.ProtoReflect()
	field := r.Descriptor().Fields().ByName("next_page_token")
	if field == nil {
		panic(fmt.Sprintf("%s has no page token", r.Descriptor().FullName())) // becomes a misuse of the fault
	}
	r.Set(field, protoreflect.ValueOfString(token))
}
