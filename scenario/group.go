package scenario

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var ids = regexp.MustCompile(`\b[0-9a-v]{20}\b`)

// A group is the broken runs that break in the same way: what they report first is the same. One bug shows under many faults.
type group struct {
	what string
	runs []*result // the shortest first
}

// groups returns the broken runs in groups, that with the shortest run first. What was run more than once, such as an order that is met
// again where calls take their time, counts once.
func (e *exploration) groups() []group {
	breaks := slices.Clone(e.breaks)
	slices.SortStableFunc(breaks, func(a, b *result) int { return a.length() - b.length() })
	var all []group
	known := make(map[string]int)
	seen := make(map[string]bool)
	for _, r := range breaks {
		what := r.breaks()
		run := what + "\n" + r.name()
		if seen[run] {
			continue
		}
		seen[run] = true
		at, found := known[what]
		if !found {
			at = len(all)
			known[what] = at
			all = append(all, group{what: what})
		}
		all[at].runs = append(all[at].runs, r)
	}
	return all
}

// breaks tells in what way a run breaks: the first line of what it reports first, without ids and numbers, which differ from run to
// run.
func (r *result) breaks() string {
	first, _, _ := strings.Cut(r.failures[0], "\n")
	place, rest, _ := strings.Cut(first, ": ") // the line of the test: its number matters
	return place + ": " + strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return -1
		}
		return c
	}, ids.ReplaceAllString(rest, "an id"))
}

// tell is the report on a group: its shortest run in full, the others by name.
func (e *exploration) tell(g group) string {
	const most = 8
	text := e.story(g.runs[0])
	if e.fickle[g.runs[0]] {
		text += "run again, it held: it depends on the order in which goroutines run, or on time or chance from outside of the run\n"
	}
	others := g.runs[1:]
	if len(others) == 0 {
		return text
	}
	text += fmt.Sprintf("it breaks in the same way under %s:\n", count(len(others), "other schedule", "other schedules"))
	for _, r := range others[:min(most, len(others))] {
		text += "\t" + r.name() + "\n"
	}
	if more := len(others) - most; more > 0 {
		text += fmt.Sprintf("\tand %d more\n", more)
	}
	return text
}

// promises is what was to happen in at least one run, and whether it has.
type promises map[string]bool

func (p *promises) add(r *result) {
	for promise, happened := range r.sometimes {
		if *p == nil {
			*p = make(promises)
		}
		(*p)[promise] = (*p)[promise] || happened
	}
}

// missed returns what has happened in no run, sorted.
func (p promises) missed() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(p)), func(promise string) bool { return p[promise] })
}
