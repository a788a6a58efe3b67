package listing

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A SyntaxError says what is wrong with the text of a filter or an order, and where.
type SyntaxError struct {
	Column int    // in characters (runes), from 1; one past the last where the text ends too early
	Text   string // what was expected and what was found
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Text) }

type kind int

const (
	end    kind = iota
	word        // a field, a keyword or a bare value
	quoted      // a value in quotes
	symbol      // a parenthesis, a comma, or a run of operator characters
	broken      // no lexeme at all
)

// A lexeme is the smallest part of a text that means something.
type lexeme struct {
	kind   kind
	text   string // without quotes and escapes; if broken, what is wrong
	column int
}

// isWord tells whether a lexeme is a keyword, in either case. Letters that fold to a Latin one, such as the long s, are others.
func (l lexeme) isWord(keyword string) bool {
	return l.kind == word && len(l.text) == len(keyword) && strings.EqualFold(l.text, keyword)
}

func (l lexeme) isSymbol(text string) bool { return l.kind == symbol && l.text == text }

// insteadOf is the error of a lexeme that stands where something else was expected.
func (l lexeme) insteadOf(expected string) *SyntaxError {
	switch l.kind {
	case broken:
		return &SyntaxError{l.column, l.text}
	case end:
		return &SyntaxError{l.column, "expected " + expected + ", found the end"}
	case quoted:
		return &SyntaxError{l.column, "expected " + expected + ", found the quoted value " + shown(l.text)}
	}
	return &SyntaxError{l.column, "expected " + expected + ", found " + shown(l.text)}
}

// shown quotes a part of the caller's text for a message, which must stay readable when that part is a thousand characters long.
func shown(text string) string {
	const most = 40
	runes := 0
	for i := range text {
		if runes == most {
			return strconv.Quote(text[:i] + "…")
		}
		runes++
	}
	return strconv.Quote(text)
}

// A lexer cuts a text into lexemes, each as it is asked for, so that the first fault from the left is the one reported.
type lexer struct {
	rest   string
	column int // of the first character of rest
}

func newLexer(text string) lexer { return lexer{rest: text, column: 1} }

// operators are all that someone may take for an operator: a run of them is one lexeme, so that a refused == or && is shown whole.
const operators = "=!<>~:&|"

// next returns the next lexeme. After the last it returns end, as often as it is called.
func (x *lexer) next() lexeme {
	x.take(unicode.IsSpace)
	column := x.column
	r, size := utf8.DecodeRuneInString(x.rest)
	switch {
	case size == 0:
		return lexeme{end, "", column}
	case r == '"' || r == '\'':
		return x.quoted(r)
	case strings.ContainsRune("(),", r):
		x.skip(size)
		return lexeme{symbol, string(r), column}
	case strings.ContainsRune(operators, r):
		return lexeme{symbol, x.take(isOperator), column}
	}
	return lexeme{word, x.take(isBare), column}
}

func isOperator(r rune) bool { return strings.ContainsRune(operators, r) }

func isBare(r rune) bool { return !unicode.IsSpace(r) && !strings.ContainsRune(`"'(),`+operators, r) }

// quoted reads a value in quotes, from the opening one.
func (x *lexer) quoted(quote rune) lexeme {
	column := x.column
	var text strings.Builder
	x.skip(1)
	for {
		text.WriteString(x.take(func(r rune) bool { return r != quote && r != '\\' }))
		if x.rest == "" {
			break
		}
		if rune(x.rest[0]) == quote {
			x.skip(1)
			return lexeme{quoted, text.String(), column}
		}
		x.skip(1)
		r, size := utf8.DecodeRuneInString(x.rest)
		if size == 0 {
			break
		}
		if !strings.ContainsRune(`"'\`, r) {
			return lexeme{broken, fmt.Sprintf(`expected ", ' or \ after the escaping \, found %q`, string(r)), x.column}
		}
		text.WriteRune(r)
		x.skip(size)
	}
	return lexeme{broken, fmt.Sprintf("the value that begins with %c has no closing %c", quote, quote), column}
}

// take removes and returns the longest beginning of rest that is made of such characters.
func (x *lexer) take(such func(rune) bool) string {
	length, runes := 0, 0
	for length < len(x.rest) {
		r, size := utf8.DecodeRuneInString(x.rest[length:])
		if !such(r) {
			break
		}
		length += size
		runes++
	}
	taken := x.rest[:length]
	x.rest = x.rest[length:]
	x.column += runes
	return taken
}

// skip removes one character of so many bytes.
func (x *lexer) skip(size int) {
	x.rest = x.rest[size:]
	x.column++
}
