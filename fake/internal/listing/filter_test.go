package listing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/imagefake/imagefake/fake/internal/listing"
)

func anyValue(string) string { return "" }

// shortValue refuses what is longer than three characters.
func shortValue(value string) string {
	if n := utf8.RuneCountInString(value); n > 3 {
		return fmt.Sprintf("%d characters, at most 3 allowed", n)
	}
	return ""
}

func TestParseFilter(t *testing.T) {
	const all, none = "a b c ab and", ""
	tests := []struct {
		text    string
		matches string // of the values in all
		only    string // "any": the filter pins nothing down
	}{
		{``, all, "any"},
		{" \t\r\n", all, "any"},
		{`name = "a"`, "a", "a"},
		{`name="a"`, "a", "a"},
		{`name='a'`, "a", "a"},
		{`name=a`, "a", "a"},
		{"\n\tname\n=\u00a0a\t", "a", "a"},
		{`name = "x"`, none, "x"},
		{`name != "a"`, "b c ab and", "any"},
		{`name!=a`, "b c ab and", "any"},
		{`name IN ("b", 'a',c)`, "a b c", "a b c"},
		{`name in(a,a)`, "a", "a"},
		{`name NOT IN ("b", 'a',c)`, "ab and", "any"},
		{"name nOt \n In(a)", "b c ab and", "any"},
		{`name = and`, "and", "and"},
		{`name = and and name in (and, in, not)`, "and", "and"},
		{`name = a AND name = a`, "a", "a"},
		{`name="a"AND name="b"`, none, none},
		{`name IN (a, b, c) AND name IN (c, b, x) And name != c`, "b", "b"},
		{`name != c AND name IN (a, b, c)`, "a b", "a b"},
		{`name != a AND name NOT IN (b, c)`, "ab and", "any"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			filter, err := listing.ParseFilter(test.text, "name", anyValue)
			require.NoError(t, err)
			matches := slices.DeleteFunc(strings.Fields(all), func(v string) bool { return !filter.Match(v) })
			require.Equal(t, test.matches, strings.Join(matches, " "))
			only, ok := filter.Only()
			require.Equal(t, test.only != "any", ok)
			if ok {
				require.Equal(t, test.only, strings.Join(only, " "))
			}
		})
	}
}

func TestParseFilterUnescapes(t *testing.T) {
	for text, value := range map[string]string{
		`name = "\"\'\\"`:     `"'\`,
		`name = '\"\'\\'`:     `"'\`,
		`name = "it's"`:       `it's`,
		`name = '("x", y)'`:   `("x", y)`,
		`name = ""`:           ``,
		`name = "имя AND =é"`: `имя AND =é`,
		`name = a.b/c@d\e*-_`: `a.b/c@d\e*-_`,
		"name = \xff":         "\xff",
	} {
		filter, err := listing.ParseFilter(text, "name", anyValue)
		require.NoError(t, err, text)
		only, ok := filter.Only()
		require.True(t, ok, text)
		require.Equal(t, []string{value}, only, text)
	}
}

