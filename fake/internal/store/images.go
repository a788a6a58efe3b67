// Package store keeps the images of one world in the orders in which the service looks for them.
//
// Everything in it is a value: a stored image is replaced, never changed, and Clone costs the same for one image as for a million.
// The package knows no rules, no lock and no clock; its caller holds the lock.
package store

import (
	"cmp"
	"iter"
	"strings"

	"github.com/tidwall/btree"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// Image is an image with what the service knows about it and does not tell.
type Image struct {
	*compute.Image // never changed once stored

	Seq      int64     // order of creation: breaks ties between images of one second
	Need     int64     // the least min_disk_size that still holds the data, in bytes
	Bindings *Bindings // nil: none
}

// WithMessage returns im with another message and all else as it was.
func (im *Image) WithMessage(m *compute.Image) *Image {
	next := *im
	next.Image = m
	return &next
}

// Images is a set of images. The zero value is not usable: call NewImages. Not even reading it is safe for concurrent use; a clone
// belongs to whoever made it.
type Images struct {
	byID     *btree.BTreeG[*Image]
	byFolder *btree.BTreeG[*Image] // folder, id
	byName   *btree.BTreeG[*Image] // folder, name; images with a name
	byFamily *btree.BTreeG[*Image] // folder, family, age; READY images with a family
	gone     *btree.BTreeG[Gone]   // ids that once were images
	holds    *btree.BTreeG[hold]   // names promised to running updates

	probe *Image // what Get looks for: used again, because a message is a lot to allocate for a key
}

// Gone is what stays known of an image that is no more.
type Gone struct{ ID, FolderID string }

func index[T any](compare func(a, b T) int) *btree.BTreeG[T] {
	less := func(a, b T) bool { return compare(a, b) < 0 }
	return btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})
}

func byID(a, b *Image) int { return strings.Compare(a.Id, b.Id) }

func byFolder(a, b *Image) int {
	return cmp.Or(strings.Compare(a.FolderId, b.FolderId), strings.Compare(a.Id, b.Id))
}

func byName(a, b *Image) int {
	return cmp.Or(strings.Compare(a.FolderId, b.FolderId), strings.Compare(a.Name, b.Name))
}

func byFamily(a, b *Image) int {
	return cmp.Or(strings.Compare(a.FolderId, b.FolderId), strings.Compare(a.Family, b.Family), ByAge(a, b))
}

// ByAge orders images from the oldest to the newest: by created_at, those of one instant by order of creation.
func ByAge(a, b *Image) int {
	return cmp.Or(
		cmp.Compare(a.GetCreatedAt().GetSeconds(), b.GetCreatedAt().GetSeconds()),
		cmp.Compare(a.GetCreatedAt().GetNanos(), b.GetCreatedAt().GetNanos()),
		cmp.Compare(a.Seq, b.Seq),
	)
}

// NewImages returns an empty set.
func NewImages() *Images {
	return &Images{
		byID:     index(byID),
		byFolder: index(byFolder),
		byName:   index(byName),
		byFamily: index(byFamily),
		gone:     index(func(a, b Gone) int { return strings.Compare(a.ID, b.ID) }),
		holds:    index(byHold),
		probe:    &Image{Image: &compute.Image{}},
	}
}

// Clone returns a set of its own with the same images. Neither sees what later happens to the other.
func (s *Images) Clone() *Images {
	return &Images{
		byID:     s.byID.Copy(),
		byFolder: s.byFolder.Copy(),
		byName:   s.byName.Copy(),
		byFamily: s.byFamily.Copy(),
		gone:     s.gone.Copy(),
		holds:    s.holds.Copy(),
		probe:    &Image{Image: &compute.Image{}},
	}
}

// Len returns the number of images.
func (s *Images) Len() int { return s.byID.Len() }

// Get returns the image with that id, nil if there is none.
func (s *Images) Get(id string) *Image {
	s.probe.Id = id
	im, _ := s.byID.Get(s.probe)
	return im
}

// Put stores im in the place of the one with its id, and returns that; nil if there was none.
func (s *Images) Put(im *Image) (before *Image) {
	before, replaced := s.byID.Set(im)
	if replaced {
		s.unlink(before)
	}
	s.byFolder.Set(im)
	if im.Name != "" {
		s.byName.Set(im)
	}
	if inFamily(im) {
		s.byFamily.Set(im)
	}
	return before
}

// Remove takes the image with that id out and remembers that it was there. It returns nil if there was none.
func (s *Images) Remove(id string) *Image {
	im := s.Get(id)
	if im == nil {
		return nil
	}
	s.byID.Delete(im)
	s.unlink(im)
	s.gone.Set(Gone{ID: id, FolderID: im.FolderId})
	return im
}

// Past tells whether id once was an image that is gone now.
func (s *Images) Past(id string) (Gone, bool) { return s.gone.Get(Gone{ID: id}) }

// unlink removes im from all indexes but byID.
func (s *Images) unlink(im *Image) {
	s.byFolder.Delete(im)
	if im.Name != "" {
		s.byName.Delete(im)
	}
	if inFamily(im) {
		s.byFamily.Delete(im)
	}
}

func inFamily(im *Image) bool {
	return im.Family != "" && im.Status == compute.Image_READY
}

// Latest returns the newest READY image of a family, nil if there is none.
func (s *Images) Latest(folder, family string) *Image {
	// The pivot stands behind every image of the family: no image has a family with a trailing NUL.
	pivot := &Image{Image: &compute.Image{FolderId: folder, Family: family + "\x00"}}
	var latest *Image
	s.byFamily.Descend(pivot, func(im *Image) bool {
		if im.FolderId == folder && im.Family == family {
			latest = im
		}
		return false
	})
	return latest
}

// Named returns the image that has a name in a folder, nil if there is none.
func (s *Images) Named(folder, name string) *Image {
	if name == "" {
		return nil
	}
	im, _ := s.byName.Get(&Image{Image: &compute.Image{FolderId: folder, Name: name}})
	return im
}

// Folder yields the images of a folder in ascending order of id, those behind the id after.
func (s *Images) Folder(folder, after string) iter.Seq[*Image] {
	pivot := &Image{Image: &compute.Image{FolderId: folder, Id: after}}
	return func(yield func(*Image) bool) {
		s.byFolder.Ascend(pivot, func(im *Image) bool {
			if im.FolderId != folder {
				return false
			}
			return im.Id == after || yield(im)
		})
	}
}

// FolderDescending yields the images of a folder in descending order of id, those before the id before; "" starts at the last.
func (s *Images) FolderDescending(folder, before string) iter.Seq[*Image] {
	pivot := &Image{Image: &compute.Image{FolderId: folder, Id: before}}
	if before == "" {
		pivot.FolderId += "\x00"
	}
	return func(yield func(*Image) bool) {
		s.byFolder.Descend(pivot, func(im *Image) bool {
			if im.FolderId != folder {
				return false
			}
			return im.Id == before || yield(im)
		})
	}
}

// All yields every image in ascending order of id.
func (s *Images) All() iter.Seq[*Image] {
	return func(yield func(*Image) bool) { s.byID.Scan(yield) }
}

// AllGone yields what is known of the images that are no more, in ascending order of id.
func (s *Images) AllGone() iter.Seq[Gone] {
	return func(yield func(Gone) bool) { s.gone.Scan(yield) }
}
