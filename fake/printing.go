package fake

import (
	"fmt"
	"io"

	"github.com/imagefake/imagefake/fake/plain"
)

// What a test prints ends up in logs that others read. So whatever is printed of the kit, with whatever verb, is its String: no
// token, no header, no key of a field that nobody meant to show, and nothing that another goroutine is about to change.

// printed prints a value as its String, for any verb.
func printed(f fmt.State, value fmt.Stringer) { _, _ = io.WriteString(f, value.String()) }

// String tells whose server it is.
func (s *Server) String() string { return "the fake server " + plain.Line(s.name) }

// Format prints the server as String does, whatever the verb.
func (s *Server) Format(f fmt.State, _ rune) { printed(f, s) }

// Format prints the call as String does, whatever the verb.
func (c Call) Format(f fmt.State, _ rune) { printed(f, c) }

// Format prints the event as String does, whatever the verb.
func (e Event) Format(f fmt.State, _ rune) { printed(f, e) }

// Format prints the fault as String does, whatever the verb.
func (f Fault) Format(to fmt.State, _ rune) { printed(to, f) }

// Format prints the fault as String does, whatever the verb.
func (i *Injected) Format(f fmt.State, _ rune) { printed(f, i) }

// Format prints the effect as String does, whatever the verb.
func (e Effect) Format(f fmt.State, _ rune) { printed(f, e) }

// Format prints the plan as String does, whatever the verb.
func (p Plan) Format(f fmt.State, _ rune) { printed(f, p) }

// Format prints the operation as String does, whatever the verb.
func (o *Operation) Format(f fmt.State, _ rune) { printed(f, o) }

// Format prints the state as String does, whatever the verb.
func (st *State) Format(f fmt.State, _ rune) { printed(f, st) }

// Format prints the clock as String does, whatever the verb.
func (c *ManualClock) Format(f fmt.State, _ rune) { printed(f, c) }

// Format prints the listener as String does, whatever the verb.
func (l *Listener) Format(f fmt.State, _ rune) { printed(f, l) }

// String names the source. The query of an object's URI is not shown: that of a presigned link is a key to it.
func (s Source) String() string {
	switch {
	case s.Disk != "":
		return "disk " + plain.Line(s.Disk)
	case s.Snapshot != "":
		return "snapshot " + plain.Line(s.Snapshot)
	case s.Object != "":
		return "object " + plain.Line(s.Object)
	}
	return "a source without a name"
}

// GoString is String: %#v shows no more than %v. It has a field called Format, and so not the method.
func (s Source) GoString() string { return s.String() }

// Format prints the matcher as its text, whatever the verb.
func (m *matcher) Format(f fmt.State, _ rune) { printed(f, m) }

// String tells no more than that it is an option: one may hold a token.
func (o option) String() string { return "an option of package fake" }

// Format prints the option as String does, whatever the verb.
func (o option) Format(f fmt.State, _ rune) { printed(f, o) }
