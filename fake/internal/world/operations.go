package world

import (
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// work is what the end of an operation does to the world. It is data: it holds no reference to a world, so that a clone of the
// world can end the same operation in its own way.
type work interface {
	// succeed brings the outcome about and returns the operation's response, or why it cannot be had.
	succeed(w *World, op *lro.Operation, at time.Time) (proto.Message, *spb.Status)
	// undo takes back what the start of the operation did.
	undo(w *World, op *lro.Operation, at time.Time)
}

// job is an operation about to start.
type job struct {
	place       string // prefix of its id
	description string
	subject     string        // id of the image
	metadata    proto.Message // of the method's documented type [sdk]; nil: it has none
	request     proto.Message
	work        work
	fails       *spb.Status // known to fail, whatever the plan
}

// Repeated returns the operation that the idempotency key of a request belongs to, nil if it has none or a new one: such a request is
// answered with that operation as it is now, and does nothing else [guide]. A key belongs to whoever used it first, and answers its
// operation whatever method and request it comes with [docs]; another tells whether they are others than those that started it.
//
// It is asked before anything about the state is, permission for the folder included: what the key stands for was allowed once, and is
// not done again [choice].
func (w *World) Repeated(o Origin, request proto.Message) (op *lro.Operation, another bool) {
	if o.Key == "" {
		return nil, false
	}
	use, used := w.ops.Used(lro.Key{Owner: o.Subject, Word: o.Key})
	if !used {
		return nil, false
	}
	return w.ops.Get(use.Operation), use.Method != o.Method || !proto.Equal(use.Request, request)
}

// room tells whether one more operation may run.
func (w *World) room() *spb.Status {
	if exceeds(int64(w.ops.Active())+1, int64(w.MaxActive)) {
		return contract.OperationsLimit()
	}
	return nil
}

// nextOperationID returns the id that start gives to the next operation at a place.
func (w *World) nextOperationID(place string) string {
	return ID(place, w.Seed, "operation", uint64(w.started+1))
}

// start begins an operation and, if its plan has no steps, ends it.
func (w *World) start(o Origin, j job) *operation.Operation {
	plan := o.Plan
	if plan == nil {
		plan = w.DefaultOperation
	}
	plan = failing(plan, j.fails)
	id := w.nextOperationID(j.place)
	w.started++
	op := &lro.Operation{
		Operation: &operation.Operation{
			Id:          id,
			Description: j.description,
			CreatedAt:   timestamppb.New(o.Now),
			CreatedBy:   o.Subject,
			ModifiedAt:  timestamppb.New(o.Now),
			Metadata:    pack(j.metadata),
		},
		Run:     lro.Begin(plan, o.Now),
		Seq:     w.started,
		Subject: j.subject,
		Method:  o.Method,
		By:      o.By,
		Work:    j.work,
		Fails:   j.fails,
	}
	if o.Key != "" {
		w.ops.Use(lro.Use{Key: lro.Key{Owner: o.Subject, Word: o.Key}, Method: o.Method, Request: j.request, Operation: id})
	}
	run := op.Run
	op.Run.Phase = lro.Running // it begins, then perhaps ends: two changes, as for any other plan
	w.ops.Put(op)
	w.note(OperationChange{At: o.Now, Step: Started, After: op})
	if run.Phase.Done() {
		op = w.move(op, run, o.Now)
	}
	return op.Operation
}

// failing returns a plan with the error that an operation is known to end with, unless the plan has one itself; nil: it is known of none.
func failing(plan *lro.Plan, err *spb.Status) *lro.Plan {
	if err == nil || plan.Err != nil {
		return plan
	}
	next := *plan
	next.Err = err
	return &next
}

// move replaces an operation by its next moment and, where that ends it, does to the world what the end does.
func (w *World) move(op *lro.Operation, run lro.Run, at time.Time) *lro.Operation {
	next := *op
	next.Run = run
	if run.Phase == op.Run.Phase && run.At == op.Run.At {
		w.ops.Put(&next) // a poll was counted: nothing that anybody can see
		return &next
	}

	var step Step
	message := revise(op.Operation)
	message.ModifiedAt = timestamppb.New(at)
	switch run.Phase {
	case lro.Running:
		step = Moved
	case lro.RollingBack:
		step = RollingBack
		message.Result = &operation.Operation_Error{Error: run.Err}
	case lro.Succeeded:
		response, refused := op.Work.(work).succeed(w, op, at)
		if refused == nil {
			step = Done
			message.Done = true
			message.Result = &operation.Operation_Response{Response: pack(response)}
			break
		}
		next.Run = run.Refuse(refused, at)
		fallthrough
	case lro.Failed:
		op.Work.(work).undo(w, op, at)
		step = Failed
		message.Done = true
		message.Result = &operation.Operation_Error{Error: next.Run.Err}
	}
	next.Operation = message
	w.ops.Put(&next)
	w.note(OperationChange{At: at, Step: step, Before: op, After: &next})
	return &next
}

// GetOperation answers OperationService.Get without counting a poll.
func (w *World) GetOperation(id string) (*lro.Operation, *spb.Status) {
	op := w.ops.Get(id)
	if op == nil {
		return nil, contract.OperationNotFound(id)
	}
	return op, nil
}

// Poll answers OperationService.Get: it counts one poll, which may move the operation.
func (w *World) Poll(id string, now time.Time) (*lro.Operation, *spb.Status) {
	op, refused := w.GetOperation(id)
	if refused != nil || !op.Run.PolledOn() {
		return op, refused
	}
	return w.move(op, op.Run.Poll(now), now), nil
}

// Cancel answers OperationService.Cancel: best effort, never an error for an operation that exists [guide].
func (w *World) Cancel(id string, now time.Time) (*operation.Operation, *spb.Status) {
	op, refused := w.GetOperation(id)
	if refused != nil {
		return nil, refused
	}
	if run := op.Run.Cancel(contract.Cancelled(), now); run.Phase != op.Run.Phase {
		op = w.move(op, run, now)
	}
	return op.Operation, nil
}

// Steer moves an operation by hand. It returns nil if there is none with that id.
func (w *World) Steer(id string, at time.Time, steer func(lro.Run) lro.Run) *lro.Operation {
	op := w.ops.Get(id)
	if op == nil {
		return nil
	}
	run := steer(op.Run)
	if run.Phase == op.Run.Phase && run.At == op.Run.At {
		return op
	}
	return w.move(op, run, at)
}

// Replan gives a running operation another plan. It returns nil if there is none with that id.
func (w *World) Replan(id string, plan *lro.Plan, at time.Time) *lro.Operation {
	op := w.ops.Get(id)
	if op == nil || op.Run.Phase != lro.Running {
		return op
	}
	run := op.Run.Replan(failing(plan, op.Fails), at)
	if run.Phase != lro.Running {
		return w.move(op, run, at)
	}
	next := *op
	next.Run = run
	w.ops.Put(&next)
	return &next
}

// revise returns a message with the same content, the next version of one that must not change. It shares what the fields refer to.
func revise[M proto.Message](m M) M {
	from := m.ProtoReflect()
	to := from.New()
	from.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		to.Set(fd, v)
		return true
	})
	to.SetUnknown(from.GetUnknown())
	return to.Interface().(M)
}

// pack wraps a message that is known to marshal: the fake made it from parts that came over the wire or were checked as seeds.
func pack(m proto.Message) *anypb.Any {
	if m == nil {
		return nil
	}
	packed := &anypb.Any{}
	// Two equal servers answer with equal bytes, whatever order a map has today.
	if err := anypb.MarshalFrom(packed, m, proto.MarshalOptions{Deterministic: true}); err != nil {
		panic("imagefake: a message of the fake's own does not marshal: " + err.Error())
	}
	return packed
}
