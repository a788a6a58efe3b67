package model_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake/internal/model"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"pgregory.net/rapid"
)

func getOperation(id string) proto.Message { return &operation.GetOperationRequest{OperationId: id} }

func cancelOperation(id string) proto.Message {
	return &operation.CancelOperationRequest{OperationId: id}
}

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

// service is where a method is served, and what it answers with.
func service(method string) (name string, reply proto.Message) {
	name = "/yandex.cloud.compute.v1.ImageService/" + method
	switch method {
	case "Get", "GetLatestByFamily":
		return name, new(compute.Image)
	case "List":
		return name, new(compute.ListImagesResponse)
	case "ListOperations":
		return name, new(compute.ListImageOperationsResponse)
	case "ListAccessBindings":
		return name, new(access.ListAccessBindingsResponse)
	case "OperationGet", "OperationCancel":
		return "/yandex.cloud.operation.OperationService/" + strings.TrimPrefix(method, "Operation"), new(operation.Operation)
	}
	return name, new(operation.Operation)
}

func starts(method string) bool {
	return strings.HasPrefix(method, "Set") || strings.HasPrefix(method, "Update") || method == "Create" || method == "Delete"
}

// answer is what a client got.
type answer struct {
	reply           proto.Message
	err             error
	header, trailer metadata.MD
}

// call lets both answer a call, and compares.
func (m *machine) call(rt *rapid.T, method string, request proto.Message) proto.Message {
	c := model.Call{Caller: sample(rt, "caller", callers...), Method: method, Request: request, Plan: model.Plan(plans["p01"])}
	ctx := rt.Context()
	if starts(method) {
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(plans))).Draw(rt, "plan")
		c.Plan = model.Plan(plans[name])
		ctx = metadata.AppendToOutgoingContext(ctx, "plan", name)
		if key := sample(rt, "key", "", "", "", "k1", "k2", "k3"); key != "" {
			c.Key = key
			ctx = metadata.AppendToOutgoingContext(ctx, "idempotency-key", c.Key)
		}
	}
	ctx = m.marked(ctx)
	effect := m.meets(c.Caller, method)
	if method == "OperationGet" && m.bubble && effect == nil {
		return m.pollHeld(rt, ctx, c)
	}
	got := m.invoke(ctx, c)
	if made, ok := got.reply.(*operation.Operation); ok && got.err == nil {
		c.Answered = made
	} else if starts(method) {
		// Its reply may be lost; what it started is found in the state.
		if all := m.at.server.Snapshot().Operations(); len(all) > len(m.at.cloud.Operations()) {
			c.Answered = all[len(all)-1]
		}
	} else {
		c.Answered = got.reply
	}
	m.judge(rt, c, got, effect)
	return got.reply
}

func (m *machine) invoke(ctx context.Context, c model.Call) (got answer) {
	m.at.called = true
	name, reply := service(c.Method)
	got.err = m.at.server.ConnAs(c.Caller).Invoke(ctx, name, c.Request, reply, grpc.Header(&got.header), grpc.Trailer(&got.trailer))
	if got.err == nil {
		got.reply = reply
	}
	return got
}

// judge compares what a client got with what the model says.
func (m *machine) judge(rt *rapid.T, c model.Call, got answer, effect *effect) {
	c.Now = m.now()
	before := m.at.cloud.Clone()
	want := effect.of(m.at.cloud, c)
	fail := func(format string, args ...any) {
		rt.Fatalf("%s by %s of %v, key %q:\n%s\ngot  %v, %v\nwant %v", c.Method, c.Caller, c.Request, c.Key,
			fmt.Sprintf(format, args...), got.reply, got.err, want)
	}
	if len(want.Refusals) > 0 {
		s := status.Convert(got.err)
		if !slices.ContainsFunc(want.Refusals, func(r model.Refusal) bool { return r.Fits(s.Code(), s.Message()) }) {
			fail("another refusal was due")
		}
		if effect == nil {
			m.detailed(fail, s, got)
		}
		return
	}
	if got.err != nil {
		fail("it was refused")
	}
	if id := got.header.Get("x-request-id"); len(id) != 1 || len(id[0]) != 36 {
		fail("x-request-id is %v", id)
	}
	if difference := differ(want.Reply, got.reply); difference != "" {
		fail("the replies differ: %s", difference)
	}
	if o, ok := got.reply.(*operation.Operation); ok && starts(c.Method) && len(m.at.cloud.Operations()) > len(before.Operations()) {
		if !before.New(o, c.Method == "Create") {
			fail("its ids were given out before")
		}
		if !model.WellNamed(o, c.Request) {
			fail("its ids are not well formed")
		}
	}
}

// detailed checks what comes with every error of the service.
func (m *machine) detailed(fail func(string, ...any), s *status.Status, got answer) {
	var info *errdetails.RequestInfo
	var bad *errdetails.BadRequest
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.RequestInfo:
			info = d
		case *errdetails.BadRequest:
			bad = d
		}
	}
	if id := got.header.Get("x-request-id"); info == nil || len(id) != 1 || id[0] != info.RequestId {
		fail("the error has the details %v and the request id %v", s.Details(), id)
	}
	if strings.HasPrefix(s.Message(), "Request validation error") && (len(bad.GetFieldViolations()) != 1 || bad.FieldViolations[0].Field == "") {
		fail("the error names no field: %v", s.Details())
	}
}

