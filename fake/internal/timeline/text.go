package timeline

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/imagefake/imagefake/fake/plain"
)

// Limits of the text.
const (
	maxRows   = 48 // beside what is cut
	behindCut = 14 // of them, behind the point that matters
	maxLines  = 3  // of one row
	minWidth  = 60
)

// Text draws a story as lines of at most width characters, and at least of 60: a row for each moment, the callers as lanes beside
// it. A long story is cut around the event with the number focus; 0 stands for the last failure, or the end where nothing failed.
// It is "" where nothing happened.
func Text(s Story, width, focus int) string {
	t := newTeller(s)
	rows := t.rows()
	if len(rows) == 0 {
		return ""
	}
	p := painter{teller: t, width: max(width, minWidth), start: t.start()}
	p.paint(s, rows, focus)
	return p.String()
}

// painter writes the lines.
type painter struct {
	*teller
	strings.Builder
	width  int
	start  time.Time
	lanes  lanes
	told   string // the time written last
	times  int    // width of the column of times
	digits int    // width of the column of numbers
}

func (p *painter) paint(s Story, rows []row, focus int) {
	from, to := window(rows, focus, maxRows, behindCut)
	shown := rows[from:to]
	live := liveBefore(rows[:from])
	p.lanes = newLanes(p.story, append(opened(rows[:from], live), shown...), p.width/2)

	for _, r := range shown {
		p.times = max(p.times, utf8.RuneCountInString(offset(r.at.Sub(p.start))))
		p.digits = max(p.digits, len(fmt.Sprint(r.seq)))
	}
	whole := s.whole(rows)
	p.line(summary(whole, p.start))
	p.line("")
	p.line(p.margin("time", "#") + p.lanes.header())
	p.leftOut(stand(rows[:from])+whole.Earlier, p.story.Dropped, "earlier")
	for _, r := range shown {
		p.row(r, live)
	}
	p.leftOut(stand(rows[to:])+whole.Later, 0, "later")
	p.legend(shown)
}

// row writes one row, in several lines if its text is long, and keeps account of which calls are under way.
func (p *painter) row(r row, live map[*Call]bool) {
	when := offset(r.at.Sub(p.start))
	if when == p.told || r.shape == gap {
		when = ""
	} else {
		p.told = when
	}
	number := ""
	if r.seq != 0 {
		number = fmt.Sprint(r.seq)
	}
	if r.shape == end || r.shape == running {
		delete(live, r.call)
	}
	head := p.margin(when, number) + p.lanes.gutter(r, live, false)
	if r.shape == begin {
		live[r.call] = true
	}
	next := p.margin("", "") + p.lanes.gutter(r, live, true)
	said := r.text
	if r.call == nil || r.shape == fault || r.shape == blame {
		said = "  " + said // it is no call: set in, so that the calls stand out
	}
	for i, text := range wrap(said, p.width-utf8.RuneCountInString(head), maxLines) {
		if i == 0 {
			p.line(head + text)
		} else {
			p.line(next + text)
		}
	}
}

// margin returns the columns of time and number.
func (p *painter) margin(when, number string) string {
	return fmt.Sprintf("%*s %*s  ", max(p.times, len("time"))+1, when, max(p.digits, 2), number)
}

// line writes a line without blanks at its end, and never a longer one than there is room for.
func (p *painter) line(text string) {
	p.WriteString(strings.TrimRight(plain.Cut(text, p.width), " "))
	p.WriteByte('\n')
}

// summary tells in a line what kind of story it is.
func summary(w Whole, start time.Time) string {
	text := count(w.Calls, "call")
	if w.Callers > 1 {
		text += fmt.Sprintf(" by %d callers", w.Callers)
	}
	if took := w.End.Sub(w.Start); took > 0 {
		text += " in " + offset(took)
	}
	if w.Failed > 0 {
		text += fmt.Sprintf(", %d failed", w.Failed)
	}
	if w.Faults > 0 {
		text += ", " + count(w.Faults, "fault")
	}
	if w.Attempts > 0 {
		text += ", " + count(w.Attempts, "gRPC retry")
	}
	return fmt.Sprintf("%s; 0s is %s", text, date(start))
}

