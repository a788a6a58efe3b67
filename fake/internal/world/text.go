package world

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake/internal/store"
	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/protobuf/proto"
)

// Text returns the whole state as text, a line for each thing in it: equal states have equal texts, and states that differ in
// anything that a later request could bring to light have different ones.
func (w *World) Text() string {
	var b strings.Builder
	images := slices.SortedFunc(w.images.All(), func(a, b *store.Image) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, im := range images {
		fmt.Fprintf(&b, "image %d need %d %s\n", im.Seq, im.Need, text(im.Image))
		for _, binding := range im.Bindings.List() {
			fmt.Fprintf(&b, "  binding %d %s\n", binding.Seq, text(binding.AccessBinding))
		}
	}
	for gone := range w.images.AllGone() {
		fmt.Fprintf(&b, "gone %s from %s\n", gone.ID, gone.FolderID)
	}
	for hold := range w.images.Holds() {
		fmt.Fprintf(&b, "held %s\n", hold)
	}
	for _, r := range w.allResources() {
		fmt.Fprintf(&b, "resource %d %s %s busy %q hidden %s\n", r.Seq, r.Kind, text(r.Message), r.Busy, text(r.Hidden))
		for _, binding := range r.Bindings.List() {
			fmt.Fprintf(&b, "  binding %d %s\n", binding.Seq, text(binding.AccessBinding))
		}
	}
	for gone := range w.resources.AllGone() {
		fmt.Fprintf(&b, "gone %s %s from %s\n", gone.Kind, gone.ID, gone.Container)
	}
	for hold := range w.resources.Holds() {
		fmt.Fprintf(&b, "held %s\n", hold)
	}
	for _, op := range w.Operations() {
		fmt.Fprintf(&b, "operation %d by %s, %v at step %d of %d since %s, %d polls, %s\n", op.Seq, op.Method, op.Run.Phase, op.Run.At,
			len(op.Run.Plan.Steps), op.Run.Since.UTC().Format(time.RFC3339Nano), op.Run.Polls, text(op.Operation))
	}
	for use := range w.ops.Uses() {
		fmt.Fprintf(&b, "key %q of %s started %s by %s %s\n", use.Word, use.Owner, use.Operation, use.Method, text(use.Request))
	}
	keys := slices.SortedFunc(maps.Keys(w.sources.known), func(a, b sourceKey) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id))
	})
	for _, key := range keys {
		s := w.sources.known[key]
		fmt.Fprintf(&b, "source %d %s size %d stored %d format %q forbidden %t products %q os %s hardware %s key %s pooled %t gone %t\n", key.kind, shown(plain.Masked(key.id), key.id), s.Size,
			s.StorageSize, s.Format, s.Forbidden, s.ProductIDs, text(s.OS), text(s.Hardware), text(s.KMSKey),
			s.Pooled, s.Gone)
	}
	fmt.Fprintf(&b, "closed %v, %d images so far, %d image ids, %d other ids, %d operations\n", w.sources.closed, w.born, w.imageIDs, w.otherIDs, w.started)
	return b.String()
}

// text returns a message for people.
func text(m proto.Message) string { return shown(plain.Redacted(m), plain.Message(m)) }

// shown returns a text without its secrets, and still a different one for each: a digest stands for what is left out.
func shown(redacted, whole string) string {
	if redacted == whole {
		return whole
	}
	h := fnv.New64a()
	h.Write([]byte(whole))
	return fmt.Sprintf("%s (%016x)", redacted, h.Sum64())
}
