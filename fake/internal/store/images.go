// Package store keeps the images of one world in the orders in which the service looks for them.
//
// Everything in it is a value: a stored image is replaced, never changed, and Clone costs the same for one image as for a million.
// The package knows no rules, no lock and no clock; its caller holds the lock.
package store

import (
	"cmp"
	"iter"
	"strings"

	"github.com/imagefake/imagefake/fake/internal/ordered"
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
	sets  any    // *sets: see setsOf
	probe *Image // what Get looks for: used again, because a message is a lot to allocate for a key
}

type sets struct {
	byID     ordered.Set[*Image]
	byFolder ordered.Set[*Image] // folder, id
	byName   ordered.Set[*Image] // folder, name; images with a name
	byFamily ordered.Set[*Image] // folder, family, age; READY images with a family
	gone     ordered.Set[Gone]   // ids that once were images
	holds    ordered.Set[hold]   // names promised to running updates
}

// setsOf returns the sets of s. They are not to be reached through the fields or methods of any type: what can be is translated again
// in every package that mentions a server. It is a func for that reason.
func setsOf(s *Images) *sets { return s.sets.(*sets) }

// Gone is what stays known of an image that is no more.
type Gone struct{ ID, FolderID string }

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
	return &Images{probe: &Image{Image: &compute.Image{}}, sets: &sets{
		byID:     ordered.New(byID),
		byFolder: ordered.New(byFolder),
		byName:   ordered.New(byName),
		byFamily: ordered.New(byFamily),
		gone:     ordered.New(func(a, b Gone) int { return strings.Compare(a.ID, b.ID) }),
		holds:    ordered.New(byHold),
	}}
}

// Clone returns a set of its own with the same images. Neither sees what later happens to the other.
func (s *Images) Clone() *Images {
	return &Images{probe: &Image{Image: &compute.Image{}}, sets: &sets{
		byID:     setsOf(s).byID.Copy(),
		byFolder: setsOf(s).byFolder.Copy(),
		byName:   setsOf(s).byName.Copy(),
		byFamily: setsOf(s).byFamily.Copy(),
		gone:     setsOf(s).gone.Copy(),
		holds:    setsOf(s).holds.Copy(),
	}}
}

// Len returns the number of images.
func (s *Images) Len() int { return setsOf(s).byID.Len() }

// Get returns the image with that id, nil if there is none.
func (s *Images) Get(id string) *Image {
	s.probe.Id = id
	im, _ := setsOf(s).byID.Get(s.probe)
	return im
}

// Put stores im in the place of the one with its id, and returns that; nil if there was none.
func (s *Images) Put(im *Image) (before *Image) {
	before, replaced := setsOf(s).byID.Set(im)
	if replaced {
		s.unlink(before)
	}
	setsOf(s).byFolder.Set(im)
	if im.Name != "" {
		setsOf(s).byName.Set(im)
	}
	if inFamily(im) {
		setsOf(s).byFamily.Set(im)
	}
	return before
}

// Remove takes the image with that id out and remembers that it was there. It returns nil if there was none.
func (s *Images) Remove(id string) *Image {
	im := s.Get(id)
	if im == nil {
		return nil
	}
	setsOf(s).byID.Delete(im)
	s.unlink(im)
	setsOf(s).gone.Set(Gone{ID: id, FolderID: im.FolderId})
	return im
}

// Forget takes the image with that id out as if it had never been.
func (s *Images) Forget(id string) {
	s.Remove(id)
	setsOf(s).gone.Delete(Gone{ID: id})
}

// Bury remembers that there was an image which is no more.
func (s *Images) Bury(g Gone) { setsOf(s).gone.Set(g) }

// Past tells whether id once was an image that is gone now.
func (s *Images) Past(id string) (Gone, bool) { return setsOf(s).gone.Get(Gone{ID: id}) }

// unlink removes im from all indexes but byID.
func (s *Images) unlink(im *Image) {
	setsOf(s).byFolder.Delete(im)
	if im.Name != "" {
		setsOf(s).byName.Delete(im)
	}
	if inFamily(im) {
		setsOf(s).byFamily.Delete(im)
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
	setsOf(s).byFamily.Descend(pivot, func(im *Image) bool {
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
	im, _ := setsOf(s).byName.Get(&Image{Image: &compute.Image{FolderId: folder, Name: name}})
	return im
}

// Folder yields the images of a folder in ascending order of id, those behind the id after.
func (s *Images) Folder(folder, after string) iter.Seq[*Image] {
	pivot := &Image{Image: &compute.Image{FolderId: folder, Id: after}}
	return func(yield func(*Image) bool) {
		setsOf(s).byFolder.Ascend(pivot, func(im *Image) bool {
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
		setsOf(s).byFolder.Descend(pivot, func(im *Image) bool {
			if im.FolderId != folder {
				return false
			}
			return im.Id == before || yield(im)
		})
	}
}

// All yields every image in ascending order of id.
func (s *Images) All() iter.Seq[*Image] {
	return func(yield func(*Image) bool) { setsOf(s).byID.Scan(yield) }
}

// AllGone yields what is known of the images that are no more, in ascending order of id.
func (s *Images) AllGone() iter.Seq[Gone] {
	return func(yield func(Gone) bool) { setsOf(s).gone.Scan(yield) }
}
