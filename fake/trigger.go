package fake

import (
	"fmt"
	"time"

	"github.com/imagefake/imagefake/fake/internal/lro"
)

// Trigger says when a fault happens to the calls that its matcher picks, and when a line of a script does. Nil means always: at
// every call. The triggers are [Once], [First], [Nth], [Every], [Polls], [After], [Until], [During], [While] and [Chance]; nothing
// else can be one.
//
// Counting triggers ([First], [Nth], [Every], [Chance]) count the calls that the fault's matcher picks, each caller's for itself,
// so that callers running side by side do not change each other's faults. An attempt that gRPC repeats by its retry policy counts
// again; a transparent retry (the request never reached the server) is not seen and not counted.
//
// Timed triggers ([After], [Until], [During]) go by the server's clock, from the start of what they belong to: a fault's
// injection, or the moment the operation came to the step.
type Trigger interface {
	String() string // as it reads in the record

	wrong() string // what is wrong with its numbers, "" if nothing

	// countedAs returns the name under which a call is counted, each name for itself; ok is false for a call that does not count
	// and at which it does not fire.
	countedAs(*Call) (name string, ok bool)

	condition() func() bool // of the test; asked first, without a lock; nil: none
	fires(pick) bool
}

// StepTrigger says when a step of an operation or its rollback is passed. The step triggers are [Polls], [After] and [ByHand].
type StepTrigger interface {
	String() string // as it reads in the record

	wrong() string
	step() lro.Step // without a name
}

// AnyTrigger is what [Polls] and [After] return: it triggers faults and steps alike.
type AnyTrigger interface {
	Trigger
	StepTrigger
}

// A pick is a call that a fault's matcher has picked.
type pick struct {
	n     int           // its number under its name, from 1
	age   time.Duration // of the fault, since it was injected
	fault *Injected
	call  *Call
	turn  int // its number among its caller's calls of the method
}

// flaw returns what is wrong with a trigger, "" if nothing. A struct of the test's own that embeds no trigger, or a nil pointer to
// one, has the methods and cannot run them.
func flaw(t interface{ wrong() string }) (why string) {
	defer func() {
		if recover() != nil {
			why = fmt.Sprintf("a %T without a trigger in it is none: use what Once, First, Polls, After and the like return", t)
		}
	}()
	return t.wrong()
}

// byCaller is what most triggers have in common: each caller's calls count for themselves, and nobody is asked.
type byCaller struct{}

func (byCaller) countedAs(c *Call) (string, bool) { return c.Caller, true }
func (byCaller) condition() func() bool           { return nil }

// Once fires on the first call that is picked, whoever makes it, and never again.
func Once() Trigger { return once{} }

type once struct{ byCaller }

func (once) String() string                 { return "once" }
func (once) wrong() string                  { return "" }
func (once) countedAs(*Call) (string, bool) { return "", true }
func (once) fires(p pick) bool              { return p.n == 1 }

// First fires on the calls 1 to n of each caller.
func First(n int) Trigger { return first{n: n} }

type first struct {
	byCaller
	n int
}

func (t first) String() string    { return fmt.Sprintf("first %d", t.n) }
func (t first) wrong() string     { return wrongCount(t.n) }
func (t first) fires(p pick) bool { return p.n <= t.n }

// Nth fires on the n-th call of each caller alone, counted from 1.
func Nth(n int) Trigger { return nth{n: n} }

type nth struct {
	byCaller
	n int
}

func (t nth) String() string    { return fmt.Sprintf("call %d", t.n) }
func (t nth) wrong() string     { return wrongCount(t.n) }
func (t nth) fires(p pick) bool { return p.n == t.n }

// Every fires on the n-th call of each caller, the 2n-th, and so on.
func Every(n int) Trigger { return every{n: n} }

type every struct {
	byCaller
	n int
}

func (t every) String() string    { return fmt.Sprintf("every %d", t.n) }
func (t every) wrong() string     { return wrongCount(t.n) }
func (t every) fires(p pick) bool { return p.n%t.n == 0 }

// Polls fires on the n-th poll of one operation, counted from 1: on the n-th since the step began for a step, on the n-th that the
// fault sees for a fault. A poll is an OperationService.Get of that operation; reading the image or a list is none.
func Polls(n int) AnyTrigger { return polls{n: n} }

