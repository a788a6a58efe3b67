package fake_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// BenchmarkRecordMemory keeps 1,000,000 Gets, whatever b.N: what one of them holds is the result. The callers have headers of their
// own, and take turns.
func BenchmarkRecordMemory(b *testing.B) {
	const calls = 1_000_000
	for _, callers := range []int{1, 4} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			cloud := fake.New(b, fake.WithRecord(calls))
			im := cloud.AddImages(named("base"))[0]
			var ctxs []context.Context
			var clients []compute.ImageServiceClient
			for n := range callers {
				caller := fmt.Sprint("caller-", n)
				ctxs = append(ctxs, metadata.AppendToOutgoingContext(context.Background(), "x-client", caller, "authorization", "Bearer of-"+caller))
				clients = append(clients, compute.NewImageServiceClient(cloud.ConnAs(caller)))
			}
			before := inUse()
			b.ResetTimer()
			for n := range calls {
				if _, err := clients[n%callers].Get(ctxs[n%callers], &compute.GetImageRequest{ImageId: im.Id}); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(inUse()-before)/calls, "B/call")
			b.ReportMetric(float64(cloud.Dropped()), "dropped")
			runtime.KeepAlive(cloud)
		})
	}
}

// inUse returns the bytes that are in use.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkFaultsThatDoNotMatch compares a server with 100 faults that pick other calls to one without, in alternating slices.
func BenchmarkFaultsThatDoNotMatch(b *testing.B) {
	others := map[string]fake.Matcher{
		"method": fake.ImageDelete,
		"caller": fake.ByCaller("somebody else"),
		"image":  fake.OnResource("another"),
		"header": fake.ByHeader("user-agent", "terraform"),
		"match":  fake.Match(func(r *compute.GetImageRequest) bool { return r.ImageId == "another" }),
		"all":    fake.AllOf(fake.ImageGet, fake.ByCaller("somebody else")),
	}
	for name, on := range others {
		b.Run(name, func(b *testing.B) {
			const slice = 50
			gets := func(faults int) func() {
				cloud := fake.New(b)
				im := cloud.AddImages(named("base"))[0]
				for range faults {
					cloud.Inject(fake.Fault{On: on, Do: fake.Return(codes.Aborted), Optional: true})
				}
				client := compute.NewImageServiceClient(cloud.Conn())
				request := &compute.GetImageRequest{ImageId: im.Id}
				return func() {
					for range slice {
						if _, err := client.Get(context.Background(), request); err != nil {
							b.Fatal(err)
						}
					}
				}
			}
			with, without := gets(100), gets(0)
			var ours, theirs []time.Duration
			measure := func(f func()) time.Duration {
				start := time.Now()
				f()
				return time.Since(start) / slice
			}
			with()
			without()
			for b.Loop() {
				ours, theirs = append(ours, measure(with)), append(theirs, measure(without))
			}
			b.ReportMetric(float64(median(ours)-median(theirs)), "ns-added/call")
		})
	}
}
