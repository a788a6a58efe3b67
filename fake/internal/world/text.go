package world

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake/internal/canon"
	"github.com/imagefake/imagefake/fake/internal/store"
)

// Text returns the whole state as text, a line for each thing in it: equal states have equal texts, and states that differ in
// anything that a later request could bring to light have different ones.
func (w *World) Text() string {
	var b strings.Builder
	images := slices.SortedFunc(w.images.All(), func(a, b *store.Image) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, im := range images {
		fmt.Fprintf(&b, "image %d need %d %s\n", im.Seq, im.Need, canon.Message(im.Image))
		for _, binding := range im.Bindings.List() {
			fmt.Fprintf(&b, "  binding %d %s\n", binding.Seq, canon.Message(binding.AccessBinding))
		}
	}
	for gone := range w.images.AllGone() {
		fmt.Fprintf(&b, "gone %s from %s\n", gone.ID, gone.FolderID)
	}
	for hold := range w.images.Holds() {
		fmt.Fprintf(&b, "held %s\n", hold)
	}
	for _, op := range w.Operations() {
		fmt.Fprintf(&b, "operation %d by %s, %v at step %d of %d since %s, %d polls, %s\n", op.Seq, op.Method, op.Run.Phase, op.Run.At,
			len(op.Run.Plan.Steps), op.Run.Since.UTC().Format(time.RFC3339Nano), op.Run.Polls, canon.Message(op.Operation))
	}
	for use := range w.ops.Uses() {
		fmt.Fprintf(&b, "key %q of %s started %s by %s %s\n", use.Word, use.Owner, use.Operation, use.Method, canon.Message(use.Request))
	}
	keys := slices.SortedFunc(maps.Keys(w.sources.known), func(a, b sourceKey) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id))
	})
	for _, key := range keys {
		s := w.sources.known[key]
		fmt.Fprintf(&b, "source %d %s size %d stored %d format %q forbidden %t products %q os %s hardware %s\n", key.kind, key.id, s.Size,
			s.StorageSize, s.Format, s.Forbidden, s.ProductIDs, canon.Message(s.OS), canon.Message(s.Hardware))
	}
	fmt.Fprintf(&b, "closed %v, %d images so far, %d image ids, %d operations\n", w.sources.closed, w.born, w.imageIDs, w.started)
	return b.String()
}