func TestParseFilterRefuses(t *testing.T) {
	tests := []struct{ text, message string }{
		// The field.
		{`size = a`, `column 1: expected "name", the only field to filter by, found "size"`},
		{`NAME = a`, `column 1: expected "name", the only field to filter by, found "NAME"`},
		{`"name" = a`, `column 1: expected "name", the only field to filter by, found the quoted value "name"`},
		{`= a`, `column 1: expected "name", the only field to filter by, found "="`},
		{`(name = a)`, `column 1: expected "name", the only field to filter by, found "("`},
		{`NOT name = a`, `column 1: expected "name", the only field to filter by, found "NOT"`},
		// The operator.
		{`name`, `column 5: expected =, !=, IN or NOT IN, found the end`},
		{`name ~ "x"`, `column 6: expected =, !=, IN or NOT IN, found "~"`},
		{`name == a`, `column 6: expected =, !=, IN or NOT IN, found "=="`},
		{`name:a`, `column 5: expected =, !=, IN or NOT IN, found ":"`},
		{`name ! = a`, `column 6: expected =, !=, IN or NOT IN, found "!"`},
		{`name a`, `column 6: expected =, !=, IN or NOT IN, found "a"`},
		{`name "IN" (a)`, `column 6: expected =, !=, IN or NOT IN, found the quoted value "IN"`},
		{`name not`, `column 9: expected IN after NOT, found the end`},
		{`name NOT "a"`, `column 10: expected IN after NOT, found the quoted value "a"`},
		// The value.
		{`name =`, `column 7: expected a value, found the end`},
		{`name = `, `column 8: expected a value, found the end`},
		{`name = (a)`, `column 8: expected a value, found "("`},
		{`name = abcd`, `column 8: value "abcd": 4 characters, at most 3 allowed`},
		{`name IN (a, "abcd")`, `column 13: value "abcd": 4 characters, at most 3 allowed`},
		{`name = ` + strings.Repeat("é", 41), `column 8: value "` + strings.Repeat("é", 40) + `…": 41 characters, at most 3 allowed`},
		{`name = "a`, `column 8: the value that begins with " has no closing "`},
		{`name = 'a"`, `column 8: the value that begins with ' has no closing '`},
		{`name = "a\`, `column 8: the value that begins with " has no closing "`},
		{`name = "a\"`, `column 8: the value that begins with " has no closing "`},
		{`name = "é\n"`, `column 11: expected ", ' or \ after the escaping \, found "n"`},
		// The list.
		{`name IN a`, `column 9: expected ( after IN, found "a"`},
		{`name IN`, `column 8: expected ( after IN, found the end`},
		{`name IN ()`, `column 10: expected a value, found ")"`},
		{`name NOT IN (a,)`, `column 16: expected a value, found ")"`},
		{`name IN (,a)`, `column 10: expected a value, found ","`},
		{`name IN (a b)`, `column 12: expected , or ), found "b"`},
		{`name IN (a`, `column 11: expected , or ), found the end`},
		{`name IN (a, "b)`, `column 13: the value that begins with " has no closing "`},
		// What joins conditions.
		{`name = a name = b`, `column 10: expected AND or the end, found "name"`},
		{`name = a OR name = b`, `column 10: expected AND or the end, found "OR"`},
		{`name="é"&&name=b`, `column 9: expected AND or the end, found "&&"`},
		{`name = a)`, `column 9: expected AND or the end, found ")"`},
		{`name = a "AND" name = a`, `column 10: expected AND or the end, found the quoted value "AND"`},
		{`name = a AND`, `column 13: expected "name", the only field to filter by, found the end`},
		{`name = a AND AND name = b`, `column 14: expected "name", the only field to filter by, found "AND"`},
		{`AND name = a`, `column 1: expected "name", the only field to filter by, found "AND"`},
		// Of two faults, the first from the left.
		{`size = "a`, `column 1: expected "name", the only field to filter by, found "size"`},
		{`name = abcd AND "`, `column 8: value "abcd": 4 characters, at most 3 allowed`},
		// Lines do not begin the count anew.
		{"name = a\nAND\nsize", `column 14: expected "name", the only field to filter by, found "size"`},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			filter, err := listing.ParseFilter(test.text, "name", shortValue)
			require.EqualError(t, err, test.message)
			require.IsType(t, &listing.SyntaxError{}, err)
			require.Zero(t, filter)
		})
	}
}

// condition is a condition as a reader of the grammar would evaluate it.
type condition struct {
	op     string
	values []string
}

func (c condition) match(value string) bool {
	return slices.Contains(c.values, value) == c.pins()
}

func (c condition) pins() bool { return c.op == "=" || c.op == "IN" }

// print writes the condition in one of the many ways the grammar allows.
func (c condition) print(t *rapid.T) string {
	space := rapid.SampledFrom([]string{"", " ", "\t\n ", "\u2003"})
	some := rapid.SampledFrom([]string{" ", "\r\n", "  "})
	text := "name" + some.Draw(t, "space")
	for _, keyword := range strings.Fields(c.op) {
		text += spell(t, keyword) + some.Draw(t, "space")
	}
	values := make([]string, len(c.values))
	for i, value := range c.values {
		values[i] = space.Draw(t, "space") + printValue(t, value) + space.Draw(t, "space")
	}
	if c.op == "=" || c.op == "!=" {
		return text + values[0]
	}
	return text + "(" + strings.Join(values, ",") + ")"
}

