package histories

import (
	"cmp"
	"fmt"
	"slices"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
)

// folder is the model of what a folder lists: every image in it, in whatever status, and the newest READY one of a family.
type folder struct {
	id     string
	images []entry // in order of creation
}

// entry is an image as a list shows it.
type entry struct {
	id, name, family string
	status, former   compute.Image_Status
	created          int64 // in seconds
}

func entryOf(im *compute.Image) entry {
	return entry{id: im.Id, name: im.Name, family: im.Family, status: im.Status, created: im.CreatedAt.GetSeconds()}
}

func (f folder) String() string { return fmt.Sprint(f.images) }

func (f folder) step(m moment) (folder, bool) {
	switch {
	case m.contradicts():
		return f, false
	case m.seed() != nil:
		f.images = append(slices.Clone(f.images), entryOf(m.seed()))
		return f, true
	case m.event != nil:
		return f.move(m), true
	case m.work != nil:
		return f.begin(m.work), true // whether it may begin is for the models of images and names
	}
	return f, f.tells(m)
}

// begin is what the start of an operation on an image in the folder does.
func (f folder) begin(w *work) folder {
	f.images = slices.Clone(f.images)
	switch r := w.request.(type) {
	case *compute.CreateImageRequest:
		f.images = append(f.images, entry{id: w.image, name: r.Name, family: r.Family, status: compute.Image_CREATING,
			created: w.began.CreatedAt.GetSeconds()})
	case *compute.DeleteImageRequest:
		if i := f.index(w.image); i >= 0 {
			f.images[i].former, f.images[i].status = f.images[i].status, compute.Image_DELETING
		}
	}
	return f
}

// move is what the end of an operation on an image in the folder does.
func (f folder) move(m moment) folder {
	code, ended := m.ended()
	if !ended || m.work == nil {
		return f
	}
	i := f.index(m.work.image)
	if i < 0 {
		return f // it was gone before
	}
	f.images = slices.Clone(f.images)
	switch r := m.work.request.(type) {
	case *compute.CreateImageRequest:
		f.images[i].status = statusAfter(code, compute.Image_READY, 0)
	case *compute.DeleteImageRequest:
		f.images[i].status = statusAfter(code, 0, f.images[i].former)
		f.images[i].former = 0
	case *compute.UpdateImageRequest:
		if code == codes.OK && writes(r, "name") {
			f.images[i].name = r.Name
		}
	}
	if f.images[i].status == 0 {
		f.images = slices.Delete(f.images, i, i+1)
	}
	return f
}

func (f folder) index(id string) int {
	return slices.IndexFunc(f.images, func(e entry) bool { return e.id == id })
}

// tells tells whether a read could be answered so now.
func (f folder) tells(m moment) bool {
	switch r := m.call.Request.(type) {
	case *compute.ListImagesRequest:
		var listed []entry
		for _, im := range m.call.Reply.(*compute.ListImagesResponse).Images {
			listed = append(listed, entryOf(im))
		}
		all := slices.Clone(f.images)
		for i := range all {
			all[i].former = 0
		}
		slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.id, b.id) }) // [seen]
		return slices.Equal(all, listed)
	case *compute.GetImageLatestByFamilyRequest:
		latest, found := f.latest(r.Family)
		reply, is := m.call.Reply.(*compute.Image)
		if m.code() == codes.NotFound {
			return !found
		}
		latest.former = 0
		return found && is && entryOf(reply) == latest
	}
	return true
}

// latest returns the newest image of a family that is READY: of those of one second, the one created last.
func (f folder) latest(family string) (latest entry, found bool) {
	for _, e := range f.images {
		if e.family == family && e.status == compute.Image_READY && (!found || e.created >= latest.created) {
			latest, found = e, true
		}
	}
	return latest, found
}
