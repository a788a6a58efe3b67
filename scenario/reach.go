package scenario

import (
	"slices"

	"github.com/imagefake/imagefake/fake"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// A reach is what a call may read and change of the cloud, in the words "image fd8…", "name web in f", "folder f". Two calls whose
// reaches do not conflict can take effect in either order, and nothing is different.
type reach struct {
	reads  []string
	writes []string
	adds   []string // changed in a way that other adds do not mind: an image more in a folder
	all    bool     // nobody knows: it is a neighbour's
}

// conflicts tells whether the order of two calls may matter.
func (r reach) conflicts(other reach) bool {
	switch {
	case r.all || other.all:
		return !r.empty() && !other.empty()
	case meet(r.writes, other.writes), meet(r.writes, other.reads), meet(r.writes, other.adds):
		return true
	}
	return meet(r.reads, other.writes) || meet(r.adds, other.writes) || meet(r.reads, other.adds) || meet(r.adds, other.reads)
}

func (r reach) empty() bool { return !r.all && len(r.reads)+len(r.writes)+len(r.adds) == 0 }

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(word string) bool { return slices.Contains(b, word) })
}

// reachOf returns what a call reaches on a server as it is now.
func (d *diary) reachOf(s *fake.Server, c *fake.Call) reach {
	var r reach
	if c.Key != "" {
		r.writes = append(r.writes, "key "+c.Caller+" "+c.Key)
	}
	switch q := c.Request.(type) {
	case *compute.GetImageRequest:
		r.reads = append(r.reads, "image "+q.ImageId)
	case *compute.GetImageLatestByFamilyRequest:
		r.reads = append(r.reads, "folder "+q.FolderId)
	case *compute.ListImagesRequest:
		r.reads = append(r.reads, "folder "+q.FolderId)
	case *compute.ListImageOperationsRequest:
		r.reads = append(r.reads, "operations of "+q.ImageId)
	case *access.ListAccessBindingsRequest:
		r.reads = append(r.reads, "bindings of "+q.ResourceId)
	case *compute.CreateImageRequest:
		r.named(q.FolderId, q.Name, q.Family)
		r.reads = append(r.reads, "image "+q.GetImageId())
	case *compute.UpdateImageRequest:
		r.image(s, q.ImageId)
		if im := s.Image(q.ImageId); im != nil {
			r.named(im.FolderId, q.Name, "")
		}
	case *compute.DeleteImageRequest:
		r.image(s, q.ImageId)
	case *access.SetAccessBindingsRequest:
		r.writes = append(r.writes, "bindings of "+q.ResourceId, "operations of "+q.ResourceId)
		r.reads = append(r.reads, "image "+q.ResourceId)
	case *access.UpdateAccessBindingsRequest:
		r.writes = append(r.writes, "bindings of "+q.ResourceId, "operations of "+q.ResourceId)
		r.reads = append(r.reads, "image "+q.ResourceId)
	default:
		switch operation, ok := c.Request.(interface{ GetOperationId() string }); {
		case ok && (c.Method == fake.OperationGet || c.Method == fake.OperationCancel):
			// A poll may move the operation, and so its image.
			id, known := d.worksOn(operation.GetOperationId())
			if !known {
				return reach{all: true}
			}
			r.writes = append(r.writes, "operation "+operation.GetOperationId())
			r.image(s, id)
		case !ownMethod(c.Method):
			return reach{all: true}
		}
	}
	return r
}

// image adds all that changes with an image.
func (r *reach) image(s *fake.Server, id string) {
	r.writes = append(r.writes, "image "+id, "operations of "+id, "bindings of "+id)
	if im := s.Image(id); im != nil {
		r.named(im.FolderId, im.Name, im.Family)
	}
}

// named adds what an image of that name and family changes in its folder.
func (r *reach) named(folder, name, family string) {
	r.adds = append(r.adds, "folder "+folder)
	if name != "" {
		r.writes = append(r.writes, "name "+name+" in "+folder)
	}
	if family != "" {
		r.writes = append(r.writes, "family "+family+" in "+folder)
	}
}

// worksOn returns the id of what an operation works on, as far as a call of the run has started it.
func (d *diary) worksOn(operation string) (resource string, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	resource, known = d.subjects[operation]
	return resource, known
}
