package fake

import (
	"fmt"

	"github.com/imagefake/imagefake/fake/plain"
)

// A bubble is the name of a testing/synctest bubble, "" for outside of any. What a server waits on belongs to the bubble it was made
// in: the runtime ends the process where it is used from another.
type bubble string

// here returns the bubble the caller runs in. Where the runtime does not tell, a use from the wrong bubble is no longer explained,
// and the runtime's own fatal error remains.
func here() bubble {
	// A goroutine is in the bubble of the one that starts it, and its stack is short: the runtime walks all of it.
	found := make(chan bubble)
	go func() { found <- bubble(plain.CurrentGoroutine().Bubble) }()
	return <-found
}

// String tells where it is, in words.
func (b bubble) String() string {
	if b == "" {
		return "outside of any testing/synctest bubble"
	}
	return "in " + string(b)
}

// away tells why the caller cannot use a server that lives in another bubble; "" if it lives here.
func (s *Server) away() string {
	from := here()
	if from == s.home {
		return ""
	}
	return fmt.Sprintf("the server %s was made %v and is used %v: make it, and use it, inside the same func given to synctest.Test",
		s.name, s.home, from)
}

// checkBubble reports a use from the wrong bubble, and stops the test, before the runtime dies of it: every control method may wake
// who waits, on channels that belong to the bubble.
func (s *Server) checkBubble() {
	if away := s.away(); away != "" {
		s.tb.Helper()
		s.misused("%s", away)
	}
}