func printValue(t *rapid.T, value string) string {
	const needQuotes = "\"'\\(), \n=!<>~:&|"
	styles := []string{`"`, `'`}
	if value != "" && !strings.ContainsAny(value, needQuotes) {
		styles = append(styles, "")
	}
	quote := rapid.SampledFrom(styles).Draw(t, "quote")
	text := quote
	for _, r := range value {
		if must := string(r) == quote || r == '\\'; must || strings.ContainsRune(`"'`, r) && rapid.Bool().Draw(t, "escape") {
			text += `\`
		}
		text += string(r)
	}
	return text + quote
}

func spell(t *rapid.T, keyword string) string {
	return rapid.SampledFrom([]string{keyword, strings.ToLower(keyword)}).Draw(t, "spelling")
}

// A filter matches what its conditions, evaluated one by one, match; and Only leaves out none of it.
func TestFilterMeansItsConditions(t *testing.T) {
	value := rapid.StringOfN(rapid.RuneFrom([]rune("ab\"'\\(, =\nй\ufffd")), 0, 2, -1)
	conditions := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) condition {
		c := condition{op: rapid.SampledFrom([]string{"=", "!=", "IN", "NOT IN"}).Draw(t, "op")}
		most := 8
		if c.op == "=" || c.op == "!=" {
			most = 1
		}
		c.values = rapid.SliceOfN(value, 1, most).Draw(t, "values")
		return c
	}), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		conditions := conditions.Draw(t, "conditions")
		var text string
		var values []string
		pins := false
		for i, c := range conditions {
			if i > 0 {
				text += " " + spell(t, "AND") + "\n"
			}
			text += c.print(t)
			values = append(values, c.values...)
			pins = pins || c.pins()
		}
		matches := func(value string) bool {
			return !slices.ContainsFunc(conditions, func(c condition) bool { return !c.match(value) })
		}

		var seen []string
		filter, err := listing.ParseFilter(text, "name", func(value string) string {
			seen = append(seen, value)
			return ""
		})
		require.NoError(t, err, text)
		require.Equal(t, values, seen, "values judged, in order, in %s", text)
		for _, probe := range append(values, value.Draw(t, "probe"), "never mentioned") {
			require.Equal(t, matches(probe), filter.Match(probe), "%q in %s", probe, text)
		}
		only, ok := filter.Only()
		require.Equal(t, pins, ok, text)
		if pins {
			slices.Sort(values)
			want := slices.DeleteFunc(slices.Compact(values), func(v string) bool { return !matches(v) })
			require.Equal(t, strings.Join(want, "\x00"), strings.Join(only, "\x00"), text)
			require.Len(t, only, len(want), text)
		}
	})
}

func FuzzParseFilter(f *testing.F) {
	for _, text := range []string{
		"", " ", `name = "a"`, `name!='b'`, `name NOT IN (a, "b\"", 'c\\') AND name IN (a)`, `name = "a`, `name IN (a,)`,
		`name = "\`, "name = \xff", "name\u2003=\u00a0é AND", `name == a`, `size = a`, `name=abcd`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := listing.ParseFilter(text, "name", shortValue)
		shifted, errShifted := listing.ParseFilter("\n"+text, "name", shortValue)
		if err != nil {
			var wrong, wrongShifted *listing.SyntaxError
			require.ErrorAs(t, err, &wrong)
			require.ErrorAs(t, errShifted, &wrongShifted)
			require.Zero(t, filter)
			require.GreaterOrEqual(t, wrong.Column, 1)
			require.LessOrEqual(t, wrong.Column, utf8.RuneCountInString(text)+1)
			require.Equal(t, listing.SyntaxError{Column: wrong.Column + 1, Text: wrong.Text}, *wrongShifted)
			return
		}
		require.NoError(t, errShifted)
		require.Equal(t, filter, shifted)
		only, _ := filter.Only()
		for _, value := range only {
			require.True(t, filter.Match(value), value)
			require.Empty(t, shortValue(value))
		}
		if strings.TrimSpace(text) != "" {
			twice, err := listing.ParseFilter(text+" AND "+text, "name", shortValue)
			require.NoError(t, err)
			require.Equal(t, filter, twice)
		}
	})
}
