package world

import (
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/store"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// PutBack gives an image a former version, nil for one from before it existed. It is for clones that show a past nobody lived in:
// two images may bear one name in it, and no change is noted.
func (w *World) PutBack(id string, version *compute.Image) {
	switch im := w.images.Get(id); {
	case version == nil:
		w.images.Remove(id)
	case im == nil:
		w.images.Put(&store.Image{Image: version})
	default:
		w.images.Put(im.WithMessage(version))
	}
}

// PutBackOperation gives an operation a former version, nil for one from before it was started.
func (w *World) PutBackOperation(id string, version *lro.Operation) {
	if version == nil {
		w.ops.Remove(id)
		return
	}
	w.ops.Put(version)
}
