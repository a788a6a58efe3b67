package fake

import (
	"context"
	"reflect"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/world"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Serving returns the server whose call a handler of [WithService] or [WithHandler] answers, and the call as it arrived: who calls, on
// whose behalf, with which headers. ctx is the handler's, or one made from it. Where it is of no call both are nil.
//
// A handler that asks here works for a [Server.Fork] too, which has the same handlers and is another server.
func Serving(ctx context.Context) (*Server, *Call) {
	e, _ := ctx.Value(errandKey{}).(*errand)
	if e == nil || e.Call == nil {
		return nil, nil
	}
	c := e.server.copyOf(e.Call)
	e.server.detachCall(&c)
	return e.server, &c
}

// Job is what an operation that a handler starts is about. The zero Job is an operation that says nothing of itself, changes nothing
// and responds with an empty message.
type Job struct {
	Description string
	ResourceID  string        // that it works on; "": the id of Resource
	Metadata    proto.Message // nil: none
	Resource    proto.Message // what there is once the operation has succeeded, in the place of the one with its id; nil: nothing changes
	Response    proto.Message // nil: Resource, without one google.protobuf.Empty
	Plan        *Plan         // nil: as WithPlan says for the method
}

// StartOperation starts an operation of a handler of [WithService] or [WithHandler], in the store where those of images are: its polls
// are answered, it moves by its plan, and the test finds it with [Server.NextOperation]. ctx is the handler's. What is returned is what
// the handler is to return:
//
//	return cloud.StartOperation(ctx, fake.Job{Description: "Relocate disk", ResourceID: r.DiskId, Resource: moved})
//
// A call with an idempotency key that was used before is answered with the operation of then, and the job is dropped. The messages of
// the job are copied. A job that cannot be done is misuse: a Resource without an id field, in no folder, with a name that is taken, or an
// image, which the ImageService makes. So is a context of no call of this server.
func (s *Server) StartOperation(ctx context.Context, j Job) (*operation.Operation, error) {
	s.tb.Helper()
	if ctx == nil {
		return nil, s.brokenJob("StartOperation(nil): give it the context of the handler")
	}
	e, _ := ctx.Value(errandKey{}).(*errand)
	if e == nil || e.Call == nil || e.server != s {
		return nil, s.brokenJob("StartOperation: the context is of no call of this server: give it the one that the handler got, and the server of Serving")
	}
	for i, m := range []proto.Message{j.Metadata, j.Resource, j.Response} {
		if m != nil && isNil(m) {
			field := []string{"Metadata", "Resource", "Response"}[i]
			return nil, s.brokenJob("StartOperation: its %s is a nil %s: give it one, or leave the field out", field, reflect.TypeOf(m))
		}
	}
	var plan *lro.Plan
	if j.Plan != nil {
		compiled, err := j.Plan.compile()
		if err != nil {
			return nil, s.brokenJob("StartOperation: %v", err)
		}
		plan = compiled
	}
	job := world.Job{
		Description: j.Description, Subject: j.ResourceID, Metadata: clonedMessage(j.Metadata), Resource: clonedMessage(j.Resource),
		Response: clonedMessage(j.Response), Request: e.Request,
	}
	var broken error
	op, err := startOperation(ctx, s, func(w *world.World, o world.Origin) (*operation.Operation, *spb.Status) {
		if broken = w.CheckJob(job); broken != nil {
			return nil, nil
		}
		if plan != nil {
			o.Plan = plan
		}
		return w.StartJob(o, job)
	})
	if broken != nil {
		return nil, s.brokenJob("StartOperation: %v", broken)
	}
	return op, err
}

// brokenJob tells the test what is wrong with a job, and returns the error for the caller of its handler.
func (s *Server) brokenJob(format string, args ...any) error {
	s.tb.Helper()
	s.misuse(format, args...)
	return status.Errorf(codes.Internal, "the test's own code, a handler, is wrong: "+format, args...)
}
