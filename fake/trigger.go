package fake

import (
	"fmt"
	"time"
)

// Trigger says when something happens: a fault to a call, or an operation's step. Faults take all triggers but [ByHand] and [Never];
// steps and rollbacks take [Polls], [After], [ByHand] and [Never]. The zero Trigger means always for a fault and at once for a
// rollback; a step needs one.
//
// Counting triggers ([First], [Nth], [Every], [Chance]) count the calls that the fault's matcher picks, each caller's for itself,
// so that callers running side by side do not change each other's faults. An attempt that gRPC repeats by its retry policy counts
// again; a transparent retry (the request never reached the server) is not seen and not counted.
//
// Timed triggers ([After], [Until], [During]) go by the server's clock, from the start of what they belong to: a fault's
// injection, or the moment the operation came to the step.
type Trigger struct {
	kind     triggerKind
	n        int
	from, to time.Duration
	p        float64
	cond     func() bool
}

type triggerKind int

const (
	always triggerKind = iota
	first
	nth
	every
	polls
	after
	until
	during
	while
	chance
	byHand
	never
)

// First fires on the calls 1 to n of each caller.
func First(n int) Trigger { return Trigger{kind: first, n: n} }

// Nth fires on the n-th call of each caller alone, counted from 1.
func Nth(n int) Trigger { return Trigger{kind: nth, n: n} }

// Every fires on the n-th call of each caller, the 2n-th, and so on.
func Every(n int) Trigger { return Trigger{kind: every, n: n} }

// Polls fires on the n-th poll of one operation, counted from 1: on the n-th since the step began for a step, on the n-th that the
// fault sees for a fault. A poll is an OperationService.Get of that operation; reading the image or a list is none.
func Polls(n int) Trigger { return Trigger{kind: polls, n: n} }

// After fires once d has passed, and from then on.
func After(d time.Duration) Trigger { return Trigger{kind: after, from: d} }

// Until fires as long as d has not passed.
func Until(d time.Duration) Trigger { return Trigger{kind: until, to: d} }

// During fires from the moment from has passed until to has.
func During(from, to time.Duration) Trigger { return Trigger{kind: during, from: from, to: to} }

// While fires whenever cond holds as a call arrives. cond is asked without any lock held, possibly from several goroutines at once.
func While(cond func() bool) Trigger { return Trigger{kind: while, cond: cond} }

// Chance fires with probability p, decided by the server's seed, the fault's place among the injected ones, the caller, the
// method, and how many such calls the caller has made: the same in every run, however the callers interleave.
func Chance(p float64) Trigger { return Trigger{kind: chance, p: p} }

// ByHand passes a step only when the test calls [Operation.Step] or another method that moves it.
func ByHand() Trigger { return Trigger{kind: byHand} }

// Never passes a step only when the test moves it, like ByHand: it says that the operation is meant to be stuck.
func Never() Trigger { return Trigger{kind: never} }

// String returns the trigger as it reads in the record.
func (t Trigger) String() string {
	switch t.kind {
	case first:
		return fmt.Sprintf("first %d", t.n)
	case nth:
		return fmt.Sprintf("call %d", t.n)
	case every:
		return fmt.Sprintf("every %d", t.n)
	case polls:
		return fmt.Sprintf("poll %d", t.n)
	case after:
		return fmt.Sprintf("after %v", t.from)
	case until:
		return fmt.Sprintf("until %v", t.to)
	case during:
		return fmt.Sprintf("during %v-%v", t.from, t.to)
	case while:
		return "while a condition holds"
	case chance:
		return fmt.Sprintf("chance %v", t.p)
	case byHand:
		return "by hand"
	case never:
		return "never"
	}
	return "always"
}

// broken returns what is wrong with the numbers of a trigger, "" if nothing.
func (t Trigger) broken() string {
	switch t.kind {
	case first, nth, every, polls:
		if t.n < 1 {
			return fmt.Sprintf("the count is %d: calls and polls are counted from 1", t.n)
		}
	case after:
		if t.from <= 0 {
			return fmt.Sprintf("After(%v) has passed before it begins: name a duration above 0, or leave the trigger out", t.from)
		}
	case until:
		if t.to <= 0 {
			return fmt.Sprintf("Until(%v) is over before it begins: name a duration above 0", t.to)
		}
	case during:
		if t.from < 0 || t.to <= t.from {
			return fmt.Sprintf("During(%v, %v) is empty: the second duration must be greater than the first, the first not negative", t.from, t.to)
		}
	case while:
		if t.cond == nil {
			return "While has no condition: give it a func() bool"
		}
	case chance:
		if !(t.p >= 0 && t.p <= 1) {
			return fmt.Sprintf("Chance(%v) is no probability: name a number from 0 to 1", t.p)
		}
	}
	return ""
}

// brokenForStep returns why t cannot trigger a step of an operation, "" if it can.
func (t Trigger) brokenForStep() string {
	switch t.kind {
	case polls, after, byHand, never:
		return t.broken()
	case always:
		return "a step needs a trigger: Polls, After, ByHand or Never; for an operation that is done in the first reply use AtOnce"
	}
	return fmt.Sprintf("%q triggers faults, not steps: use Polls, After, ByHand or Never", t)
}

// brokenForFault returns why t cannot trigger a fault, "" if it can.
func (t Trigger) brokenForFault() string {
	switch t.kind {
	case byHand, never:
		return fmt.Sprintf("%q triggers steps of operations, and a fault that waits for it would never fire: leave the fault out, or use While", t)
	}
	return t.broken()
}
