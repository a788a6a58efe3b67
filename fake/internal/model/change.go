package model

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// block is what sizes that the cloud computes are multiples of.
const block = 4 << 20

func rounded(bytes int64) int64 { return (bytes + block - 1) / block * block }

// create says what a Create has to do: the image to add, or why not.
func (c *Cloud) create(a *Answer, o *op, r *compute.CreateImageRequest, made *operation.Operation) *image {
	m := &compute.Image{
		Id: ImageOf(made), FolderId: r.FolderId, CreatedAt: &timestamppb.Timestamp{Seconds: c.now.Unix()}, Name: r.Name,
		Description: r.Description, Labels: r.Labels, Family: r.Family, Status: compute.Image_CREATING, Pooled: r.Pooled,
		MinDiskSize: rounded(r.MinDiskSize),
	}
	o.image, o.description, o.metadata = m.Id, "Create image", &compute.CreateImageMetadata{ImageId: m.Id}
	im := &image{id: m.Id, folder: m.FolderId, msg: m}
	c.fill(a, o, r, im)
	m.ProductIds = joined(m.ProductIds, r.ProductIds)
	if r.GetOs() != nil {
		inherited := m.Os
		m.Os = proto.Clone(r.Os).(*compute.Os)
		if m.Os.Type == compute.Os_TYPE_UNSPECIFIED {
			m.Os.Type = cmp.Or(inherited.GetType(), compute.Os_LINUX)
		}
	}
	if m.Os == nil {
		m.Os = &compute.Os{Type: compute.Os_LINUX}
	}
	if r.HardwareGeneration != nil {
		m.HardwareGeneration = r.HardwareGeneration
	}
	if m.HardwareGeneration == nil {
		m.HardwareGeneration = &compute.HardwareGeneration{Features: &compute.HardwareGeneration_LegacyFeatures{
			LegacyFeatures: &compute.LegacyHardwareFeatures{PciTopology: compute.PCITopology_PCI_TOPOLOGY_V1}}}
	}
	if c.names(r.FolderId, "")[r.Name] {
		a.refuse(codes.AlreadyExists, "Image with name %q already exists", r.Name)
	}
	if most := c.setup.Images; most > 0 && len(c.Images()) >= most {
		a.refuse(codes.ResourceExhausted, "The limit on maximum number of images has exceeded.")
	}
	return im
}

// fill takes over what an image gets from its source.
func (c *Cloud) fill(a *Answer, o *op, r *compute.CreateImageRequest, im *image) {
	m, given := im.msg, rounded(r.MinDiskSize)
	kind, id := "image", r.GetImageId()
	switch s := r.Source.(type) {
	case *compute.CreateImageRequest_ImageId:
		source := c.image(id)
		switch {
		case source == nil:
			a.refuse(codes.FailedPrecondition, "Image %q not found", id)
			return
		case source.msg.Status != compute.Image_READY:
			a.refuse(codes.FailedPrecondition, "Image %q is not ready: %s", id, source.msg.Status)
		}
		from := source.msg
		m.Size, m.StorageSize, im.need = from.Size, from.StorageSize, source.need
		m.MinDiskSize = cmp.Or(given, from.MinDiskSize)
		m.Os, m.ProductIds, m.HardwareGeneration, m.KmsKey = from.Os, from.ProductIds, from.HardwareGeneration, from.KmsKey
	case *compute.CreateImageRequest_DiskId:
		kind, id = "disk", s.DiskId
	case *compute.CreateImageRequest_SnapshotId:
		kind, id = "snapshot", s.SnapshotId
	case *compute.CreateImageRequest_Uri:
		kind, id = "object", object.FindString(s.Uri)
		if id == "" {
			a.refuse(codes.InvalidArgument, "url source invalid")
			return
		}
	}
	if kind != "image" {
		c.registered(a, o, kind, id, given, im)
	}
	if given > 0 && given < im.need {
		a.refuse(codes.InvalidArgument, "Minimal disk size should be greater or equal than %d", im.need)
	}
}

// object is the beginning of a URI that names an object.
var object = regexp.MustCompile(`^https://storage\.yandexcloud\.net/[^/?#]+/[^?#]+`)

