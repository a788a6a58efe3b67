package timeline

import (
	"fmt"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
)

// names says which short name stands for which id. Ids are 20 random characters: nobody recognises one.
type names struct {
	byID  map[string]string
	order []Name
	short *strings.Replacer
}

// maxName is how long the name of an image may be before it is cut.
const maxName = 32

// newNames numbers the operations, and calls images by their names: an image without one, and the second of a name, by a number.
func newNames(all []Name) names {
	n := names{byID: make(map[string]string)}
	taken := make(map[string]bool)
	alike := make(map[string]int)      // how many have a name so far
	folders := make(map[string]string) // the folder of the first of them
	operations, nameless := 0, 0
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
			nameless++
			short = fmt.Sprintf("image %d", nameless)
		default:
			called := cut(plain.Line(name.Text), maxName)
			if where := cut(plain.Line(name.Folder), maxName); taken[called] && where != folders[called] {
				called += " of " + where
			} else if !taken[called] {
				folders[called] = where
			}
			for short = called; taken[short]; short = fmt.Sprintf("%s (%d)", called, alike[called]) {
				alike[called] = max(2, alike[called]+1)
			}
		}
		taken[short] = true
		n.byID[name.ID] = short
		n.order = append(n.order, name)
		pairs = append(pairs, name.ID, short)
	}
	n.short = strings.NewReplacer(pairs...)
	return n
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

// cut shortens a text to that many runes.
func cut(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:max(0, most-1)]) + "…"
}
