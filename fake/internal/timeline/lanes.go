package timeline

import (
	"fmt"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
)

// lanes says in which column of the picture each call is drawn. A caller whose calls overlap has several tracks on its lane.
type lanes struct {
	labels []string // above the lanes, the cloud's last
	keys   []string // what the labels stand for where the names are too long
	left   []int    // the column at which each lane begins, the cloud's and the end of all last
	track  map[*Call]int
}

// maxGutter is how many columns the callers' lanes may take before names give way to letters, however wide the picture is.
const maxGutter = 34

// newLanes lays out the lanes of the callers that appear in the rows, in at most room columns.
func newLanes(s Story, rows []row, room int) lanes {
	l := lanes{track: make(map[*Call]int)}
	busy := make([][]*Call, len(s.Lanes)) // by lane and track
	shown := make([]bool, len(s.Lanes))
	for _, r := range rows {
		c := r.call
		if c == nil {
			continue
		}
		shown[c.Lane] = true
		if _, known := l.track[c]; !known {
			busy[c.Lane] = l.enter(c, busy[c.Lane])
		}
		if r.shape == instant || r.shape == end || r.shape == running {
			busy[c.Lane][l.track[c]] = nil
		}
	}
	tracks := make([]int, len(s.Lanes))
	for i := range tracks {
		if shown[i] {
			tracks[i] = max(1, len(busy[i]))
		}
	}
	l.name(s.Lanes, tracks, min(maxGutter, room-laneWidth(cloudLabel, 1)))
	l.place(tracks, room)
	for c, track := range l.track {
		l.track[c] = min(track, max(0, tracks[c.Lane]-1))
	}
	return l
}

// name labels the lanes: with the callers' names, or with letters where those would take more than room.
func (l *lanes) name(callers []string, tracks []int, room int) {
	wide := 0
	for i, caller := range callers {
		if tracks[i] > 0 {
			wide += laneWidth(plain.Line(caller), tracks[i])
		}
	}
	for i, caller := range callers {
		label := plain.Line(caller)
		switch {
		case tracks[i] == 0:
			label = ""
		case wide > room && len([]rune(label)) > 3:
			l.keys = append(l.keys, letters(i)+" = "+label)
			label = letters(i)
		}
		l.labels = append(l.labels, label)
	}
	l.labels = append(l.labels, cloudLabel)
}

// place finds the columns. Where the lanes would take more than room, calls side by side share a track, and then the last callers
// a lane.
func (l *lanes) place(tracks []int, room int) {
	wide := laneWidth(cloudLabel, 1)
	for i, n := range tracks {
		if n > 0 {
			wide += laneWidth(l.labels[i], n)
		}
	}
	for wide > room {
		most := 0
		for i, n := range tracks {
			if n > tracks[most] {
				most = i
			}
		}
		if tracks[most] <= 1 {
			break
		}
		wide -= laneWidth(l.labels[most], tracks[most]) - laneWidth(l.labels[most], tracks[most]-1)
		tracks[most]--
	}
	at, last := 0, 0
	for i, n := range tracks {
		if n == 0 {
			l.left = append(l.left, at)
			continue
		}
		lane := laneWidth(l.labels[i], n)
		if at > 0 && at+lane+laneWidth(cloudLabel, 1) > room {
			l.left = append(l.left, last)
			l.labels[i] = ""
			continue
		}
		l.left = append(l.left, at)
		last = at
		at += lane
	}
	l.left = append(l.left, at, at+laneWidth(cloudLabel, 1))
}

const cloudLabel = "cloud"

// laneWidth returns how many columns a lane takes, with the room to its right.
func laneWidth(label string, tracks int) int { return max(len([]rune(label)), 2*tracks-1) + 2 }

// enter gives a call the first free track of its lane.
func (l *lanes) enter(c *Call, busy []*Call) []*Call {
	for i, other := range busy {
		if other == nil {
			busy[i] = c
			l.track[c] = i
			return busy
		}
	}
	l.track[c] = len(busy)
	return append(busy, c)
}

// letters returns a, b, … z, aa, ab …
func letters(i int) string {
	if i < 26 {
		return string(rune('a' + i))
	}
	return letters(i/26-1) + letters(i%26)
}

// column returns where a call is drawn.
func (l *lanes) column(c *Call) int { return l.left[c.Lane] + 2*l.track[c] }

// width returns how many columns the lanes take.
func (l *lanes) width() int { return l.left[len(l.left)-1] }

// header returns the line of names above the lanes.
func (l *lanes) header() string {
	cells := []rune(strings.Repeat(" ", l.width()))
	for i, label := range l.labels {
		copy(cells[l.left[i]:], []rune(label))
	}
	return string(cells)
}

// gutter returns the lanes beside one row: the calls that are under way as bars, and what the row is about. behind is for the
// lines that a long text needs more.
func (l *lanes) gutter(r row, live map[*Call]bool, behind bool) string {
	cells := []rune(strings.Repeat(" ", l.width()))
	for c := range live {
		cells[l.column(c)] = '│'
		if r.shape == gap {
			cells[l.column(c)] = '┊'
		}
	}
	if behind {
		return string(cells)
	}
	mark := map[shape]rune{instant: '●', begin: '┌', end: '└', fault: '!', fold: '⋮', running: '╵', blame: '◀', cloud: '◆', gap: '┊'}[r.shape]
	if r.bad && r.shape != begin {
		mark = '✗'
	}
	switch {
	case r.call == nil:
		cells[l.left[len(l.left)-2]] = mark
	default:
		cells[l.column(r.call)] = mark
	}
	return string(cells)
}

// legend lists the letters.
func (l *lanes) legend() string {
	if len(l.keys) == 0 {
		return ""
	}
	return fmt.Sprintf("callers: %s", strings.Join(l.keys, ", "))
}