// registered takes over what comes from a disk, a snapshot or an object.
func (c *Cloud) registered(a *Answer, o *op, kind, id string, given int64, im *image) {
	m := im.msg
	i := slices.IndexFunc(c.setup.Sources, func(s Source) bool { return s.Kind == kind && s.ID == id })
	if i < 0 {
		size, stored := c.setup.Assumed, c.setup.Stored
		if given > 0 {
			size, stored = min(size, given), min(stored, given)
		}
		m.Size, m.StorageSize, im.need, m.MinDiskSize = size, stored, size, cmp.Or(given, size)
		switch {
		case c.setup.Closed && kind == "disk":
			a.refuse(codes.FailedPrecondition, "Disk %q not found", id)
		case c.setup.Closed && kind == "snapshot":
			a.refuse(codes.FailedPrecondition, "Snapshot %q not found", id)
		case c.setup.Closed:
			o.doomed = &spb.Status{Code: int32(codes.InvalidArgument), Message: "url source not found"}
		}
		return
	}
	s := c.setup.Sources[i]
	virtual, stored := rounded(s.Size), rounded(s.StorageSize)
	virtual, stored = cmp.Or(virtual, stored), cmp.Or(stored, virtual)
	m.Size, m.StorageSize, im.need = virtual, stored, max(virtual, stored)
	m.MinDiskSize = cmp.Or(given, im.need)
	m.ProductIds = s.ProductIDs
	m.Os = s.OS
	switch {
	case s.Forbidden:
		o.doomed = &spb.Status{Code: int32(codes.InvalidArgument), Message: "url source forbidden"}
	case kind == "object" && !slices.Contains([]string{"", "qcow2", "vmdk", "vhd", "raw"}, s.Format):
		o.doomed = &spb.Status{Code: int32(codes.InvalidArgument), Message: "url source invalid"}
	}
}

// joined returns the elements of both lists, each once.
func joined(a, b []string) (all []string) {
	for _, s := range slices.Concat(a, b) {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// update says what is wrong with an Update.
func (c *Cloud) update(a *Answer, o *op, r *compute.UpdateImageRequest, im *image) {
	o.description, o.metadata = "Update image", &compute.UpdateImageMetadata{ImageId: im.id}
	o.update, o.mask = r, r.GetUpdateMask().GetPaths()
	if len(o.mask) == 0 {
		o.mask = updatable
	}
	if im.msg.Status != compute.Image_READY {
		a.refuse(codes.FailedPrecondition, "Image %q is not ready: %s", im.id, im.msg.Status)
	}
	if o.writes("name") && c.names(im.msg.FolderId, im.id)[r.Name] {
		a.refuse(codes.AlreadyExists, "Image with name %q already exists", r.Name)
	}
	if size := rounded(r.MinDiskSize); o.writes("min_disk_size") && size > 0 && size < im.need {
		a.refuse(codes.InvalidArgument, "Minimal disk size should be greater or equal than %d", im.need)
	}
}

// write changes an image as an Update wants it.
func (o *op) write(m *compute.Image, need int64) {
	if o.writes("name") {
		m.Name = o.update.Name
	}
	if o.writes("description") {
		m.Description = o.update.Description
	}
	if o.writes("labels") {
		m.Labels = o.update.Labels
	}
	if o.writes("min_disk_size") {
		m.MinDiskSize = cmp.Or(rounded(o.update.MinDiskSize), need)
	}
}

// bind changes access bindings and returns the operation's result: the deltas that changed something.
func (im *image) bind(o *op) proto.Message {
	deltas := o.deltas
	if o.method == "SetAccessBindings" {
		deltas = nil
		for _, b := range im.bindings {
			if !contains(o.set, b) {
				deltas = append(deltas, &access.AccessBindingDelta{Action: access.AccessBindingAction_REMOVE, AccessBinding: b})
			}
		}
		for _, b := range o.set {
			deltas = append(deltas, &access.AccessBindingDelta{Action: access.AccessBindingAction_ADD, AccessBinding: b})
		}
	}
	result := new(access.AccessBindingsOperationResult)
	for _, d := range deltas {
		there, add := contains(im.bindings, d.AccessBinding), d.Action == access.AccessBindingAction_ADD
		if there == add {
			continue
		}
		result.EffectiveDeltas = append(result.EffectiveDeltas, d)
		if add {
			im.bindings = append(im.bindings, d.AccessBinding)
		} else {
			im.bindings = slices.DeleteFunc(slices.Clone(im.bindings), func(b *access.AccessBinding) bool { return proto.Equal(b, d.AccessBinding) })
		}
	}
	return result
}

func contains(all []*access.AccessBinding, b *access.AccessBinding) bool {
	return slices.ContainsFunc(all, func(other *access.AccessBinding) bool { return proto.Equal(b, other) })
}
