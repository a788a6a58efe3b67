package fake

import (
	"fmt"
	"strings"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Plan is how an operation moves and ends. It is a value: make one with [AtOnce], [Finish], [Stuck] or a literal, and hand it to
// [WithPlan]. A server without one uses Finish(Polls(1)): an operation is done at its first poll, so that the Wait of an SDK never
// sleeps. Code that watches Image.status instead of polling the operation sees CREATING for ever under that plan: use AtOnce or a
// duration for it.
type Plan struct {
	// Steps are passed in order. Without steps the operation is done in the first reply; if it is to fail, at the first poll,
	// because the reply that starts an operation never carries its error [sdk].
	Steps []Step

	// Err is how it ends: nil for success. After a failure a created image is gone, an updated one unchanged, a deleted one back
	// in its former status.
	Err *status.Status

	// Rollback says when a failure or cancel ends, counted from the moment the error is set: until then the operation has an
	// error and is not done, and the image keeps its transitional status [guide]. Nil ends it at once, except
	// where a hand led to the failure: then the next Step ends it.
	Rollback StepTrigger

	// KeepFailed leaves what a failed or cancelled create has made in ERROR instead of removing it.
	KeepFailed bool

	// TooLate refuses a client's cancel: the running operation is answered unchanged and goes on.
	TooLate bool
}

// Step is one stage of an operation.
type Step struct {
	Name string // for the record; "" is fine
	When StepTrigger
}

// AtOnce is the plan of an operation that is done in the first reply.
func AtOnce() Plan { return Plan{} }

// Finish is a plan of one step: Polls(n) for done at the n-th poll, After(d) for done when d has passed on the server's clock,
// ByHand() for done when the test says so.
func Finish(when StepTrigger) Plan { return Plan{Steps: []Step{{When: when}}} }

// Stuck is the plan of an operation that does not end by itself. The test can still move it, and a client cancel it.
func Stuck() Plan { return Finish(never{}) }

// String returns the plan in words: "copy after 1m0s, finish by hand, then fails with Internal: disk read error".
func (p Plan) String() string {
	var b strings.Builder
	for i, step := range p.Steps {
		if i > 0 {
			b.WriteString(", ")
		}
		if step.Name != "" {
			b.WriteString(step.Name + " ")
		}
		fmt.Fprint(&b, step.When)
	}
	if len(p.Steps) == 0 {
		b.WriteString("at once")
	}
	if p.Err != nil {
		fmt.Fprintf(&b, ", then fails with %v: %s", p.Err.Code(), p.Err.Message())
	}
	if p.Rollback != nil {
		fmt.Fprintf(&b, ", rolled back %v", p.Rollback)
	}
	if p.KeepFailed {
		b.WriteString(", kept when it fails")
	}
	if p.TooLate {
		b.WriteString(", cannot be cancelled")
	}
	return plain.Line(b.String())
}

// compile turns a plan into the form the operations use. The error is for the test that made the plan.
func (p Plan) compile() (*lro.Plan, error) {
	plan := &lro.Plan{Keep: p.KeepFailed, TooLate: p.TooLate}
	for i, step := range p.Steps {
		if step.When == nil {
			return nil, fmt.Errorf("step %d of the plan: a step needs a trigger: Polls, After or ByHand; for an operation that is done in the first reply use AtOnce", i+1)
		}
		if wrong := flaw(step.When); wrong != "" {
			return nil, fmt.Errorf("step %d of the plan: %s", i+1, wrong)
		}
		compiled := step.When.step()
		compiled.Name = step.Name
		plan.Steps = append(plan.Steps, compiled)
	}
	if p.Rollback != nil {
		if wrong := flaw(p.Rollback); wrong != "" {
			return nil, fmt.Errorf("the rollback of the plan: %s", wrong)
		}
		compiled := p.Rollback.step()
		compiled.Name = "rollback"
		plan.Rollback = &compiled
	}
	if p.Err != nil {
		if p.Err.Code() == codes.OK {
			return nil, fmt.Errorf("the plan ends with an error of code OK: leave Err nil for success, or name another code")
		}
		plan.Err = p.Err.Proto()
		if wrong := wrongStatus(plan.Err); wrong != "" {
			return nil, fmt.Errorf("the error of the plan: %s", wrong)
		}
	}
	return plan, nil
}
