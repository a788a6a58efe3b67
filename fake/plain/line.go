package plain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns a text of someone else, such as a name or the message of an error, for people: it stays on its line and shows all that
// is in it but its secrets, which [Masked] finds. Control and format characters, line breaks of any kind, and marks that turn the
// direction of writing are spelled out (\n, \u202e), tabs are blanks, and what is no UTF-8 is the character for that. A text of visible
// characters and blanks, without secrets, is returned as it is.
func Line(text string) string { return Masked(spelled(text)) }

// Cut shortens a text to so many characters, the last of which then says that there was more.
func Cut(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:max(0, most-1)]) + "…"
}

// spelled returns a text with what is invisible spelled out.
func spelled(text string) string {
	if !strings.ContainsFunc(text, invisible) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteByte(' ')
		case invisible(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Lines returns a text of several lines, each as [Line] returns it.
func Lines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = Line(line)
	}
	return strings.Join(lines, "\n")
}

// invisible tells whether a terminal or a browser would obey a character instead of showing it, or show nothing at all.
func invisible(r rune) bool { return !unicode.IsGraphic(r) }
