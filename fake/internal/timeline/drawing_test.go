package timeline

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Bars of any story lie inside the drawing, on a lane, and never on each other.
func TestDrawingOfAnyStory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := randomStory(t)
		teller := newTeller(s)
		d := draw(teller, teller.rows(), "")
		bars := slices.Clone(d.Bars)
		slices.SortFunc(bars, func(a, b bar) int { return cmp.Or(cmp.Compare(a.Y, b.Y), cmp.Compare(a.X, b.X)) })
		for i, b := range bars {
			require.Positive(t, b.Width)
			require.True(t, b.X >= 0 && b.X+b.Width <= d.Width, "%+v is not inside %d", b, d.Width)
			require.True(t, slices.ContainsFunc(d.Bands, func(l band) bool { return b.Y >= l.Y && b.Y+b.Height <= l.Y+l.Height }), "%+v is on no lane", b)
			if i > 0 && bars[i-1].Y == b.Y {
				require.LessOrEqual(t, bars[i-1].X+bars[i-1].Width, b.X, "%+v lies on %+v", bars[i-1], b)
			}
		}
		below := headHeight
		for _, lane := range d.Bands {
			require.Equal(t, below, lane.Y)
			below += lane.Height
		}
		require.Equal(t, below, d.Height)
	})
}

// Few operations and resources have lanes of their own; many share one, which is called what they all are.
func TestDrawingLanes(t *testing.T) {
	for _, tt := range []struct {
		creates int
		nouns   []string // of the first resources
		want    []string
	}{
		{1, nil, []string{"baker", "op 1", "image web-0"}},
		{1, []string{"service account"}, []string{"baker", "op 1", "service account web-0"}},
		{2, []string{"", "disk"}, []string{"baker", "op 1", "op 2", "image web-0", "disk web-1"}},
		{9, nil, []string{"baker", "operations", "images"}},
		{9, []string{"disk"}, []string{"baker", "operations", "resources"}},
		{9, slices.Repeat([]string{"disk"}, 9), []string{"baker", "operations", "disks"}},
	} {
		story := creates(tt.creates)
		for i, noun := range tt.nouns {
			story.Names[2*i].Noun = noun
		}
		teller := newTeller(story)
		var lanes []string
		for _, b := range draw(teller, teller.rows(), "").Bands {
			lanes = append(lanes, b.Text)
		}
		require.Equal(t, tt.want, lanes)
	}
}

// creates is a caller that creates images one after the other.
func creates(n int) Story {
	s := Story{Lanes: []string{"baker"}}
	for i := range n {
		at, seq := start.Add(time.Duration(i)*time.Second), 4*i
		image, op := fmt.Sprintf("fd8image%012d", i), fmt.Sprintf("fd8operat%011d", i)
		s.Names = append(s.Names, Name{ID: image, Kind: Image, Text: fmt.Sprint("web-", i)}, Name{ID: op, Kind: Operation, Text: "ImageCreate"})
		s.Calls = append(s.Calls, Call{Seq: seq + 1, Method: "ImageCreate", Start: at, End: at, Last: seq + 3, Result: op, Image: image, Operation: op})
		s.Events = append(s.Events,
			Event{Seq: seq + 2, At: at, Kind: Image, Text: "CREATING", Image: image},
			Event{Seq: seq + 3, At: at, Kind: Operation, Text: "started", Call: seq + 1, Image: image, Operation: op},
			Event{Seq: seq + 4, At: at, Kind: Operation, Text: "done", Over: true, Image: image, Operation: op},
		)
	}
	return s
}

// The page leads to the last failure: to the bar of the call, and to the row of its end.
func TestPageLeadsToTheLastFailure(t *testing.T) {
	s := creates(1)
	s.Calls = append(s.Calls,
		Call{Seq: 5, Method: "ImageGet", Start: start, End: start.Add(time.Minute), Error: "NotFound: Image \"none\" not found"},
		Call{Seq: 6, Method: "ImageList", Start: start.Add(time.Minute), End: start.Add(time.Minute)})
	for _, tt := range []struct {
		name  string
		story Story
		want  []string
	}{
		{"no failure", creates(1), nil},
		{"a call that failed", s, []string{"#drawn", "#end-5"}},
	} {
		var page bytes.Buffer
		require.NoError(t, HTML(&page, tt.story))
		seen := read(t, page.Bytes())
		require.Equal(t, tt.want, seen.leads, tt.name)
		require.Equal(t, min(1, len(tt.want)), seen.ids["drawn"], tt.name)
	}
}
