package timeline

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
)

// names says which short name stands for which id. Ids are 20 random characters: nobody recognises one.
type names struct {
	byID  map[string]string
	nouns map[string]string // of resources, by id
	order []Name
	short *strings.Replacer
}

// maxName is how long the name of an image may be before it is cut.
const maxName = 32

// newNames numbers the operations, and calls resources by their names: one without, and the second of a name, by a number.
func newNames(all []Name) names {
	n := names{byID: make(map[string]string), nouns: make(map[string]string)}
	taken := make(map[string]bool)
	alike := make(map[string]int)                   // how many have a name so far
	folders := make(map[string]string)              // the folder of the first of them
	operations, nameless := 0, make(map[string]int) // by noun
	var pairs []string
	for _, name := range all {
		if name.ID == "" || n.byID[name.ID] != "" {
			continue
		}
		var short string
		switch {
		case name.Kind == Operation:
			operations++
			short = fmt.Sprintf("op %d", operations)
		case name.Text == "":
			noun := name.noun()
			nameless[noun]++
			short = fmt.Sprintf("%s %d", noun, nameless[noun])
		default:
			called := plain.Cut(plain.Line(name.Text), maxName)
			if where := plain.Cut(plain.Line(name.Folder), maxName); taken[called] && where != folders[called] {
				called += " of " + where
			} else if !taken[called] {
				folders[called] = where
			}
			for short = called; taken[short]; short = fmt.Sprintf("%s (%d)", called, alike[called]) {
				alike[called] = max(2, alike[called]+1)
			}
		}
		taken[short] = true
		if name.Kind != Operation {
			n.nouns[name.ID] = name.noun()
		}
		n.byID[name.ID] = short
		n.order = append(n.order, name)
		pairs = append(pairs, name.ID, short)
	}
	n.short = strings.NewReplacer(pairs...)
	return n
}

// noun returns what a resource is.
func (n Name) noun() string { return cmp.Or(plain.Line(n.Noun), "image") }

// noun returns what the resource with an id is.
func (n *names) noun(id string) string { return cmp.Or(n.nouns[id], "image") }

// resource returns what a resource is, and its short name: "disk data".
func (n *names) resource(id string) string {
	noun, name := n.noun(id), plain.Line(n.of(id))
	if strings.HasPrefix(name, noun+" ") {
		return name
	}
	return noun + " " + name
}

// in returns a text with the ids in it replaced.
func (n *names) in(text string) string { return n.short.Replace(text) }

// of returns the short name of an id, the id itself if it has none.
func (n *names) of(id string) string {
	if short := n.byID[id]; short != "" {
		return short
	}
	return id
}
