package world

import (
	"maps"
	"math"
	"slices"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/store"
)

// Past is what images and operations were before their latest changes. The zero value remembers nothing yet: what has not changed
// since has always been as it is.
type Past struct {
	changes    int // so far
	images     map[string][]formerImage
	operations map[string][]*lro.Operation // nil: it had not been started
}

// formerImage is an image between two changes of it; access bindings are a part of it.
type formerImage struct {
	*store.Image        // nil: it was not there
	gone         bool   // it had been there before
	folder       string // where it is or was
	from, until  int    // the numbers of the changes that made it so, and that ended it
}

// Add remembers what a change has replaced; most is how many versions of one thing are kept.
func (p *Past) Add(change Change, most int) {
	if p.images == nil {
		p.images = make(map[string][]formerImage)
		p.operations = make(map[string][]*lro.Operation)
	}
	p.changes++
	switch c := change.(type) {
	case ImageChange:
		id := c.Image().Id
		f := formerImage{Image: c.former, folder: c.Image().FolderId, until: p.changes}
		if n := len(p.images[id]); n > 0 {
			f.from, f.gone = p.images[id][n-1].until, c.former == nil
		}
		p.images[id] = latest(append(p.images[id], f), most)
	case OperationChange:
		p.operations[c.After.Id] = latest(append(p.operations[c.After.Id], c.Before), most)
	}
}

func latest[V any](versions []V, most int) []V {
	return slices.Clone(versions[max(0, len(versions)-most):])
}

// Seen returns a world in which every image and every operation is as it was that many changes of its own ago, as far as that is
// remembered; an image that took the name of another meanwhile makes that one be seen after it had given the name up. So no two
// images of the past have one name.
func (p *Past) Seen(w *World, changes int) *World {
	past := w.Clone()
	at := make(map[string]int, len(p.images)) // which version is seen; that behind the last is the present one
	ids := slices.Sorted(maps.Keys(p.images))
	for _, id := range ids {
		at[id] = max(0, len(p.images[id])-changes)
	}
	p.followNames(w, ids, at)
	for _, id := range ids {
		if at[id] < len(p.images[id]) {
			past.images.Forget(id)
		}
	}
	for _, id := range ids {
		if at[id] == len(p.images[id]) {
			continue
		}
		if f := p.images[id][at[id]]; f.Image != nil {
			past.images.Put(f.Image)
		} else if f.gone {
			past.images.Bury(store.Gone{ID: id, FolderID: f.folder})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.operations)) {
		versions := p.operations[id]
		if version := versions[max(0, len(versions)-changes)]; version != nil {
			past.ops.Put(version)
		} else {
			past.ops.Remove(id)
		}
	}
	return past
}

// bearer is an image for as long as it bears a name without a change.
type bearer struct {
	id   string
	at   int // which version of it that is
	from int
	end  int
}

// followNames moves on what is seen of images that have given up a name, wherever the one that took it is seen, or was before.
func (p *Past) followNames(w *World, ids []string, at map[string]int) {
	var bearers [][]bearer // of each name
	places := make(map[[2]string]int)
	bears := func(im *store.Image, b bearer) {
		if im == nil || im.Name == "" {
			return
		}
		name := [2]string{im.FolderId, im.Name}
		place, known := places[name]
		if !known {
			place = len(bearers)
			places[name] = place
			bearers = append(bearers, nil)
		}
		bearers[place] = append(bearers[place], b)
	}
	for _, id := range ids {
		versions := p.images[id]
		for i, f := range versions {
			bears(f.Image, bearer{id, i, f.from, f.until})
		}
		bears(w.images.Get(id), bearer{id, len(versions), versions[len(versions)-1].until, math.MaxInt})
	}
	// Whoever is moved on may have taken another name on its way, so again until nobody is. Each round only moves on, to where all
	// have to be at least: the outcome does not depend on the order.
	for moved := true; moved; {
		moved = false
		for _, one := range bearers {
			for _, taker := range one {
				for _, giver := range one {
					if giver.id != taker.id && giver.end <= taker.from && taker.at <= at[taker.id] && at[giver.id] <= giver.at {
						at[giver.id] = giver.at + 1
						moved = true
					}
				}
			}
		}
	}
}
