package fake_test

import (
	"context"
	"regexp"
	"runtime"
	"strconv"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

// What is found wrong as a call is served, far from the code of the test, begins with the line that made the server: not with one of
// the kit. What the test's code does wrong begins with its own line.
func TestMisuseFoundOnTheRoadBeginsWithALineOfTheTest(t *testing.T) {
	if !inChild() {
		out, err := child(t)
		require.Error(t, err, out)
		told := regexp.MustCompile(`(?m)^ +(\S+): imagefake: (.*)$`).FindAllStringSubmatch(out, -1)
		require.Len(t, told, 6, out)
		made := regexp.MustCompile(`made at (\d+)`).FindStringSubmatch(out)[1]
		for _, line := range told {
			if wants := regexp.MustCompile(`says (\d+)`).FindStringSubmatch(line[2]); wants != nil {
				require.Equal(t, "line_test.go:"+wants[1], line[1], out)
			} else {
				require.Equal(t, "line_test.go:"+made, line[1], out)
			}
		}
		return
	}
	list := func(cloud *fake.Server) {
		_, _ = clientsOf(cloud.Conn()).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
	}
	for name, mistake := range map[string]func(*fake.Server){
		"func": func(cloud *fake.Server) {
			cloud.Inject(fake.Fault{Do: fake.Run(func(*fake.Call) { panic("func") })})
			list(cloud)
		},
		"matcher": func(cloud *fake.Server) {
			cloud.Inject(fake.Fault{On: fake.Match(func(*compute.ListImagesRequest) bool { panic("matcher") }), Do: fake.Return(codes.Internal), Optional: true})
			list(cloud)
		},
		"handler": func(cloud *fake.Server) {
			_, _ = compute.NewDiskServiceClient(cloud.Conn()).Get(t.Context(), &compute.GetDiskRequest{})
		},
		"field": func(cloud *fake.Server) {
			_, _ = clientsOf(cloud.Conn()).Create(t.Context(), strange(fromDisk("web")))
		},
		"own line": func(cloud *fake.Server) {
			cloud.Inject(fake.Fault{Do: fake.Run(func(*fake.Call) {
				cloud.SetImageStatus("says "+thisLine(), compute.Image_READY)
			})})
			list(cloud)
		},
		"own code": func(cloud *fake.Server) {
			cloud.SetImageStatus("says "+thisLine(), compute.Image_READY)
		},
	} {
		t.Run(name, func(t *testing.T) {
			cloud, made := fake.New(t, fake.WithService(withPanickingDisks)), thisLine()
			t.Log("made at", made)
			mistake(cloud)
		})
	}
}

type panickingDisks struct {
	compute.UnimplementedDiskServiceServer
}

func withPanickingDisks(r grpc.ServiceRegistrar, _ *fake.Server) {
	compute.RegisterDiskServiceServer(r, panickingDisks{})
}

func (panickingDisks) Get(context.Context, *compute.GetDiskRequest) (*compute.Disk, error) {
	panic("handler")
}

// thisLine returns the number of its caller's line.
func thisLine() string {
	_, _, line, _ := runtime.Caller(1)
	return strconv.Itoa(line)
}
