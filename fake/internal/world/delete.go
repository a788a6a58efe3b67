package world

import (
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/lro"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Delete answers ImageService.Delete. An image in ERROR can be deleted, one that is on its way in or out cannot [choice].
func (w *World) Delete(o Origin, r *compute.DeleteImageRequest) (*operation.Operation, *spb.Status) {
	im, refused := w.image(r.ImageId, true)
	if refused != nil {
		return nil, refused
	}
	if im.Status == compute.Image_CREATING || im.Status == compute.Image_DELETING {
		return nil, contract.NotReady(im.Id, im.Status)
	}
	if refused := w.room(); refused != nil {
		return nil, refused
	}
	going := revise(im.Image)
	going.Status = compute.Image_DELETING
	w.put(im.WithMessage(going), o.Now, Reached(going.Status))
	return w.start(o, job{
		place:       defaultPlace,
		description: "Delete image",
		subject:     im.Id,
		metadata:    &compute.DeleteImageMetadata{ImageId: im.Id},
		request:     r,
		work:        deletion{former: im.Status},
	}), nil
}

// deletion is the work of a Delete.
type deletion struct{ former compute.Image_Status }

func (deletion) succeed(w *World, op *lro.Operation, at time.Time) (proto.Message, *spb.Status) {
	w.remove(op.Subject, at)
	return &emptypb.Empty{}, nil
}

func (d deletion) undo(w *World, op *lro.Operation, at time.Time) {
	im := w.images.Get(op.Subject)
	if im == nil || im.Status != compute.Image_DELETING {
		return // a test has meddled: what it set stands
	}
	kept := revise(im.Image)
	kept.Status = d.former
	w.put(im.WithMessage(kept), at, Reached(d.former))
}
