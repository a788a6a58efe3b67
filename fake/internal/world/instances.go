package world

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/resource"
	"github.com/imagefake/imagefake/fake/internal/store"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

// createInstance completes an instance that InstanceService.Create is going to make, with its disks.
func createInstance(w *World, o Origin, t *task) *spb.Status {
	r := t.request.(*compute.CreateInstanceRequest)
	instance := t.subject.Message.(*compute.Instance)
	switch {
	case r.BootDiskSpec == nil:
		return contract.InvalidField("BootDiskSpec", "boot_disk_spec", contract.MissingField)
	case r.BootDiskSpec.Disk == nil:
		return contract.InvalidField("BootDiskSpec", "boot_disk_spec", "Disk: "+contract.MissingField) // [seen]
	}
	var refused *spb.Status
	if instance.BootDisk, refused = w.attach(o, t, r.BootDiskSpec); refused != nil {
		return refused
	}
	for _, spec := range r.SecondaryDiskSpecs {
		attached, refused := w.attach(o, t, spec)
		if refused != nil {
			return refused
		}
		instance.SecondaryDisks = append(instance.SecondaryDisks, attached)
	}
	switch {
	case r.Hostname == "":
		instance.Fqdn = instance.Id + ".auto.internal" // [docs]
	case strings.Contains(r.Hostname, "."):
		instance.Fqdn = r.Hostname
	default:
		instance.Fqdn = r.Hostname + ".ru-central1.internal" // [docs]
	}
	for i, nic := range instance.NetworkInterfaces {
		w.completeInterface(nic, t.subject, i)
	}
	return nil
}

// attach returns a disk as an instance that is going to be has it: one that is there, or a new one.
func (w *World) attach(o Origin, t *task, spec *compute.AttachedDiskSpec) (*compute.AttachedDisk, *spb.Status) {
	attached := attachedBy(spec)
	instance := t.subject.Message.(*compute.Instance)
	if id := spec.GetDiskId(); id != "" {
		if _, twice := disksOf(instance)[id]; twice {
			return nil, contract.ResourceInUse("Disk", id, "the same instance")
		}
		return attached, w.attachable(id)
	}
	made := spec.GetDiskSpec()
	if made == nil {
		return nil, contract.InvalidField("Disk", "disk", contract.MissingField)
	}
	disk := &compute.Disk{
		FolderId: instance.FolderId, ZoneId: instance.ZoneId, Name: made.Name, Description: made.Description, TypeId: made.TypeId,
		Size: made.Size, BlockSize: made.BlockSize, DiskPlacementPolicy: made.DiskPlacementPolicy, InstanceIds: []string{instance.Id},
	}
	switch source := made.Source.(type) {
	case *compute.AttachedDiskSpec_DiskSpec_ImageId:
		disk.Source = &compute.Disk_SourceImageId{SourceImageId: source.ImageId}
	case *compute.AttachedDiskSpec_DiskSpec_SnapshotId:
		disk.Source = &compute.Disk_SourceSnapshotId{SourceSnapshotId: source.SnapshotId}
	}
	os, refused := w.completeDisk(disk, made.KmsKeyId)
	if refused != nil {
		return nil, refused
	}
	of, _ := resource.TypeOf(disk.ProtoReflect().Descriptor())
	if w.resources.Taken(&store.Resource{Kind: diskKind}, disk.FolderId, disk.Name) ||
		disk.Name != "" && slices.ContainsFunc(t.fresh, func(r *store.Resource) bool { return r.Name == disk.Name }) {
		return nil, contract.Taken(of.Kind, disk.Name)
	}
	of.Fill(disk, w.newResourceID(t.place), o.Now.Unix())
	r := w.newEntry(of, disk)
	if os != nil {
		r.Hidden = os
	}
	t.fresh = append(t.fresh, r)
	attached.DiskId, attached.DeviceName = disk.Id, cmp.Or(spec.DeviceName, disk.Id)
	return attached, nil
}

// attachedBy returns what a request says of a disk that is to be attached, as an instance has it.
func attachedBy(spec *compute.AttachedDiskSpec) *compute.AttachedDisk {
	mode := compute.AttachedDisk_Mode(spec.Mode)
	if mode == compute.AttachedDisk_MODE_UNSPECIFIED {
		mode = compute.AttachedDisk_READ_WRITE
	}
	return &compute.AttachedDisk{
		Mode: mode, AutoDelete: spec.AutoDelete, DiskId: spec.GetDiskId(), DeviceName: cmp.Or(spec.DeviceName, spec.GetDiskId()),
	}
}

// attachable tells whether a disk can be attached: it is READY and free, or lives where only its id is known.
func (w *World) attachable(id string) *spb.Status {
	r := w.resources.Get(id)
	if r == nil || r.Kind != diskKind {
		_, refused := w.fromRegistered(Disk, id)
		return refused
	}
	if refused := w.readable(r); refused != nil {
		return refused
	}
	if refused := free(typeIn(r), r); refused != nil {
		return refused
	}
	return diskIsFree(w, nil, r.Message)
}

