package world

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/store"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

// updatable holds, for each path an update mask may name, how the field goes from a request into an image.
var updatable = map[string]func(to *compute.Image, r *compute.UpdateImageRequest, need int64){
	"name":        func(to *compute.Image, r *compute.UpdateImageRequest, _ int64) { to.Name = r.Name },
	"description": func(to *compute.Image, r *compute.UpdateImageRequest, _ int64) { to.Description = r.Description },
	"labels":      func(to *compute.Image, r *compute.UpdateImageRequest, _ int64) { to.Labels = r.Labels },
	"min_disk_size": func(to *compute.Image, r *compute.UpdateImageRequest, need int64) {
		to.MinDiskSize = firstPositive(roundUp(r.MinDiskSize), need)
	},
}

// checkMask refuses an update mask that names what cannot be updated.
func checkMask(r *compute.UpdateImageRequest) *contract.Violation {
	for _, path := range r.GetUpdateMask().GetPaths() {
		if _, ok := updatable[path]; !ok {
			return &contract.Violation{Field: "UpdateMask", Path: "update_mask", Reason: fmt.Sprintf("%q is not an updatable path: use %s",
				path, strings.Join(slices.Sorted(maps.Keys(updatable)), ", "))}
		}
	}
	return nil
}

// paths returns what an update writes: what the mask names, or everything if there is none [guide].
func paths(r *compute.UpdateImageRequest) []string {
	if masked := r.GetUpdateMask().GetPaths(); len(masked) > 0 {
		return masked
	}
	return slices.Sorted(maps.Keys(updatable))
}

// Update answers ImageService.Update. The change is visible when the operation ends; the new name is held from now on.
func (w *World) Update(o Origin, r *compute.UpdateImageRequest) (*operation.Operation, *spb.Status) {
	im, refused := w.image(r.ImageId, true)
	if refused != nil {
		return nil, refused
	}
	if im.Status != compute.Image_READY {
		return nil, contract.NotReady(im.Id, im.Status)
	}
	writes := paths(r)
	if size := roundUp(r.MinDiskSize); slices.Contains(writes, "min_disk_size") && size > 0 && size < im.Need {
		return nil, contract.MinDiskSize(im.Need)
	}
	u := update{request: r}
	if slices.Contains(writes, "name") {
		u.name = r.Name
	}
	if w.images.Taken(im.FolderId, u.name, im.Id) {
		return nil, contract.NameTaken(u.name)
	}
	if refused := w.room(); refused != nil {
		return nil, refused
	}
	u.folder = im.FolderId
	w.images.Hold(u.folder, u.name, w.nextOperationID(defaultPlace), im.Id)
	return w.start(o, job{
		place:       defaultPlace,
		description: "Update image",
		subject:     im.Id,
		metadata:    &compute.UpdateImageMetadata{ImageId: im.Id},
		request:     r,
		work:        u,
	}), nil
}

// update is the work of an Update: it writes its own fields and no others, so that several may run.
type update struct {
	request *compute.UpdateImageRequest
	folder  string
	name    string // held for it, "" if none
}

func (u update) succeed(w *World, op *lro.Operation, at time.Time) (proto.Message, *spb.Status) {
	im, refused := w.stillReady(op.Subject)
	if refused != nil {
		return nil, refused
	}
	next := revise(im.Image)
	for _, path := range paths(u.request) {
		updatable[path](next, u.request, im.Need)
	}
	w.images.Release(u.folder, u.name, op.Id)
	w.put(im.WithMessage(next), at, Updated)
	return next, nil
}

func (u update) undo(w *World, op *lro.Operation, _ time.Time) {
	w.images.Release(u.folder, u.name, op.Id)
}

// stillReady finds the image at the end of an operation that needs it READY, or why it cannot end well [choice].
func (w *World) stillReady(id string) (*store.Image, *spb.Status) {
	im := w.images.Get(id)
	if im == nil {
		return nil, contract.SourceImageNotFound(id)
	}
	if im.Status != compute.Image_READY {
		return nil, contract.NotReady(id, im.Status)
	}
	return im, nil
}
