package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// A mark is what became of one kind of fault at one call.
type mark int

const (
	held     mark = iota // the body held
	broke                // it broke
	missed               // the fault did not happen: the calls came out differently
	equal                // the run was left out, because another shows the same
	unfit                // the kind makes no sense at the call
	unmade               // the run was left out, because of what earlier ones left behind
	allMarks             // how many there are
)

func (m mark) String() string {
	return [...]string{"held", "broke", "did not happen", "equal to another", "does not apply", "not run"}[m]
}

// A matrix is what became of every kind at every call that the body makes anyway, one fault a run.
type matrix map[place]map[string]cell

// A cell is what became of one kind at one call.
type cell struct {
	mark
	raised float64 // by how much its run raised the share of code that is covered
}

// note takes down what became of a kind, and by how much its run raised the coverage.
func (m *matrix) note(p place, kind string, what mark, raised float64) {
	if *m == nil {
		*m = make(matrix)
	}
	if (*m)[p] == nil {
		(*m)[p] = make(map[string]cell)
	}
	(*m)[p][kind] = cell{what, (*m)[p][kind].raised + raised}
}

// maxMatrix is how many calls the report shows.
const maxMatrix = 24

// matrix tells what became of the kinds at each call, a line for each.
func (e *exploration) matrixText() string {
	var b strings.Builder
	shown := make(map[place]bool)
	more := 0
	for _, s := range e.base.trace {
		marks := e.matrix[s.place]
		if marks == nil || shown[s.place] {
			continue
		}
		if shown[s.place] = true; len(shown) > maxMatrix {
			more++
			continue
		}
		var parts []string
		for what := range allMarks {
			var kinds []string
			for _, label := range e.labels() {
				if have, noted := marks[label]; noted && have.mark == what {
					if have.raised > 0 {
						label += " (+" + percent(have.raised) + " covered)"
					}
					kinds = append(kinds, label)
				}
			}
			if kinds != nil {
				parts = append(parts, fmt.Sprintf("%v: %s", what, strings.Join(kinds, ", ")))
			}
		}
		fmt.Fprintf(&b, "%v %s\n", s.name(), strings.Join(parts, "; "))
	}
	if more > 0 {
		fmt.Fprintf(&b, "and %s more\n", count(more, "call", "calls"))
	}
	return b.String()
}

// labels returns the names of the kinds, each with its places.
func (e *exploration) labels() []string {
	var all []string
	for _, k := range e.kinds {
		all = append(all, k.label(false))
		if k.lateToo {
			all = append(all, k.label(true))
		}
	}
	return slices.Compact(all)
}
