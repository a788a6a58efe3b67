package fake_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/proto"
)

const (
	few  = 1_000
	many = 1_000_000
)

// BenchmarkScale compares a server with a million images in one folder with one that has a thousand: the same requests, in
// alternating slices. It also reports what a stored image takes beside its message, and how long adding the million takes.
func BenchmarkScale(b *testing.B) {
	for _, families := range []int{1, 1_000} {
		b.Run(fmt.Sprintf("families=%d", families), func(b *testing.B) {
			small, _ := filled(b, few, families)
			large, cost := filled(b, many, families)
			b.Run("FirstPage", func(b *testing.B) { comparePages(b, large, small, 0) })
			b.Run("DeepPage", func(b *testing.B) { comparePages(b, large, small, 0.9) })
			b.Run("LatestByFamily", func(b *testing.B) {
				latest := func(c clients) func() {
					return repeat(100, func() {
						if _, err := c.GetLatestByFamily(context.Background(), &compute.GetImageLatestByFamilyRequest{FolderId: folder, Family: "family-0"}); err != nil {
							b.Fatal(err)
						}
					})
				}
				compare(b, latest(large), latest(small))
			})
			b.Run("Add", func(b *testing.B) {
				for b.Loop() { // the cost was taken as the server was filled
				}
				b.ReportMetric(cost.seconds, "s/million")
				b.ReportMetric(cost.bytes, "B/image")
				b.ReportMetric(cost.bytes/messageBytes(families), "ratio-to-message")
			})
		})
	}
}

type fillCost struct {
	seconds float64
	bytes   float64 // of heap, for each image
}

func seed(n, families int) *compute.Image {
	return &compute.Image{
		FolderId: folder,
		Name:     fmt.Sprintf("image-%d", n),
		Family:   fmt.Sprintf("family-%d", n%families),
		Labels:   map[string]string{"build": "1"},
		Size:     4 << 30, StorageSize: 1 << 30, MinDiskSize: 4 << 30,
	}
}

// filled starts a server with n images.
func filled(b *testing.B, n, families int) (clients, fillCost) {
	cloud := fake.New(b, fake.WithRecord(0))
	before := heap()
	start := time.Now()
	const batch = 1_000
	for i := 0; i < n; i += batch {
		images := make([]*compute.Image, batch)
		for j := range images {
			images[j] = seed(i+j, families)
		}
		cloud.AddImages(images...)
	}
	cost := fillCost{seconds: time.Since(start).Seconds(), bytes: float64(heap()-before) / float64(n)}
	return clientsOf(cloud.Conn()), cost
}

// messageBytes returns the heap that an image's message takes by itself.
func messageBytes(families int) float64 {
	const n = 100_000
	messages := make([]*compute.Image, n)
	cloud := fake.New(&spy{}, fake.WithRecord(0))
	defer cloud.Close()
	for i := range messages {
		messages[i] = cloud.AddImages(seed(i, families))[0]
	}
	before := heap()
	clones := make([]*compute.Image, n)
	for i := range clones {
		clones[i] = proto.Clone(messages[i]).(*compute.Image)
	}
	bytes := float64(heap()-before)/n - 8 // without the slice
	runtime.KeepAlive(clones)
	runtime.KeepAlive(messages)
	return bytes
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func repeat(n int, f func()) func() {
	return func() {
		for range n {
			f()
		}
	}
}

// comparePages compares a page of 100 in the default order, at a depth from 0 to 1.
func comparePages(b *testing.B, large, small clients, depth float64) {
	page := func(c clients, n int) func() {
		r := &compute.ListImagesRequest{FolderId: folder, PageSize: 100}
		if skip := int(depth * float64(n)); skip > 0 {
			r.PageToken = tokenBehind(b, c, skip)
		}
		return repeat(10, func() {
			reply, err := c.List(context.Background(), r)
			if err != nil || len(reply.Images) != 100 {
				b.Fatal(err, len(reply.GetImages()))
			}
		})
	}
	compare(b, page(large, many), page(small, few))
}

// tokenBehind reads a list up to n images deep.
func tokenBehind(b *testing.B, c clients, n int) (token string) {
	for n > 0 {
		size := min(n, 1000)
		page, err := c.List(context.Background(), &compute.ListImagesRequest{FolderId: folder, PageSize: int64(size), PageToken: token})
		if err != nil {
			b.Fatal(err)
		}
		n -= size
		token = page.NextPageToken
	}
	return token
}
