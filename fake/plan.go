package fake

import (
	"fmt"
	"strings"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Plan is how an operation moves and ends. It is a value: make one with [AtOnce], [Finish] or a literal, and hand it to [WithPlan].
// A server without one uses Finish(Polls(1)): an operation is done at its first poll, so that the Wait of an SDK never sleeps.
// Code that watches Image.status instead of polling the operation sees CREATING for ever under that plan: use AtOnce or a
// duration for it.
type Plan struct {
	// Steps are passed in order. Without steps the operation is done in the first reply; if it is to fail, at the first poll,
	// because the reply that starts an operation never carries its error [sdk].
	Steps []Step

	// Err is how it ends: nil for success. After a failure a created image is gone, an updated one unchanged, a deleted one back
	// in its former status.
	Err *status.Status

	// Rollback says when a failure or cancel ends, counted from the moment the error is set: until then the operation has an
	// error and is not done, and the image keeps its transitional status [guide]. The zero Trigger ends it at once, except
	// where a hand led to the failure: then the next Step ends it.
	Rollback Trigger

	// KeepImage leaves the image of a failed or cancelled create in ERROR instead of removing it.
	KeepImage bool

	// TooLate refuses a client's cancel: the running operation is answered unchanged and goes on.
	TooLate bool
}

// Step is one stage of an operation.
type Step struct {
	Name string // for the record; "" is fine
	When Trigger
}

// AtOnce is the plan of an operation that is done in the first reply.
func AtOnce() Plan { return Plan{} }

// Finish is a plan of one step: Polls(n) for done at the n-th poll, After(d) for done when d has passed on the server's clock,
// ByHand() for done when the test says so, Never() for stuck.
func Finish(when Trigger) Plan { return Plan{Steps: []Step{{When: when}}} }

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
		b.WriteString(step.When.String())
	}
	if len(p.Steps) == 0 {
		b.WriteString("at once")
	}
	if p.Err != nil {
		fmt.Fprintf(&b, ", then fails with %v: %s", p.Err.Code(), p.Err.Message())
	}
	if p.Rollback.kind != always {
		fmt.Fprintf(&b, ", rolled back %v", p.Rollback)
	}
	if p.KeepImage {
		b.WriteString(", image kept")
	}
	if p.TooLate {
		b.WriteString(", cannot be cancelled")
	}
	return b.String()
}

// compile turns a plan into the form the operations use. The error is for the test that made the plan.
func (p Plan) compile() (*lro.Plan, error) {
	plan := &lro.Plan{Keep: p.KeepImage, TooLate: p.TooLate}
	for i, step := range p.Steps {
		if broken := step.When.brokenForStep(); broken != "" {
			return nil, fmt.Errorf("step %d of the plan: %s", i+1, broken)
		}
		plan.Steps = append(plan.Steps, step.compile())
	}
	if p.Rollback.kind != always {
		if broken := p.Rollback.brokenForStep(); broken != "" {
			return nil, fmt.Errorf("the rollback of the plan: %s", broken)
		}
		step := Step{Name: "rollback", When: p.Rollback}.compile()
		plan.Rollback = &step
	}
	if p.Err != nil {
		if p.Err.Code() == codes.OK {
			return nil, fmt.Errorf("the plan ends with an error of code OK: leave Err nil for success, or name another code")
		}
		plan.Err = p.Err.Proto()
	}
	return plan, nil
}

func (s Step) compile() lro.Step {
	step := lro.Step{Name: s.Name, Polls: s.When.n, After: s.When.from}
	switch s.When.kind {
	case polls:
		step.Cause = lro.Poll
	case after:
		step.Cause = lro.Elapsed
	case byHand:
		step.Cause = lro.Hand
	default:
		step.Cause = lro.Never
	}
	return step
}
