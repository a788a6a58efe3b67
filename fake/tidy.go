package fake

import (
	"fmt"
	"io"

	"github.com/imagefake/imagefake/fake/plain"
)

// tidy wraps the arguments of a format, so that each stays on its line and shows no secrets, whatever the verb: names, ids and the
// texts of errors come from the code under test, from its peers and from fuzzers.
func tidy(args []any) {
	for i, arg := range args {
		if _, several := arg.(paragraph); !several {
			args[i] = tidied{arg}
		}
	}
}

// paragraph is a text of several lines that are tidy already.
type paragraph string

type tidied struct{ arg any }

// Format implements fmt.Formatter.
func (t tidied) Format(f fmt.State, verb rune) {
	_, _ = io.WriteString(f, plain.Line(fmt.Sprintf(fmt.FormatString(f, verb), t.arg)))
}
