package fake

import "github.com/imagefake/imagefake/fake/internal/world"

// history is what images and operations were before their latest changes, for replicas that lag. It is guarded by the server's
// lock. What the test added before the first call, and nobody changed since, has no history: it has always been as it is.
type history struct{ past world.Past }

// add remembers what a change has replaced; called tells whether there has been a call.
func (h *history) add(change world.Change, called bool) {
	if !called && change.By() == world.Added {
		return
	}
	h.past.Add(change, maxLag)
}

// lagging returns a world in which everything is as it was that many changes of its own ago, as far as it is remembered.
func (h *history) lagging(w *world.World, changes int) *world.World { return h.past.Seen(w, changes) }
