package fake_test

import (
	"context"
	"net"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
)

// bare is the baseline of all ratios: what somebody writes who needs one canned image over bufconn, with default options.
type bare struct {
	compute.UnimplementedImageServiceServer
	image *compute.Image
}

func (s bare) Get(context.Context, *compute.GetImageRequest) (*compute.Image, error) {
	return s.image, nil
}

// startBare starts a bare server and returns its connection and what ends both.
func startBare(image *compute.Image) (cc *grpc.ClientConn, stop func()) {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	compute.RegisterImageServiceServer(server, bare{image: image})
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	cc, err := grpc.NewClient("passthrough:///bare",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	return cc, func() { cc.Close(); server.Stop(); <-served }
}

// compare runs ours and theirs in alternating slices, at least a hundred, and reports the ratio of the medians.
func compare(b *testing.B, ours, theirs func()) {
	b.Helper()
	measure := func(f func()) time.Duration {
		start := time.Now()
		f()
		return time.Since(start)
	}
	ours()
	theirs()
	var our, their []time.Duration
	b.ResetTimer()
	for b.Loop() {
		our = append(our, measure(ours))
		their = append(their, measure(theirs))
	}
	for len(our) < 100 {
		our = append(our, measure(ours))
		their = append(their, measure(theirs))
	}
	slices.Sort(our)
	slices.Sort(their)
	b.ReportMetric(float64(our[len(our)/2])/float64(their[len(their)/2]), "ratio")
	b.ReportMetric(float64(len(our)), "slices")
}

func BenchmarkGet(b *testing.B) {
	cloud := fake.New(b, fake.WithStandardImages())
	image := cloud.Images()[0]
	cc, stop := startBare(proto.Clone(image).(*compute.Image))
	defer stop()
	request := &compute.GetImageRequest{ImageId: image.Id}
	calls := func(client compute.ImageServiceClient) func() {
		return func() {
			for range 200 {
				if _, err := client.Get(context.Background(), request); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	compare(b, calls(compute.NewImageServiceClient(cloud.Conn())), calls(compute.NewImageServiceClient(cc)))
}

func BenchmarkStartCallClose(b *testing.B) {
	var image *compute.Image
	ours := func() {
		cloud, err := fake.Start(fake.WithStandardImages())
		if err != nil {
			b.Fatal(err)
		}
		if image == nil {
			image = cloud.Images()[0]
		}
		if _, err := compute.NewImageServiceClient(cloud.Conn()).Get(context.Background(), &compute.GetImageRequest{ImageId: image.Id}); err != nil {
			b.Fatal(err)
		}
		if err := cloud.Close(); err != nil {
			b.Fatal(err)
		}
	}
	ours()
	theirs := func() {
		cc, stop := startBare(image)
		if _, err := compute.NewImageServiceClient(cc).Get(context.Background(), &compute.GetImageRequest{ImageId: image.Id}); err != nil {
			b.Fatal(err)
		}
		stop()
	}
	slice := func(f func()) func() {
		return func() {
			for range 10 {
				f()
			}
		}
	}
	compare(b, slice(ours), slice(theirs))
	b.ReportMetric(allocated(ours)/1024, "KB-ours")
	b.ReportMetric(allocated(theirs)/1024, "KB-bare")
}

// allocated returns the bytes that f allocates, on average over some runs.
func allocated(f func()) float64 {
	const runs = 50
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / runs
}
