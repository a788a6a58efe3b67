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
	stood                // the run stood still
	allMarks             // how many there are
)

func (m mark) String() string {
	return [...]string{"held", "broke", "did not happen", "equal to another", "does not apply", "not run", "stood still"}[m]
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

// maxMatrix is how many lines of calls the report shows.
const maxMatrix = 24

// A matrixLine is what became of the kinds at calls that follow one another.
type matrixLine struct {
	first, last string
	calls       int
	became      string
}

func (l matrixLine) String() string {
	switch l.calls {
	case 1:
		return l.first + " " + l.became
	case 2:
		return l.first + " and " + l.last + " " + l.became
	}
	return l.first + " to " + l.last + " " + l.became
}

// matrixText tells what became of the kinds at each call, a line for those in a row that fared alike.
func (e *exploration) matrixText() string {
	var lines []matrixLine
	shown := make(map[place]bool)
	more := 0
	for _, s := range e.base.trace {
		marks := e.matrix[s.place]
		if marks == nil || shown[s.place] {
			continue
		}
		shown[s.place] = true
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
		name, became := fmt.Sprint(s.name()), strings.Join(parts, "; ")
		switch n := len(lines); {
		case n > 0 && lines[n-1].became == became && more == 0:
			lines[n-1].last = name
			lines[n-1].calls++
		case n == maxMatrix:
			more++
		default:
			lines = append(lines, matrixLine{name, name, 1, became})
		}
	}
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintln(&b, line)
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
