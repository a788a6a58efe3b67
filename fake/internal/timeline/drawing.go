package timeline

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/imagefake/imagefake/fake/plain"
)

// Measures of the drawing, in pixels.
const (
	trackHeight = 30
	barHeight   = 20
	lanePadding = 6
	headHeight  = 34
	slotWidth   = 34 // of one row, at least
	gapWidth    = 84
	letterWidth = 7  // on average, generously; capitals need more
	longLabel   = 26 // letters: labels of bars are cut to that
	mostLanes   = 8  // of operations, and of images: more share one lane
	mostTracks  = 20 // of that
	leadRoom    = 300
)

// drawing is the picture of the page: rectangles with words, placed.
type drawing struct {
	Width, Height int
	LabelWidth    int
	Bands         []band
	Ticks         []word
	Gaps          []bar
	Bars          []bar
	Marks         []bar
	More          int  // operations and images without a lane
	Led           bool // one of the bars has the focus
	Lead          int  // the place from which on it is in sight
}

// A band is one lane.
type band struct {
	Y, Height int
	Text      string
	Class     string
}

type word struct {
	X, Y int
	Text string
}

// A bar is a rectangle with a label and a tooltip, which leads to a row of the table.
type bar struct {
	X, Y, Width, Height int
	Label, Title, Link  string
	Class               string
	Focus               bool // the one that the page leads to
}

// Middle returns where the label of a bar that is centred stands.
func (b bar) Middle() int { return b.X + b.Width/2 }

// Base returns the line that the label of a bar stands on.
func (b bar) Base() int { return b.Y + b.Height/2 + 4 }

// draftsman places a story's rows on a drawing: each row has a slot, from left to right.
type draftsman struct {
	*teller
	drawing
	rows  []row
	left  []int // of the slots, and of the end
	lanes lanes
	tops  []int // of the callers' lanes
	spans []span
	focus string // the link of the bar to lead to
}

// A span is a bar before it is placed: the slots from and to belong to it.
type span struct {
	from, to int
	y        int
	bar
}

// draw places rows. The bar that leads where focus does can be led to.
func draw(t *teller, rows []row, focus string) drawing {
	d := draftsman{teller: t, rows: rows, focus: focus, lanes: newLanes(t.story, rows, 1<<20)}
	d.Height = headHeight
	d.callers()
	d.calls()
	d.things()
	d.slots()
	d.place()
	d.axis()
	for _, b := range d.Bands {
		d.LabelWidth = max(d.LabelWidth, labelWidth(b.Text)+18)
	}
	return d.drawing
}

// callers makes a lane for each caller.
func (d *draftsman) callers() {
	tracks := make([]int, len(d.story.Lanes))
	for c, track := range d.lanes.track {
		tracks[c.Lane] = max(tracks[c.Lane], track+1)
	}
	for lane, n := range tracks {
		d.tops = append(d.tops, d.Height+lanePadding)
		if n > 0 {
			d.band(plain.Line(d.story.Lanes[lane]), "caller", n)
		}
	}
}

func (d *draftsman) band(text, class string, tracks int) {
	height := tracks*trackHeight + lanePadding
	d.Bands = append(d.Bands, band{Y: d.Height, Height: height, Text: plain.Cut(text, 40), Class: class})
	d.Height += height
}

// calls makes a bar of each call, and a mark of each fault.
func (d *draftsman) calls() {
	open := make(map[*Call]int)
	for i, r := range d.rows {
		c := r.call
		if c == nil {
			continue
		}
		y := d.tops[c.Lane] + d.lanes.track[c]*trackHeight
		switch r.shape {
		case begin, instant:
			open[c] = len(d.spans)
			d.spans = append(d.spans, span{from: i, to: len(d.rows) - 1, y: y, bar: bar{
				Label: d.label(c), Class: "call " + d.class(c), Link: key(r), Title: d.tooltip(c),
			}})
			if r.shape == instant {
				d.spans[open[c]].to = i
			}
			for range r.note {
				d.mark(i, y, "fault", "fault: "+strings.Join(r.note, "; "), key(r))
			}
		case end:
			if at, known := open[c]; known {
				d.spans[at].to = i
			}
		case fault, blame:
			d.mark(i, y, r.shape.String(), r.text, key(r))
		}
	}
}

