package world

import (
	"time"

	"github.com/imagefake/imagefake/fake/internal/resource"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

// An adapter is what one method of a neighbour does beyond the conventions. Few need one: those of disks, snapshots and instances, which
// make each other and become images.
type adapter struct {
	takes []string // fields of the request that the adapter looks after

	// create completes the resource that a Create is going to make, and what is made along with it.
	create func(*World, Origin, *task) *spb.Status

	// check tells whether it can be done to the resource as it is now.
	check func(w *World, request, subject proto.Message) *spb.Status

	// holds returns the ids of other resources to which nothing else may be done before the work has ended.
	holds func(request proto.Message) []string

	// change does more to a resource than the conventions have done: changed is its next version.
	change func(w *World, request, changed proto.Message)

	// ended does what the end of the work does to other resources; before and after are nil where the resource was not or is not there.
	ended func(w *World, before, after proto.Message, at time.Time)

	// show returns a resource as a reply to the request has it.
	show func(request, resource proto.Message) proto.Message
}

// adapters are those there are, by method.
var adapters = map[string]adapter{
	"/yandex.cloud.compute.v1.DiskService/Create":     {takes: []string{"kms_key_id"}, create: createDisk},
	"/yandex.cloud.compute.v1.DiskService/Delete":     {check: diskIsFree},
	"/yandex.cloud.compute.v1.SnapshotService/Create": {create: createSnapshot},
	"/yandex.cloud.compute.v1.InstanceService/Get":    {takes: []string{"view"}, show: instanceInView},
	"/yandex.cloud.compute.v1.InstanceService/List":   {show: instanceInView},
	"/yandex.cloud.compute.v1.InstanceService/Create": {
		takes: []string{"boot_disk_spec", "secondary_disk_specs", "hostname"}, create: createInstance, holds: disksGiven, ended: instanceChanged,
	},
	"/yandex.cloud.compute.v1.InstanceService/Delete":         {ended: instanceChanged},
	"/yandex.cloud.compute.v1.InstanceService/UpdateMetadata": {takes: []string{"delete", "upsert"}, change: updateMetadata},
	"/yandex.cloud.compute.v1.InstanceService/AttachDisk": {
		takes: []string{"attached_disk_spec"}, check: diskCanBeAttached, holds: disksGiven, change: attachDisk, ended: instanceChanged,
	},
	"/yandex.cloud.compute.v1.InstanceService/DetachDisk": {
		takes: []string{"disk_id", "device_name"}, check: diskIsAttached, change: detachDisk, ended: instanceChanged,
	},
}

// Stray returns the path of a populated field of a request to a neighbour that neither the conventions nor an adapter know, "" if
// there is none.
func Stray(m *resource.Method, request proto.Message) string {
	return m.Stray(request, adapters[m.Name].takes...)
}