// given is a page token that a server gave.
type given struct {
	method  string
	request proto.Message
	token   string
}

// on returns the request for the next page.
func (g given) on() proto.Message {
	switch r := proto.Clone(g.request).(type) {
	case *compute.ListImagesRequest:
		r.PageToken = g.token
		return r
	case *compute.ListImageOperationsRequest:
		r.PageToken = g.token
		return r
	}
	return nil
}

// pages asks for one page, and keeps the token to the next.
func (m *machine) pages(rt *rapid.T, method string, request proto.Message) {
	reply := m.call(rt, method, request)
	if r, ok := reply.(interface{ GetNextPageToken() string }); ok && r.GetNextPageToken() != "" {
		if len(r.GetNextPageToken()) > 100 {
			rt.Fatalf("a page token of %d characters", len(r.GetNextPageToken()))
		}
		m.given = append(m.given, given{method, proto.Clone(request), r.GetNextPageToken()})
	}
}

// misuse checks that the test was told of a mistake, or was not. It tells whether there was to be one.
func (m *machine) misuse(rt *rapid.T, want bool, format string, args ...any) bool {
	said := m.bench.said
	m.bench.said = nil
	if want != (len(said) > 0) {
		rt.Fatalf("%s: misuse %t, the server said %q", fmt.Sprintf(format, args...), want, said)
	}
	return want
}

// compare compares the whole state.
func (m *machine) compare(rt *rapid.T) {
	m.settle()
	m.woken(rt)
	if len(m.bench.said) > 0 {
		rt.Fatalf("the server reported %q", m.bench.said)
	}
	m.at.cloud.Tell(m.now())
	want, got := m.at.cloud.Images(), m.at.server.Images()
	if len(want) != len(got) {
		rt.Fatalf("there are %d images, want %d:\n%v\n%v", len(got), len(want), got, want)
	}
	for i := range want {
		if d := differ(want[i], got[i]); d != "" {
			rt.Fatalf("the images differ: %s", d)
		}
	}
	operations, found := m.at.cloud.Operations(), m.at.server.Snapshot().Operations()
	if len(operations) != len(found) {
		rt.Fatalf("there are %d operations, want %d:\n%v\n%v", len(found), len(operations), found, operations)
	}
	for i := range operations {
		if d := differ(operations[i], found[i]); d != "" {
			rt.Fatalf("the operations differ: %s", d)
		}
	}
}

// differ tells how a message differs from what it should be, "" if it does not. What is packed is compared unpacked, access bindings
// in whatever order, and of an error that the model leaves open only the code.
func differ(want, got proto.Message) string {
	equal := proto.Equal(want, got)
	switch w := want.(type) {
	case *operation.Operation:
		equal = sameOperation(w, got.(*operation.Operation))
	case *compute.ListImageOperationsResponse:
		g := got.(*compute.ListImageOperationsResponse)
		equal = w.NextPageToken == g.NextPageToken && slices.EqualFunc(w.Operations, g.Operations, sameOperation)
	case *access.ListAccessBindingsResponse:
		g := got.(*access.ListAccessBindingsResponse)
		equal = w.NextPageToken == g.NextPageToken && len(w.AccessBindings) == len(g.AccessBindings)
		for _, b := range w.AccessBindings {
			equal = equal && slices.ContainsFunc(g.AccessBindings, func(other *access.AccessBinding) bool { return proto.Equal(b, other) })
		}
	}
	if equal {
		return ""
	}
	return fmt.Sprintf("\nwant %v\ngot  %v", want, got)
}

func sameOperation(want, got *operation.Operation) bool {
	w, g := proto.Clone(want).(*operation.Operation), proto.Clone(got).(*operation.Operation)
	if w.GetError() != nil {
		if g.GetError() == nil || w.GetError().Code != g.GetError().Code || w.GetError().Message != "" && w.GetError().Message != g.GetError().Message {
			return false
		}
		w.Result, g.Result = nil, nil
	}
	if w.GetResponse() != nil && g.GetResponse() != nil {
		wm, _ := w.GetResponse().UnmarshalNew()
		gm, err := g.GetResponse().UnmarshalNew()
		if err != nil || !proto.Equal(wm, gm) {
			return false
		}
		w.Result, g.Result = nil, nil
	}
	return proto.Equal(w, g)
}

// bench is the test that the servers report to.
type bench struct {
	*rapid.T
	said []string
}

func (b *bench) Errorf(format string, args ...any) {
	b.said = append(b.said, fmt.Sprintf(format, args...))
}
func (b *bench) Logf(string, ...any) {}
func (b *bench) Failed() bool        { return false }
func (b *bench) FailNow()            { b.T.Fatalf("the server stopped the test: %q", b.said) }
