package listing

import (
	"fmt"
	"maps"
	"slices"
)

// A Filter picks items by the value of one field. The zero Filter matches everything.
//
// A Filter is never changed once made, so any number of goroutines may use it.
type Filter struct {
	// A conjunction over one field, however long, comes down to one set: the only values that match, or the only ones that do not.
	values map[string]struct{}
	pinned bool // values are those that match, not those that do not
}

// ParseFilter reads conditions `<field> <op> <value>` joined by AND, all of which must hold:
//
//	name = "web"    name != 'web'    name IN ("web", db)    name NOT IN ("web")
//
// The words AND, IN and NOT may be written in either case, the field may not. A value stands in double or single quotes, in which
// \", \' and \\ are escapes, or bare. White space between the parts is free, and a text of nothing else is no filter: it gives the
// zero Filter [choice].
//
// field is the only field known. value judges every value as it is read: it returns the reason to refuse it, or "".
// An error is a *SyntaxError about the first fault from the left.
func ParseFilter(text, field string, value func(string) string) (Filter, error) {
	p := parser{lexer: newLexer(text), field: field, value: value}
	var filter Filter
	next := p.next()
	if next.kind == end {
		return filter, nil
	}
	for {
		condition, err := p.condition(next)
		if err != nil {
			return Filter{}, err
		}
		filter = filter.and(condition)
		next = p.next()
		if next.kind == end {
			return filter, nil
		}
		if !next.isWord("AND") {
			return Filter{}, next.insteadOf("AND or the end")
		}
		next = p.next()
	}
}

// Match tells whether an item with this value of the field passes.
func (f Filter) Match(value string) bool {
	_, listed := f.values[value]
	return listed == f.pinned
}

// Only returns in ascending order the values that match, where an = or IN condition pins them down, so that an index can serve
// them; there may be none. Where ok is false no such list exists: every value matches, or all but a few.
func (f Filter) Only() (values []string, ok bool) {
	if !f.pinned {
		return nil, false
	}
	return slices.Sorted(maps.Keys(f.values)), true
}

// and returns the filter that passes what both pass. It costs no more than the condition is long, which keeps parsing linear,
// and it may change the sets of both: neither is to be used afterwards.
func (f Filter) and(condition Filter) Filter {
	if !f.pinned && !condition.pinned {
		if f.values == nil {
			return condition
		}
		maps.Copy(f.values, condition.values)
		return f
	}
	if f.pinned && !condition.pinned {
		for value := range condition.values {
			delete(f.values, value)
		}
		return f
	}
	maps.DeleteFunc(condition.values, func(value string, _ struct{}) bool { return !f.Match(value) })
	return condition
}

type parser struct {
	lexer
	field string
	value func(string) string
}

// condition reads one condition, of which first is the first lexeme.
func (p *parser) condition(first lexeme) (Filter, error) {
	if first.kind != word || first.text != p.field {
		return Filter{}, first.insteadOf(fmt.Sprintf("%q, the only field to filter by", p.field))
	}
	op := p.next()
	switch {
	case op.isSymbol("="):
		return p.one(true)
	case op.isSymbol("!="):
		return p.one(false)
	case op.isWord("IN"):
		return p.list(true)
	case op.isWord("NOT"):
		if in := p.next(); !in.isWord("IN") {
			return Filter{}, in.insteadOf("IN after NOT")
		}
		return p.list(false)
	}
	return Filter{}, op.insteadOf("=, !=, IN or NOT IN")
}

// one reads the value after = or !=.
func (p *parser) one(pinned bool) (Filter, error) {
	f := Filter{values: map[string]struct{}{}, pinned: pinned}
	return f, p.valueInto(f.values)
}

// list reads the values after IN, parentheses included.
func (p *parser) list(pinned bool) (Filter, error) {
	if open := p.next(); !open.isSymbol("(") {
		return Filter{}, open.insteadOf("( after IN")
	}
	f := Filter{values: map[string]struct{}{}, pinned: pinned}
	for {
		if err := p.valueInto(f.values); err != nil {
			return Filter{}, err
		}
		next := p.next()
		if next.isSymbol(")") {
			return f, nil
		}
		if !next.isSymbol(",") {
			return Filter{}, next.insteadOf(", or )")
		}
	}
}

// valueInto reads one value. Any word will do for a bare one: `and` and `in` are fine names, and no keyword can stand here.
func (p *parser) valueInto(values map[string]struct{}) error {
	l := p.next()
	if l.kind != word && l.kind != quoted {
		return l.insteadOf("a value")
	}
	if reason := p.value(l.text); reason != "" {
		return &SyntaxError{l.column, fmt.Sprintf("value %s: %s", shown(l.text), reason)}
	}
	values[l.text] = struct{}{}
	return nil
}
