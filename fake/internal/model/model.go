// Package model is a second, naive implementation of the contract that the server fulfils: plain slices and maps, everything computed
// anew at each call, no concurrency, no clock. It exists to be compared with the server, call by call, and shares no code with it.
//
// A [Cloud] is told the time, the request, and whatever nobody can predict (ids and page tokens that the server made up); it says what
// had to come. It was written from the published reference and the rules that go with it, not from the server.
package model

import (
	"maps"
	"slices"
	"time"

	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/protobuf/proto"
)

// Setup is what a cloud is told before its first call.
type Setup struct {
	Loose      bool     // the newer rules instead of the published ones
	Sources    []Source // that are registered
	Closed     bool     // no other sources exist
	Images     int      // the most images that may exist, 0: any number
	Operations int      // the most operations that may run, 0: any number
	Assumed    int64    // the virtual size of a source that nobody registered
	Stored     int64    // and its storage size
}

// Source is a disk, a snapshot or an object that is registered. Kind is "disk", "snapshot" or "object".
type Source struct {
	Kind, ID          string
	Size, StorageSize int64
	OS                *compute.Os
	ProductIDs        []string
	Format            string
	Forbidden         bool
}

// Cloud is everything that calls can see and change.
type Cloud struct {
	setup   *Setup
	now     time.Time
	changes int      // of images so far
	images  []*image // in order of creation, those that are gone too
	ops     []*op    // in order of creation
	keys    map[string]string
	tokens  map[string]cursor // shared by all copies: a token means the same wherever it is shown
}

// New returns an empty cloud.
func New(s Setup) *Cloud {
	return &Cloud{setup: &s, keys: make(map[string]string), tokens: make(map[string]cursor)}
}

// Clone returns a copy that shares nothing with c but the meaning of page tokens.
func (c *Cloud) Clone() *Cloud {
	d := &Cloud{setup: c.setup, now: c.now, changes: c.changes, keys: maps.Clone(c.keys), tokens: c.tokens}
	for _, im := range c.images {
		d.images = append(d.images, im.clone())
	}
	for _, o := range c.ops {
		twin := *o
		twin.versions = slices.Clone(o.versions)
		d.ops = append(d.ops, &twin)
	}
	return d
}

// image is an image and what the cloud knows about it beside.
type image struct {
	msg      *compute.Image // nil once it is gone; replaced, never changed
	id       string
	folder   string
	need     int64
	former   compute.Image_Status // what a failed delete gives back
	versions []version            // all there were, the present one last
	unborn   bool                 // to a replica that lags: it has not existed yet
	bindings []*access.AccessBinding
}

func (im *image) clone() *image {
	twin := *im
	twin.bindings = slices.Clone(im.bindings)
	twin.versions = slices.Clone(im.versions)
	return &twin
}

// change replaces the image's message by a changed copy.
func (im *image) change(f func(*compute.Image)) {
	im.msg = proto.Clone(im.msg).(*compute.Image)
	f(im.msg)
}

// Images returns the images that exist, in order of creation.
func (c *Cloud) Images() []*compute.Image {
	var all []*compute.Image
	for _, im := range c.images {
		if im.msg != nil {
			all = append(all, im.msg)
		}
	}
	return all
}

// Operations returns the operations in order of creation.
func (c *Cloud) Operations() []*operation.Operation {
	var all []*operation.Operation
	for _, o := range c.ops {
		all = append(all, o.msg())
	}
	return all
}

// Bindings returns the access bindings of an image.
func (c *Cloud) Bindings(id string) []*access.AccessBinding {
	if im := c.known(id); im != nil {
		return im.bindings
	}
	return nil
}

// image returns the image with that id if it exists.
func (c *Cloud) image(id string) *image {
	if im := c.known(id); im != nil && im.msg != nil {
		return im
	}
	return nil
}

// known returns the image with that id, whether it exists or is gone.
func (c *Cloud) known(id string) *image {
	for _, im := range c.images {
		if im.id == id && !im.unborn {
			return im
		}
	}
	return nil
}

// op returns the operation with that id.
func (c *Cloud) op(id string) *op {
	for _, o := range c.ops {
		if o.id == id && !o.unborn {
			return o
		}
	}
	return nil
}

// names returns the names that are taken in a folder, for everybody but one image: those of images, and those that running updates
// are about to give, as long as those run: also where the image has gone meanwhile.
func (c *Cloud) names(folder, except string) map[string]bool {
	taken := make(map[string]bool)
	for _, im := range c.images {
		if im.msg != nil && im.msg.FolderId == folder && im.id != except {
			taken[im.msg.Name] = true
		}
	}
	for _, o := range c.ops {
		if !o.done && o.update != nil && o.writes("name") && o.image != except && c.known(o.image).folder == folder {
			taken[o.update.Name] = true
		}
	}
	delete(taken, "")
	return taken
}

// Seed puts an image in that the test made, as the server stored it. Before the first call it has always existed.
func (c *Cloud) Seed(stored *compute.Image, called bool) {
	im := &image{id: stored.Id, folder: stored.FolderId, msg: stored, need: max(stored.Size, stored.StorageSize), former: stored.Status}
	im.versions = []version{{}}
	if !called {
		im.versions = nil
	}
	c.images = append(c.images, im)
	c.note(im)
}

// Remove takes an image out without an operation.
func (c *Cloud) Remove(id string) {
	im := c.known(id)
	im.msg = nil
	c.note(im)
}

// SetStatus gives an image another status without an operation.
func (c *Cloud) SetStatus(id string, status compute.Image_Status) {
	im := c.image(id)
	im.change(func(im *compute.Image) { im.Status = status })
	c.note(im)
}

// Taken tells whether a name is taken in a folder.
func (c *Cloud) Taken(folder, name string) bool { return c.names(folder, "")[name] }
