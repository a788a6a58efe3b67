package world

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/store"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	spb "google.golang.org/genproto/googleapis/rpc/status"
)

// SourceKind tells what lives outside the ImageService and can become an image.
type SourceKind int

const (
	Disk SourceKind = iota
	Snapshot
	Object
)

// Source is what a world knows of a disk, a snapshot or an object. Zero fields mean that nothing is known.
type Source struct {
	Size        int64 // virtual size in bytes
	StorageSize int64 // bytes
	OS          *compute.Os
	ProductIDs  []string
	Hardware    *compute.HardwareGeneration
	KMSKey      *compute.KMSKey // disks and snapshots
	Pooled      bool            // disks and snapshots
	Format      string          // objects
	Forbidden   bool            // objects
	Gone        bool            // there is none of that name any more, whether the set is closed or not
}

type sourceKey struct {
	kind SourceKind
	id   string
}

// keyOf names a source. The query of an object's address is no part of its name: a presigned link has another one each time [proto].
func keyOf(kind SourceKind, id string) sourceKey {
	if kind == Object {
		if end := strings.IndexAny(id, "?#"); end >= 0 {
			id = id[:end]
		}
	}
	return sourceKey{kind, id}
}

// sources is replaced on every change, so that clones share it.
type sources struct {
	known  map[sourceKey]Source
	closed [Object + 1]bool
}

// AddSource registers a source, in the place of the one with its id.
func (w *World) AddSource(kind SourceKind, id string, s Source) {
	known := maps.Clone(w.sources.known)
	if known == nil {
		known = make(map[sourceKey]Source)
	}
	known[keyOf(kind, id)] = s
	w.sources.known = known
}

// RemoveSource takes a source away. It returns false if there is none of that name; where the set is open, there is any.
func (w *World) RemoveSource(kind SourceKind, id string) bool {
	if s, known := w.sources.known[keyOf(kind, id)]; s.Gone || !known && w.sources.closed[kind] {
		return false
	}
	w.AddSource(kind, id, Source{Gone: true})
	return true
}

// CloseSources declares that no sources of a kind exist but the registered ones.
func (w *World) CloseSources(kind SourceKind) { w.sources.closed[kind] = true }

// What an image made from a source nobody registered weighs [choice].
const (
	defaultSize        = 4 << 30
	defaultStorageSize = 1 << 30
)

// unit is what sizes are multiples of [seen].
const unit = 4 << 20

func roundUp(bytes int64) int64 { return (bytes + unit - 1) / unit * unit }

// origin is what a new image takes from its source.
type origin struct {
	size, storageSize int64
	minDiskSize       int64 // 0: the source names none
	sized             bool  // the sizes are known rather than assumed
	os                *compute.Os
	productIDs        []string
	hardware          *compute.HardwareGeneration
	kmsKey            *compute.KMSKey
	pooled            bool
	place             string      // prefix of the operation's id
	fails             *spb.Status // the operation will fail so
}

func (o origin) need() int64 { return max(o.size, o.storageSize) }

// resolve finds the source of a request. The request has passed validation: it names one.
func (w *World) resolve(r *compute.CreateImageRequest) (origin, *spb.Status) {
	switch source := r.Source.(type) {
	case *compute.CreateImageRequest_ImageId:
		return w.fromImage(source.ImageId)
	case *compute.CreateImageRequest_DiskId:
		return w.fromRegistered(Disk, source.DiskId)
	case *compute.CreateImageRequest_SnapshotId:
		return w.fromRegistered(Snapshot, source.SnapshotId)
	case *compute.CreateImageRequest_Uri:
		return w.fromObject(source.Uri)
	}
	return origin{}, contract.InvalidField("Source", "source", contract.MissingField)
}

func (w *World) fromImage(id string) (origin, *spb.Status) {
	im := w.images.Get(id)
	if im == nil {
		return origin{}, contract.SourceImageNotFound(id)
	}
	if refused := w.may(im.FolderId, false); refused != nil {
		return origin{}, refused
	}
	if im.Status != compute.Image_READY {
		return origin{}, contract.NotReady(id, im.Status)
	}
	o := inherit(im)
	o.place = defaultPlace
	return o, nil
}

func inherit(im *store.Image) origin {
	return origin{
		size:        im.Size,
		storageSize: im.StorageSize,
		minDiskSize: im.MinDiskSize,
		sized:       true,
		os:          im.Os,
		productIDs:  im.ProductIds,
		hardware:    im.HardwareGeneration,
		kmsKey:      im.KmsKey,
	}
}

func (w *World) fromRegistered(kind SourceKind, id string) (origin, *spb.Status) {
	s, known, refused := w.source(kind, id)
	if refused != nil {
		return origin{}, refused
	}
	if !known {
		s, known = w.sources.known[keyOf(kind, id)]
	}
	if known && s.Gone || !known && w.sources.closed[kind] {
		if kind == Disk {
			return origin{}, contract.DiskNotFound(id)
		}
		return origin{}, contract.SnapshotNotFound(id)
	}
	o := s.origin()
	o.place = defaultPlace
	if kind == Disk {
		o.place = placeOf(id)
	} else {
		// The reference lets only image and disk sources pass their OS on.
		o.os = nil
	}
	return o, nil
}

// fromObject finds an image file in Object Storage. What is wrong with its content shows only when the operation reads it.
func (w *World) fromObject(uri string) (origin, *spb.Status) {
	if !IsObjectURL(uri) {
		return origin{}, contract.URLInvalid()
	}
	s, known := w.sources.known[keyOf(Object, uri)]
	o := s.origin()
	o.place = defaultPlace
	o.os = nil
	switch {
	case s.Gone || !known && w.sources.closed[Object]:
		o.fails = contract.URLNotFound()
	case s.Forbidden:
		o.fails = contract.URLForbidden()
	case s.Format != "" && !slices.Contains(formats, strings.ToLower(s.Format)):
		o.fails = contract.URLInvalid()
	}
	return o, nil
}

// formats are the image formats that are taken under both rule sets: the first three by [ref], raw by [docs] and [proto].
var formats = []string{"qcow2", "vmdk", "vhd", "raw"}

// IsObjectURL tells whether a URI is the address of an object in Object Storage.
func IsObjectURL(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" || u.Host != "storage.yandexcloud.net" || u.User != nil {
		return false
	}
	bucket, object, found := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return found && bucket != "" && object != ""
}

func (s Source) origin() origin {
	o := origin{
		size: s.Size, storageSize: s.StorageSize, sized: true,
		os: s.OS, productIDs: s.ProductIDs, hardware: s.Hardware, kmsKey: s.KMSKey, pooled: s.Pooled,
	}
	switch {
	case s.Size == 0 && s.StorageSize == 0:
		o.size, o.storageSize, o.sized = defaultSize, defaultStorageSize, false
	case s.Size == 0:
		o.size = s.StorageSize
	case s.StorageSize == 0:
		o.storageSize = s.Size
	}
	o.size, o.storageSize = roundUp(o.size), roundUp(o.storageSize)
	return o
}

// shrink makes assumed sizes small enough for a disk of that size: nothing is known that could contradict the caller.
func (o *origin) shrink(minDiskSize int64) {
	if !o.sized && minDiskSize > 0 {
		o.size, o.storageSize = min(o.size, minDiskSize), min(o.storageSize, minDiskSize)
	}
}
