package fake

import (
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/world"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// history is what images and operations were before their latest changes, for replicas that lag. It is guarded by the server's
// lock. What the test added and nobody changed since has no history: it has always been as it is.
type history struct {
	images     map[string][]*compute.Image // former versions, the latest last; nil: it did not exist
	operations map[string][]*lro.Operation
}

func (h *history) add(change world.Change) {
	if h.images == nil {
		h.images = make(map[string][]*compute.Image)
		h.operations = make(map[string][]*lro.Operation)
	}
	switch c := change.(type) {
	case world.ImageChange:
		if id := c.Image().Id; c.Hand != world.Added {
			h.images[id] = remember(h.images[id], c.Before)
		}
	case world.OperationChange:
		h.operations[c.After.Id] = remember(h.operations[c.After.Id], c.Before)
	}
}

func remember[V any](versions []V, former V) []V {
	if len(versions) == maxLag {
		versions = append(versions[:0:0], versions[1:]...)
	}
	return append(versions, former)
}

// lagging returns a world in which everything is as it was that many changes of its own ago, as far as it is remembered.
func (h *history) lagging(w *world.World, changes int) *world.World {
	past := w.Clone()
	for id, versions := range h.images {
		past.PutBack(id, versions[max(0, len(versions)-changes)])
	}
	for id, versions := range h.operations {
		past.PutBackOperation(id, versions[max(0, len(versions)-changes)])
	}
	return past
}