func count(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// leftOut says what is not shown on one side, if anything.
func (p *painter) leftOut(events, dropped int, side string) {
	if dropped > 0 {
		p.line(p.margin("", "…") + fmt.Sprintf("%s dropped before: WithRecord keeps more", count(dropped, "event")))
	}
	if events > 0 {
		p.line(p.margin("", "…") + fmt.Sprintf("%s left out", count(events, side+" event")))
	}
}

// stand returns how many events of the record some rows stand for.
func stand(rows []row) int {
	events := 0
	for _, r := range rows {
		events += r.stands
	}
	return events
}

// legend lists the marks and the ids behind the names that the shown rows use.
func (p *painter) legend(shown []row) {
	used := p.used(shown)
	p.line("")
	if callers := p.lanes.legend(); callers != "" {
		for _, line := range wrap(callers, p.width, 10) {
			p.line(line)
		}
	}
	p.ids(used)
	marks := "● a call   ┌ │ └ a longer one   ✗ failed   ! fault   ◆ in the cloud   ┊ time passes"
	if slices.ContainsFunc(shown, func(r row) bool { return r.shape == blame }) {
		marks += "   ◀ at fault"
	}
	p.line(marks)
}

// ids lists the ids of what is used, in as many columns as there is room for.
func (p *painter) ids(used map[string]bool) {
	var entries []string
	short, wide := 0, 0
	for id := range used {
		short = max(short, utf8.RuneCountInString(p.names.byID[id]))
	}
	for _, name := range p.names.order {
		if !used[name.ID] {
			continue
		}
		entry := fmt.Sprintf("%-*s  %s", short, p.names.of(name.ID), plain.Cut(plain.Line(name.ID), maxID))
		if name.Kind == Operation && name.Text != "" {
			entry += " (" + plain.Line(name.Text) + ")"
		}
		entries = append(entries, entry)
		wide = max(wide, utf8.RuneCountInString(entry)+3)
	}
	columns := max(1, min((p.width+3)/max(wide, 1), (len(entries)+3)/4))
	for len(entries) > 0 {
		line := ""
		for _, entry := range entries[:min(columns, len(entries))] {
			line += fmt.Sprintf("%-*s", wide, entry)
		}
		entries = entries[min(columns, len(entries)):]
		p.line(line)
	}
}

// maxID is how many characters of an id are shown: twice as many as one has.
const maxID = 40

// used returns the ids that some rows are about, or mention.
func (t *teller) used(rows []row) map[string]bool {
	used := make(map[string]bool)
	mentioned := func(text string) {
		for _, name := range t.names.order {
			if strings.Contains(text, name.ID) {
				used[name.ID] = true
			}
		}
	}
	for _, r := range rows {
		if r.call != nil {
			used[r.call.Image], used[r.call.Operation] = true, true
			mentioned(r.call.Request + " " + r.call.Result)
		}
		for _, e := range r.events {
			used[e.Image], used[e.Operation] = true, true
			mentioned(e.Text)
		}
	}
	return used
}

// window returns which rows to show: all if they are not more than most, else those around the event with the number focus, and
// of them at most so many behind it, unless it stands near the beginning. Without a focus it is the last call that a check found fault
// with, else the last failure.
func window(rows []row, focus, most, behind int) (from, to int) {
	if len(rows) <= most {
		return 0, len(rows)
	}
	center := -1
	if focus <= 0 {
		center = failureAt(rows)
	}
	for i, r := range rows {
		if focus > 0 && r.seq != 0 && r.seq <= focus {
			center = i
		}
	}
	if center < 0 {
		center = len(rows) - 1
	}
	to = min(len(rows), max(center+1+behind, most))
	return max(0, to-most), to
}

// failureAt returns the row of the last call that a check found fault with, else of the last failure; -1 without either.
func failureAt(rows []row) int {
	at, blamed := -1, false
	for i, r := range rows {
		switch {
		case r.shape == blame:
			at, blamed = i, true
		case r.bad && !blamed:
			at = i
		}
	}
	return at
}

// liveBefore returns the calls that are under way behind some rows.
func liveBefore(rows []row) map[*Call]bool {
	live := make(map[*Call]bool)
	for _, r := range rows {
		switch r.shape {
		case begin:
			live[r.call] = true
		case end, running:
			delete(live, r.call)
		}
	}
	return live
}

// opened returns the rows at which the live calls began.
func opened(rows []row, live map[*Call]bool) []row {
	var opening []row
	for _, r := range rows {
		if r.shape == begin && live[r.call] {
			opening = append(opening, r)
		}
	}
	return opening
}

// wrap breaks a text into at most so many lines of at most width characters, at blanks where it can. Lines behind the first are
// set in. What does not fit is cut.
func wrap(text string, width, most int) []string {
	const inset = "    "
	width = max(width, 2*len(inset))
	var lines []string
	rest := []rune(text)
	for {
		room := width
		prefix := ""
		if len(lines) > 0 {
			prefix = inset
			room -= len(inset)
		}
		if len(rest) <= room || len(lines) == most-1 {
			return append(lines, prefix+plain.Cut(string(rest), room))
		}
		at := breakAt(rest, room)
		lines = append(lines, prefix+string(rest[:at]))
		rest = []rune(strings.TrimLeft(string(rest[at:]), " "))
	}
}

// breakAt returns where to break a text that is longer than room: before the first arrow, which parts a call from its answer, else
// at the last blank, else where the room ends.
func breakAt(text []rune, room int) int {
	for i := 1; i <= room; i++ {
		if text[i] == '→' && text[i-1] == ' ' {
			return i - 1
		}
	}
	for i := room; i > room/2; i-- {
		if text[i] == ' ' {
			return i
		}
	}
	return room
}
