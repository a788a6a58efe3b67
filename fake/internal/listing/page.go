// Package listing is what every list call shares: the filter, the order, the page and its token.
//
// It knows neither images nor gRPC. All of it is pure: no function keeps a state, waits or panics, whatever text it is given.
package listing

import "iter"

// Page takes up to size items and tells whether there are more: only then does the page need a token.
//
// It reads one item past the page and no further, so the cost of a page does not grow with what follows it. A size of zero
// or less gives an empty page: turn the 0 of a request into the default size first.
func Page[T any](items iter.Seq[T], size int) (page []T, more bool) {
	for item := range items {
		if len(page) >= size {
			return page, true
		}
		page = append(page, item)
	}
	return page, false
}
