package fake

import (
	"errors"
	"fmt"
	"time"

	"github.com/imagefake/imagefake/fake/internal/world"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// Source is a disk, a snapshot or an object in Object Storage that images are created from. The ImageService does not own them:
// a server takes any id without being told, and assumes a size. What a Source says, an image made from it inherits.
type Source struct {
	Disk, Snapshot, Object string      // exactly one: an id, or a URI, whose query is no part of the name
	Size, StorageSize      int64       // bytes, virtual and stored; 0: like the other, both 0: assumed
	OS                     *compute.Os // disks: images inherit it; the reference lets no snapshot or object pass one on [ref]
	ProductIDs             []string
	Hardware               *compute.HardwareGeneration
	KMSKey                 *compute.KMSKey // disks and snapshots: what they are encrypted with [docs]
	Pooled                 bool            // disks and snapshots: the image is pooled, whatever the request says [choice]
	Format                 string          // objects: qcow2, vmdk, vhd and raw are images, anything else is none; "" passes
	Forbidden              bool            // objects: the operation fails with "url source forbidden"
}

// WithSources tells the server about sources, of which others exist beside. Options add up; of two with one name the later counts.
// While the server runs there are [Server.AddSources] and [Server.RemoveSources].
func WithSources(sources ...Source) Option { return sourcesOption("WithSources", sources, false) }

// WithOnlySources tells the server about sources and that no others exist: creating from an unknown disk or snapshot is refused, from
// an unknown object fails in the operation. Those of [WithSources] exist as well; WithOnlySources() adds none.
func WithOnlySources(sources ...Source) Option {
	return sourcesOption("WithOnlySources", sources, true)
}

func sourcesOption(name string, sources []Source, only bool) Option {
	return option(func(s *settings) error {
		for i, source := range sources {
			if err := source.check(); err != nil {
				return fmt.Errorf("%s: source %d: %w", name, i+1, err)
			}
		}
		s.onlySources = s.onlySources || only
		s.sources = append(s.sources[:len(s.sources):len(s.sources)], sources...)
		return nil
	})
}

// AddSources tells the server about sources from now on, each in the place of the one with its name. Images and operations made from
// the former stay as they are. An invalid source is misuse, and is left out.
func (s *Server) AddSources(sources ...Source) {
	s.tb.Helper()
	s.eachSource("AddSources", sources, func(w *world.World, source Source) error {
		source.addTo(w)
		return nil
	})
}

// RemoveSources takes sources away, as if they had been deleted: creating from a disk or snapshot is refused then, and fails in the
// operation where it was an object, also where others exist without being told. Only the names in sources count. Operations under
// way go on: they have read theirs. A source that does not exist, because it is gone or the set is closed, is misuse.
func (s *Server) RemoveSources(sources ...Source) {
	s.tb.Helper()
	s.eachSource("RemoveSources", sources, func(w *world.World, source Source) error {
		if kind, id := source.key(); !w.RemoveSource(kind, id) {
			return fmt.Errorf("there is no %s %q", [...]string{"disk", "snapshot", "object"}[kind], id)
		}
		return nil
	})
}

func (s *Server) eachSource(method string, sources []Source, do func(*world.World, Source) error) {
	s.tb.Helper()
	s.checkBubble()
	if s.closed() {
		s.misuse("%s: the server is closed", method)
		return
	}
	var broken []error
	s.do(nil, func(w *world.World, _ time.Time) {
		for i, source := range sources {
			err := source.check()
			if err == nil {
				err = do(w, source)
			}
			if err != nil {
				broken = append(broken, fmt.Errorf("source %d: %w", i+1, err))
			}
		}
	})
	for _, err := range broken {
		s.misuse("%s: %v", method, err)
	}
}

func (s Source) check() error {
	named := 0
	for _, id := range []string{s.Disk, s.Snapshot, s.Object} {
		if id != "" {
			named++
		}
	}
	switch {
	case named != 1:
		return errors.New("exactly one of Disk, Snapshot and Object must name it")
	case s.Size < 0 || s.StorageSize < 0:
		return fmt.Errorf("sizes %d and %d: a size cannot be negative", s.Size, s.StorageSize)
	case s.Object == "" && (s.Format != "" || s.Forbidden):
		return errors.New("only objects have Format and Forbidden")
	case s.Object != "" && (s.KMSKey != nil || s.Pooled):
		return errors.New("only disks and snapshots have KMSKey and Pooled")
	case s.Object != "" && !world.IsObjectURL(s.Object):
		return fmt.Errorf("the object %q cannot be named by a request: the service takes https://storage.yandexcloud.net/<bucket>/<object>", s.Object)
	}
	return nil
}

func (s Source) key() (world.SourceKind, string) {
	switch {
	case s.Disk != "":
		return world.Disk, s.Disk
	case s.Snapshot != "":
		return world.Snapshot, s.Snapshot
	}
	return world.Object, s.Object
}

// addTo registers a copy of the source.
func (s Source) addTo(w *world.World) {
	kind, id := s.key()
	w.AddSource(kind, id, world.Source{
		Size: s.Size, StorageSize: s.StorageSize, OS: cloned(s.OS), ProductIDs: append([]string(nil), s.ProductIDs...),
		Hardware: cloned(s.Hardware), KMSKey: cloned(s.KMSKey), Pooled: s.Pooled, Format: s.Format, Forbidden: s.Forbidden,
	})
}
