package fake

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// Transcript returns the record in its canonical form, one line an event, for goldens and for comparing runs. With matchers it has
// the calls that one of them picks, and no other events.
//
// Equal servers under the same sequential test have equal transcripts in every run: ids of 20 characters and idempotency keys are
// renamed in order of appearance, times, request ids, other headers and ports of this machine are left out, messages are written field
// by field, without secrets. Of polls that were answered at once, one like the other, the first stands for all. Callers that run side
// by side have equal transcripts each: Transcript(ByCaller("baker")). Two events at the same virtual instant in different goroutines (a
// deadline and a change, say) come in either order.
func (s *Server) Transcript(on ...Matcher) string {
	s.tb.Helper()
	picked := s.asked("Transcript", on)
	var b strings.Builder
	if dropped := s.Dropped(); dropped > 0 {
		fmt.Fprintf(&b, "%d earlier events were dropped: WithRecord keeps more\n", dropped)
	}
	names := renamer{names: make(map[string]string)}
	keys := renamer{names: make(map[string]string)}
	line := 0
	repeats := repeats{}
	for e := range s.shared() {
		if repeats.again(e.Call) {
			continue
		}
		if len(on) > 0 && (e.Call == nil || !picked.picks(e.Call)) {
			continue
		}
		text := e.Text
		if e.Call != nil {
			text = e.Call.transcribe(keys)
		}
		line++
		text = moment.ReplaceAllString(text, "a time")
		if strings.Contains(text, "127.0.0.1:") || strings.Contains(text, "localhost:") || strings.Contains(text, "[::1]:") {
			text = localPort.ReplaceAllString(text, "$1:port")
		}
		text = cloudID.ReplaceAllStringFunc(text, func(id string) string { return names.rename("id", id) })
		fmt.Fprintf(&b, "%d %s\n", line, plain.Line(text))
	}
	return b.String()
}

// repeats is what each caller was last told of an operation.
type repeats map[[2]string]proto.Message

// again tells whether a call is a poll that was answered at once, like the one before. How many there are of these says how fast the
// machine is and nothing else: a client that comes back a little later finds its next poll not held.
func (r repeats) again(c *Call) bool {
	if c == nil || c.Method != OperationGet || c.Reply == nil {
		return false
	}
	key := [2]string{c.Caller, c.OperationID}
	before := r[key]
	r[key] = c.Reply
	return c.unheld && len(c.Faults) == 0 && proto.Equal(before, c.Reply)
}

var (
	cloudID = regexp.MustCompile(`\b[0-9a-v]{20}\b`)
	// localPort is of a listener or a client, and another one each time.
	localPort = regexp.MustCompile(`(\b127\.0\.0\.1|\blocalhost|\[::1\]):\d{1,5}\b`)
	moment    = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
)

// A renamer gives things short names in the order in which they appear.
type renamer struct{ names map[string]string }

func (r renamer) rename(kind, thing string) string {
	name, known := r.names[thing]
	if !known {
		name = fmt.Sprintf("%s-%d", kind, len(r.names)+1)
		r.names[thing] = name
	}
	return name
}

// transcribe returns all of a call that does not change from run to run.
func (c *Call) transcribe(keys renamer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %v %s", c.Caller, c.Method, c.shown(c.Request))
	if c.Key != "" {
		fmt.Fprintf(&b, " %s", keys.rename("key", c.Key))
	}
	if c.Attempt > 1 {
		fmt.Fprintf(&b, " attempt %d", c.Attempt)
	}
	for _, f := range c.Faults {
		fmt.Fprintf(&b, " ! %v", f.fault.Do)
	}
	switch {
	case c.Status == nil:
		b.WriteString(" -> running")
	case c.Status.Code() != codes.OK:
		fmt.Fprintf(&b, " -> %v: %s", c.Status.Code(), c.Status.Message())
	default:
		fmt.Fprintf(&b, " -> %s", c.shown(c.Reply))
	}
	if c.Changed {
		b.WriteString(" (changed the state)")
	}
	return b.String()
}

// shown returns a message of a call for people. Messages of the token service are nothing but secrets, and a time on the wall clock.
func (c *Call) shown(m proto.Message) string {
	if rowOf(c.Method).secret {
		return "{…}"
	}
	return plain.Redacted(m)
}
