package timeline

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var updateGoldens = flag.Bool("update", false, "write the golden files anew")

func requireGolden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *updateGoldens {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o666))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update once, and read what it writes")
	require.Equal(t, string(want), got, "run the test with -update if this is what it should be, and read the difference")
}

// Any story is drawn within its width, the same each time, and every event is accounted for.
func TestTextOfAnyStory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := randomStory(t)
		width := rapid.SampledFrom([]int{100, 100, 60, 72, 200, 0, -1}).Draw(t, "width")
		focus := rapid.IntRange(-1, 200).Draw(t, "focus")
		text := Text(s, width, focus)
		require.Equal(t, text, Text(s, width, focus))
		require.True(t, utf8.ValidString(text))
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			require.LessOrEqual(t, utf8.RuneCountInString(line), max(width, 60), "line %q", line)
			require.NotContains(t, line, "\x1b")
			require.False(t, strings.HasSuffix(line, " "), "blanks at the end of %q", line)
		}
		require.Equal(t, len(s.Calls)+len(s.Events) == 0, text == "")

		rows := newTeller(s).rows()
		require.Equal(t, len(s.Calls)+len(s.Events), stand(rows), "each event of the record is in one row")
		live := make(map[*Call]bool)
		for _, r := range rows {
			switch r.shape {
			case begin:
				live[r.call] = true
			case end, running:
				require.True(t, live[r.call], "a call ends that has not begun: %s", r.text)
				delete(live, r.call)
			case fault:
				require.NotNil(t, r.call)
			}
		}
		require.Empty(t, live, "a call begins and is never heard of again")
	})
}

// A caller whose name alone fills the narrowest picture, and a year between two calls, leave room for words.
func TestTextLeavesRoomForWords(t *testing.T) {
	for _, caller := range []string{strings.Repeat("A", 26), strings.Repeat("A", 32), strings.Repeat("\x00", 8), strings.Repeat("A", 300), ""} {
		s := Story{Lanes: []string{caller}}
		for n := range 40 {
			at := start.Add(time.Duration(n) * 8777 * time.Hour).Add(time.Duration(n) * time.Microsecond)
			s.Calls = append(s.Calls, Call{Seq: n + 100_000, Method: "ImageGet", Request: fmt.Sprintf("fd8image%012d", n), Start: at, End: at})
		}
		text := Text(s, minWidth, 0)
		require.Contains(t, text, "Image", "caller %q", caller)
		for line := range strings.Lines(text) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), minWidth)
		}
	}
}

// A cut picture says how much is missing on each side, and shows what it is about.
func TestTextIsCutAroundTheFocus(t *testing.T) {
	s := Story{Lanes: []string{"baker"}}
	const calls = 300
	for n := 1; n <= calls; n++ {
		at := start.Add(time.Duration(n) * time.Second)
		s.Calls = append(s.Calls, Call{Seq: n, Method: "ImageGet", Request: fmt.Sprint("number ", n), Start: at, End: at})
	}
	s.Calls[199].Error = "Internal: the failure that matters"
	for _, tt := range []struct{ focus, shown, before, after int }{
		{0, 200, 166, 86},
		{100, 100, 66, 186},
		{1, 1, 0, 252},
		{300, 300, 252, 0},
		{9999, 300, 252, 0},
	} {
		text := Text(s, 100, tt.focus)
		require.Contains(t, text, fmt.Sprintf("ImageGet number %d ", tt.shown), "focus %d", tt.focus)
		left := func(side string) int {
			found := regexp.MustCompile(`(\d+) ` + side + ` events? left out`).FindStringSubmatch(text)
			if found == nil {
				return 0
			}
			n, err := strconv.Atoi(found[1])
			require.NoError(t, err)
			return n
		}
		require.Equal(t, []int{tt.before, tt.after}, []int{left("earlier"), left("later")}, "focus %d", tt.focus)
		require.Equal(t, calls, strings.Count(text, "→")+left("earlier")+left("later"), "focus %d", tt.focus)
	}
}

