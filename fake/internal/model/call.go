package model

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// Call is a request as it comes, and what the server answered, from which only the ids and tokens are taken that it made up.
type Call struct {
	Now      time.Time
	Caller   string
	Key      string // idempotency key
	Method   string // "Create", "OperationGet"
	Request  proto.Message
	Plan     Plan // of the operation that the call may start
	Answered proto.Message
}

// Answer is what had to come: a reply, or, where several errors hold at once, one of the refusals.
type Answer struct {
	Reply    proto.Message
	Refusals []Refusal
}

func refused(code codes.Code, format string, args ...any) Refusal {
	return Refusal{Code: code, Text: fmt.Sprintf(format, args...)}
}

func (a *Answer) refuse(code codes.Code, format string, args ...any) {
	a.Refusals = append(a.Refusals, refused(code, format, args...))
}

// Do answers a call and changes the cloud as the call does.
func (c *Cloud) Do(call Call) Answer {
	c.Tell(call.Now)
	if wrong := c.setup.validate(call.Request); wrong != nil {
		return Answer{Refusals: []Refusal{*wrong}}
	}
	switch r := call.Request.(type) {
	case *operation.GetOperationRequest:
		if o := c.op(r.OperationId); o != nil {
			c.poll(o)
			return Answer{Reply: o.msg()}
		}
		return unknown(r.OperationId)
	case *operation.CancelOperationRequest:
		if o := c.op(r.OperationId); o != nil {
			c.Cancel(o.id)
			return Answer{Reply: o.msg()}
		}
		return unknown(r.OperationId)
	case *compute.CreateImageRequest, *compute.UpdateImageRequest, *compute.DeleteImageRequest,
		*access.SetAccessBindingsRequest, *access.UpdateAccessBindingsRequest:
		return c.mutate(call)
	}
	return c.read(call)
}

// unknown answers who asks for an operation that does not exist. Nobody knows how much of a very long id is repeated.
func unknown(id string) Answer {
	if len(id) > 50 {
		return Answer{Refusals: []Refusal{{codes.NotFound, "Operation ", true}}}
	}
	return Answer{Refusals: []Refusal{refused(codes.NotFound, "Operation %q not found", id)}}
}

// read answers a call that changes nothing.
func (c *Cloud) read(call Call) (a Answer) {
	switch r := call.Request.(type) {
	case *compute.GetImageRequest:
		if im := c.image(r.ImageId); im != nil {
			a.Reply = im.msg
			return a
		}
		a.refuse(codes.NotFound, "Image %q not found", r.ImageId)
	case *compute.GetImageLatestByFamilyRequest:
		var latest *compute.Image
		for _, im := range c.Images() {
			if im.FolderId == r.FolderId && im.Family == r.Family && r.Family != "" && im.Status == compute.Image_READY &&
				(latest == nil || !im.CreatedAt.AsTime().Before(latest.CreatedAt.AsTime())) {
				latest = im
			}
		}
		if latest != nil {
			a.Reply = latest
			return a
		}
		a.refuse(codes.NotFound, "Image %q not found", r.Family)
	case *compute.ListImagesRequest:
		return c.list(r, call.Answered)
	case *compute.ListImageOperationsRequest:
		return c.listOperations(r, call.Answered)
	case *access.ListAccessBindingsRequest:
		return c.listBindings(r, call.Answered)
	}
	return a
}

