package scenario

import (
	"fmt"
	"strings"

	"github.com/imagefake/imagefake/fake"
)

// goCode returns the faults of a run as Go code to paste.
func (x *runner) goCode(r *result) string {
	var b strings.Builder
	if r.seed != 0 {
		fmt.Fprintf(&b, "// on a server made with fake.WithSeed(%d)\n", r.seed)
	}
	for _, h := range r.schedule {
		b.WriteString(x.hitCode(h))
	}
	return b.String()
}

// hitCode returns a hit as Go code. One caller needs no naming.
func (x *runner) hitCode(h hit) string {
	on := methodCode(h.method)
	if !x.oneCaller {
		on = fmt.Sprintf("fake.AllOf(%s, fake.ByCaller(%q))", on, h.caller)
	}
	var b strings.Builder
	if h.kind.code == "" && h.kind.make == nil {
		fmt.Fprintf(&b, "// %s is your kind %q\n", h.kind.variable(), h.kind.Name)
	}
	variables, when := h.kind.lasts.goCode(h.number)
	if when != "" {
		when = " When: " + when + ","
	}
	fault := fmt.Sprintf("cloud.Inject(fake.Fault{On: %s,%s Do: %s})\n", on, when, h.kind.goCode(h.late))
	if variables == "" {
		return b.String() + fault
	}
	return b.String() + "{\n" + indent(variables+fault, "\t") + "}\n"
}

// methodCode returns a method as Go code.
func methodCode(m fake.Method) string {
	if ownMethod(m) {
		return "fake." + m.String()
	}
	return fmt.Sprintf("fake.Method(%q)", m.FullName())
}
