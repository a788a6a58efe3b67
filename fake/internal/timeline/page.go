package timeline

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// HTML writes a story as a page: the callers, operations and images as lanes over time, and a table of what happened. The page is
// complete in itself: no script, no font, no picture comes from elsewhere. A story of more than 400 rows is cut around the last
// failure, or the end where nothing failed.
func HTML(w io.Writer, s Story) error {
	t := newTeller(s)
	rows := t.rows()
	p := page{Title: plain.Line(s.Title), Empty: len(rows) == 0, Again: plain.Line(s.Again)}
	var table []row
	if p.Title == "" {
		p.Title = "the server"
	}
	if !p.Empty {
		from, to := window(rows, 0, pageRows, pageBehind)
		p.Summary = summary(s.whole(rows), t.start())
		whole := s.whole(rows)
		p.leftOut(stand(rows[:from])+whole.Earlier, stand(rows[to:])+whole.Later, s.Dropped)
		shown := append(opened(rows[:from], liveBefore(rows[:from])), rows[from:to]...)
		p.lead(shown)
		p.Blames = slices.ContainsFunc(shown, func(r row) bool { return r.shape == blame })
		p.Drawing = draw(t, shown, p.FailureDrawn)
		table = rows[from:to]
		p.table(t, table)
	}
	p.report(s, table)
	if p.Unsaid = s.Failed && len(p.Failures) == 0; p.Unsaid {
		p.refused(t, table)
	}
	return pageTemplate.Execute(w, p)
}

// Limits of the page.
const (
	pageRows     = 400
	pageBehind   = 100
	pageFailures = 20
	pageStory    = 8000 // characters of a failure
	pageFaults   = 50
	pageFault    = 300 // characters
	pageRefused  = 5
)

// page is what the template shows.
type page struct {
	Title, Summary string
	Empty          bool
	Failures       []pageFailure
	MoreFailures   int
	Unsaid         bool       // the test failed, and no check said why
	Refused        []pageCall // the latest calls that failed, where nothing tells better what went wrong
	Faults         []string
	MoreFaults     int
	Again          string
	Cut            []string // what is left out
	Failure        string   // key of the row of the last failure, "" for none
	FailureDrawn   string   // link of its bar
	Drawing        drawing
	Blames         bool // a call is at fault
	Rows           []tableRow
	Names          []tableName
}

// pageFailure is what a check found wrong, with links to the calls at fault.
type pageFailure struct {
	Text  string
	Calls []int
}

// pageCall is a call in a word, with a link to its row.
type pageCall struct{ Key, Text string }

type tableRow struct {
	Number    int // of the first event, 0: none
	Key       string
	Time, Who string
	Text      string
	Class     string
}

type tableName struct{ Name, ID, By string }

// report takes over what checks found, with links to calls in the table, and what was to go wrong.
func (p *page) report(s Story, table []row) {
	linked := make(map[int]bool)
	for _, r := range table {
		if r.call != nil && r.seq != 0 {
			linked[r.seq] = true
		}
	}
	failures := told(s.Failures)
	shown := min(len(failures), pageFailures)
	for _, f := range failures[:shown] {
		failure := pageFailure{Text: plain.Cut(plain.Lines(f.Text), pageStory)}
		for _, seq := range f.Calls {
			if linked[seq] && len(failure.Calls) < pageFailures && !slices.Contains(failure.Calls, seq) {
				failure.Calls = append(failure.Calls, seq)
			}
		}
		p.Failures = append(p.Failures, failure)
	}
	p.MoreFailures = len(failures) - shown
	shown = min(len(s.Faults), pageFaults)
	for _, fault := range s.Faults[:shown] {
		p.Faults = append(p.Faults, plain.Cut(plain.Line(fault), pageFault))
	}
	p.MoreFaults = len(s.Faults) - shown
}

// refused takes the latest calls that failed from the table.
func (p *page) refused(t *teller, table []row) {
	for _, r := range slices.Backward(table) {
		if r.call == nil || !r.bad || len(p.Refused) == pageRefused {
			continue
		}
		p.Refused = append(p.Refused, pageCall{key(r), fmt.Sprintf("#%d %s: %s", r.call.Seq, t.caller(r.call), t.spelled(r))})
	}
	slices.Reverse(p.Refused)
}

func (p *page) leftOut(earlier, later, dropped int) {
	if earlier > 0 {
		p.Cut = append(p.Cut, count(earlier, "earlier event")+" left out")
	}
	if later > 0 {
		p.Cut = append(p.Cut, count(later, "later event")+" left out")
	}
	if dropped > 0 {
		p.Cut = append(p.Cut, count(dropped, "event")+" dropped before: WithRecord keeps more")
	}
}

// lead finds the last failure. A call is drawn as the bar of its beginning, and several events as that of the first.
func (p *page) lead(rows []row) {
	at := failureAt(rows)
	if at < 0 {
		return
	}
	r := rows[at]
	p.Failure, p.FailureDrawn = key(r), key(r)
	if r.shape == end || r.shape == blame {
		p.FailureDrawn = fmt.Sprintf("event-%d", r.call.Seq)
	}
}

func (p *page) table(t *teller, rows []row) {
	for i, r := range rows {
		if r.shape == gap {
			p.Rows = append(p.Rows, tableRow{Class: "pass", Text: r.text})
			continue
		}
		line := tableRow{Number: r.seq, Key: key(r), Time: offset(r.at.Sub(t.start())), Who: "cloud", Text: t.spelled(r), Class: r.shape.String()}
		if i > 0 && rows[i-1].shape != gap && offset(rows[i-1].at.Sub(t.start())) == line.Time {
			line.Time = ""
		}
		if r.call != nil {
			line.Who = t.caller(r.call)
		}
		if r.bad {
			line.Class += " bad"
		}
		p.Rows = append(p.Rows, line)
	}
	used := t.used(rows)
	for _, name := range t.names.order {
		if !used[name.ID] {
			continue
		}
		listed := tableName{Name: t.names.of(name.ID), ID: plain.Line(name.ID)}
		if name.Kind == Operation {
			listed.By = plain.Line(name.Text)
		}
		p.Names = append(p.Names, listed)
	}
}

// key returns what a row is linked by.
func key(r row) string {
	if r.shape == blame {
		return fmt.Sprintf("blame-%d", r.call.Seq)
	}
	if r.seq == 0 && r.call != nil {
		return fmt.Sprintf("end-%d", r.call.Seq)
	}
	return fmt.Sprintf("event-%d", r.seq)
}

// caller returns the name of a call's caller.
func (t *teller) caller(c *Call) string { return plain.Line(t.story.Lanes[c.Lane]) }

// spelled returns the text of a row that stands by itself, without the lanes beside it.
func (t *teller) spelled(r row) string {
	switch {
	case r.shape == end && strings.HasPrefix(r.text, "#"), r.shape == running:
		return r.text
	case r.shape == end:
		return t.about(r.call) + " " + r.text
	case r.shape == blame:
		return fmt.Sprintf("#%d %s is %s", r.call.Seq, plain.Line(r.call.Method), r.text)
	case r.shape == fault:
		return fmt.Sprintf("%s, on #%d %s", r.text, r.call.Seq, plain.Line(r.call.Method))
	}
	return r.text
}

func (s shape) String() string {
	return [...]string{"instant", "begin", "end", "fault", "cloud", "gap", "fold", "running", "blame"}[s]
}
