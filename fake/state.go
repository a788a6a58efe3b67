package fake

import (
	"slices"
	"sync"
	"time"

	"github.com/imagefake/imagefake/fake/internal/world"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/protobuf/proto"
)

// AddImage is [Server.AddImages] for one image. It returns nil where that is misuse.
func (s *Server) AddImage(im *compute.Image) *compute.Image {
	s.tb.Helper()
	if stored := s.add("AddImage", im); len(stored) > 0 {
		return stored[0]
	}
	return nil
}

// AddImages puts images into the cloud and returns them as stored. A field that is given stays as it is; absent ones are filled as
// Create would fill them, with a new id, the present time and the status READY. FolderId must be given. An invalid image, and an id
// or a name that is taken, are misuse; that image is left out, the others are added.
func (s *Server) AddImages(images ...*compute.Image) []*compute.Image {
	s.tb.Helper()
	return s.add("AddImages", images...)
}

func (s *Server) add(what string, images ...*compute.Image) []*compute.Image {
	s.tb.Helper()
	s.checkBubble()
	if s.closed() {
		s.misuse("%s: the server is closed", what)
		return nil
	}
	stored := make([]*compute.Image, 0, len(images))
	var broken []error
	s.do(nil, func(w *world.World, now time.Time) {
		for _, im := range images {
			added, err := w.Add(im, now)
			if err != nil {
				broken = append(broken, err)
				continue
			}
			stored = append(stored, added)
		}
	})
	for _, err := range broken {
		s.misuse("%s: %v", what, err)
	}
	return cloneImages(stored)
}

// Image returns a copy of the image with that id in whatever status, nil if there is none.
func (s *Server) Image(id string) *compute.Image {
	s.tb.Helper()
	s.checkBubble()
	var im *compute.Image
	s.look(func(w *world.World) { im = w.Image(id) })
	return cloned(im)
}

// ImageNamed returns a copy of the image that has that name in the folder, in whatever status; nil if there is none, and for "",
// which is no name. The name that an Update under way will give is not found before it is given.
func (s *Server) ImageNamed(folder, name string) *compute.Image {
	s.tb.Helper()
	s.checkBubble()
	var im *compute.Image
	s.look(func(w *world.World) { im = w.ImageNamed(folder, name) })
	return cloned(im)
}

// Images returns copies of the images for which every where holds, in order of creation: all images without one, the public
// catalogue included. A where must not change the image and must not use the server.
func (s *Server) Images(where ...func(*compute.Image) bool) []*compute.Image {
	s.tb.Helper()
	s.checkBubble()
	if slices.ContainsFunc(where, func(holds func(*compute.Image) bool) bool { return holds == nil }) {
		s.misused("Images(nil): leave it out for all images, or give it a func that picks some")
		return nil
	}
	var present *world.World
	s.look(func(w *world.World) { present = w.Clone() })
	return imagesOf(present, where)
}

func imagesOf(w *world.World, where []func(*compute.Image) bool) []*compute.Image {
	return cloneImages(w.Images(func(im *compute.Image) bool {
		return !slices.ContainsFunc(where, func(holds func(*compute.Image) bool) bool { return !holds(im) })
	}))
}

func cloneImages(images []*compute.Image) []*compute.Image {
	clones := make([]*compute.Image, len(images))
	for i, im := range images {
		clones[i] = proto.Clone(im).(*compute.Image)
	}
	return clones
}

// SetImageStatus gives an image another status at once, as if something outside of the API had happened to it. An unknown id is misuse.
//
// Operations under way go on, and what they find decides how they end [choice]: a Create makes its image READY all the same, a Delete
// makes it gone, an Update that does not find it READY fails with FailedPrecondition, and access bindings do not look at it. Where a
// Delete fails, the status that was set stays.
func (s *Server) SetImageStatus(id string, status compute.Image_Status) {
	s.tb.Helper()
	s.checkBubble()
	if _, known := compute.Image_Status_name[int32(status)]; !known || status == compute.Image_STATUS_UNSPECIFIED {
		s.misuse("SetImageStatus(%q, %d): an image is CREATING, READY, ERROR or DELETING", id, status)
		return
	}
	found := false
	s.do(nil, func(w *world.World, now time.Time) { found = w.SetStatus(id, status, now) })
	if !found {
		s.misuse("SetImageStatus: there is no image %q", id)
	}
}