// disksGiven returns the ids of the disks that a request attaches to an instance and does not make.
func disksGiven(request proto.Message) (ids []string) {
	var specs []*compute.AttachedDiskSpec
	switch r := request.(type) {
	case *compute.CreateInstanceRequest:
		specs = append([]*compute.AttachedDiskSpec{r.BootDiskSpec}, r.SecondaryDiskSpecs...)
	case *compute.AttachInstanceDiskRequest:
		specs = append(specs, r.AttachedDiskSpec)
	}
	for _, spec := range specs {
		if id := spec.GetDiskId(); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// disksOf returns the disks of an instance by id, and whether each goes when the instance goes.
func disksOf(m proto.Message) map[string]bool {
	disks := make(map[string]bool)
	instance, _ := m.(*compute.Instance)
	if instance == nil {
		return disks
	}
	for _, d := range append([]*compute.AttachedDisk{instance.BootDisk}, instance.SecondaryDisks...) {
		if d != nil {
			disks[d.DiskId] = d.AutoDelete
		}
	}
	return disks
}

// instanceChanged tells disks by which instance they are used, and takes those away that go with theirs.
func instanceChanged(w *World, before, after proto.Message, at time.Time) {
	had, has := disksOf(before), disksOf(after)
	for _, id := range slices.Sorted(maps.Keys(had)) {
		if _, kept := has[id]; !kept && had[id] && after == nil {
			w.removeResource(id, at)
		} else if !kept {
			w.useDisk(id, nil, at)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(has)) {
		if _, kept := had[id]; !kept {
			w.useDisk(id, []string{after.(*compute.Instance).Id}, at)
		}
	}
}

func (w *World) useDisk(id string, by []string, at time.Time) {
	r := w.resources.Get(id)
	if r == nil || r.Kind != diskKind || slices.Equal(r.Message.(*compute.Disk).InstanceIds, by) {
		return
	}
	next := *r
	disk := revise(r.Message.(*compute.Disk))
	disk.InstanceIds = by
	next.Message = disk
	w.putResource("", &next, at)
}

// diskCanBeAttached refuses what cannot be attached to an instance.
func diskCanBeAttached(w *World, request, subject proto.Message) *spb.Status {
	id := request.(*compute.AttachInstanceDiskRequest).AttachedDiskSpec.GetDiskId()
	if id == "" {
		return contract.InvalidField("AttachedDiskSpec", "attached_disk_spec", "name a disk by disk_id: one that the call itself makes is not modelled")
	}
	if _, has := disksOf(subject)[id]; has {
		return contract.ResourceInUse("Disk", id, "instance "+subject.(*compute.Instance).Id)
	}
	return w.attachable(id)
}

func attachDisk(_ *World, request, changed proto.Message) {
	instance := changed.(*compute.Instance)
	instance.SecondaryDisks = append(slices.Clone(instance.SecondaryDisks), attachedBy(request.(*compute.AttachInstanceDiskRequest).AttachedDiskSpec))
}

// detached tells which of the secondary disks of an instance a request means.
func detached(request proto.Message) func(*compute.AttachedDisk) bool {
	r := request.(*compute.DetachInstanceDiskRequest)
	return func(d *compute.AttachedDisk) bool {
		return r.GetDiskId() != "" && d.DiskId == r.GetDiskId() || r.GetDeviceName() != "" && d.DeviceName == r.GetDeviceName()
	}
}

func diskIsAttached(_ *World, request, subject proto.Message) *spb.Status {
	if !slices.ContainsFunc(subject.(*compute.Instance).SecondaryDisks, detached(request)) {
		r := request.(*compute.DetachInstanceDiskRequest)
		return contract.NotFound("Disk", cmp.Or(r.GetDiskId(), r.GetDeviceName()))
	}
	return nil
}

func detachDisk(_ *World, request, changed proto.Message) {
	instance := changed.(*compute.Instance)
	instance.SecondaryDisks = slices.DeleteFunc(slices.Clone(instance.SecondaryDisks), detached(request))
}

// updateMetadata does what InstanceService.UpdateMetadata asks for: keys are deleted first, then set.
func updateMetadata(_ *World, request, changed proto.Message) {
	r := request.(*compute.UpdateInstanceMetadataRequest)
	instance := changed.(*compute.Instance)
	metadata := make(map[string]string)
	maps.Copy(metadata, instance.Metadata)
	for _, key := range r.Delete {
		delete(metadata, key)
	}
	maps.Copy(metadata, r.Upsert)
	instance.Metadata = metadata
}

// instanceInView leaves the metadata out of an instance unless the view FULL was asked for [ref].
func instanceInView(request, shown proto.Message) proto.Message {
	instance := shown.(*compute.Instance)
	if r, ok := request.(*compute.GetInstanceRequest); ok && r.View == compute.InstanceView_FULL || instance.Metadata == nil {
		return shown
	}
	basic := revise(instance)
	basic.Metadata = nil
	return basic
}
