package scenario_test

import (
	"html"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
)

// pagesOf runs a test of this binary as a child that keeps artifacts, and returns what it prints and the pages by their names.
func pagesOf(t *testing.T, run string, env ...string) (out string, pages map[string]string) {
	t.Helper()
	directory := t.TempDir()
	out = child(t, false, run, append(env, "IMAGEFAKE_ARTIFACTS="+directory)...)
	entries, err := os.ReadDir(directory)
	require.NoError(t, err)
	pages = make(map[string]string)
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(directory, e.Name()))
		require.NoError(t, err)
		pages[e.Name()] = string(text)
	}
	return out, pages
}

// Of each way in which a body breaks there is one page, and the report says where.
func TestPicturesOfBrokenRuns(t *testing.T) {
	again := map[string]string{
		"naive": `(?s)as Go code:.*fake.LoseReply\(\).*IMAGEFAKE_REPLAY='\S+' go test \S+/scenario -run '\^TestNaiveBaker\$'`,
		"run":   `again:\n go test \S+/scenario -run '\^TestNaiveBaker\$'\n`,
		"chaos": `(?s)// on a server made with fake.WithSeed\(1\).*IMAGEFAKE_REPLAY=`,
		"play":  `(?s)a good client: Does not take.*go test \S+/scenario -run '\^TestNaiveBaker\$/\^name-taken\$'`,
	}
	for how, want := range map[string][]string{
		"naive": {"TestNaiveBaker_ImageCreate_1_lost-reply.html", "TestNaiveBaker_exploration.html"},
		"run":   {"TestNaiveBaker_no-fault.html"},
		"chaos": {"TestNaiveBaker_seed-1-ImageList_1_denied.html"},
		"play":  {"TestNaiveBaker_story-name-taken.html"},
	} {
		t.Run(how, func(t *testing.T) {
			out, pages := pagesOf(t, "^TestNaiveBaker$", asChild+"="+how)
			require.ElementsMatch(t, want, slices.Collect(maps.Keys(pages)), out)
			for _, name := range want {
				require.Regexp(t, `as a page for a browser: \S+`+string(filepath.Separator)+name+`\n`, out)
				if !strings.Contains(name, "exploration") {
					page := html.UnescapeString(pages[name])
					require.Contains(t, page, "<svg")
					require.Regexp(t, `<pre>naive_test.go:\d+: broken promise: `, page, "what broke the run is on its page")
					require.Equal(t, 1, strings.Count(page, "broken promise"))
					require.Equal(t, 1, strings.Count(page, "go test "))
					require.Regexp(t, again[how], page)
				}
			}
		})
	}
}

// The report as a page: the matrix, the groups, each a click away from its picture, which is there.
func TestThePageOfAnExploration(t *testing.T) {
	out, pages := pagesOf(t, "^TestNaiveBaker$", asChild+"=naive")
	const name = "TestNaiveBaker_exploration.html"
	page := pages[name]
	require.Contains(t, out, string(filepath.Separator)+name)
	require.Contains(t, page, "Exploration of TestNaiveBaker")
	require.Contains(t, page, "15 runs: 4 ended ok, 1 with Unavailable, 10 broke.")
	require.Contains(t, page, `<th scope="col">lost-reply</th>`)
	require.Contains(t, page, `<th scope="row">ImageCreate#1</th>`)
	require.Contains(t, page, "broken promise: failure leaves nothing behind")
	require.Contains(t, page, "IMAGEFAKE_REPLAY=")

	links := regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1)
	require.NotEmpty(t, links)
	for _, link := range links {
		if key, inside := strings.CutPrefix(link[1], "#"); inside {
			require.Contains(t, page, `id="`+key+`"`)
		} else {
			require.Contains(t, pages, link[1])
		}
	}
	require.Regexp(t, `<td class="broke"><a href="TestNaiveBaker_ImageCreate_1_lost-reply.html">broke[^<]*</a></td>`, page)
	require.Regexp(t, `<td class="broke"><a href="#group-1">broke[^<]*</a></td>`, page, "of another run of the group")

	_, pages = pagesOf(t, "^TestNaiveBaker$", asChild+"=repaired")
	require.Equal(t, []string{name}, slices.Collect(maps.Keys(pages)), "nothing breaks, so there is no picture")
	require.NotContains(t, pages[name], "What breaks it")
	require.Regexp(t, `<td class="held">held[^<]*</td>`, pages[name]) // with -cover it says more
}

// Whatever a body calls things, and however much it does, the page is below a megabyte and nothing of it is markup.
func TestThePageBearsAnything(t *testing.T) {
	const evil = `"'><script src="https://example.com/x.js">&</script><img onerror=alert(1) src=x>`
	for _, text := range []string{evil, strings.Repeat(evil, 100), strings.Repeat("\"", 5000), strings.Repeat("😀", 5000), "\x00\xff", ""} {
		page := scenario.PageOf(t, 90, 40, text)
		require.Less(t, len(page), 1<<20)
		require.NotContains(t, page, "<script")
		require.NotContains(t, page, "<img")
		require.NotRegexp(t, `(src|href)="?https?:`, page)
		require.Contains(t, page, "3580 more ways in which it breaks are in the log of the test only")
		require.Contains(t, page, "28 more calls are left out")
		require.Contains(t, page, "default-src 'none'")
	}
}
