package world

import (
	"fmt"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/store"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

// The kinds of the resources that images are made of.
const (
	diskKind     = "yandex.cloud.compute.v1.Disk"
	snapshotKind = "yandex.cloud.compute.v1.Snapshot"
)

// createDisk completes a disk that DiskService.Create is going to make.
func createDisk(w *World, _ Origin, t *task) *spb.Status {
	hidden, refused := w.completeDisk(t.subject.Message.(*compute.Disk), t.request.(*compute.CreateDiskRequest).KmsKeyId)
	if hidden != nil {
		t.subject.Hidden = hidden
	}
	return refused
}

// completeDisk gives a new disk what follows from its source. It returns the OS that images of it inherit, which no disk tells.
func (w *World) completeDisk(disk *compute.Disk, key string) (*compute.Os, *spb.Status) {
	var from origin
	var refused *spb.Status
	least := int64(0)
	switch source := disk.Source.(type) {
	case *compute.Disk_SourceImageId:
		from, refused = w.fromImage(source.SourceImageId)
		least = max(from.minDiskSize, from.need())
	case *compute.Disk_SourceSnapshotId:
		if from, refused = w.fromRegistered(Snapshot, source.SourceSnapshotId); from.sized {
			least = from.size
		}
		from.os = w.hiddenOS(source.SourceSnapshotId)
	}
	switch {
	case refused != nil:
		return nil, refused
	case disk.Size == 0 && disk.Source == nil:
		return nil, contract.InvalidField("Size", "size", contract.MissingField)
	case disk.Size == 0:
		disk.Size = max(least, from.size)
	case disk.Size < least:
		return nil, contract.InvalidField("Size", "size", fmt.Sprintf("the disk must have at least the %d bytes that its source needs", least))
	}
	if disk.TypeId == "" {
		disk.TypeId = "network-hdd"
	}
	if disk.BlockSize == 0 {
		disk.BlockSize = 4 << 10
	}
	disk.ProductIds = union(from.productIDs, disk.ProductIds)
	disk.HardwareGeneration = givenHardware(disk.HardwareGeneration, from.hardware)
	if key != "" {
		disk.KmsKey = &compute.KMSKey{KeyId: key, VersionId: ID(places["yandex.cloud.kms."], w.Seed, "first version of "+key, 1)}
	}
	return from.os, nil
}

// hiddenOS returns the OS that is known of a disk or a snapshot, nil if none is.
func (w *World) hiddenOS(id string) *compute.Os {
	if r := w.resources.Get(id); r != nil {
		os, _ := r.Hidden.(*compute.Os)
		return os
	}
	return nil
}

// diskIsFree refuses what cannot be done to a disk that is attached to an instance.
func diskIsFree(_ *World, _, subject proto.Message) *spb.Status {
	disk := subject.(*compute.Disk)
	if len(disk.InstanceIds) > 0 {
		return contract.ResourceInUse("Disk", disk.Id, "instance "+disk.InstanceIds[0])
	}
	return nil
}

// createSnapshot completes a snapshot that SnapshotService.Create is going to make. A disk that nobody registered is as good as for an
// image.
func createSnapshot(w *World, _ Origin, t *task) *spb.Status {
	snapshot := t.subject.Message.(*compute.Snapshot)
	if snapshot.SourceDiskId == "" {
		return contract.InvalidField("DiskId", "disk_id", contract.MissingField)
	}
	from, refused := w.fromRegistered(Disk, snapshot.SourceDiskId)
	if refused != nil {
		return refused
	}
	snapshot.DiskSize, snapshot.StorageSize = from.size, from.storageSize
	snapshot.ProductIds, snapshot.KmsKey = from.productIDs, from.kmsKey
	snapshot.HardwareGeneration = givenHardware(snapshot.HardwareGeneration, from.hardware)
	if from.os != nil {
		t.subject.Hidden = from.os
	}
	return nil
}

// source returns what a disk or a snapshot of a neighbour is as the source of an image; known is false if it has none of that id, and
// never had.
func (w *World) source(kind SourceKind, id string) (s Source, known bool, refused *spb.Status) {
	of := map[SourceKind]string{Disk: diskKind, Snapshot: snapshotKind}[kind]
	r := w.resources.Get(id)
	if r == nil || r.Kind != of {
		gone, past := w.resources.Past(id)
		return Source{Gone: true}, past && gone.Kind == of, nil
	}
	if refused := w.readable(r); refused != nil {
		return Source{}, true, refused
	}
	switch m := r.Message.(type) {
	case *compute.Disk:
		s = Source{Size: m.Size, OS: w.hiddenOS(id), ProductIDs: m.ProductIds, Hardware: m.HardwareGeneration, KMSKey: m.KmsKey}
	case *compute.Snapshot:
		s = Source{Size: m.DiskSize, StorageSize: m.StorageSize, ProductIDs: m.ProductIds, Hardware: m.HardwareGeneration, KMSKey: m.KmsKey}
	}
	return s, true, nil
}

// readable tells whether something can be made of a disk or a snapshot: its folder may be read, and it is READY.
func (w *World) readable(r *store.Resource) *spb.Status {
	t := typeIn(r)
	if refused := w.mayResource(t, r.Message, false); refused != nil {
		return refused
	}
	if status := t.Status(r.Message); status != "READY" {
		return contract.ResourceNotReady(t.Kind, r.ID, status)
	}
	return nil
}
