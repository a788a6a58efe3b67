package world

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/store"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Add puts an image into the world as a test wants it: fields that are given stay as they are, absent ones are filled as Create
// would fill them, and the status is READY. One without a date gets one of its own, see nextSeed. The world keeps a copy.
func (w *World) Add(given *compute.Image, now time.Time) (*compute.Image, error) {
	if given == nil {
		return nil, fmt.Errorf("an image is nil")
	}
	if broken := w.Rules.CheckImage(given); broken != nil {
		return nil, fmt.Errorf("image %s: %s: %s", seedName(given), broken.Path, broken.Reason)
	}
	if _, err := proto.Marshal(given); err != nil {
		return nil, fmt.Errorf("image %s cannot be sent to a client: %w", seedName(given), err)
	}
	if given.Id != "" && w.Resource(given.Id) != nil {
		return nil, fmt.Errorf("image %s: the id %q is taken: leave id empty to get a new one", seedName(given), given.Id)
	}
	if w.images.Taken(given.FolderId, given.Name, "") {
		return nil, fmt.Errorf("image %s: the name %q is taken in folder %q", seedName(given), given.Name, given.FolderId)
	}
	m := proto.Clone(given).(*compute.Image)
	fillSizes(m)
	if need := max(m.Size, m.StorageSize); m.MinDiskSize < need {
		return nil, fmt.Errorf("image %s: min_disk_size is %d, less than the %d bytes that its size and storage_size need",
			seedName(given), m.MinDiskSize, need)
	}
	m.Status = cmp.Or(m.Status, compute.Image_READY)
	m.Os = givenOS(m.Os, nil)
	m.HardwareGeneration = givenHardware(m.HardwareGeneration, nil)
	if m.CreatedAt == nil {
		m.CreatedAt = w.nextSeed(now)
	}
	im := w.newImage(now, m)
	w.putBy(Added, im, now, Reached(m.Status))
	return m, nil
}

// seedSpan is how long before the present seeds are dated.
const seedSpan = 2 * time.Minute

// nextSeed returns when the next image that a test adds without a date was created: a second after the one before, the first of them
// two minutes ago, and none later than now. So the images that a test adds have an order that clients can see: those of one second
// have none [choice].
func (w *World) nextSeed(now time.Time) *timestamppb.Timestamp {
	next := w.seeded.Add(time.Second)
	if first := now.Add(-seedSpan); next.Before(first) {
		next = first
	}
	if next.After(now) {
		next = now
	}
	w.seeded = next.Truncate(time.Second)
	return &timestamppb.Timestamp{Seconds: next.Unix()}
}

// fillSizes gives an image sizes that go together with those it has.
func fillSizes(m *compute.Image) {
	from := origin{size: defaultSize, storageSize: defaultStorageSize}
	from.shrink(m.MinDiskSize)
	switch {
	case m.Size == 0 && m.StorageSize == 0:
		m.Size, m.StorageSize = from.size, from.storageSize
	case m.Size == 0:
		m.Size = m.StorageSize
	case m.StorageSize == 0:
		m.StorageSize = min(m.Size, from.storageSize)
	}
	m.MinDiskSize = firstPositive(m.MinDiskSize, max(m.Size, m.StorageSize))
}

func seedName(m *compute.Image) string {
	return cmp.Or(m.Id, fmt.Sprintf("%q", m.Name))
}

// SetStatus gives an image another status. It returns false if there is no such image.
func (w *World) SetStatus(id string, status compute.Image_Status, now time.Time) bool {
	im := w.images.Get(id)
	if im == nil {
		return false
	}
	m := revise(im.Image)
	m.Status = status
	w.putBy(Set, im.WithMessage(m), now, Reached(status))
	return true
}

// ChangeImage replaces an image by what change makes of it. The error tells why that cannot be.
func (w *World) ChangeImage(id string, change func(*compute.Image), now time.Time) error {
	im := w.images.Get(id)
	if im == nil {
		return fmt.Errorf("there is no image %q", id)
	}
	m := proto.Clone(im.Image).(*compute.Image)
	change(m)
	switch {
	case m.Id != im.Id || m.FolderId != im.FolderId:
		return fmt.Errorf("the id and the folder of an image never change")
	case m.Status == compute.Image_STATUS_UNSPECIFIED:
		return fmt.Errorf("an image has a status")
	case w.images.Taken(m.FolderId, m.Name, m.Id):
		return fmt.Errorf("the name %q is taken in folder %q", m.Name, m.FolderId)
	}
	if broken := w.Rules.CheckImage(m); broken != nil {
		return fmt.Errorf("%s: %s", broken.Path, broken.Reason)
	}
	if _, err := proto.Marshal(m); err != nil {
		return fmt.Errorf("it cannot be sent to a client: %w", err)
	}
	w.putBy(Set, im.WithMessage(m), now, Updated)
	return nil
}

// RemoveImage takes an image out at once. Operations on it go on and find that out. It returns false if there is no such image.
func (w *World) RemoveImage(id string, now time.Time) bool {
	if w.images.Get(id) == nil {
		return false
	}
	w.remove(id, now)
	return true
}

// Image returns an image, nil if there is none.
func (w *World) Image(id string) *compute.Image { return messageOf(w.images.Get(id)) }

// ImageNamed returns the image that has a name in a folder, nil if there is none.
func (w *World) ImageNamed(folder, name string) *compute.Image {
	return messageOf(w.images.Named(folder, name))
}

func messageOf(im *store.Image) *compute.Image {
	if im == nil {
		return nil
	}
	return im.Image
}

// Past tells whether id once was an image or another resource.
func (w *World) Past(id string) bool {
	_, image := w.images.Past(id)
	_, other := w.resources.Past(id)
	return image || other
}

// Images returns the images for which where holds, in order of creation.
func (w *World) Images(where func(*compute.Image) bool) []*compute.Image {
	var found []*store.Image
	for im := range w.images.All() {
		if where(im.Image) {
			found = append(found, im)
		}
	}
	slices.SortFunc(found, func(a, b *store.Image) int { return cmp.Compare(a.Seq, b.Seq) })
	images := make([]*compute.Image, len(found))
	for i, im := range found {
		images[i] = im.Image
	}
	return images
}

// Operations returns all operations in order of creation.
func (w *World) Operations() []*lro.Operation {
	all := slices.Collect(w.ops.All())
	slices.SortFunc(all, func(a, b *lro.Operation) int { return cmp.Compare(a.Seq, b.Seq) })
	return all
}