func TestTextGoldens(t *testing.T) {
	at := func(d time.Duration) time.Time { return start.Add(d) }
	for _, tt := range []struct {
		file  string
		story Story
	}{
		{"overlapping-calls-of-one-caller.txt", Story{
			Lanes: []string{"worker", "watcher"},
			Calls: []Call{
				{Seq: 1, Method: "ImageGet", Request: "a", Start: at(0), End: at(1500 * time.Microsecond), Result: "READY"},
				{Seq: 2, Method: "ImageGet", Request: "b", Start: at(200 * time.Microsecond), End: at(900 * time.Microsecond), Result: "READY"},
				{Seq: 3, Method: "ImageGet", Request: "c", Start: at(300 * time.Microsecond), End: at(time.Millisecond), Error: "NotFound: Image \"c\" not found"},
				{Seq: 4, Lane: 1, Method: "ImageList", Start: at(1100 * time.Microsecond), End: at(1234567 * time.Nanosecond), Result: "3 images"},
			},
		}},
		{"names-that-are-alike-or-evil.txt", Story{
			Lanes: []string{"\x1b[31mred", "line\nbreak"},
			Names: []Name{
				{ID: "fd8aaaaaaaaaaaaaaaaa", Kind: Image, Text: "web"}, {ID: "fd8bbbbbbbbbbbbbbbbb", Kind: Image, Text: "web"},
				{ID: "fd8ccccccccccccccccc", Kind: Image}, {ID: "fd8ddddddddddddddddd", Kind: Operation, Text: "ImageDelete"},
			},
			Calls: []Call{
				{Seq: 1, Method: "ImageGet", Request: "fd8aaaaaaaaaaaaaaaaa", Start: at(0), End: at(0), Result: "fd8aaaaaaaaaaaaaaaaa READY"},
				{Seq: 2, Lane: 1, Method: "ImageGet", Request: "fd8bbbbbbbbbbbbbbbbb", Start: at(0), End: at(0), Error: "Internal: two\nlines, a \ttab and a \x07bell"},
				{Seq: 3, Method: "ImageDelete", Request: "fd8ccccccccccccccccc", Start: at(0), End: at(0), Last: 5, Result: "fd8ddddddddddddddddd running", Image: "fd8ccccccccccccccccc", Operation: "fd8ddddddddddddddddd"},
			},
			Events: []Event{
				{Seq: 4, At: at(0), Kind: Image, Text: "DELETING", Image: "fd8ccccccccccccccccc"},
				{Seq: 5, At: at(0), Kind: Operation, Text: "started", Call: 3, Image: "fd8ccccccccccccccccc", Operation: "fd8ddddddddddddddddd"},
				{Seq: 6, At: at(0), Kind: Note, Text: "the test restored a state"},
			},
		}},
		{"polls-of-two-operations.txt", pollsOfTwo(at)},
		{"a-fault-among-polls.txt", faultAmongPolls(at)},
		{"a-clock-that-is-moved.txt", Story{
			Lanes: []string{"baker"},
			Names: []Name{{ID: "fd8ddddddddddddddddd", Kind: Operation, Text: "ImageCreate"}},
			Calls: []Call{{Seq: 1, Method: "OperationGet", Request: "fd8ddddddddddddddddd", Start: at(0), End: at(26 * time.Hour), Last: 3, Result: "fd8ddddddddddddddddd done"}},
			Events: []Event{
				{Seq: 2, At: at(26 * time.Hour), Kind: Clock, Text: "the test moved the clock by 26h"},
				{Seq: 3, At: at(26 * time.Hour), Kind: Operation, Text: "done", Over: true, Operation: "fd8ddddddddddddddddd"},
			},
		}},
	} {
		t.Run(tt.file, func(t *testing.T) { requireGolden(t, tt.file, Text(tt.story, 100, 0)) })
	}
}

// pollsOfTwo is one caller that polls two operations by turns, until one of them fails.
func pollsOfTwo(at func(time.Duration) time.Time) Story {
	s := Story{Lanes: []string{"baker"}, Names: []Name{
		{ID: "fd8aaaaaaaaaaaaaaaaa", Kind: Operation, Text: "ImageCreate"}, {ID: "fd8bbbbbbbbbbbbbbbbb", Kind: Operation, Text: "ImageCreate"},
	}}
	for n := range 20 {
		op := s.Names[n%2].ID
		now := at(time.Duration(n) * time.Second)
		c := Call{Seq: n + 1, Method: "OperationGet", Request: op, Start: now, End: now, Last: n + 1, Result: op + " running", Operation: op}
		if n == 19 {
			c.Seq, c.Last, c.Result = 21, 21, op+" failed: Internal: disk read error"
			s.Events = append(s.Events, Event{Seq: 20, At: now, Kind: Operation, Text: "failed: Internal: disk read error", Bad: true, Over: true, Operation: op})
		}
		s.Calls = append(s.Calls, c)
	}
	return s
}

// faultAmongPolls is polls that all hear the same, one of them late.
func faultAmongPolls(at func(time.Duration) time.Time) Story {
	s := Story{Lanes: []string{"baker"}}
	for n := range 9 {
		now := at(time.Duration(n) * time.Second)
		s.Calls = append(s.Calls, Call{Seq: n + 1, Method: "OperationGet", Start: now, End: now, Result: "running"})
	}
	for n := 4; n < 9; n++ {
		s.Calls[n].Seq++
	}
	s.Calls[3].End = at(3900 * time.Millisecond)
	s.Events = []Event{{Seq: 5, At: at(3 * time.Second), Kind: Fault, Text: "delay by 900ms", Call: 4}}
	return s
}

func TestOffset(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 1: "0s", 393690: "394µs", 1234567: "1.23ms", 12345678: "12.3ms", 123456789: "123ms", 1234567891: "1.235s",
		20 * time.Minute: "20m", time.Hour: "1h", 90 * time.Minute: "1h30m", time.Hour + time.Second: "1h0m1s", 100 * time.Hour: "100h",
		20*time.Minute + 100*time.Millisecond: "20m0.1s",
	} {
		require.Equal(t, want, offset(d), "%d ns", d)
	}
}
