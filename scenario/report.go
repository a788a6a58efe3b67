package scenario

import (
	"fmt"
	"strings"
	"testing"

	"github.com/imagefake/imagefake/fake/plain"
)

// publish makes a failed subtest of each group of broken runs, the shortest first, and logs the summary.
func (e *exploration) publish() {
	e.t.Helper()
	for _, g := range e.groups() {
		text := e.tell(g)
		e.t.Run(g.runs[0].name(), func(t *testing.T) { t.Helper(); t.Error("\n" + text) })
	}
	for _, promise := range e.promises.missed() {
		e.t.Errorf("sometimes: %s: it has happened in none of %s", promise, count(e.runs, "run", "runs"))
	}
	for _, expected := range e.unmet() {
		e.t.Errorf("expected: %v: no run was about it; the body makes no such call, or the kind is not tried", expected)
	}
	summary := e.summary()
	if page := e.keepPage(); page != "" {
		summary += "\n" + page
	}
	e.t.Log(summary)
}

// summary is the report on all the runs.
func (e *exploration) summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "explored %s in %d runs: %s\n", e.t.Name(), e.runs, &e.tally)
	fmt.Fprintf(&b, "calls: %s\n", e.coverage())
	b.WriteString(indent(e.matrixText(), "\t"))
	for _, note := range e.notes() {
		b.WriteString(note + "\n")
	}
	for _, line := range e.ordersLines() {
		b.WriteString(line + "\n")
	}
	if e.shortest() == nil {
		return strings.TrimSpace(b.String())
	}
	best := e.groups()[0].runs[0] // in full, and with its group, it is told by its subtest
	fmt.Fprintf(&b, "the shortest schedule that breaks it: %v\n%s\tagain:\n\t\t%s", best.name(), indent(best.story(), "\t"), e.command(best))
	return strings.TrimSpace(b.String())
}

// notes tells what a reader of the report should know of the runs, a line for each.
func (e *exploration) notes() []string {
	var notes []string
	note := func(n int, one, many string) {
		switch {
		case n == 1:
			notes = append(notes, "note: "+one)
		case n > 1:
			notes = append(notes, fmt.Sprintf("note: "+many, n))
		}
	}
	if covered := e.covered(); covered != "" {
		notes = append(notes, covered)
	}
	note(e.equivalent, "1 run was skipped: another shows the same", "%d runs were skipped: others show the same")
	note(e.implied, "1 run was skipped: one of its two faults breaks the body alone", "%d runs were skipped: one of their two faults breaks the body alone")
	note(e.undated, "1 call sets no deadline: the kind deadline left it out, and where no answer came it would wait for ever (Silence shows it)",
		"%d calls set no deadline: the kind deadline left them out, and where no answer came they would wait for ever (Silence shows it)")
	note(btoi(e.wavers), "the body does not always do the same: goroutines race for something before they call, a lock perhaps. Runs were made again "+
		"until their faults happened", "")
	note(int(e.givenUp.Load()), "1 run was left standing, and made again by the careful keeper: a lock was held across a call",
		"%d runs were left standing, and made again by the careful keeper: a lock was held across a call")
	note(e.elsewhere, "in 1 run not all faults happened: the calls came out differently", "in %d runs not all faults happened: the calls came out differently")
	note(e.unpaid, "1 pair is beyond the budget: Pairs(n) sets it", "%d pairs are beyond the budget: Pairs(n) sets it")
	note(int(e.left.Load()), "1 run left behind what cannot be ended", "%d runs left behind what cannot be ended")
	note(e.mended, "1 kept schedule no longer breaks it", "%d kept schedules no longer break it")
	for _, stale := range e.stale {
		notes = append(notes, fmt.Sprintf("note: a kept schedule is stale (write them anew with "+keepVariable+"=1): %s", stale))
	}
	note(e.unrun, "1 run was not made, because of what earlier ones left behind",
		"%d runs were not made, because of what earlier ones left behind")
	switch {
	case e.unjudged == 1:
		notes = append(notes, "note: 1 run could not be judged: it "+e.why)
	case e.unjudged > 1:
		notes = append(notes, fmt.Sprintf("note: %d runs could not be judged. The last one %s", e.unjudged, e.why))
	}
	if e.base.err != nil {
		notes = append(notes, fmt.Sprintf("note: the body ended with an error without faults, too: %s", plain.Line(e.base.err.Error())))
	}
	if e.unchecked && len(e.expected) == 0 && len(e.tally.held) == 1 {
		notes = append(notes, "note: no promise was checked, and no outcome differed: whatever the body does, this finds nothing")
	}
	return notes
}

// ordersLines tells what came of orders, a line for each sort.
func (e *exploration) ordersLines() []string {
	var lines []string
	for _, r := range e.rounds {
		lines = append(lines, r.summary())
	}
	for _, s := range e.series {
		if line := s.summary(); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// coverage tells which calls met how many faults.
func (e *exploration) coverage() string {
	var parts []string
	listed := make(map[place]bool)
	for _, s := range e.base.trace {
		if !listed[s.place] {
			listed[s.place] = true
			parts = append(parts, fmt.Sprintf("%v met %s", s.name(), count(e.faults[s.place], "fault", "faults")))
		}
	}
	others, faults := 0, 0
	for p, n := range e.faults {
		if !e.usual[p] {
			others++
			faults += n
		}
	}
	if others > 0 {
		parts = append(parts, fmt.Sprintf("%s only under a fault met %s", count(others, "call", "calls"), count(faults, "fault", "faults")))
	}
	return strings.Join(parts, ", ")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// story is the report on one broken run: what broke, how to see it again, and, where it was kept, what happened.
func (x *runner) story(r *result) string {
	return x.told(r) + timelineOf(r) + x.pictureLine(r)
}

// told is the report on one broken run without its picture.
func (x *runner) told(r *result) string {
	var b strings.Builder
	b.WriteString(r.story())
	for _, turn := range r.turns {
		fmt.Fprintf(&b, "%s\n", turn)
	}
	fmt.Fprintf(&b, "as Go code:\n%s", indent(x.goCode(r), "\t"))
	fmt.Fprintf(&b, "again:\n\t%s\n", x.command(r))
	return b.String()
}

// story tells what broke a run.
func (r *result) story() string {
	var b strings.Builder
	for _, failure := range r.failures {
		b.WriteString(failure + "\n")
	}
	switch {
	case !r.returned || r.lost:
	case r.err != nil:
		fmt.Fprintf(&b, "the body returned: %v\n", r.err)
	default:
		b.WriteString("the body returned no error\n")
	}
	if len(r.logs) > 0 {
		fmt.Fprintf(&b, "it logged:\n%s", indent(strings.Join(r.logs, "\n"), "\t"))
	}
	return b.String()
}

func timelineOf(r *result) string {
	if r.timeline == "" {
		return ""
	}
	return "what happened:\n" + indent(r.timeline, "\t")
}

// indent puts a prefix before every line, and ends the last one.
func indent(text, prefix string) string {
	text = strings.TrimRight(text, "\n")
	return prefix + strings.ReplaceAll(text, "\n", "\n"+prefix) + "\n"
}
