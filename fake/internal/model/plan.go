package model

import (
	"strings"
	"time"

	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Trigger is what passes a step: that many polls, a time, or, if both are zero, a hand.
type Trigger struct {
	Polls int
	After time.Duration
}

// Plan is how an operation moves. No Steps: it is done in the first reply. Rollback nil: a failure ends at once.
type Plan struct {
	Steps    []Trigger
	Err      *spb.Status
	Rollback *Trigger
	Keep     bool // the image of a failed create stays, in ERROR
	TooLate  bool // a client's cancel is refused
}

// op is an operation.
type op struct {
	id, image   string
	method      string
	description string
	by          string
	created     time.Time
	modified    time.Time
	metadata    proto.Message
	plan        Plan

	at       int       // the step it stands at
	polls    int       // since it came there
	since    time.Time // when it came there
	rollback *Trigger  // what ends it, once the error is set
	done     bool
	err      *spb.Status
	response proto.Message

	update   *compute.UpdateImageRequest
	mask     []string // the fields that it writes
	set      []*access.AccessBinding
	deltas   []*access.AccessBindingDelta
	doomed   *spb.Status // how its source makes it fail
	versions []*operation.Operation
	always   bool                 // it came with a state: it has been there from the start
	unborn   bool                 // to a replica that lags: it has not been started yet
	frozen   *operation.Operation // to a replica that lags: how it is seen
}

func (o *op) writes(field string) bool {
	for _, f := range o.mask {
		if f == field {
			return true
		}
	}
	return false
}

// msg returns the operation as a client sees it.
func (o *op) msg() *operation.Operation {
	if o.frozen != nil {
		return o.frozen
	}
	m := &operation.Operation{
		Id: o.id, Description: o.description, CreatedBy: o.by, Done: o.done,
		CreatedAt: timestamppb.New(o.created), ModifiedAt: timestamppb.New(o.modified), Metadata: packed(o.metadata),
	}
	switch {
	case o.err != nil:
		m.Result = &operation.Operation_Error{Error: o.err}
	case o.done:
		m.Result = &operation.Operation_Response{Response: packed(o.response)}
	}
	return m
}

func packed(m proto.Message) *anypb.Any {
	a, err := anypb.New(m)
	if err != nil {
		panic(err)
	}
	return a
}

// changed notes that clients see the operation differently from that time on.
func (o *op) changed(at time.Time) {
	o.modified = at
	o.versions = append(o.versions, o.msg())
}

// trigger returns what moves the operation next, nil if nothing does.
func (o *op) trigger() *Trigger {
	switch {
	case o.done:
		return nil
	case o.err != nil:
		return o.rollback
	case o.at < len(o.plan.Steps):
		return &o.plan.Steps[o.at]
	}
	return &Trigger{Polls: 1} // one that would fail in the first reply
}

// Tell moves the cloud to a later time, past all that is due on the way: by time, ties by creation.
func (c *Cloud) Tell(now time.Time) {
	for {
		var next *op
		var due time.Time
		for _, o := range c.ops {
			if t := o.trigger(); t != nil && t.After > 0 {
				if at := o.since.Add(t.After); !at.After(now) && (next == nil || at.Before(due)) {
					next, due = o, at
				}
			}
		}
		if next == nil {
			break
		}
		c.now = due
		c.pass(next, false)
	}
	c.now = now
}

// poll counts a poll of an operation.
func (c *Cloud) poll(o *op) {
	if t := o.trigger(); t != nil && t.Polls > 0 {
		if o.polls++; o.polls >= t.Polls {
			c.pass(o, false)
		}
	}
}

// pass ends the step, or the rollback, at which the operation stands.
func (c *Cloud) pass(o *op, hand bool) {
	if o.err != nil {
		c.rolledBack(o)
		return
	}
	o.at, o.polls, o.since = o.at+1, 0, c.now
	if o.at < len(o.plan.Steps) {
		o.changed(c.now)
		return
	}
	c.end(o, hand)
}

// end ends an operation whose steps are passed, as it was meant to end.
func (c *Cloud) end(o *op, hand bool) {
	failure := o.plan.Err
	if failure == nil {
		failure = o.doomed
	}
	if failure != nil {
		c.fail(o, failure, hand)
		return
	}
	o.err = c.succeed(o) // there is nothing to roll back of what cannot be done: it ends in one step
	o.done = true
	o.changed(c.now)
}

// fail sets an error. Where no rollback is planned it ends at once, or, where a hand led to it, by the next step.
func (c *Cloud) fail(o *op, err *spb.Status, hand bool) {
	o.err, o.polls, o.since, o.rollback = err, 0, c.now, o.plan.Rollback
	if o.rollback == nil && hand {
		o.rollback = &Trigger{}
	}
	if o.rollback == nil {
		c.rolledBack(o)
		return
	}
	o.changed(c.now)
}

// rolledBack ends a failed operation.
func (c *Cloud) rolledBack(o *op) {
	if im := c.image(o.image); im != nil {
		switch o.method {
		case "Create":
			if o.plan.Keep {
				im.change(func(m *compute.Image) { m.Status = compute.Image_ERROR })
			} else {
				im.msg = nil
			}
			c.note(im)
		case "Delete":
			im.change(func(m *compute.Image) { m.Status = im.former })
			c.note(im)
		}
	}
	o.done = true
	o.changed(c.now)
}

// succeed does what the operation is for. It returns why it cannot.
func (c *Cloud) succeed(o *op) *spb.Status {
	im := c.image(o.image)
	if im == nil {
		return &spb.Status{Code: int32(codes.FailedPrecondition)}
	}
	switch o.method {
	case "Create":
		im.change(func(m *compute.Image) { m.Status = compute.Image_READY })
		o.response = im.msg
	case "Update":
		if im.msg.Status != compute.Image_READY {
			return &spb.Status{Code: int32(codes.FailedPrecondition)}
		}
		im.change(func(m *compute.Image) { o.write(m, im.need) })
		o.response = im.msg
	case "Delete":
		im.msg = nil
		o.response = new(emptypb.Empty)
	default:
		o.response = im.bind(o)
	}
	c.note(im)
	return nil
}

// Step passes the step of an operation by hand. It tells whether there is one to pass.
func (c *Cloud) Step(id string) bool {
	o := c.op(id)
	if o.done {
		return false
	}
	c.pass(o, true)
	return true
}

// Complete passes all that is left, to success whatever the plan says.
func (c *Cloud) Complete(id string) bool {
	o := c.op(id)
	if o.done || o.err != nil {
		return false
	}
	o.at = len(o.plan.Steps)
	o.plan.Err, o.doomed = nil, nil
	c.end(o, true)
	return true
}

// Fail ends the operation by hand: with an error, rolled back.
func (c *Cloud) Fail(id string, code codes.Code, text string) bool {
	o := c.op(id)
	if o.done || o.err != nil {
		return false
	}
	o.err = &spb.Status{Code: int32(code), Message: text}
	c.rolledBack(o)
	return true
}

// RollBack sets an error by hand.
func (c *Cloud) RollBack(id string, code codes.Code, text string) bool {
	o := c.op(id)
	if o.done || o.err != nil {
		return false
	}
	c.fail(o, &spb.Status{Code: int32(code), Message: text}, true)
	return true
}

// Cancel is a client's cancel. One that is done, rolling back or too late stays as it is.
func (c *Cloud) Cancel(id string) {
	if o := c.op(id); !o.done && o.err == nil && !o.plan.TooLate {
		c.fail(o, &spb.Status{Code: int32(codes.Canceled), Message: "Cancelled by client"}, false)
	}
}

// Stands says how an operation stands: whether it is unfinished, and whether a poll of it moves nothing, so that the poll is one to hold.
func (c *Cloud) Stands(id string) (unfinished, still bool) {
	o := c.op(id)
	if o == nil || o.done {
		return false, false
	}
	return true, o.trigger().Polls == 0
}

// Versions returns how often clients have seen the operation change, and how they saw it each time.
func (c *Cloud) Versions(id string) []*operation.Operation {
	if o := c.op(id); o != nil {
		return o.versions
	}
	return nil
}

// Due returns how far away the next thing is that happens by time; 0 if there is none.
func (c *Cloud) Due() time.Duration {
	var next time.Duration
	for _, o := range c.ops {
		if t := o.trigger(); t != nil && t.After > 0 {
			if left := o.since.Add(t.After).Sub(c.now); next == 0 || left < next {
				next = left
			}
		}
	}
	return next
}

// prefix returns the first characters of an operation's id: those of the disk that the work runs beside.
func prefix(r *compute.CreateImageRequest) string {
	if id := r.GetDiskId(); len(id) == 20 && strings.Trim(id, "0123456789abcdefghijklmnopqrstuv") == "" {
		return id[:3]
	}
	return "fd8"
}