// ChangeImage changes an image at once, without an operation, as if another client had done it a moment ago: change gets a copy, and
// what it makes of that is the image from now on. Operations under way go on. An unknown id is misuse, and so are another id or folder, a
// name that is taken, and what the rules forbid. change must not use the server.
func (s *Server) ChangeImage(id string, change func(*compute.Image)) {
	s.tb.Helper()
	s.checkBubble()
	if change == nil {
		s.misuse("ChangeImage(%q, nil): give it a func that changes the image", id)
		return
	}
	var wrong error
	s.do(nil, func(w *world.World, now time.Time) { wrong = w.ChangeImage(id, change, now) })
	if wrong != nil {
		s.misuse("ChangeImage(%q): %v", id, wrong)
	}
}

// RemoveImage takes an image out at once, without an operation, as if it had vanished. An unknown id is misuse.
//
// Operations on it go on [choice]: a Delete ends well, all others with FailedPrecondition. Its name is free at once, that which an
// Update under way was to give it when that Update ends.
func (s *Server) RemoveImage(id string) {
	s.tb.Helper()
	s.checkBubble()
	found := false
	s.do(nil, func(w *world.World, now time.Time) { found = w.RemoveImage(id, now) })
	if !found {
		s.misuse("RemoveImage: there is no image %q", id)
	}
}

// State is one moment of a server: images and other resources, access bindings, operations, idempotency keys, sources and the sequences
// of ids. Clock, record, faults, tokens and connections are not in it. A State never changes, and taking one costs the same however
// much there is.
type State struct {
	mu    *sync.Mutex // copying a world writes to the original
	world *world.World
}

func newState(w *world.World) *State { return &State{mu: new(sync.Mutex), world: w} }

// copy returns a world of its own in the state.
func (st *State) copy() *world.World {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.world.Clone()
}

// Images returns copies of the images for which every where holds, in order of creation. A nil where is left out.
func (st *State) Images(where ...func(*compute.Image) bool) []*compute.Image {
	where = slices.DeleteFunc(slices.Clone(where), func(holds func(*compute.Image) bool) bool { return holds == nil })
	return imagesOf(st.copy(), where)
}

// Image returns a copy of the image with that id, nil if there is none.
func (st *State) Image(id string) *compute.Image {
	return cloned(st.copy().Image(id))
}

// Gone tells whether there once was an image or another resource with that id, and is no more.
func (st *State) Gone(id string) bool {
	w := st.copy()
	return w.Past(id) && w.Resource(id) == nil
}

// Operations returns copies of the operations in order of creation.
func (st *State) Operations() []*operation.Operation {
	var operations []*operation.Operation
	for _, op := range st.copy().Operations() {
		operations = append(operations, proto.Clone(op.Operation).(*operation.Operation))
	}
	return operations
}

// String returns all of the state as text, a line for each thing in it. Equal states have equal texts, in every run and on every
// machine.
func (st *State) String() string { return st.copy().Text() }

// Snapshot returns the present state.
func (s *Server) Snapshot() (st *State) {
	s.tb.Helper()
	s.checkBubble()
	s.look(func(w *world.World) { st = newState(w.Clone()) })
	return st
}

// Restore puts the server back into a state that it, or another server with the same options, was in. Polls that are held for an
// operation which is not in the state are answered with NotFound. Plans that run on the clock go on from their own times: what is
// overdue happens at once.
func (s *Server) Restore(st *State) {
	s.tb.Helper()
	s.checkBubble()
	if st == nil {
		s.misuse("Restore(nil): give it what Snapshot returned")
		return
	}
	s.do(nil, func(w *world.World, now time.Time) { s.restore(st.copy().WithSettings(w.Settings), now) })
}

// restore puts another world in the place of the one there is. The caller holds the lock.
func (c *core) restore(w *world.World, now time.Time) {
	c.cloud = w
	c.record.add(Event{Kind: RestoreEvent, Time: now, Text: "the test restored a state"})
	c.waiters.releaseAll()
	c.history = history{}
	c.pollers = pollers{}
	c.waiters.announce()
}

// Fork starts a new server that belongs to t, from the present state of s and with the options of s, then opts. The two share
// nothing; a [ManualClock] moves both. [WithStandardImages] and [WithSources] among opts are ignored: they are part of the state.
func (s *Server) Fork(t TB, opts ...Option) *Server {
	if t == nil {
		panic("fake.Fork: t is nil; a fork belongs to a test")
	}
	t.Helper()
	fork := unbuilt(t, s.settings)
	fork.settings.gate = nil
	if err := fork.settings.set(opts); err != nil {
		t.Errorf("imagefake: Fork: %v", err)
		t.FailNow()
	}
	state := s.Snapshot()
	present := func() *world.World {
		w := state.copy().WithSettings(fork.settings.world)
		for _, service := range fork.settings.neighbours.without(s.settings.neighbours) {
			w.AddAlways(service)
		}
		return w
	}
	if err := fork.build(present); err != nil {
		t.Errorf("imagefake: Fork: %v", err)
		t.FailNow()
	}
	return fork.adopt(t)
}
