package scenario

import (
	"sync/atomic"
	"time"

	"github.com/imagefake/imagefake/fake"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// failsMidway is the plan of an operation that fails after a minute and a half, and is rolled back for five more.
var failsMidway = fake.Plan{
	Steps:    []fake.Step{{Name: "copy", When: fake.After(90 * time.Second)}},
	Err:      status.New(codes.Internal, "disk read error"),
	Rollback: fake.After(5 * time.Minute),
}

// authenticated picks the calls that need a token.
var authenticated = fake.Not(fake.AnyOf(fake.EndpointGet, fake.EndpointList, fake.TokenCreate, fake.TokenCreateForServiceAccount))

// fromCall fires on the n-th call and all later ones, of all callers together.
func fromCall(n int64) fake.Trigger {
	var calls atomic.Int64
	return fake.While(func() bool { return calls.Add(1) >= n })
}

// running returns the latest of the calls that are not answered yet: the one at which a line happens. Nil if there is none.
func running(s *fake.Server, on ...fake.Matcher) *fake.Call {
	var latest *fake.Call
	for _, c := range s.Calls(on...) {
		if c.Running() {
			latest = &c
		}
	}
	return latest
}

// meets is a line in which some calls meet a kind that acts on the world.
func meets(on fake.Matcher, when fake.Trigger, k Kind) Line {
	return Line{On: on, When: when, Do: func(s *fake.Server) {
		if c := running(s, on); c != nil {
			k.Act(s, c)
		}
	}}
}

// begins is a line that does something to the first operation that is started.
func begins(do func(*fake.Operation)) Line {
	var on []fake.Matcher
	for _, m := range fake.Methods() {
		if m.Starts() {
			on = append(on, m)
		}
	}
	return Line{On: fake.AnyOf(on...), When: fake.Once(), Late: true, Do: func(s *fake.Server) {
		if all := s.Operations(); len(all) > 0 && !all[len(all)-1].Done() {
			do(all[len(all)-1])
		}
	}}
}
