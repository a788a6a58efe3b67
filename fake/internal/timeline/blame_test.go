package timeline

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// polls is a story of so many polls that hear the same.
func polls(n int) Story {
	s := Story{Lanes: []string{"baker"}}
	for i := range n {
		at := start.Add(time.Duration(i) * time.Second)
		s.Calls = append(s.Calls, Call{Seq: i + 1, Method: "ImageGet", Request: "web", Start: at, End: at, Result: "web"})
	}
	return s
}

// A call at fault stands by itself, is marked, and is what a cut picture shows, though calls behind it have failed.
func TestCallsAtFault(t *testing.T) {
	s := polls(2000)
	for i := range s.Calls {
		s.Calls[i].Changes = true // nothing is folded
	}
	s.Calls[1990].Error = "Internal: disk read error"
	s.Failures = []Failure{{"assert.Gaps: expected\n  pauses", []int{7, 500}}, {"assert.Backoff: expected more", []int{500, 99999}}, {"no name", []int{500}}}
	text := Text(s, 100, 0)
	require.Contains(t, text, "500  ●             ImageGet web → web\n")
	require.Contains(t, text, " ◀               at fault, says assert.Gaps, assert.Backoff, a check\n")
	require.Contains(t, text, "◀ at fault")
	require.NotContains(t, text, "disk read error", "it is far behind")

	var page bytes.Buffer
	require.NoError(t, HTML(&page, s))
	for _, expected := range []string{"<pre>assert.Gaps: expected\n  pauses</pre>\n<p>At fault: <a href=\"#event-500\">#500</a>.</p>",
		`<tr id="blame-500" class="blame">`, "#500 ImageGet is at fault, says assert.Gaps, assert.Backoff, a check", `<a id="drawn" href="#event-500">`} {
		require.Contains(t, page.String(), expected)
	}

	folded := polls(20)
	folded.Failures = []Failure{{"assert.Gaps: too fast", []int{10}}}
	require.Contains(t, Text(folded, 100, 0), "9 times until #9", "the calls before it are a chain")
	require.Contains(t, Text(folded, 100, 0), "10 times until #20", "and so are those behind it")
	require.NotContains(t, Text(polls(20), 100, 0), "◀")
}

// However much is found and was injected, the page is bounded, and says what it leaves out.
func TestPageOfManyFailures(t *testing.T) {
	s := polls(3)
	s.Again = "go test example.com/bake -run '^TestBake$'"
	for i := range 100 {
		s.Failures = append(s.Failures, Failure{fmt.Sprintf("assert.Gaps: %d", i) + strings.Repeat(" and on", 10_000), []int{1, 1, 2}})
		s.Faults = append(s.Faults, fmt.Sprintf("bake_test.go:%d: %s", i, strings.Repeat("a fault ", 1000)))
	}
	var page bytes.Buffer
	require.NoError(t, HTML(&page, s))
	require.Less(t, page.Len(), 300_000)
	require.Contains(t, page.String(), "80 more failures are in the log of the test")
	require.Contains(t, page.String(), "50 more faults were injected")
	require.Contains(t, page.String(), "<li>bake_test.go:0: a fault")
	require.Contains(t, page.String(), `Again: <code>go test example.com/bake -run &#39;^TestBake$&#39;</code>`)
	require.Contains(t, page.String(), `At fault: <a href="#event-1">#1</a> <a href="#event-2">#2</a>.`)
}
