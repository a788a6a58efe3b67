package world

import (
	"fmt"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake/internal/resource"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/proto"
)

// AddResource puts a resource into the world as a test wants it, as Add does an image. The world keeps a copy.
func (w *World) AddResource(given proto.Message, now time.Time) (proto.Message, error) {
	if given == nil || !given.ProtoReflect().IsValid() {
		return nil, fmt.Errorf("a resource is nil")
	}
	if im, is := given.(*compute.Image); is {
		added, err := w.Add(im, now)
		if err != nil {
			return nil, err
		}
		return added, nil
	}
	t, ok := resource.TypeOf(given.ProtoReflect().Descriptor())
	if !ok {
		return nil, fmt.Errorf("a %s is no resource: it has no id", given.ProtoReflect().Descriptor().Name())
	}
	m := proto.Clone(given)
	if err := w.checkResource(t, m, ""); err != nil {
		return nil, fmt.Errorf("%s %s: %w", strings.ToLower(t.Kind), seedOf(t, given), err)
	}
	id := t.ID(m)
	if id == "" {
		id = w.newResourceID(placeFor(t, m))
	}
	seconds := int64(0)
	if t.Dated() && t.CreatedAt(m) == nil {
		seconds = w.nextSeed(now).Seconds
	}
	t.Fill(m, id, seconds)
	r := w.newEntry(t, m)
	if disk, is := m.(*compute.Disk); is {
		if im := w.images.Get(disk.GetSourceImageId()); im != nil {
			r.Hidden = im.Os
		}
	}
	w.putResource(Added, r, now)
	return m, nil
}

func seedOf(t *resource.Type, m proto.Message) string {
	if id := t.ID(m); id != "" {
		return id
	}
	return fmt.Sprintf("%q", t.Called(m))
}

// checkResource tells why a message cannot be a resource of the world, or the next version of the one that has the id of.
func (w *World) checkResource(t *resource.Type, m proto.Message, of string) error {
	if _, err := proto.Marshal(m); err != nil {
		return fmt.Errorf("it cannot be sent to a client: %w", err)
	}
	id := t.ID(m)
	switch {
	case of == "" && id != "" && w.Resource(id) != nil:
		return fmt.Errorf("the id %q is taken: leave id empty to get a new one", id)
	case t.InFolders() && t.Folder(m) == "":
		return fmt.Errorf("folder_id: it is in no folder, name one")
	case w.resources.Taken(entry(t, m, nil), t.Container(m), t.Called(m)):
		return fmt.Errorf("the name %q is taken in %q", t.Called(m), t.Container(m))
	}
	return nil
}

// ChangeResource replaces a resource by what change makes of it. The error tells why that cannot be.
func (w *World) ChangeResource(id string, change func(proto.Message), now time.Time) error {
	if w.images.Get(id) != nil {
		return w.ChangeImage(id, func(im *compute.Image) { change(im) }, now)
	}
	r := w.resources.Get(id)
	if r == nil {
		return fmt.Errorf("there is no resource %q", id)
	}
	t := typeIn(r)
	m := proto.Clone(r.Message)
	change(m)
	if t.ID(m) != id || t.Container(m) != r.Container {
		return fmt.Errorf("the id and the folder of a resource never change")
	}
	if err := w.checkResource(t, m, id); err != nil {
		return err
	}
	w.putResource(Set, entry(t, m, r), now)
	return nil
}

// RemoveResource takes a resource out at once. Operations on it go on and find that out. It returns false if there is none with that id.
func (w *World) RemoveResource(id string, now time.Time) bool {
	if w.RemoveImage(id, now) {
		return true
	}
	if w.resources.Get(id) == nil {
		return false
	}
	w.removeResource(id, now)
	return true
}
