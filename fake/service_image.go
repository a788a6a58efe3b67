package fake

import (
	"cmp"
	"context"
	"fmt"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/world"
	"github.com/imagefake/imagefake/fake/plain"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
)

var imageRows = service{
	register: func(s *Server) { compute.RegisterImageServiceServer(s.grpc, imageService{server: s}) },
	rows: []row{
		{method: ImageGet},
		{
			method: ImageGetLatestByFamily,
			asks: saying(func(r *compute.GetImageLatestByFamilyRequest) string {
				return words(r.Family, inFolder(r.FolderId))
			}),
			missing: func(e *errand) *spb.Status {
				return contract.ImageNotFound(e.Request.(*compute.GetImageLatestByFamilyRequest).Family)
			},
		},
		{
			method: ImageList,
			check: func(s *Server, e *errand) (broken *contract.Violation) {
				e.list, broken = s.settings.world.ParseList(e.Request.(*compute.ListImagesRequest))
				return broken
			},
		},
		{
			method: ImageCreate,
			check:  checkInWorld,
			asks: saying(func(r *compute.CreateImageRequest) string {
				return words(cmp.Or(r.Name, "without a name"), sourceWords(r))
			}),
			full: func(s *Server) *spb.Status {
				have := s.countedImages()
				return contract.ImagesQuota(cmp.Or(int64(s.settings.world.MaxImages), have), have)
			},
		},
		{method: ImageUpdate, check: checkInWorld},
		{method: ImageDelete, check: checkInWorld},
		{method: ImageListOperations, check: checkInWorld},
		{method: ImageListAccessBindings, check: checkInWorld},
		{
			method: ImageSetAccessBindings,
			check:  checkInWorld,
			asks: saying(func(r *access.SetAccessBindingsRequest) string {
				return words(r.ResourceId, fmt.Sprintf("to %d bindings", len(r.AccessBindings)))
			}),
		},
		{
			method: ImageUpdateAccessBindings,
			check:  checkInWorld,
			asks: saying(func(r *access.UpdateAccessBindingsRequest) string {
				return words(r.ResourceId, fmt.Sprintf("by %d deltas", len(r.AccessBindingDeltas)))
			}),
		},
	},
}

// checkInWorld leaves the checks to those who know what the request does.
func checkInWorld(_ *Server, e *errand) *contract.Violation { return world.Check(e.Request) }

func sourceWords(r *compute.CreateImageRequest) string {
	switch source := r.Source.(type) {
	case *compute.CreateImageRequest_ImageId:
		return "from " + source.ImageId
	case *compute.CreateImageRequest_DiskId:
		return "from disk " + source.DiskId
	case *compute.CreateImageRequest_SnapshotId:
		return "from snapshot " + source.SnapshotId
	case *compute.CreateImageRequest_Uri:
		return "from " + plain.Masked(source.Uri) // the query of a signed URI is a secret
	}
	return ""
}

// imageService is the ImageService. It embeds the generated type by value, because the interface grows.
type imageService struct {
	compute.UnimplementedImageServiceServer
	server *Server
}

func (i imageService) Get(ctx context.Context, r *compute.GetImageRequest) (*compute.Image, error) {
	return read(ctx, i.server, func(w *world.World, _ *errand) (*compute.Image, *spb.Status) { return w.Get(r) })
}

func (i imageService) GetLatestByFamily(ctx context.Context, r *compute.GetImageLatestByFamilyRequest) (*compute.Image, error) {
	return read(ctx, i.server, func(w *world.World, e *errand) (*compute.Image, *spb.Status) {
		im, refused := w.GetLatestByFamily(r)
		e.ResourceID = im.GetId()
		return im, refused
	})
}

func (i imageService) List(ctx context.Context, _ *compute.ListImagesRequest) (*compute.ListImagesResponse, error) {
	return read(ctx, i.server, func(w *world.World, e *errand) (*compute.ListImagesResponse, *spb.Status) { return w.List(e.list) })
}

func (i imageService) ListOperations(ctx context.Context, r *compute.ListImageOperationsRequest) (*compute.ListImageOperationsResponse, error) {
	return read(ctx, i.server, func(w *world.World, _ *errand) (*compute.ListImageOperationsResponse, *spb.Status) {
		return w.ListOperations(r)
	})
}

func (i imageService) ListAccessBindings(ctx context.Context, r *access.ListAccessBindingsRequest) (*access.ListAccessBindingsResponse, error) {
	return read(ctx, i.server, func(w *world.World, _ *errand) (*access.ListAccessBindingsResponse, *spb.Status) {
		return w.ListAccessBindings(r)
	})
}

func (i imageService) Create(ctx context.Context, r *compute.CreateImageRequest) (*operation.Operation, error) {
	return startOperation(ctx, i.server, func(w *world.World, o world.Origin) (*operation.Operation, *spb.Status) { return w.Create(o, r) })
}

func (i imageService) Update(ctx context.Context, r *compute.UpdateImageRequest) (*operation.Operation, error) {
	return startOperation(ctx, i.server, func(w *world.World, o world.Origin) (*operation.Operation, *spb.Status) { return w.Update(o, r) })
}

func (i imageService) Delete(ctx context.Context, r *compute.DeleteImageRequest) (*operation.Operation, error) {
	return startOperation(ctx, i.server, func(w *world.World, o world.Origin) (*operation.Operation, *spb.Status) { return w.Delete(o, r) })
}

func (i imageService) SetAccessBindings(ctx context.Context, r *access.SetAccessBindingsRequest) (*operation.Operation, error) {
	return startOperation(ctx, i.server, func(w *world.World, o world.Origin) (*operation.Operation, *spb.Status) {
		return w.SetAccessBindings(o, r)
	})
}

func (i imageService) UpdateAccessBindings(ctx context.Context, r *access.UpdateAccessBindingsRequest) (*operation.Operation, error) {
	return startOperation(ctx, i.server, func(w *world.World, o world.Origin) (*operation.Operation, *spb.Status) {
		return w.UpdateAccessBindings(o, r)
	})
}
