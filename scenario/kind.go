package scenario

import (
	"fmt"
	gotoken "go/token"
	"slices"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
)

// Kind is a fault without a place; [Explore] finds the places, [Chaos] draws them. One's own kind is a literal:
//
//	slow := scenario.Kind{Name: "slow", Do: fake.Delay(time.Minute)}
type Kind struct {
	Name string       // in reports and names of subtests: lower-case letters, digits and dashes
	On   fake.Matcher // the calls it makes sense for; nil: all
	Do   fake.Effect  // what happens to the call

	// Act is what happens to the world as the call comes, before Do and before its commit. It may use the server and clients. The
	// call is a copy, without an answer. A kind needs Do, Act or both.
	Act func(*fake.Server, *fake.Call)

	among   func(fake.Method) bool         // the methods it makes sense for; nil: all
	lasts   lasting                        // zero: one call
	wrong   string                         // what Faults is to say about it
	code    string                         // Do as Go code, "" for one's own kinds
	lateToo bool                           // both before and after the commit
	final   bool                           // trying again does not help
	rival   bool                           // of another client, or of the cloud
	wide    bool                           // where it lasts, it happens to calls of all methods
	called  string                         // what the package calls it, "" for one's own kinds
	make    func(*fake.Server) fake.Effect // instead of Do, where it needs the server
	applies func(seen) bool                // nil: to all calls
	twin    func(s seen, late bool) string // the kind whose run would be the same, noFault for that without faults; "": none
}

// The kinds of fault that [Explore] and [Chaos] use unless [Faults] says otherwise, and [Silence].
var (
	// Unavailable: the service, or a proxy before it, is down for a moment. Nothing has changed.
	Unavailable = Kind{Name: "unavailable", Do: fake.Return(codes.Unavailable), code: "fake.Return(codes.Unavailable)"}

	// LostReply: the call is handled, its reply is lost, the caller sees Unavailable. Of a call that changes nothing that is no
	// different from Unavailable.
	LostReply = Kind{Name: "lost-reply", Do: fake.LoseReply(), code: "fake.LoseReply()", twin: changesNothing}

	// ReplicaLag: a read, a poll included, is answered by a replica that has not heard of the latest change.
	ReplicaLag = Kind{Name: "replica-lag", Do: fake.Lag(1), among: readsWhatChanges, code: "fake.Lag(1)", twin: nothingToMiss}

	// Deadline: no answer comes before the caller's deadline. It happens to calls that have one, before the commit and after it.
	// See Silence for calls without.
	Deadline = Kind{Name: "deadline", Do: fake.Hang(), code: "fake.Hang()", lateToo: true, applies: hasDeadline, twin: changesNothingLate("deadline")}

	// Throttled: the caller is asked to come back in two seconds.
	Throttled = Kind{Name: "throttled", Do: fake.Throttle(2 * time.Second), code: "fake.Throttle(2*time.Second)"}

	// Denied: the caller has lost the permission for one call. Trying again does not help, so it only happens to calls that the body
	// comes to on its usual way: not at a retry, and not behind a failure that the body did not get over, where clean-ups are and no
	// client could do anything about it.
	Denied = Kind{Name: "denied", Do: fake.Return(codes.PermissionDenied), final: true, code: `fake.Return(codes.PermissionDenied)`}

	// ConnectionCut: the connection ends, with all calls on it, before the commit and after it.
	ConnectionCut = Kind{Name: "connection-cut", Do: fake.Cut(), code: "fake.Cut()", lateToo: true, twin: changesNothingLate("connection-cut")}

	// OperationFails: the call starts an operation as usual, which then fails and has been rolled back by its first poll. Like
	// Denied, it only happens on the usual way.
	OperationFails = Kind{Name: "operation-fails", make: failOperation, final: true, applies: startsOperation, among: fake.Method.Starts}

	// SlowRollback: the call starts an operation as usual, which then fails, and is rolled back for five minutes: until then it has an
	// error and is not done, and its image is still there. Like Denied, it only happens on the usual way.
	SlowRollback = Kind{Name: "slow-rollback", make: rollBackSlowly, final: true, applies: startsOperation, among: fake.Method.Starts}

	// EmptyPage: a page of a list is empty and has a token: what should have been on it comes next. The rules of pagination allow that.
	EmptyPage = Kind{Name: "empty-page", Do: fake.EmptyPage(), among: answersInPages, code: "fake.EmptyPage()"}

	// Silence: no answer ever comes. Calls without a deadline hang, and that breaks a run: it is not among the default kinds.
	Silence = Kind{Name: "silence", Do: fake.Hang(), code: "fake.Hang()"}
)

func defaultKinds() []Kind {
	return []Kind{Unavailable, LostReply, ReplicaLag, Deadline, Throttled, Denied, ConnectionCut, OperationFails, SlowRollback, EmptyPage}
}

// Methods by what they are. The addresses of services never change: no replica lags behind with them.
func readsWhatChanges(m fake.Method) bool { return m.Reads() && !tellsAddresses(m) }
func answersInPages(m fake.Method) bool   { return m.Pages() && !tellsAddresses(m) }
func oneOf(methods ...fake.Method) func(fake.Method) bool {
	return func(m fake.Method) bool { return slices.Contains(methods, m) }
}
func tellsAddresses(m fake.Method) bool { return m.Service() == fake.EndpointGet.Service() }

