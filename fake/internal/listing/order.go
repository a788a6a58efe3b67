package listing

import (
	"maps"
	"slices"
	"strings"
)

// An Order is the field a list is sorted by, and which way. The zero Order is the default order of the list.
type Order struct {
	Field string // its canonical name
	Desc  bool
}

// ParseOrder reads `<field> [asc|desc]`. The direction may be written in either case [choice], the field may not.
// A text of nothing but white space gives the zero Order.
//
// fields maps every accepted spelling of a field to its canonical name. An error is a *SyntaxError; the one about an unknown
// field names all accepted spellings.
func ParseOrder(text string, fields map[string]string) (Order, error) {
	x := newLexer(text)
	first := x.next()
	if first.kind == end {
		return Order{}, nil
	}
	field, known := fields[first.text]
	if !known || first.kind != word {
		return Order{}, first.insteadOf("one of " + strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
	}
	order := Order{Field: field}
	switch direction := x.next(); {
	case direction.kind == end:
		return order, nil
	case direction.isWord("desc"):
		order.Desc = true
	case !direction.isWord("asc"):
		return Order{}, direction.insteadOf("asc, desc or the end")
	}
	if rest := x.next(); rest.kind != end {
		return Order{}, rest.insteadOf("the end, as a list is ordered by one field")
	}
	return order, nil
}
