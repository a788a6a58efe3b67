package world

import (
	"fmt"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/resource"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Job is an operation that a handler of the test's own starts.
type Job struct {
	Description string
	Subject     string        // the id of the resource it works on; "": that of Resource
	Metadata    proto.Message // nil: none
	Resource    proto.Message // what there is once it has succeeded; nil: nothing changes
	Response    proto.Message // nil: Resource, without one Empty
	Fails       *spb.Status   // how it ends; nil: as its plan says
	Request     proto.Message
}

// CheckJob tells why a job cannot be done.
func (w *World) CheckJob(j Job) error {
	for what, m := range map[string]proto.Message{"metadata": j.Metadata, "response": j.Response} {
		if m == nil {
			continue
		}
		if _, err := proto.Marshal(m); err != nil {
			return fmt.Errorf("its %s cannot be sent to a client: %w", what, err)
		}
	}
	if j.Resource == nil {
		return nil
	}
	if _, is := j.Resource.(*compute.Image); is {
		return fmt.Errorf("images are made by the ImageService, not by a job")
	}
	t, ok := resource.TypeOf(j.Resource.ProtoReflect().Descriptor())
	if !ok {
		return fmt.Errorf("a %s is no resource: it has no id", j.Resource.ProtoReflect().Descriptor().Name())
	}
	of := ""
	if r := w.resources.Get(t.ID(j.Resource)); r != nil {
		if of = r.ID; r.Kind != string(t.Name()) {
			return fmt.Errorf("%s is the id of a %s", r.ID, strings.ToLower(typeIn(r).Kind))
		}
	}
	return w.checkResource(t, j.Resource, of)
}

// StartJob starts the operation of a job that CheckJob has found nothing wrong with.
func (w *World) StartJob(o Origin, j Job) (*operation.Operation, *spb.Status) {
	if refused := w.room(); refused != nil {
		return nil, refused
	}
	place := defaultPlace
	work := handJob{response: j.Response}
	if j.Resource != nil {
		m := proto.Clone(j.Resource)
		t, _ := resource.TypeOf(m.ProtoReflect().Descriptor())
		place = placeFor(t, m)
		id := t.ID(m)
		if id == "" {
			id = w.newResourceID(place)
		}
		t.Fill(m, id, o.Now.Unix())
		work.resource = m
		if j.Subject == "" {
			j.Subject = id
		}
	}
	return w.start(o, job{
		place: place, description: j.Description, subject: j.Subject, metadata: j.Metadata, request: j.Request, work: work, fails: j.Fails,
	}), nil
}

// handJob is the work of an operation that a handler of the test's own started.
type handJob struct{ resource, response proto.Message }

func (j handJob) succeed(w *World, _ *lro.Operation, at time.Time) (proto.Message, *spb.Status) {
	if j.resource != nil {
		t, _ := resource.TypeOf(j.resource.ProtoReflect().Descriptor())
		before := w.resources.Get(t.ID(j.resource))
		next := entry(t, j.resource, before)
		if before == nil {
			next = w.newEntry(t, j.resource)
		}
		w.putResource("", next, at)
	}
	switch {
	case j.response != nil:
		return j.response, nil
	case j.resource != nil:
		return j.resource, nil
	}
	return &emptypb.Empty{}, nil
}

func (handJob) undo(*World, *lro.Operation, time.Time) {}
