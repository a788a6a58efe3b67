package fake

import (
	"cmp"

	"google.golang.org/grpc/status"
)

// Run calls f when the call comes. f may use the server and clients, and may wait. Its Call is a copy without an answer, or with
// one if the effect is Late. A panic in it, or a t.FailNow, is answered with Internal and reported.
func Run(f func(*Call)) Effect { return effect(running{f: f}) }

type running struct {
	usual
	f     func(*Call)
	words string // "": none
}

func (r running) String() string { return cmp.Or(r.words, "run a func") }

func (r running) named(words string) action { r.words = words; return r }

func (r running) wrong() string {
	if r.f == nil {
		return "Run(nil): give it a func"
	}
	return ""
}

func (r running) act(e *encounter) *answer {
	e.happens()
	s := e.server
	seen := s.copyOf(e.errand.Call)
	if a := e.answered; a != nil {
		seen.Reply, seen.Status = a.reply, statusOK
		if a.status != nil {
			seen.Status = status.FromProto(a.status)
		}
	}
	s.detachCall(&seen)
	if broken := guarded(func() { r.f(&seen) }); broken != "" {
		return e.brokenFunc(broken)
	}
	return nil
}
