package fake

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/protobuf/proto"
)

// Match picks the calls whose request has type Q and satisfies f:
//
//	fake.Match(func(r *compute.CreateImageRequest) bool { return r.Family == "web" })
//
// f must not change the request, nor keep it. It may be called from several goroutines at once, and may use the server and clients.
// Why it does not pick a call nobody can tell: [Like] and [Field] do. With proto.Message for Q it asks f about the calls of all methods.
func Match[Q proto.Message](f func(Q) bool) Matcher {
	if f == nil {
		return impossible("a Match", fmt.Sprintf("Match needs a func that takes a %v, and was given nil", reflect.TypeFor[Q]()))
	}
	if reflect.TypeFor[Q]() == reflect.TypeFor[proto.Message]() {
		m := vague("a request that matches", "", func(c *Call) bool { return c.Request != nil && f(c.Request.(Q)) })
		m.is.asks = true
		return m
	}
	if typeOf[Q]() == nil {
		return impossible("a Match", fmt.Sprintf(
			"Match needs a func on a concrete request type, such as *compute.CreateImageRequest; this is one on %v", reflect.TypeFor[Q]()))
	}
	of := typeOf[Q]()
	m := vague(fmt.Sprintf("a %s that matches", of.Name()), "", func(c *Call) bool {
		request, is := c.Request.(Q)
		return is && f(request)
	})
	m.is.asks, m.is.only = true, takers(of)
	judge := m.is.judge
	m.is.judge = func(c *Call) Verdict {
		if _, is := c.Request.(Q); !is {
			return far
		}
		return judge(c)
	}
	return m
}

// ByCaller picks the calls of one caller: the name given to [Server.ConnAs], else the subject of the token where auth is on,
// else the connection, "conn-1" for the first.
func ByCaller(name string) Matcher {
	return vague("calls by "+plain.Line(name), emptyID("ByCaller", name), func(c *Call) bool { return c.Caller == name })
}

// ByHeader picks the calls with a request header in which one of the values contains text: ByHeader("user-agent", "terraform"). An
// empty text picks the calls that have the header at all.
func ByHeader(key, text string) Matcher {
	wrong := ""
	if key == "" {
		wrong = fmt.Sprintf("ByHeader(%q, …): the name of the header is empty", key)
	}
	key = strings.ToLower(key)
	shown := plain.Masked(text)
	if plain.Secret(key) {
		shown = "…"
	}
	return vague(fmt.Sprintf("calls with header %s containing %q", plain.Line(key), shown), wrong, func(c *Call) bool {
		return slices.ContainsFunc(c.Header[key], func(v string) bool { return strings.Contains(v, text) })
	})
}

// OnResource picks the calls on the image, or other resource, with that id: those whose request names it as their subject
// (image_id, resource_id for access bindings; see [Call]), and polls and cancels of operations that work on it. The call that
// creates it is picked when looking back, in [Server.Calls]; as it arrives, nobody knows the id yet.
func OnResource(id string) Matcher {
	return vague("calls on resource "+plain.Line(id), emptyID("OnResource", id), func(c *Call) bool { return c.ResourceID == id && id != "" })
}

// OnOperation picks the calls whose request names that operation.
func OnOperation(id string) Matcher {
	m := vague("calls on operation "+plain.Line(id), emptyID("OnOperation", id), func(c *Call) bool { return c.OperationID == id && id != "" })
	m.is.only = []Method{OperationGet, OperationCancel}
	m.is.narrow(func(c *Call) bool { return c.Method == OperationGet || c.Method == OperationCancel })
	return m
}

func emptyID(of, id string) string {
	if id == "" {
		return of + `(""): the id is empty; did the code under test return one?`
	}
	return ""
}
