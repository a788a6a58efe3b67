package listing_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/imagefake/imagefake/fake/internal/listing"
)

var fields = map[string]string{"id": "id", "name": "name", "createdAt": "created_at", "created_at": "created_at"}

func TestParseOrder(t *testing.T) {
	for text, want := range map[string]listing.Order{
		"":                    {},
		" \t\n":               {},
		"name":                {Field: "name"},
		"name asc":            {Field: "name"},
		"createdAt desc":      {Field: "created_at", Desc: true},
		"\tcreated_at\nDESC ": {Field: "created_at", Desc: true},
		"id Asc":              {Field: "id"},
	} {
		order, err := listing.ParseOrder(text, fields)
		require.NoError(t, err, text)
		require.Equal(t, want, order, text)
	}
}

func TestParseOrderRefuses(t *testing.T) {
	for text, message := range map[string]string{
		"size":          `column 1: expected one of createdAt, created_at, id, name, found "size"`,
		" Name":         `column 2: expected one of createdAt, created_at, id, name, found "Name"`,
		"-name":         `column 1: expected one of createdAt, created_at, id, name, found "-name"`,
		"desc":          `column 1: expected one of createdAt, created_at, id, name, found "desc"`,
		`"name"`:        `column 1: expected one of createdAt, created_at, id, name, found the quoted value "name"`,
		`"name`:         `column 1: the value that begins with " has no closing "`,
		"name a\u017fc": `column 6: expected asc, desc or the end, found "aſc"`, // the long s
		"name up":       `column 6: expected asc, desc or the end, found "up"`,
		"name, id":      `column 5: expected asc, desc or the end, found ","`,
		`name "desc"`:   `column 6: expected asc, desc or the end, found the quoted value "desc"`,
		"name desc, id": `column 10: expected the end, as a list is ordered by one field, found ","`,
		"name asc desc": `column 10: expected the end, as a list is ordered by one field, found "desc"`,
		"name é \xff":   `column 6: expected asc, desc or the end, found "é"`,
	} {
		order, err := listing.ParseOrder(text, fields)
		require.EqualError(t, err, message, text)
		require.IsType(t, &listing.SyntaxError{}, err)
		require.Zero(t, order)
	}
}

// FuzzParseOrder compares with the rule read word by word.
func FuzzParseOrder(f *testing.F) {
	for _, text := range []string{
		"", " ", "name", "name asc", "createdAt DESC", "\tcreated_at\nDesc ", "name,id", "name desc, id", `"name"`, "name \"", "-name",
		"name a\u017fc", "name\u2003desc", "id\u0085", "name \xff", "desc", "name=asc", "name ascdesc",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		order, err := listing.ParseOrder(text, fields)
		want, fine := readOrder(text)
		if !fine {
			var wrong *listing.SyntaxError
			require.ErrorAs(t, err, &wrong)
			require.Zero(t, order)
			require.GreaterOrEqual(t, wrong.Column, 1)
			require.LessOrEqual(t, wrong.Column, utf8.RuneCountInString(text)+1)
			_, err = listing.ParseOrder(" "+text, fields)
			require.Equal(t, &listing.SyntaxError{Column: wrong.Column + 1, Text: wrong.Text}, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, order)
	})
}

func readOrder(text string) (order listing.Order, fine bool) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return order, true
	}
	order.Field = fields[words[0]]
	if len(words) == 2 {
		direction := strings.Map(func(r rune) rune {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			return r
		}, words[1])
		order.Desc = direction == "desc"
		fine = order.Desc || direction == "asc"
	}
	return order, order.Field != "" && (fine || len(words) == 1)
}
