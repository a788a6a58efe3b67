package main

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestFaultsAndPlansOfFlags(t *testing.T) {
	p := start(t, "-fault", "ImageGet:Unavailable:first=2", "-plan", "stuck", "-plan", "ImageCreate:polls=2:fails=Internal")
	cc := p.tls()
	images, operations := compute.NewImageServiceClient(cc), operation.NewOperationServiceClient(cc)

	var got []codes.Code
	for range 3 {
		_, err := images.Get(t.Context(), &compute.GetImageRequest{ImageId: "fd8nothing"})
		got = append(got, status.Code(err))
	}
	require.Equal(t, []codes.Code{codes.Unavailable, codes.Unavailable, codes.NotFound}, got)

	op, err := images.Create(t.Context(), &compute.CreateImageRequest{FolderId: "f", Source: &compute.CreateImageRequest_DiskId{DiskId: "epd"}})
	require.NoError(t, err)
	for _, done := range []bool{false, true} {
		op, err = operations.Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
		require.NoError(t, err)
		require.Equal(t, done, op.Done)
	}
	require.Equal(t, int32(codes.Internal), op.GetError().GetCode())
	require.NoError(t, p.stop())
}

// Every word that the flags list is one that a server takes.
func TestEveryWordIsTaken(t *testing.T) {
	var args []string
	for _, how := range strings.Split(words(plans), ", ") {
		args = append(args, "-plan", how, "-plan", "ImageCreate:"+how+":fails=Aborted")
	}
	for _, what := range strings.Split(words(effects), ", ") {
		on := "ImageList:"
		if strings.HasPrefix(what, "lag") || what == "lose-reply" {
			on = "ImageGet:"
		}
		args = append(args, "-fault", on+what)
	}
	for _, when := range strings.Split(words(triggers), ", ") {
		args = append(args, "-fault", "*:Aborted:"+when)
	}
	require.NoError(t, start(t, args...).stop())
}

func TestBadFlags(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for name, c := range sorted(map[string]struct{ args, says string }{
		"a word":                  {"now", `nothing to do with "now"`},
		"both kinds of state":     {"-state a -to b", "either"},
		"unknown plan":            {"-plan soon", `nothing is called "soon": there are after=30s, at-once`},
		"plan of no method":       {"-plan PictureCreate:stuck", `no method is called "PictureCreate"`},
		"plan without its value":  {"-plan after", "after needs a value, as in after=30s"},
		"value too many":          {"-plan stuck=1", "stuck takes no value"},
		"no duration":             {"-plan after=soon", "write it as in after=30s"},
		"plan fails how":          {"-plan stuck:Internal", "fails=Internal"},
		"plan of a reading call":  {"-plan ImageGet:stuck", "ImageGet"},
		"fault without an effect": {"-fault ImageGet", "METHOD:WHAT[:WHEN]"},
		"fault on no method":      {"-fault Get:cut", "ImageGetLatestByFamily"},
		"unknown effect":          {"-fault ImageGet:explode", "or a code"},
		"unknown trigger":         {"-fault ImageGet:cut:never", `nothing is called "never"`},
		"a count of nothing":      {"-fault ImageGet:cut:first=0", "first"},
		"pages of no list":        {"-fault ImageGet:empty-page", "ImageGet"},
		"port in use":             {"-tcp " + taken.Addr().String(), "in use"},
		"port in use, TLS":        {"-tls " + taken.Addr().String(), "in use"},
		"port in use, HTTP":       {"-http " + taken.Addr().String(), "in use"},
		"reached from outside":    {"-http 0.0.0.0:0", "use 127.0.0.1"},
		"every address":           {"-http :0", "use 127.0.0.1"},
		"gRPC from outside":       {"-tcp 0.0.0.0:0", "127.0.0.1"},
		"no place for the state":  {"-to " + filepath.Join(t.TempDir(), "none", "cloud.json"), "directory"},
		"a directory":             {"-timeline " + t.TempDir(), "is a directory"},
	}) {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // what takes the flags ends at once, without an error
			require.ErrorContains(t, run(ctx, strings.Fields(c.args), io.Discard), c.says)
		})
	}
}

func TestMisuseIsPrinted(t *testing.T) {
	cloud, err := fake.Start()
	require.NoError(t, err)
	out := newPaper()
	s := show(cloud, out)
	cloud.RemoveImage("fd8nothing")
	_, err = compute.NewImageServiceClient(cloud.Conn()).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
	require.NoError(t, err)
	out.await(t, `MISUSE: .*fd8nothing`)
	require.Error(t, cloud.Close())
	s.end()
	require.Equal(t, 1, strings.Count(out.text(), "MISUSE"))
}

func TestWhatIsNotShownIsCounted(t *testing.T) {
	cloud, err := fake.Start(fake.WithRecord(2))
	require.NoError(t, err)
	out := newPaper()
	for range 5 {
		_, err := compute.NewImageServiceClient(cloud.Conn()).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
		require.NoError(t, err)
	}
	s := &shown{cloud: cloud, out: out, awaited: map[int]bool{1: true}}
	s.print()
	require.Contains(t, out.text(), "calls among 3 events are not shown")
	require.Equal(t, 2, strings.Count(out.text(), "ImageList"))
	require.Empty(t, s.awaited)
	s.print()
	require.Equal(t, 1, strings.Count(out.text(), "not shown"))
	require.NoError(t, cloud.Close())
}