type polls struct {
	byCaller
	n int
}

func (t polls) String() string    { return fmt.Sprintf("poll %d", t.n) }
func (t polls) wrong() string     { return wrongCount(t.n) }
func (t polls) step() lro.Step    { return lro.Step{Cause: lro.Poll, Polls: t.n} }
func (t polls) fires(p pick) bool { return p.n == t.n }

func (polls) countedAs(c *Call) (string, bool) { return c.OperationID, c.Method == OperationGet }

func wrongCount(n int) string {
	if n < 1 {
		return fmt.Sprintf("the count is %d: calls and polls are counted from 1", n)
	}
	return ""
}

// After fires once d has passed, and from then on.
func After(d time.Duration) AnyTrigger { return after{d: d} }

type after struct {
	byCaller
	d time.Duration
}

func (t after) String() string    { return fmt.Sprintf("after %v", t.d) }
func (t after) step() lro.Step    { return lro.Step{Cause: lro.Elapsed, After: t.d} }
func (t after) fires(p pick) bool { return p.age >= t.d }

func (t after) wrong() string {
	if t.d <= 0 {
		return fmt.Sprintf("After(%v) has passed before it begins: name a duration above 0, or leave the trigger out", t.d)
	}
	return ""
}

// Until fires as long as d has not passed.
func Until(d time.Duration) Trigger { return until{d: d} }

type until struct {
	byCaller
	d time.Duration
}

func (t until) String() string    { return fmt.Sprintf("until %v", t.d) }
func (t until) fires(p pick) bool { return p.age < t.d }

func (t until) wrong() string {
	if t.d <= 0 {
		return fmt.Sprintf("Until(%v) is over before it begins: name a duration above 0", t.d)
	}
	return ""
}

// During fires from the moment from has passed until to has.
func During(from, to time.Duration) Trigger { return during{from: from, to: to} }

type during struct {
	byCaller
	from, to time.Duration
}

func (t during) String() string    { return fmt.Sprintf("during %v-%v", t.from, t.to) }
func (t during) fires(p pick) bool { return p.age >= t.from && p.age < t.to }

func (t during) wrong() string {
	if t.from < 0 || t.to <= t.from {
		return fmt.Sprintf("During(%v, %v) is empty: the second duration must be greater than the first, the first not negative", t.from, t.to)
	}
	return ""
}

// While fires whenever cond holds as a call arrives. cond is asked without any lock held, possibly from several goroutines at once.
func While(cond func() bool) Trigger { return while{cond: cond} }

type while struct {
	byCaller
	cond func() bool
}

func (while) String() string           { return "while a condition holds" }
func (t while) condition() func() bool { return t.cond }
func (while) fires(pick) bool          { return true }

func (t while) wrong() string {
	if t.cond == nil {
		return "While has no condition: give it a func() bool"
	}
	return ""
}

// Chance fires with probability p, decided by the server's seed, the fault's place among the injected ones, the caller, the
// method, and how many such calls the caller has made: the same in every run, however the callers interleave.
func Chance(p float64) Trigger { return chance{p: p} }

type chance struct {
	byCaller
	p float64
}

func (t chance) String() string    { return fmt.Sprintf("chance %v", t.p) }
func (t chance) fires(p pick) bool { return p.fault.draw(p.call, p.turn) < t.p }

func (t chance) wrong() string {
	if !(t.p >= 0 && t.p <= 1) {
		return fmt.Sprintf("Chance(%v) is no probability: name a number from 0 to 1", t.p)
	}
	return ""
}

// ByHand passes a step only when the test calls [Operation.Step] or another method that moves it. Until then the polls of a client that
// comes back at once are held, up to 20 seconds each: see [WithPollInterval], and [WithUnheldPolls] for never.
func ByHand() StepTrigger { return byHand{} }

type byHand struct{}

func (byHand) String() string { return "by hand" }
func (byHand) wrong() string  { return "" }
func (byHand) step() lro.Step { return lro.Step{Cause: lro.Hand} }

// never is the trigger of the step at which an operation is stuck.
type never struct{}

func (never) String() string { return "never" }
func (never) wrong() string  { return "" }
func (never) step() lro.Step { return lro.Step{Cause: lro.Never} }
