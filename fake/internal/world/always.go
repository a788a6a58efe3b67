package world

import (
	"time"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/proto"
)

// always is what there is from the start of the resources that nobody can create, by the service that serves them. Zones are those of
// the cloud [docs], types of disks and hosts the usual ones.
var always = map[string][]proto.Message{
	"yandex.cloud.compute.v1.ZoneService": {
		&compute.Zone{Id: "ru-central1-a", RegionId: "ru-central1", Status: compute.Zone_UP},
		&compute.Zone{Id: "ru-central1-b", RegionId: "ru-central1", Status: compute.Zone_UP},
		&compute.Zone{Id: "ru-central1-d", RegionId: "ru-central1", Status: compute.Zone_UP},
	},
	"yandex.cloud.compute.v1.DiskTypeService": {
		&compute.DiskType{Id: "network-hdd", Description: "Network HDD storage", ZoneIds: zones},
		&compute.DiskType{Id: "network-ssd", Description: "Network SSD storage", ZoneIds: zones},
		&compute.DiskType{Id: "network-ssd-io-m3", Description: "Network SSD storage with high performance", ZoneIds: zones},
		&compute.DiskType{Id: "network-ssd-nonreplicated", Description: "Network SSD storage without replication", ZoneIds: zones},
	},
	"yandex.cloud.compute.v1.HostTypeService": {
		&compute.HostType{Id: "intel-6338-c108-m704-n3200x6", Cores: 108, Memory: 704 << 30, Disks: 6, DiskSize: 3200 << 30},
	},
}

var zones = []string{"ru-central1-a", "ru-central1-b", "ru-central1-d"}

// AddAlways adds what there is from the start of the resources of a service. It is no change: it has always been there.
func (w *World) AddAlways(service string) {
	before := len(w.changes)
	for _, m := range always[service] {
		if w.Resource(m.(interface{ GetId() string }).GetId()) != nil {
			continue
		}
		if _, err := w.AddResource(m, time.Time{}); err != nil {
			panic(err) // a mistake in the table above
		}
	}
	w.changes = w.changes[:before]
}
