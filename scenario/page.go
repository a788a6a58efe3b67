package scenario

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// Limits of the page of an exploration: below a megabyte, whatever a body makes of it.
const (
	pageCells  = 2500
	pageKinds  = 100
	pageGroups = 20
	pageOthers = 12
	pageName   = 100  // characters
	pageStory  = 3000 // characters
	pageLines  = 40
)

// page is what the template shows.
type page struct {
	Test, Summary string
	Lines         []string // what else is to be said of it
	Groups        []pageGroup
	MoreGroups    int
	Kinds         []string
	Rows          []pageRow
	MoreRows      int
	Idle          string // kinds that have no column
}

type pageGroup struct {
	Key, Name, Story string
	Picture          string // a link; "" for none
	Fickle           bool
	Others           []string
	More             int
}

type pageRow struct {
	Call  string
	Cells []pageCell
}

type pageCell struct{ Text, Class, Link string }

// writePage writes the report of the exploration as a page: what became of each kind at each call, and the ways in which the body
// breaks, each a click away from its picture. The pages of the pictures lie beside it.
func (e *exploration) writePage(w io.Writer) error {
	p := page{Test: plain.Cut(e.t.Name(), pageName), Summary: fmt.Sprintf("%s: %s", count(e.runs, "run", "runs"), &e.tally)}
	lines := append(slices.Clone(e.notes()), e.ordersLines()...)
	for _, line := range lines[:min(len(lines), pageLines)] {
		p.Lines = append(p.Lines, plain.Cut(line, pageStory))
	}
	groups := e.groups()
	p.MoreGroups = max(0, len(groups)-pageGroups)
	links := make(map[string]string) // by the schedules of broken runs: to their picture, or to their group
	for i, g := range groups[:min(len(groups), pageGroups)] {
		drawn := e.pageGroup(g, fmt.Sprintf("group-%d", i+1))
		for j, r := range g.runs {
			if to := "#" + drawn.Key; r.usual() {
				if j == 0 && drawn.Picture != "" {
					to = drawn.Picture
				}
				links[r.schedule.canonical()] = to
			}
		}
		p.Groups = append(p.Groups, drawn)
	}
	e.fillMatrix(&p, links)
	return pageTemplate.Execute(w, p)
}

func (e *exploration) pageGroup(g group, key string) pageGroup {
	shortest := g.runs[0]
	drawn := pageGroup{Key: key, Name: plain.Cut(shortest.name(), pageName), Story: plain.Cut(e.told(shortest), pageStory), Fickle: e.fickle[shortest]}
	if path := e.pictured(shortest); path != "" {
		drawn.Picture = (&url.URL{Path: filepath.Base(path)}).String()
	}
	others := g.runs[1:]
	for _, r := range others[:min(len(others), pageOthers)] {
		drawn.Others = append(drawn.Others, plain.Cut(r.name(), pageName))
	}
	drawn.More = len(others) - len(drawn.Others)
	return drawn
}

// fillMatrix puts the matrix on the page: a row for each call, a column for each kind that applies to one of them.
func (e *exploration) fillMatrix(p *page, links map[string]string) {
	var columns []column
	var idle []string
	for i := range e.kinds {
		for _, late := range []bool{false, true}[:1+btoi(e.kinds[i].lateToo)] {
			c := column{&e.kinds[i], late}
			switch {
			case !e.applies(c):
				idle = append(idle, c.label(late))
			case len(columns) < pageKinds:
				columns = append(columns, c)
				p.Kinds = append(p.Kinds, plain.Cut(c.label(late), pageName))
			}
		}
	}
	p.Idle = plain.Cut(strings.Join(idle, ", "), pageStory)
	shown := make(map[place]bool)
	for _, s := range e.base.trace {
		if e.matrix[s.place] == nil || shown[s.place] {
			continue
		}
		if shown[s.place] = true; (len(p.Rows)+1)*len(columns) > pageCells {
			p.MoreRows++
			continue
		}
		row := pageRow{Call: plain.Cut(s.name().String(), pageName)}
		for _, c := range columns {
			row.Cells = append(row.Cells, e.pageCell(s.place, c, links))
		}
		p.Rows = append(p.Rows, row)
	}
}

// A column is a kind at one of its two places.
type column struct {
	*Kind
	late bool
}

// applies tells whether the kind can happen to one of the calls.
func (e *exploration) applies(c column) bool {
	for _, cells := range e.matrix {
		if have, noted := cells[c.label(c.late)]; noted && have.mark != unfit {
			return true
		}
	}
	return false
}

func (e *exploration) pageCell(at place, c column, links map[string]string) pageCell {
	have, noted := e.matrix[at][c.label(c.late)]
	if !noted || have.mark == unfit {
		return pageCell{}
	}
	drawn := pageCell{Text: have.mark.String(), Class: have.mark.class()}
	if have.raised > 0 {
		drawn.Text += " (+" + percent(have.raised) + " covered)"
	}
	if have.mark == broke {
		drawn.Link = links[schedule{{place: at, kind: c.Kind, late: c.late}}.canonical()]
	}
	return drawn
}

// class returns a mark as the style sheet knows it.
func (m mark) class() string {
	return [...]string{"held", "broke", "missed", "equal", "unfit", "unmade"}[m]
}

// keepPage writes the page of the exploration, and returns a line that tells where it is, or how to get one.
func (e *exploration) keepPage() string {
	if !plain.KeepsArtifacts() {
		if len(e.breaks) == 0 {
			return ""
		}
		return "as a page for a browser: set " + plain.ArtifactsVariable + " to a directory"
	}
	var text bytes.Buffer
	err := e.writePage(&text)
	path := ""
	if err == nil {
		path, err = writeArtifact(e.t, "exploration", text.Bytes())
	}
	if err != nil {
		return fmt.Sprintf("the page for a browser could not be written: %v", err)
	}
	return "as a page for a browser: " + path
}