func hasDeadline(s seen) bool     { return s.deadline }
func startsOperation(s seen) bool { return s.code == codes.OK && s.changed }

// noFault is the name of the schedule in which nothing goes wrong.
const noFault = "no-fault"

// Answers to whether a run would show nothing that another does not. Losing the reply of a call that changes nothing is as if the
// service had been unavailable, ...
func changesNothing(s seen, _ bool) string {
	if s.changed {
		return ""
	}
	return "unavailable"
}

// ... an effect behind the handler of such a call is the one before it, ...
func changesNothingLate(name string) func(seen, bool) string {
	return func(s seen, late bool) string {
		if !late || s.changed {
			return ""
		}
		return name
	}
}

// ... and no replica can lag behind what has not changed.
func nothingToMiss(s seen, _ bool) string {
	if s.afterChange {
		return ""
	}
	return noFault
}

// failOperation lets the operation that a call starts fail at once.
func failOperation(s *fake.Server) fake.Effect {
	return fake.Run(func(c *fake.Call) {
		started, ok := c.Reply.(*operation.Operation)
		if !ok {
			return
		}
		if op := stored(s, started.Id); op != nil && !op.Done() {
			op.Fail(codes.Internal, "disk read error")
		}
	}).Named("operation-fails").Late()
}

// stored returns an operation of a server, nil where it has none of that id: a handler of a test may answer with one that it made up.
func stored(s *fake.Server, id string) *fake.Operation {
	for _, op := range s.Operations() {
		if op.ID() == id {
			return op
		}
	}
	return nil
}

// rollBackSlowly lets the operation that a call starts fail, and end five minutes later.
func rollBackSlowly(s *fake.Server) fake.Effect {
	return fake.Run(func(c *fake.Call) {
		started, ok := c.Reply.(*operation.Operation)
		if !ok {
			return
		}
		if op := stored(s, started.Id); op != nil && !op.Done() {
			rollBackOver5Minutes(op)
		}
	}).Named("slow-rollback").Late()
}

// rollBackOver5Minutes lets an operation fail, and end five minutes later.
func rollBackOver5Minutes(op *fake.Operation) {
	op.RollBack(codes.Internal, "disk read error")
	time.AfterFunc(5*time.Minute, func() {
		if !op.Done() {
			op.Step()
		}
	})
}

// rollBackSlowlyCode is rollBackSlowly as Go code to paste.
const rollBackSlowlyCode = `fake.Run(func(c *fake.Call) {
	op := cloud.Operation(c.Reply.(*operation.Operation).Id)
	op.RollBack(codes.Internal, "disk read error")
	time.AfterFunc(5*time.Minute, op.Step)
}).Late()`

// failOperationCode is failOperation as Go code to paste.
const failOperationCode = `fake.Run(func(c *fake.Call) {
	op := cloud.Operation(c.Reply.(*operation.Operation).Id)
	op.Fail(codes.Internal, "disk read error")
}).Late()`

// on tells whether a kind can happen to calls of a method, as far as that says.
func (k *Kind) on(m fake.Method) bool { return k.among == nil || k.among(m) }

// fits tells whether a kind can happen to a call.
func (k *Kind) fits(s seen) bool {
	return k.on(s.method) && (k.applies == nil || k.applies(s)) && !slices.Contains(s.unfit, k)
}

// effect returns what the kind does on a server.
func (k Kind) effect(s *fake.Server, late bool) fake.Effect {
	e := k.Do
	if k.make != nil {
		e = k.make(s)
	}
	if late {
		e = e.Late()
	}
	if k.Act == nil {
		return e
	}
	act := fake.Run(func(c *fake.Call) { k.Act(s, c) }).Named(k.Name)
	if e.String() == "" {
		return act
	}
	return act.Then(e)
}

// label returns the name of the kind at one of its two places.
func (k Kind) label(late bool) string {
	if late {
		return k.Name + lateSuffix
	}
	return k.Name
}

const lateSuffix = "-late"

// goCode returns the effect as Go code.
func (k Kind) goCode(late bool) string {
	code := k.code
	switch {
	case k.make != nil && k.Name == "slow-rollback":
		code = rollBackSlowlyCode
	case k.make != nil:
		code = failOperationCode
	case k.Act != nil && k.Do.String() == "":
		return fmt.Sprintf("fake.Run(func(c *fake.Call) { %s.Act(cloud, c) })", k.variable())
	case k.Act != nil:
		return fmt.Sprintf("fake.Run(func(c *fake.Call) { %s.Act(cloud, c) }).Then(%[1]s.Do)", k.variable())
	case code == "":
		code = k.variable() + ".Do"
	}
	if late {
		code += ".Late()"
	}
	return code
}

// variable returns what a variable with one's own kind would be called: slowDisk for slow-disk.
func (k Kind) variable() string {
	if k.called != "" {
		return "scenario." + k.called
	}
	name := ""
	for word := range strings.SplitSeq(k.Name, "-") {
		if word != "" && name != "" {
			word = strings.ToUpper(word[:1]) + word[1:]
		}
		name += word
	}
	if !gotoken.IsIdentifier(name) || slices.Contains(taken, name) {
		return "kind" + strings.ToUpper(name[:1]) + name[1:]
	}
	return name
}

// taken are names that the printed code needs for other things.
var taken = []string{"t", "c", "cloud", "calls", "begun", "over", "fake", "scenario", "codes", "compute", "time", "proto", "func", "bool", "true", "false", "nil"}
