package scenario_test

import (
	"runtime"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
)

func fiveCalls(t *scenario.T) error {
	images := compute.NewImageServiceClient(t.Cloud().Conn())
	ops := operation.NewOperationServiceClient(t.Cloud().Conn())
	if _, err := images.List(t.Context(), &compute.ListImagesRequest{FolderId: "f"}); err != nil {
		return err
	}
	op, err := images.Create(t.Context(), &compute.CreateImageRequest{FolderId: "f", Name: "web", Source: &compute.CreateImageRequest_DiskId{DiskId: "d"}})
	if err != nil {
		return err
	}
	if op, err = ops.Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id}); err != nil {
		return err
	}
	made := new(compute.CreateImageMetadata)
	if err := op.Metadata.UnmarshalTo(made); err != nil {
		return err
	}
	if _, err := images.Get(t.Context(), &compute.GetImageRequest{ImageId: made.ImageId}); err != nil {
		return err
	}
	_, err = images.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: made.ImageId})
	return err
}

func BenchmarkExplore(b *testing.B) {
	for _, bm := range []struct {
		name    string
		workers int
		opts    []scenario.Option
	}{
		{"one", 1, []scenario.Option{firstPoll}},
		{"two", 2, []scenario.Option{firstPoll}},
		{"two-standard", 2, []scenario.Option{scenario.OnServer(fake.WithStandardImages()), firstPoll}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			run := scenario.RunOnce(fiveCalls, bm.opts...)
			b.ReportAllocs()
			b.ResetTimer()
			run(b.N, bm.workers)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
		})
	}
}

// BenchmarkMemory reports what a run leaves on the heap: about nothing, however many there are.
func BenchmarkMemory(b *testing.B) {
	run := scenario.RunOnce(fiveCalls)
	live := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	run(100, 1)
	before := live()
	b.ResetTimer()
	run(b.N, 2)
	b.StopTimer()
	b.ReportMetric((live()-before)/float64(b.N), "left-B/run")
	b.ReportMetric(live()/1024, "heap-KB")
	b.ReportMetric(float64(runtime.NumGoroutine()), "goroutines")
}
