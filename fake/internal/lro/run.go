// Package lro holds the rules of long-running operations: how a plan moves, how it ends, and the table in which operations are kept.
//
// It knows no images, no gRPC, no lock and no clock: time comes in as a value, and every method answers with a new value.
package lro

import (
	"time"

	"google.golang.org/genproto/googleapis/rpc/status"
)

// Cause is what passes a step.
type Cause int

const (
	Poll    Cause = iota // the n-th poll of the operation since the step began
	Elapsed              // a time since the step began
	Hand                 // the test, which is going to
	Never                // the same; it says that the operation is meant to be stuck
)

// Step is one stage of an operation.
type Step struct {
	Name  string
	Cause Cause
	Polls int           // of cause Poll, from 1
	After time.Duration // of cause Elapsed, more than 0
}

// Plan is how an operation is going to move. It is never changed once a Run has it.
type Plan struct {
	Steps    []Step         // none: done in the first reply
	Rollback *Step          // what ends a rollback; nil: at once, or by hand where a hand led to it
	Err      *status.Status // how it ends; nil: success
	Keep     bool           // a failed create leaves its image in ERROR
	TooLate  bool           // a cancel is refused
}

// Phase is where in its life an operation is.
type Phase int

const (
	Running     Phase = iota
	RollingBack       // error set, not done
	Failed            // done, error set
	Succeeded         // done, response set
)

func (p Phase) String() string {
	return [...]string{"running", "rolling back", "failed", "succeeded"}[p]
}

// Done tells whether nothing moves any more.
func (p Phase) Done() bool { return p == Failed || p == Succeeded }

// Run is one moment of an operation. Its methods return the next moment; those that do not fit the phase return it unchanged.
type Run struct {
	Plan  *Plan
	Phase Phase
	Err   *status.Status // set from RollingBack on
	At    int            // the step it stands at, an index of Plan.Steps
	Polls int            // since the step began
	Since time.Time      // when the step began
}

// atOncePoll is the step of a plan without steps that fails: the reply that starts an operation is never done with an error [sdk].
var atOncePoll = Step{Cause: Poll, Polls: 1}

// Begin starts a plan.
func Begin(p *Plan, now time.Time) Run {
	r := Run{Plan: p, Since: now}
	if len(p.Steps) == 0 && p.Err == nil {
		r.Phase = Succeeded
	}
	return r
}

// Step returns the step that is to be passed next; ok is false where nothing is left or where the rollback is left to a hand.
func (r Run) Step() (step Step, ok bool) {
	switch r.Phase {
	case Running:
		if len(r.Plan.Steps) == 0 {
			return atOncePoll, true
		}
		return r.Plan.Steps[r.At], true
	case RollingBack:
		if r.Plan.Rollback != nil {
			return *r.Plan.Rollback, true
		}
	}
	return Step{}, false
}

// Due returns when time alone passes the step it stands at.
func (r Run) Due() (at time.Time, ok bool) {
	step, ok := r.Step()
	if !ok || step.Cause != Elapsed {
		return time.Time{}, false
	}
	return r.Since.Add(step.After), true
}

// PolledOn tells whether polls move it: the answer to such a poll is not to be held back.
func (r Run) PolledOn() bool {
	step, ok := r.Step()
	return ok && step.Cause == Poll
}

// Poll counts one poll.
func (r Run) Poll(now time.Time) Run {
	step, ok := r.Step()
	if !ok || step.Cause != Poll {
		return r
	}
	r.Polls++
	if r.Polls < step.Polls {
		return r
	}
	return r.pass(now, false)
}

// Elapse passes the step whose time has come. The caller makes sure that Due is not after now.
func (r Run) Elapse(now time.Time) Run { return r.pass(now, false) }

// Pass passes the step it stands at, whatever its cause, as a test does by hand.
func (r Run) Pass(now time.Time) Run { return r.pass(now, true) }

func (r Run) pass(now time.Time, byHand bool) Run {
	switch r.Phase {
	case RollingBack:
		return r.enter(Failed, now)
	case Running:
		if r.At+1 < len(r.Plan.Steps) {
			r.At++
			return r.enter(Running, now)
		}
		if r.Plan.Err == nil {
			return r.enter(Succeeded, now)
		}
		// A plan that a hand steers to its failure shows both phases of it; one that moves by itself ends in one step.
		return r.fail(r.Plan.Err, now, byHand)
	}
	return r
}

// Complete passes all that is left, to success.
func (r Run) Complete(now time.Time) Run {
	if r.Phase != Running {
		return r
	}
	return r.enter(Succeeded, now)
}

// Replan gives a running operation another plan, from its first step on.
func (r Run) Replan(p *Plan, now time.Time) Run {
	if r.Phase != Running {
		return r
	}
	r.Plan, r.At = p, 0
	if len(p.Steps) == 0 && p.Err == nil {
		return r.enter(Succeeded, now)
	}
	return r.enter(Running, now)
}

// Fail ends it with an error, whatever the plan says: it has been rolled back.
func (r Run) Fail(err *status.Status, now time.Time) Run {
	if r.Phase != Running {
		return r
	}
	r.Err = err
	return r.enter(Failed, now)
}

// RollBack sets the error by hand: the operation rolls back until a hand, or what the plan says, ends it.
func (r Run) RollBack(err *status.Status, now time.Time) Run {
	if r.Phase != Running {
		return r
	}
	return r.fail(err, now, true)
}

// Refuse ends a run whose last step was passed but whose outcome cannot be had. It is done at once.
func (r Run) Refuse(err *status.Status, now time.Time) Run {
	r.Err = err
	return r.enter(Failed, now)
}

// Cancel is a client's request to stop: it is obeyed while the operation runs, unless the plan says that it comes too late.
func (r Run) Cancel(err *status.Status, now time.Time) Run {
	if r.Phase != Running || r.Plan.TooLate {
		return r
	}
	return r.fail(err, now, false)
}

// fail begins a rollback. One that a hand led to waits for a hand, unless the plan says what ends it.
func (r Run) fail(err *status.Status, now time.Time, byHand bool) Run {
	r.Err = err
	r = r.enter(RollingBack, now)
	if r.Plan.Rollback == nil && !byHand {
		return r.enter(Failed, now)
	}
	return r
}

func (r Run) enter(p Phase, now time.Time) Run {
	r.Phase, r.Polls, r.Since = p, 0, now
	return r
}
