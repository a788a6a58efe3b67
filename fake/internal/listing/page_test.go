package listing_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/imagefake/imagefake/fake/internal/listing"
)

func TestPage(t *testing.T) {
	tests := []struct {
		items, size int
		want        []int
		more        bool
		read        int
	}{
		{items: 0, size: 3, want: nil, more: false, read: 0},
		{items: 2, size: 3, want: []int{0, 1}, more: false, read: 2},
		{items: 3, size: 3, want: []int{0, 1, 2}, more: false, read: 3},
		{items: 4, size: 3, want: []int{0, 1, 2}, more: true, read: 4},
		{items: 9, size: 3, want: []int{0, 1, 2}, more: true, read: 4},
		{items: 9, size: 0, want: nil, more: true, read: 1},
		{items: 9, size: -1, want: nil, more: true, read: 1},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%d of %d", test.size, test.items), func(t *testing.T) {
			read := 0
			page, more := listing.Page(func(yield func(int) bool) {
				for i := range test.items {
					read++
					if !yield(i) {
						return
					}
				}
			}, test.size)
			require.Equal(t, test.want, page)
			require.Equal(t, test.more, more)
			require.Equal(t, test.read, read)
		})
	}
}

// A list call from its texts to its pages.
func Example() {
	names := []string{"app", "cache", "db", "proxy", "web"}
	const text = `name != "cache"`
	filter, err := listing.ParseFilter(text, "name", func(string) string { return "" })
	if err != nil {
		fmt.Println(err)
		return
	}
	scope := listing.NewScope("ImageService/List", "folder", text)
	for last := ""; ; {
		page, more := listing.Page(func(yield func(string) bool) {
			from, found := slices.BinarySearch(names, last)
			if found {
				from++
			}
			for _, name := range names[from:] {
				if filter.Match(name) && !yield(name) {
					return
				}
			}
		}, 2)
		fmt.Println(page)
		if !more {
			return
		}
		token := scope.Token([]byte(page[len(page)-1]))
		key, err := scope.Key(token)
		if err != nil {
			fmt.Println(err)
			return
		}
		last = string(key)
	}
	// Output:
	// [app db]
	// [proxy web]
}
