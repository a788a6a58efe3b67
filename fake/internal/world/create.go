package world

import (
	"slices"
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/store"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Create answers ImageService.Create. What stands in its way is looked for in this order [choice]: the folder, the source, the size,
// the name, the quota, the number of running operations. The caller has asked Repeated before, here and for all that follow.
func (w *World) Create(o Origin, r *compute.CreateImageRequest) (*operation.Operation, *spb.Status) {
	if refused := w.mayCreate(r.FolderId); refused != nil {
		return nil, refused
	}
	from, refused := w.resolve(r)
	if refused != nil {
		return nil, refused
	}
	minDiskSize := roundUp(r.MinDiskSize)
	from.shrink(minDiskSize)
	if minDiskSize > 0 && minDiskSize < from.need() {
		return nil, contract.MinDiskSize(from.need())
	}
	if w.images.Taken(r.FolderId, r.Name, "") {
		return nil, contract.NameTaken(r.Name)
	}
	if refused := w.imageRoom(r.Pooled || from.pooled, from.storageSize); refused != nil {
		return nil, refused
	}
	if refused := w.room(); refused != nil {
		return nil, refused
	}

	im := w.newImage(o.Now, &compute.Image{
		FolderId:           r.FolderId,
		Name:               r.Name,
		Description:        r.Description,
		Labels:             r.Labels,
		Family:             r.Family,
		Size:               from.size,
		StorageSize:        from.storageSize,
		MinDiskSize:        firstPositive(minDiskSize, from.minDiskSize, from.need()),
		ProductIds:         union(from.productIDs, r.ProductIds),
		Status:             compute.Image_CREATING,
		Os:                 givenOS(r.Os, from.os),
		Pooled:             r.Pooled || from.pooled,
		KmsKey:             from.kmsKey,
		HardwareGeneration: givenHardware(r.HardwareGeneration, from.hardware),
	})
	w.put(im, o.Now, Reached(im.Status))
	return w.start(o, job{
		place:       from.place,
		description: "Create image",
		subject:     im.Id,
		metadata:    &compute.CreateImageMetadata{ImageId: im.Id},
		request:     r,
		work:        creation{},
		fails:       from.fails,
	}), nil
}

// newImage gives a message what every image has: an id, a birthday, a place in the order of creation.
func (w *World) newImage(now time.Time, m *compute.Image) *store.Image {
	if m.Id == "" {
		m.Id = w.newImageID()
	}
	if m.CreatedAt == nil {
		m.CreatedAt = &timestamppb.Timestamp{Seconds: now.Unix()} // whole seconds [seen]
	}
	w.born++
	return &store.Image{Image: m, Seq: w.born, Need: max(m.Size, m.StorageSize)}
}

// exceeds tells whether a limit is exceeded, if there is one.
func exceeds(usage, limit int64) bool { return limit != 0 && usage > max(0, limit) }

// imageRoom tells whether the quotas leave room for one more image.
func (w *World) imageRoom(pooled bool, storageSize int64) *spb.Status {
	if w.MaxImages == 0 && w.MaxPooled == 0 && w.MaxSize == 0 {
		return nil
	}
	have := w.Counted()
	switch {
	case exceeds(have.Images+1, int64(w.MaxImages)):
		return contract.ImagesQuota(max(0, int64(w.MaxImages)), have.Images)
	case pooled && exceeds(have.Pooled+1, int64(w.MaxPooled)):
		return contract.PooledImagesQuota(max(0, int64(w.MaxPooled)), have.Pooled)
	case exceeds(have.Size+storageSize, w.MaxSize):
		return contract.ImagesSizeQuota(max(0, w.MaxSize), have.Size, storageSize)
	}
	return nil
}

// Usage is what quotas count.
type Usage struct {
	Images, Pooled int64
	Size           int64 // bytes that are stored
}

// Counted returns what the quotas count: the public catalogue is nobody's to pay for.
func (w *World) Counted() Usage {
	var have Usage
	for im := range w.images.All() {
		if w.PublicFolder != "" && im.FolderId == w.PublicFolder {
			continue
		}
		have.Images++
		have.Size += im.StorageSize
		if im.Pooled {
			have.Pooled++
		}
	}
	return have
}

func firstPositive(sizes ...int64) int64 {
	for _, size := range sizes {
		if size > 0 {
			return size
		}
	}
	return 0
}

// union returns the ids of a, then those of b, without repeats.
func union(a, b []string) []string {
	var all []string
	for _, id := range slices.Concat(a, b) {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// givenOS returns the first OS with a type, else LINUX. A type that is unspecified counts as not given [sdk: Terraform sends it],
// but what was said of NVIDIA is kept.
func givenOS(given, inherited *compute.Os) *compute.Os {
	if given.GetType() != compute.Os_TYPE_UNSPECIFIED {
		return given
	}
	typ := compute.Os_LINUX
	if inherited.GetType() != compute.Os_TYPE_UNSPECIFIED {
		typ = inherited.GetType()
	}
	base := given
	if given == nil {
		base = inherited
	}
	if base == nil {
		return &compute.Os{Type: typ}
	}
	os := revise(base)
	os.Type = typ
	return os
}

func givenHardware(given, inherited *compute.HardwareGeneration) *compute.HardwareGeneration {
	switch {
	case given.GetFeatures() != nil:
		return given
	case inherited.GetFeatures() != nil:
		return inherited
	}
	return &compute.HardwareGeneration{Features: &compute.HardwareGeneration_LegacyFeatures{
		LegacyFeatures: &compute.LegacyHardwareFeatures{PciTopology: compute.PCITopology_PCI_TOPOLOGY_V1},
	}}
}

// creation is the work of a Create.
type creation struct{}

func (creation) succeed(w *World, op *lro.Operation, at time.Time) (proto.Message, *spb.Status) {
	im := w.images.Get(op.Subject)
	if im == nil {
		return nil, contract.SourceImageNotFound(op.Subject)
	}
	ready := revise(im.Image)
	ready.Status = compute.Image_READY
	w.put(im.WithMessage(ready), at, Reached(ready.Status))
	return ready, nil
}

func (creation) undo(w *World, op *lro.Operation, at time.Time) {
	im := w.images.Get(op.Subject)
	if im == nil {
		return
	}
	if !op.Run.Plan.Keep {
		w.remove(im.Id, at)
		return
	}
	broken := revise(im.Image)
	broken.Status = compute.Image_ERROR
	w.put(im.WithMessage(broken), at, Reached(broken.Status))
}
