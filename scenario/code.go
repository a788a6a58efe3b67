package scenario

import (
	"fmt"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake"
)

// goCode returns the faults of a run as Go code to paste.
func (x *runner) goCode(r *result) string {
	var b strings.Builder
	if r.seed != 0 {
		fmt.Fprintf(&b, "// on a server made with fake.WithSeed(%d)\n", r.seed)
	}
	for _, k := range r.schedule.streaks() {
		b.WriteString(x.hitCode(k))
	}
	b.WriteString(r.orderly)
	return b.String()
}

// hitCode returns hits as Go code. One caller needs no naming.
func (x *runner) hitCode(h streak) string {
	on := methodCode(h.method)
	if !x.oneCaller {
		on = fmt.Sprintf("fake.AllOf(%s, fake.ByCaller(%q))", on, h.caller)
	}
	if h.kind.wide {
		return fmt.Sprintf(`// from the call %v on, whatever the method:
{
	calls, over := 0, false
	cloud.Inject(fake.Fault{On: fake.AllOf(%s, fake.ByCaller(%q)), When: fake.While(func() bool { calls++; over = over || calls >= %d; return false }), Do: %s, Optional: true})
	cloud.Inject(fake.Fault{On: fake.ByCaller(%[3]q), When: fake.While(func() bool { return over }), Do: %[5]s})
}
`, h.name(), methodCode(h.method), h.caller, h.number, h.kind.goCode(h.late))
	}
	var b strings.Builder
	if h.kind.code == "" && h.kind.make == nil && h.kind.called == "" {
		fmt.Fprintf(&b, "// %s is your kind %q\n", h.kind.variable(), h.kind.Name)
	}
	lasts := h.kind.lasts
	if h.times > 1 {
		lasts = lasting{times: h.times}
	}
	variables, when := lasts.goCode(h.number)
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

// orderCode returns the order of a run as Go code: from where the calls of its first departure from the usual order came together to
// where the last call that was overtaken has its turn.
func (r *run) orderCode() string {
	steps := r.conductor.steps
	first, last := -1, -1
	for i, s := range steps {
		if s.chosen == 0 {
			continue
		}
		if first < 0 {
			first = i
		}
		overtaken := func(later step) bool { return later.take().same(s.candidates[0]) }
		if after := slices.IndexFunc(steps[i+1:], overtaken); after >= 0 {
			last = max(last, i+1+after)
		}
	}
	if first < 0 || last < 0 {
		return ""
	}
	for first > 0 && len(steps[first-1].candidates) > 1 {
		first-- // the usual order was the gate's: elsewhere it has to be said
	}
	var b strings.Builder
	b.WriteString("cloud.Order(\n")
	for _, s := range steps[first : last+1] {
		call := r.diary.calls().find(s.take().place)
		if call == nil || s.take().at == answering {
			continue
		}
		fmt.Fprintf(&b, "\t%s,\n", exactly(*call, r.oneCaller))
	}
	b.WriteString(")\n")
	if r.answers {
		return "// the order of the answers is the gate's alone; the calls take effect in this one\n" + b.String()
	}
	return b.String()
}

// exactly returns a matcher as Go code that picks a call by what it asks.
func exactly(s seen, oneCaller bool) string {
	on := fmt.Sprintf("fake.Exactly(%s)", literal(s.message))
	if oneCaller {
		return on
	}
	return fmt.Sprintf("fake.AllOf(%s, fake.ByCaller(%q))", on, s.caller)
}
