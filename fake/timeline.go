package fake

import (
	"fmt"
	"strings"
	"time"
)

// Timeline returns the record as text, a line for each event; "" if there is nothing in it.
func (s *Server) Timeline() string {
	var b strings.Builder
	if dropped := s.Dropped(); dropped > 0 {
		fmt.Fprintf(&b, "… %d earlier events were dropped: WithRecord keeps more\n", dropped)
	}
	var start time.Time
	for e := range s.Events() {
		if start.IsZero() {
			start = e.Time
		}
		fmt.Fprintf(&b, "%4d %10v  %s\n", e.Seq, e.Time.Sub(start), e.Text)
	}
	return b.String()
}
