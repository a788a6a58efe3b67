package plain_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/imagefake/imagefake/fake/plain"
	"github.com/stretchr/testify/require"
)

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"web, образ  №1 → 🙂":    "web, образ  №1 → 🙂",
		"a\nb":                  `a\nb`,
		"a\r\nb":                `a\r\nb`,
		"a\tb":                  "a b",
		"\x1b[2J":               `\u001b[2J`,
		"\a\b\x00\x7f\u0085":    `\u0007\u0008\u0000\u007f\u0085`,
		"a\u202egnp.exe":        `a\u202egnp.exe`,
		"\u2066x\u2069\u200f":   `\u2066x\u2069\u200f`,
		"a\u2028b\u2029c":       `a\u2028b\u2029c`,
		"\u200b\ufeff\u00ad":    `\u200b\ufeff\u00ad`,
		"\U000e0041":            `\ue0041`,
		"broken \xff\xfe utf-8": "broken \ufffd\ufffd utf-8", // it is visible, and stands for itself
	} {
		require.Equal(t, want, plain.Line(text), "%q", text)
	}
	require.Equal(t, "a\n"+`b\u001b`+"\nc", plain.Lines("a\nb\x1b\nc"))
}

// FuzzLine: what comes out is one line of visible characters, whatever goes in, and stays as it is.
func FuzzLine(f *testing.F) {
	for _, seed := range []string{"web", "a\nb", "\x1b]0;title\a", "a\u202eb", "\xff", "\u2028", "\r", "\U000e0001"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := plain.Line(text)
		require.True(t, utf8.ValidString(line), "%q", line)
		for _, r := range line {
			require.True(t, unicode.IsGraphic(r), "%q of %q", r, text)
		}
		require.Equal(t, line, plain.Line(line))
		require.Equal(t, strings.Count(text, "\n"), strings.Count(plain.Lines(text), "\n"))
	})
}