// mutate answers a call that may start an operation.
func (c *Cloud) mutate(call Call) (a Answer) {
	key := call.Caller + "\n" + call.Key
	if id, used := c.keys[key]; used && call.Key != "" {
		return Answer{Reply: c.op(id).msg()}
	}
	o := &op{
		by: call.Caller, created: c.now, modified: c.now, since: c.now, plan: call.Plan, method: call.Method, image: subject(call.Request),
	}
	im := c.image(o.image)
	if im == nil && call.Method != "Create" {
		a.refuse(codes.NotFound, "Image %q not found", o.image)
		return a
	}
	running := 0
	for _, other := range c.ops {
		if !other.done {
			running++
		}
	}
	if most := c.setup.Operations; most > 0 && running >= most {
		a.refuse(codes.ResourceExhausted, "The limit on maximum number of active operations has exceeded.")
	}
	made := made(call.Answered)
	switch r := call.Request.(type) {
	case *compute.CreateImageRequest:
		im = c.create(&a, o, r, made)
	case *compute.UpdateImageRequest:
		c.update(&a, o, r, im)
	case *compute.DeleteImageRequest:
		o.description, o.metadata = "Delete image", &compute.DeleteImageMetadata{ImageId: im.id}
		if s := im.msg.Status; s == compute.Image_CREATING || s == compute.Image_DELETING {
			a.refuse(codes.FailedPrecondition, "Image %q is not ready: %s", im.id, s)
		}
	case *access.SetAccessBindingsRequest:
		o.description, o.metadata = "Set access bindings", &access.SetAccessBindingsMetadata{ResourceId: im.id}
		o.set = r.AccessBindings
	case *access.UpdateAccessBindingsRequest:
		o.description, o.metadata = "Update access bindings", &access.UpdateAccessBindingsMetadata{ResourceId: im.id}
		o.deltas = r.AccessBindingDeltas
	}
	if len(a.Refusals) > 0 {
		return a
	}
	c.start(o, im, made)
	if call.Key != "" {
		c.keys[key] = o.id
	}
	return Answer{Reply: o.msg()}
}

// start lets an accepted operation begin.
func (c *Cloud) start(o *op, im *image, made *operation.Operation) {
	o.id = made.GetId()
	switch o.method {
	case "Create":
		im.versions = []version{{}}
		c.images = append(c.images, im)
		c.note(im)
	case "Delete":
		im.former = im.msg.Status
		im.change(func(m *compute.Image) { m.Status = compute.Image_DELETING })
		c.note(im)
	}
	c.ops = append(c.ops, o)
	o.versions = []*operation.Operation{o.msg()}
	if len(o.plan.Steps) == 0 && o.plan.Err == nil && o.doomed == nil {
		c.end(o, false)
	}
}

// subject returns the id of the image that a request is about.
func subject(m proto.Message) string {
	switch r := m.(type) {
	case interface{ GetImageId() string }:
		if _, create := m.(*compute.CreateImageRequest); !create {
			return r.GetImageId()
		}
	case interface{ GetResourceId() string }:
		return r.GetResourceId()
	}
	return ""
}

// made returns the operation that a reply is, nil if it is none.
func made(reply proto.Message) *operation.Operation {
	o, _ := reply.(*operation.Operation)
	return o
}

// ImageOf returns the id of the image that an operation says in its metadata that it is about.
func ImageOf(o *operation.Operation) string {
	m, err := o.GetMetadata().UnmarshalNew()
	if err != nil {
		return ""
	}
	switch m := m.(type) {
	case interface{ GetImageId() string }:
		return m.GetImageId()
	case interface{ GetResourceId() string }:
		return m.GetResourceId()
	}
	return ""
}

// New tells whether the ids of an operation that was just started are ones that no image and no operation of the cloud has had.
func (c *Cloud) New(o *operation.Operation, create bool) bool {
	known := slices.ContainsFunc(c.ops, func(other *op) bool { return other.id == o.Id })
	return !known && (!create || c.known(ImageOf(o)) == nil)
}

// Refuse returns how a request is refused for what is wrong with it by itself, the zero Answer if nothing is.
func (c *Cloud) Refuse(call Call) Answer {
	if wrong := c.setup.validate(call.Request); wrong != nil {
		return Answer{Refusals: []Refusal{*wrong}}
	}
	return Answer{}
}

var id = regexp.MustCompile(`\A[0-9a-v]{20}\z`)

// WellNamed tells whether the ids of a started operation look as they have to.
func WellNamed(o *operation.Operation, request proto.Message) bool {
	create, made := request.(*compute.CreateImageRequest)
	if made && (!id.MatchString(ImageOf(o)) || ImageOf(o)[:3] != "fd8") {
		return false
	}
	return id.MatchString(o.Id) && o.Id[:3] == prefix(create)
}
