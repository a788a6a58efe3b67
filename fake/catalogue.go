package fake

import (
	"fmt"
	"sync"
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/world"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// StandardImages is the folder of the public images that [WithStandardImages] adds.
const StandardImages = "standard-images"

// A line of the public catalogue: a family and when its images were built.
type catalogueLine struct {
	family      string
	name        string // of its images, without the date
	description string
	os          compute.Os_Type
	minDiskSize int64
	size        int64
	dates       []string
}

const gib = 1 << 30

var catalogue = []catalogueLine{
	{"ubuntu-1804-lts", "ubuntu-18-04-lts", "Ubuntu 18.04 LTS", compute.Os_LINUX, 4 * gib, 2 * gib, []string{"20230102", "20230605", "20240101"}},
	{"ubuntu-2004-lts", "ubuntu-20-04-lts", "Ubuntu 20.04 LTS", compute.Os_LINUX, 5 * gib, 3 * gib, []string{"20230102", "20240101", "20240603"}},
	{"ubuntu-2204-lts", "ubuntu-22-04-lts", "Ubuntu 22.04 LTS", compute.Os_LINUX, 8 * gib, 4 * gib, []string{"20230102", "20240101", "20240603"}},
	{"ubuntu-2404-lts", "ubuntu-24-04-lts", "Ubuntu 24.04 LTS", compute.Os_LINUX, 8 * gib, 4 * gib, []string{"20240506", "20240603", "20240902"}},
	{"debian-11", "debian-11", "Debian 11", compute.Os_LINUX, 3 * gib, 2 * gib, []string{"20230102", "20240101", "20240603"}},
	{"debian-12", "debian-12", "Debian 12", compute.Os_LINUX, 3 * gib, 2 * gib, []string{"20230703", "20240101", "20240603"}},
	{"centos-7", "centos-7", "CentOS 7", compute.Os_LINUX, 5 * gib, 2 * gib, []string{"20230102", "20240101", "20240603"}},
	{"container-optimized-image", "container-optimized-image", "Container Optimized Image", compute.Os_LINUX, 8 * gib, 4 * gib, []string{"20230102", "20240101", "20240603"}},
	{"ubuntu-1604-lts", "ubuntu-16-04-lts", "Ubuntu 16.04 LTS", compute.Os_LINUX, 4 * gib, 2 * gib, []string{"20210102", "20210604", "20220103"}},
	{"ubuntu-2004-lts-gpu", "ubuntu-20-04-lts-gpu", "Ubuntu 20.04 LTS with GPU drivers", compute.Os_LINUX, 20 * gib, 8 * gib, []string{"20230102", "20240101", "20240603"}},
	{"ubuntu-2204-lts-oslogin", "ubuntu-22-04-lts-oslogin", "Ubuntu 22.04 LTS OS Login", compute.Os_LINUX, 8 * gib, 4 * gib, []string{"20230102", "20240101", "20240603"}},
	{"ubuntu-2404-lts-oslogin", "ubuntu-24-04-lts-oslogin", "Ubuntu 24.04 LTS OS Login", compute.Os_LINUX, 8 * gib, 4 * gib, []string{"20240506", "20240603", "20240902"}},
	{"debian-10", "debian-10", "Debian 10", compute.Os_LINUX, 3 * gib, 2 * gib, []string{"20230102", "20240101", "20240603"}},
	{"centos-stream-8", "centos-stream-8", "CentOS Stream 8", compute.Os_LINUX, 8 * gib, 3 * gib, []string{"20230102", "20240101", "20240603"}},
	{"centos-stream-9-oslogin", "centos-stream-9-oslogin", "CentOS Stream 9 OS Login", compute.Os_LINUX, 8 * gib, 3 * gib, []string{"20230102", "20240101", "20240603"}},
	{"almalinux-8", "almalinux-8", "AlmaLinux 8", compute.Os_LINUX, 8 * gib, 3 * gib, []string{"20230102", "20240101", "20240603"}},
	{"almalinux-9", "almalinux-9", "AlmaLinux 9", compute.Os_LINUX, 8 * gib, 3 * gib, []string{"20230102", "20240101", "20240603"}},
	{"rocky-9-oslogin", "rocky-9-oslogin", "Rocky Linux 9 OS Login", compute.Os_LINUX, 8 * gib, 3 * gib, []string{"20230102", "20240101", "20240603"}},
	{"fedora-35", "fedora-35", "Fedora 35", compute.Os_LINUX, 5 * gib, 2 * gib, []string{"20211206", "20220404", "20221003"}},
	{"fedora-37", "fedora-37", "Fedora 37", compute.Os_LINUX, 5 * gib, 2 * gib, []string{"20221205", "20230403", "20231002"}},
	{"opensuse-15-3", "opensuse-15-3", "openSUSE Leap 15.3", compute.Os_LINUX, 5 * gib, 2 * gib, []string{"20220103", "20220606", "20230102"}},
	{"nat-instance-ubuntu", "nat-instance-ubuntu-18-04-lts", "NAT instance", compute.Os_LINUX, 4 * gib, 2 * gib, []string{"20230102", "20240101", "20240603"}},
	{"nat-instance-ubuntu-2204", "nat-instance-ubuntu-22-04-lts", "NAT instance on Ubuntu 22.04 LTS", compute.Os_LINUX, 8 * gib, 4 * gib, []string{"20230102", "20240101", "20240603"}},
	{"lemp", "lemp", "LEMP", compute.Os_LINUX, 8 * gib, 4 * gib, []string{"20230102", "20240101", "20240603"}},
	{"lamp", "lamp", "LAMP", compute.Os_LINUX, 8 * gib, 4 * gib, []string{"20230102", "20240101", "20240603"}},
	{"gitlab", "gitlab", "GitLab", compute.Os_LINUX, 20 * gib, 10 * gib, []string{"20230102", "20240101", "20240603"}},
	{"toolbox", "toolbox", "Toolbox", compute.Os_LINUX, 30 * gib, 15 * gib, []string{"20230102", "20240101", "20240603"}},
	{"windows-2022-dc-gvlk", "windows-2022-dc-gvlk", "Windows Server 2022 Datacenter", compute.Os_WINDOWS, 50 * gib, 20 * gib, []string{"20230102", "20240101", "20240603"}},
}

// standardWorld is the public catalogue. It is built once per process and shared: servers clone it, which copies nothing.
var standardWorld = sync.OnceValue(func() *State {
	w := world.New(world.Settings{Rules: contract.Published})
	for _, line := range catalogue {
		for _, date := range line.dates {
			built, err := time.Parse("20060102", date)
			if err != nil {
				panic(err) // a mistake in the table above
			}
			im := &compute.Image{
				Id:          world.ID("fd8", 0, "standard/"+line.family+"/"+date, 0),
				FolderId:    StandardImages,
				CreatedAt:   timestamppb.New(built.Add(10 * time.Hour)),
				Name:        fmt.Sprintf("%s-v%s", line.name, date),
				Description: line.description,
				Family:      line.family,
				Size:        line.size,
				StorageSize: line.size / 2,
				MinDiskSize: line.minDiskSize,
				ProductIds:  []string{world.ID("f2e", 0, "product/"+line.family, 0)},
				Os:          &compute.Os{Type: line.os},
				Pooled:      true, // [seen]
			}
			if _, err := w.Add(im, built); err != nil {
				panic(err) // a mistake in the table above
			}
		}
	}
	return newState(w)
})

// newWorld makes the world that the settings describe.
func (s settings) newWorld() *world.World {
	w := world.New(s.world)
	if s.standard {
		w = standardWorld().copy().WithSettings(s.world)
	}
	for _, source := range s.sources {
		source.addTo(w)
	}
	if s.onlySources {
		for _, kind := range []world.SourceKind{world.Disk, world.Snapshot, world.Object} {
			w.CloseSources(kind)
		}
	}
	for _, service := range s.neighbours.without(neighbours{}) {
		w.AddAlways(service)
	}
	return w
}
