package histories

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// Refused is a part of a history for which no order was found that explains every answer in it.
type Refused struct {
	part
	gaveUp bool // there was no time to try all orders
	limit  time.Duration
	info   porcupine.LinearizationInfo
}

// String tells what was looked at, how far an explanation goes, and what it stops at.
func (r Refused) String() string {
	var b strings.Builder
	if r.gaveUp {
		fmt.Fprintf(&b, "the history of %v was not explained within %v, and not all orders of its %d moments were tried: allow more time, or "+
			"let fewer clients call\n", r.subject, r.limit, len(r.moments))
		return b.String()
	}
	fmt.Fprintf(&b, "the history of %v is not linearizable: no order of its %d moments explains every answer\n", r.subject, len(r.moments))
	explained := r.longest()
	if len(explained) > 0 {
		b.WriteString("the order that explains the most begins\n")
		r.write(&b, explained)
	}
	rest := slices.DeleteFunc(slices.Clone(r.moments), func(m moment) bool { return slices.Contains(explained, m) })
	b.WriteString("and nothing can follow of\n")
	r.write(&b, rest)
	return b.String()
}

func (r Refused) write(b *strings.Builder, moments []moment) {
	const most = 40
	if hidden := len(moments) - most; hidden > 0 {
		fmt.Fprintf(b, "  … %d more\n", hidden)
		moments = moments[hidden:]
	}
	for _, m := range moments {
		fmt.Fprintf(b, "  %v\n", m)
	}
}

// longest returns the longest beginning of an order that fits.
func (r Refused) longest() []moment {
	var longest []porcupine.Operation
	for _, orders := range r.info.PartialLinearizationsOperations() {
		for _, order := range orders {
			if len(order) > len(longest) {
				longest = order
			}
		}
	}
	moments := make([]moment, len(longest))
	for i, op := range longest {
		moments[i] = op.Input.(moment)
	}
	return moments
}

// Subject returns what the part is about: "image fd8…", or `name "web" in folder b1g`.
func (r Refused) Subject() string { return r.subject.String() }

// WritePage writes a page for the browser, which shows what each client saw, and how far each order explains it.
func (r Refused) WritePage(w io.Writer) error { return porcupine.Visualize(r.model, r.info, w) }
