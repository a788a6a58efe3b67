package world

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/store"
)

// Past is what images, other resources and operations were before their latest changes. The zero value remembers nothing yet: what has
// not changed since has always been as it is.
type Past struct {
	changes    int                         // so far
	resources  map[string][]former         // by id, images included
	operations map[string][]*lro.Operation // nil: it had not been started
}

// former is a resource between two changes of it; access bindings are a part of it.
type former struct {
	version             // nothing in it: it was not there
	gone        bool    // it had been there before
	last        version // as it was last, where it is gone
	from, until int     // the numbers of the changes that made it so, and that ended it
}

// A version is one version of an image, or of another resource.
type version struct {
	image    *store.Image
	resource *store.Resource
}

func (v version) there() bool { return v.image != nil || v.resource != nil }

// name returns what nothing else of its kind bears in its folder; ok is false if it has none.
func (v version) name() (name [3]string, ok bool) {
	switch {
	case v.image != nil:
		return [3]string{"", v.image.FolderId, v.image.Name}, v.image.Name != ""
	case v.resource != nil:
		return [3]string{v.resource.Kind, v.resource.Container, v.resource.Name}, v.resource.Name != ""
	}
	return name, false
}

// versionOf returns the present version of a resource.
func (w *World) versionOf(id string) version {
	return version{w.images.Get(id), w.resources.Get(id)}
}

// put puts a version into a world as if it had always been so.
func (v version) put(w *World) {
	if v.image != nil {
		w.images.Put(v.image)
	} else {
		w.resources.Put(v.resource)
	}
}

// bury lets a world remember that there was what is no more.
func (v version) bury(w *World) {
	if im := v.image; im != nil {
		w.images.Bury(store.Gone{ID: im.Id, FolderID: im.FolderId})
	} else if r := v.resource; r != nil {
		w.resources.Bury(store.Former{ID: r.ID, Kind: r.Kind, Container: r.Container})
	}
}

// Add remembers what a change has replaced; most is how many versions of one thing are kept.
func (p *Past) Add(change Change, most int) {
	if p.resources == nil {
		p.resources = make(map[string][]former)
		p.operations = make(map[string][]*lro.Operation)
	}
	p.changes++
	switch c := change.(type) {
	case ImageChange:
		p.add(c.Image().Id, version{image: c.former}, version{image: &store.Image{Image: c.Image()}}, most)
	case ResourceChange:
		p.add(c.ID, version{resource: c.former}, version{resource: cmp.Or(c.latest, c.former)}, most)
	case OperationChange:
		p.operations[c.After.Id] = latest(append(p.operations[c.After.Id], c.Before), most)
	}
}

func (p *Past) add(id string, before, last version, most int) {
	f := former{version: before, last: last, until: p.changes}
	if n := len(p.resources[id]); n > 0 {
		f.from, f.gone = p.resources[id][n-1].until, !before.there()
	}
	p.resources[id] = latest(append(p.resources[id], f), most)
}

func latest[V any](versions []V, most int) []V {
	return slices.Clone(versions[max(0, len(versions)-most):])
}

// Seen returns a world in which every resource and every operation is as it was that many changes of its own ago, as far as that is
// remembered; a resource that took the name of another meanwhile makes that one be seen after it had given the name up. So no two
// resources of the past have one name.
func (p *Past) Seen(w *World, changes int) *World {
	past := w.Clone()
	at := make(map[string]int, len(p.resources)) // which version is seen; that behind the last is the present one
	ids := slices.Sorted(maps.Keys(p.resources))
	for _, id := range ids {
		at[id] = max(0, len(p.resources[id])-changes)
	}
	p.followNames(w, ids, at)
	for _, id := range ids {
		if at[id] < len(p.resources[id]) {
			past.images.Forget(id)
			past.resources.Forget(id)
		}
	}
	for _, id := range ids {
		if at[id] == len(p.resources[id]) {
			continue
		}
		if f := p.resources[id][at[id]]; f.there() {
			f.put(past)
		} else if f.gone {
			f.last.bury(past)
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

// bearer is a resource for as long as it bears a name without a change.
type bearer struct {
	id   string
	at   int // which version of it that is
	from int
	end  int
}

// followNames moves on what is seen of resources that have given up a name, wherever the one that took it is seen, or was before.
func (p *Past) followNames(w *World, ids []string, at map[string]int) {
	var bearers [][]bearer // of each name
	places := make(map[[3]string]int)
	bears := func(v version, b bearer) {
		name, named := v.name()
		if !named {
			return
		}
		place, known := places[name]
		if !known {
			place = len(bearers)
			places[name] = place
			bearers = append(bearers, nil)
		}
		bearers[place] = append(bearers[place], b)
	}
	for _, id := range ids {
		versions := p.resources[id]
		for i, f := range versions {
			bears(f.version, bearer{id, i, f.from, f.until})
		}
		bears(w.versionOf(id), bearer{id, len(versions), versions[len(versions)-1].until, math.MaxInt})
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
