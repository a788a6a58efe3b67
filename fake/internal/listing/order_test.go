package listing_test

import (
	"testing"

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
