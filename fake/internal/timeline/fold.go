package timeline

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// merge puts what one operation and its image do at one time on one row: their changes come in pairs.
func merge(rows []row) []row {
	var merged []row
	for _, r := range rows {
		if len(merged) > 0 {
			if last := &merged[len(merged)-1]; last.paired(r) {
				text := []string{last.text, r.text}
				if r.events[0].Kind == Operation {
					slices.Reverse(text)
				}
				last.text = strings.Join(text, " · ")
				last.events = append(last.events, r.events...)
				last.stands += r.stands
				last.bad = last.bad || r.bad
				continue
			}
		}
		merged = append(merged, r)
	}
	return merged
}

func (r *row) paired(next row) bool {
	if r.shape != cloud || next.shape != cloud || len(r.events) != 1 || !r.at.Equal(next.at) {
		return false
	}
	a, b := r.events[0], next.events[0]
	return a.Image != "" && a.Image == b.Image && (a.Kind == Image && b.Kind == Operation || a.Kind == Operation && b.Kind == Image)
}

// foldAt is from how many equal rows on those between the first and the last are folded into one.
const foldAt = 4

// foldSame folds rows that say the same of one image after the other, as those of seeds do.
func foldSame(rows []row) []row {
	var folded []row
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[0].same(rows[n]) {
			n++
		}
		if n < foldAt {
			folded = append(folded, rows[:n]...)
			rows = rows[n:]
			continue
		}
		middle := rows[1 : n-1]
		f := row{at: middle[0].at, shape: fold, seq: middle[0].seq}
		for _, r := range middle {
			f.stands += r.stands
		}
		f.text = fmt.Sprintf("%d more like it", len(middle))
		folded = append(folded, rows[0], f, rows[n-1])
		rows = rows[n:]
	}
	return folded
}

// same tells whether another row says nothing new.
func (r *row) same(next row) bool {
	if r.shape != next.shape || r.bad != next.bad {
		return false
	}
	if r.shape != cloud || len(r.events) != 1 || len(next.events) != 1 {
		return false
	}
	a, b := r.events[0], next.events[0]
	return a.Kind == Image && b.Kind == Image && a.Text == b.Text
}

// gaps puts a row where nothing happens for long, in comparison with the whole story.
func (t *teller) gaps(rows []row) []row {
	if len(rows) == 0 {
		return nil
	}
	long := max(time.Second, rows[len(rows)-1].at.Sub(rows[0].at)/10)
	spaced := rows[:0:0]
	for i, r := range rows {
		if i > 0 && rows[i-1].shape != fold && r.shape != running && !t.busy(rows[i-1], r) {
			if d := r.at.Sub(rows[i-1].at); d >= long {
				spaced = append(spaced, row{at: r.at, shape: gap, gap: d, text: brief(d.Round(time.Millisecond)) + " pass"})
			}
		}
		spaced = append(spaced, r)
	}
	return spaced
}

// busy tells whether between two rows there is a chain of calls and nothing else.
func (t *teller) busy(a, b row) bool {
	return a.shape == begin && b.shape == end && a.call == b.call && t.stands(a.call) > 1
}
