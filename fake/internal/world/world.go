// Package world is what the served cloud is: images, resources of neighbours, operations and sources, and what each request does to them.
//
// A World is a value to its user: Clone costs the same for one image as for a million, and neither copy sees what happens to the
// other. Messages in it are replaced, never changed, so whoever got one may read it for ever. The package knows no gRPC server, no
// lock and no clock: its caller holds a lock, and tells the time with every request.
package world

import (
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/store"
	spb "google.golang.org/genproto/googleapis/rpc/status"
)

// Settings are what a world is under all its life.
type Settings struct {
	Rules            contract.Rules
	Seed             uint64
	MaxImages        int             // 0: no quota; negative: none is allowed, and so for the others
	MaxPooled        int             // images that are pooled
	MaxSize          int64           // bytes that images store
	MaxActive        int             // operations under way
	Folders          map[string]bool // the closed set of folders; nil: any folder exists
	Forbidden        map[string]bool // folders that exist and are denied to everybody
	PublicFolder     string          // exists and may be read whatever Folders says, unless it is forbidden
	DefaultOperation *lro.Plan
}

// World is one moment of the cloud. The zero value is not usable: call New.
type World struct {
	Settings

	images    *store.Images
	resources *store.Resources // of neighbours
	ops       *lro.Table
	sources   sources

	seeded   time.Time // the date of the latest image that was added without one
	born     int64     // images and resources so far: their order of creation
	imageIDs int64     // image ids given out
	otherIDs int64     // ids of other resources given out
	started  int64     // operations so far: their order, and their ids given out

	changes []Change
}

// Origin is where a request comes from, and what its operation is to do.
type Origin struct {
	Now     time.Time
	Subject string    // who asks
	Method  string    // the full name of the RPC
	Key     string    // idempotency key, "" for none
	By      any       // what the operation keeps of who started it: the world does not look at it
	Plan    *lro.Plan // nil: the world's default
}

// New returns an empty world.
func New(s Settings) *World {
	return &World{Settings: s, images: store.NewImages(), resources: store.NewResources(), ops: lro.NewTable()}
}

// Clone returns a world of its own in the same state. Changes not yet taken stay with w.
func (w *World) Clone() *World {
	next := *w
	next.images, next.resources, next.ops, next.changes = w.images.Clone(), w.resources.Clone(), w.ops.Clone(), nil
	return &next
}

// WithSettings returns a clone that lives under other settings.
func (w *World) WithSettings(s Settings) *World {
	next := w.Clone()
	next.Settings = s
	return next
}

// Settle lets everything happen that was due up to now: in order of time, ties in order of creation, each at its own time.
func (w *World) Settle(now time.Time) {
	for {
		op, at := w.ops.Next()
		if op == nil || at.After(now) {
			return
		}
		w.move(op, op.Run.Elapse(at), at)
	}
}

// Due returns when time alone changes the world next; ok is false if it does not.
func (w *World) Due() (at time.Time, ok bool) {
	op, at := w.ops.Next()
	return at, op != nil
}

// Scheduled returns when time alone changes the world, ascending. Each operation counts with its next step only.
func (w *World) Scheduled() []time.Time {
	var due []time.Time
	for op := range w.ops.Scheduled() {
		at, _ := op.Run.Due()
		due = append(due, at)
	}
	return due
}

// may tells whether what is in a folder may be read or written. Who asks for a folder outside of the closed set is told no more than
// who asks for a forbidden one: that there is none would be telling [choice].
func (w *World) may(folder string, write bool) *spb.Status {
	switch {
	case w.Forbidden[folder]:
	case w.Folders == nil || w.Folders[folder], !write && w.public(folder):
		return nil
	}
	return contract.FolderDenied(folder)
}

// mayCreate tells whether an image may be created in a folder. Here a folder that does not exist is named as such [seen].
func (w *World) mayCreate(folder string) *spb.Status {
	if w.Folders != nil && !w.Folders[folder] && !w.Forbidden[folder] && !w.public(folder) {
		return contract.FolderNotFound(folder)
	}
	return w.may(folder, true)
}

func (w *World) public(folder string) bool { return folder == w.PublicFolder && folder != "" }

// image finds the image of a request and checks that its folder may be reached.
func (w *World) image(id string, write bool) (*store.Image, *spb.Status) {
	im := w.images.Get(id)
	if im == nil {
		return nil, contract.ImageNotFound(id)
	}
	if refused := w.may(im.FolderId, write); refused != nil {
		return nil, refused
	}
	return im, nil
}
