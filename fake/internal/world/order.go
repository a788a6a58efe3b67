package world

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake/internal/store"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// sortFields maps every spelling order_by accepts to its canonical name.
var sortFields = map[string]string{
	"id": "id", "name": "name",
	"created_at": "created_at", "createdAt": "created_at",
	"size": "size", "storage_size": "storage_size", "storageSize": "storage_size",
	"min_disk_size": "min_disk_size", "minDiskSize": "min_disk_size",
	"status": "status",
}

// An order is one way to sort images, with the place of an image in it as bytes for a page token. The key holds all that compare
// looks at, so that a page can start behind an image that has been deleted meanwhile.
type order struct {
	compare func(a, b *store.Image) int
	key     func(*store.Image) []byte
	pivot   func(key []byte) (*store.Image, error) // stands where the image with that key stood
}

var errKey = errors.New("the token does not fit the order")

var orders = map[string]order{
	"id": {
		compare: func(a, b *store.Image) int { return strings.Compare(a.Id, b.Id) },
		key:     func(im *store.Image) []byte { return []byte(im.Id) },
		pivot: func(key []byte) (*store.Image, error) {
			return &store.Image{Image: &compute.Image{Id: string(key)}}, nil
		},
	},
	"name": byNameThenID(),
	"created_at": {
		compare: store.ByAge,
		key: func(im *store.Image) []byte {
			key := binary.BigEndian.AppendUint64(nil, uint64(im.GetCreatedAt().GetSeconds()))
			key = binary.BigEndian.AppendUint32(key, uint32(im.GetCreatedAt().GetNanos()))
			return binary.BigEndian.AppendUint64(key, uint64(im.Seq))
		},
		pivot: func(key []byte) (*store.Image, error) {
			if len(key) != 8+4+8 {
				return nil, errKey
			}
			at := &timestamppb.Timestamp{
				Seconds: int64(binary.BigEndian.Uint64(key)), Nanos: int32(binary.BigEndian.Uint32(key[8:]))}
			return &store.Image{Image: &compute.Image{CreatedAt: at}, Seq: int64(binary.BigEndian.Uint64(key[12:]))}, nil
		},
	},
	"size": byNumber(
		func(m *compute.Image) int64 { return m.Size },
		func(m *compute.Image, n int64) { m.Size = n }),
	"storage_size": byNumber(
		func(m *compute.Image) int64 { return m.StorageSize },
		func(m *compute.Image, n int64) { m.StorageSize = n }),
	"min_disk_size": byNumber(
		func(m *compute.Image) int64 { return m.MinDiskSize },
		func(m *compute.Image, n int64) { m.MinDiskSize = n }),
	"status": byNumber(
		func(m *compute.Image) int64 { return int64(m.Status) },
		func(m *compute.Image, n int64) { m.Status = compute.Image_Status(n) }),
}

// byNameThenID sorts by name. Names are unique but for the empty one, so a key needs the id of unnamed images only, and fits a token.
func byNameThenID() order {
	const named, unnamed = 'n', 'i'
	return order{
		compare: func(a, b *store.Image) int {
			if a.Name != "" || b.Name != "" {
				return strings.Compare(a.Name, b.Name)
			}
			return strings.Compare(a.Id, b.Id)
		},
		key: func(im *store.Image) []byte {
			if im.Name != "" {
				return append([]byte{named}, im.Name...)
			}
			return append([]byte{unnamed}, im.Id...)
		},
		pivot: func(key []byte) (*store.Image, error) {
			switch {
			case len(key) > 0 && key[0] == named:
				return &store.Image{Image: &compute.Image{Name: string(key[1:])}}, nil
			case len(key) > 0 && key[0] == unnamed:
				return &store.Image{Image: &compute.Image{Id: string(key[1:])}}, nil
			}
			return nil, errKey
		},
	}
}

// byNumber sorts by a number, ties by id.
func byNumber(get func(*compute.Image) int64, set func(*compute.Image, int64)) order {
	return order{
		compare: func(a, b *store.Image) int {
			return cmp.Or(cmp.Compare(get(a.Image), get(b.Image)), strings.Compare(a.Id, b.Id))
		},
		key: func(im *store.Image) []byte {
			return append(binary.BigEndian.AppendUint64(nil, uint64(get(im.Image))), im.Id...)
		},
		pivot: func(key []byte) (*store.Image, error) {
			if len(key) < 8 {
				return nil, errKey
			}
			m := &compute.Image{Id: string(key[8:])}
			set(m, int64(binary.BigEndian.Uint64(key)))
			return &store.Image{Image: m}, nil
		},
	}
}

// descending turns an order round, ties included.
func (o order) descending() order {
	ascending := o.compare
	o.compare = func(a, b *store.Image) int { return ascending(b, a) }
	return o
}

// least returns the first n of items in order, without sorting the rest: a page of a large folder costs one walk over it.
func (o order) least(items []*store.Image, n int) []*store.Image {
	if len(items) <= 4*n {
		slices.SortFunc(items, o.compare)
		return items[:min(n, len(items))]
	}
	first := make([]*store.Image, 0, n+1)
	for _, im := range items {
		if len(first) == n && o.compare(im, first[n-1]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(first, im, o.compare)
		first = slices.Insert(first, at, im)
		first = first[:min(n, len(first))]
	}
	return first
}
