package timeline

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Any story makes a page that is well-formed, has no element or attribute that a text in the story could have brought in, and whose
// links lead somewhere.
func TestPageOfAnyStory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := randomStory(t)
		var page, again bytes.Buffer
		require.NoError(t, HTML(&page, s))
		require.NoError(t, HTML(&again, s))
		require.Equal(t, page.String(), again.String())
		seen := read(t, page.Bytes())
		for _, link := range seen.links {
			require.True(t, strings.HasPrefix(link, "#"), "a link leads out of the page: %q", link)
			require.Equal(t, 1, seen.ids[strings.TrimPrefix(link, "#")], "link %q", link)
		}
		require.NotContains(t, page.String(), "ZgotmplZ")
	})
}

// FuzzStory tells stories of any shape, each drawn from a number, in which others say a text: the lines have no character that does
// more than be read, the page has nothing that the text brought in, and neither is longer than what is told calls for.
func FuzzStory(f *testing.F) {
	for i, text := range append(slices.Clone(hostile), strings.Repeat("wide ", 2000), strings.Repeat("<", 3000), strings.Repeat("\n", 500), "fd8image000000000001") {
		f.Add(text, i)
	}
	f.Fuzz(func(t *testing.T, text string, shape int) {
		s := rapid.Custom(func(t *rapid.T) Story { return randomStory(t, text, "web") }).Example(shape)
		told := Text(s, 100, 0)
		require.LessOrEqual(t, strings.Count(told, "\n"), maxLines*(maxRows+behindCut)+40)
		for line := range strings.Lines(told) {
			line = strings.TrimSuffix(line, "\n")
			require.LessOrEqual(t, utf8.RuneCountInString(line), 100)
			require.False(t, strings.ContainsFunc(line, invisible), "%q", line)
		}
		var page bytes.Buffer
		require.NoError(t, HTML(&page, s))
		seen := read(t, page.Bytes())
		require.False(t, strings.ContainsFunc(strings.ReplaceAll(seen.text, "\n", ""), invisible))
		for _, link := range seen.links {
			require.Equal(t, 1, seen.ids[strings.TrimPrefix(link, "#")], "link %q", link)
		}
		require.NotContains(t, page.String(), "ZgotmplZ")
		require.LessOrEqual(t, page.Len(), 20_000+(2*len(s.Calls)+len(s.Events))*(2_000+40*len(text)))
	})
}

func invisible(r rune) bool { return !unicode.IsGraphic(r) }

func TestPageEscapes(t *testing.T) {
	const evil = `</title></svg><script>alert("1")</script><img src=x onerror='alert(2)'>`
	s := Story{
		Title: evil, Lanes: []string{evil}, Names: []Name{{ID: "fd8aaaaaaaaaaaaaaaaa", Kind: Image, Text: evil}},
		Calls:  []Call{{Seq: 1, Method: evil, Request: evil, Start: start, End: start, Error: evil}},
		Events: []Event{{Seq: 2, At: start, Kind: Fault, Call: 1, Text: evil}, {Seq: 3, At: start, Kind: Image, Text: evil, Image: "fd8aaaaaaaaaaaaaaaaa"}, {Seq: 4, At: start, Kind: Note, Text: evil}},
	}
	var page bytes.Buffer
	require.NoError(t, HTML(&page, s))
	seen := read(t, page.Bytes())
	require.Contains(t, seen.text, evil, "shown as it is")
	require.NotContains(t, page.String(), "<script")
	require.NotContains(t, page.String(), "<img")
}

// seen is what a browser finds in a page.
type seen struct {
	text  string
	links []string
	leads []string // links in paragraphs
	ids   map[string]int
}

// read parses a page, and fails where it has what it must not have.
func read(t require.TestingT, page []byte) seen {
	allowed := make(map[string]bool)
	for name := range strings.FieldsSeq(`html head meta title style body h1 h2 p a div span i b svg rect text g path
		table thead tbody tr th td code pre ul li`) {
		allowed[name] = true
	}
	attributes := make(map[string]bool)
	for name := range strings.FieldsSeq(`lang charset name content http-equiv class width height role aria-label tabindex x y dx dy rx d
		transform href id scope colspan style`) {
		attributes[name] = true
	}
	found := seen{ids: make(map[string]int)}
	var text strings.Builder
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var open []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, token.Name.Local)
			require.True(t, allowed[token.Name.Local], "an element that the page must not have: <%s>", token.Name.Local)
			for _, attr := range token.Attr {
				require.True(t, attributes[attr.Name.Local], "an attribute that the page must not have: %s=%q", attr.Name.Local, attr.Value)
				switch attr.Name.Local {
				case "style":
					require.Regexp(t, `^left: \d+px$`, attr.Value)
				case "href":
					found.links = append(found.links, attr.Value)
					if open[len(open)-2] == "p" {
						found.leads = append(found.leads, attr.Value)
					}
				case "id":
					found.ids[attr.Value]++
				}
			}
		case xml.EndElement:
			require.NotEmpty(t, open)
			require.Equal(t, open[len(open)-1], token.Name.Local)
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 && open[len(open)-1] == "style" {
				require.NotRegexp(t, `url\(|@import|https?:`, string(token))
				continue
			}
			text.Write(token)
		}
	}
	require.Empty(t, open, "elements that are not closed")
	found.text = text.String()
	return found
}