// mark notes a fault, or that a call is at fault; its slot is turned into a place later.
func (d *draftsman) mark(slot, y int, class, title, link string) {
	d.Marks = append(d.Marks, bar{X: slot, Y: y, Title: plain.Line(title), Link: link, Class: class})
}

func (d *draftsman) class(c *Call) string {
	class := "good"
	switch {
	case c.Error != "":
		class = "bad"
	case c.Running():
		class = "open"
	}
	if c.Attempt > 1 || d.again[c] != "" {
		class += " retry"
	}
	if d.stands(c) > 1 {
		class += " chain"
	}
	return class
}

func (d *draftsman) label(c *Call) string {
	text := plain.Line(c.Method)
	switch {
	case c.Attempt > 1:
		text = fmt.Sprintf("↻%d %s", c.Attempt, text)
	case d.again[c] != "":
		text = "↻ " + text
	case d.stands(c) > 1:
		text = fmt.Sprintf("%d× %s", d.stands(c), text)
	}
	return text
}

func (d *draftsman) tooltip(c *Call) string {
	start := d.start()
	text := fmt.Sprintf("#%d %s by %s\nfrom %s", c.Seq, d.callText(c), d.caller(c), offset(c.Start.Sub(start)))
	if c.Running() {
		return text + ", still running"
	}
	if took := c.End.Sub(c.Start); took > 0 {
		text += fmt.Sprintf(" to %s (%s)", offset(c.End.Sub(start)), lapse(took))
	}
	if links := d.chain[c.Seq]; links.times > 0 {
		text += fmt.Sprintf("\n%d times until #%d", links.times, links.last)
	}
	return text + "\n→ " + d.outcome(c)
}

// slots gives each row its room: as much as the labels of the bars that begin there need.
func (d *draftsman) slots() {
	widths := make([]int, len(d.rows))
	for i, r := range d.rows {
		widths[i] = slotWidth
		if r.shape == gap {
			widths[i] = gapWidth
		}
	}
	for i := range d.spans {
		s := &d.spans[i]
		s.Label = plain.Cut(s.Label, longLabel)
		room := 0
		for slot := s.from; slot <= s.to; slot++ {
			room += widths[slot]
		}
		if need := labelWidth(s.Label) + 14; room < need {
			widths[s.to] += need - room
		}
	}
	at := 8
	for _, width := range widths {
		d.left = append(d.left, at)
		at += width
	}
	d.left = append(d.left, at)
	d.Width = at + 8
}

// labelWidth returns how many pixels a label may need.
func labelWidth(text string) int {
	width := 0
	for _, r := range text {
		if unicode.IsUpper(r) || r > unicode.MaxLatin1 {
			width += 2
		}
		width += letterWidth
	}
	return width
}

// place turns slots into places.
func (d *draftsman) place() {
	for _, s := range d.spans {
		s.X, s.Width = d.left[s.from], d.left[s.to+1]-d.left[s.from]-4
		s.Y, s.Height = s.y, barHeight
		s.Focus = s.Link == d.focus
		if s.Focus {
			d.focus, d.Led, d.Lead = "", true, max(0, s.X-leadRoom) // only one can be led to
		}
		d.Bars = append(d.Bars, s.bar)
	}
	for i := range d.Marks {
		m := &d.Marks[i]
		m.X = d.left[m.X] + 2
		m.Width, m.Height = 12, 12
		if m.Y < 0 {
			m.Y = headHeight - 14
		} else {
			m.Y += barHeight - 6
		}
	}
	for i, r := range d.rows {
		if r.shape == gap {
			d.Gaps = append(d.Gaps, bar{
				X: d.left[i], Y: headHeight, Width: d.left[i+1] - d.left[i] - 4, Height: d.Height - headHeight, Label: r.text,
			})
		}
	}
}

// axis writes times above the slots at which they change.
func (d *draftsman) axis() {
	told, free := "", 0
	for i, r := range d.rows {
		when := offset(r.at.Sub(d.start()))
		if r.shape == gap || when == told || d.left[i] < free {
			continue
		}
		told, free = when, d.left[i]+labelWidth(when)+letterWidth
		d.Ticks = append(d.Ticks, word{X: d.left[i], Y: headHeight - 16, Text: when})
	}
}
