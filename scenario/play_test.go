package scenario_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestPlay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())))
		start := time.Now()
		var failedAt time.Duration
		scenario.Play(t, cloud,
			scenario.Line{At: 30 * time.Second, Do: func(s *fake.Server) {
				failedAt = time.Since(start)
				s.Operations(fake.ImageCreate)[0].Fail(codes.Internal, "disk read error")
			}},
			scenario.Line{On: fake.ImageCreate, When: fake.Once(), Do: func(s *fake.Server) {
				s.AddImages(&compute.Image{FolderId: "f", Name: "web"})
			}},
			scenario.Line{On: fake.OperationGet, When: fake.Nth(2), Late: true, Do: func(s *fake.Server) {
				s.Inject(fake.Fault{On: fake.ImageGet, When: fake.Nth(1), Do: fake.Cut()})
			}},
		)
		images, ops := compute.NewImageServiceClient(cloud.Conn()), operation.NewOperationServiceClient(cloud.Conn())

		_, err := images.Create(t.Context(), fromDisk)
		require.Equal(t, codes.AlreadyExists, status.Code(err))
		op, err := images.Create(t.Context(), &compute.CreateImageRequest{FolderId: "f", Name: "web2", Source: fromDisk.Source})
		require.NoError(t, err)
		for !op.Done {
			op, err = ops.Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
			require.NoError(t, err)
		}
		require.Equal(t, "disk read error", op.GetError().GetMessage())
		require.Equal(t, 30*time.Second, failedAt)
		_, err = images.Get(t.Context(), &compute.GetImageRequest{ImageId: cloud.Images()[0].Id})
		require.Equal(t, codes.Unavailable, status.Code(err))
	})
}

func TestALineWithoutATriggerHappensAtEveryCall(t *testing.T) {
	cloud := fake.New(t)
	always, once := 0, 0
	scenario.Play(t, cloud,
		scenario.Line{On: fake.ImageGet, Do: func(*fake.Server) { always++ }},
		scenario.Line{On: fake.ImageGet, When: fake.Once(), Do: func(*fake.Server) { once++ }},
	)
	for _, caller := range []string{"a", "b", "b"} {
		_, err := compute.NewImageServiceClient(cloud.ConnAs(caller)).Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
		require.Equal(t, codes.NotFound, status.Code(err))
	}
	require.Equal(t, []int{3, 1}, []int{always, once})
}

func TestPlayBadInput(t *testing.T) {
	nothing := func(*fake.Server) {}
	for _, c := range []struct {
		name string
		line scenario.Line
		want string
	}{
		{"no action", scenario.Line{On: fake.ImageGet}, "line 1 of the script: it does nothing: set Do"},
		{"before the beginning", scenario.Line{At: -1, Do: nothing}, "a line cannot happen before the script begins"},
		{"a time and a call", scenario.Line{At: 1, On: fake.ImageGet, Do: nothing}, "it has both On and At"},
		{"a trigger without calls", scenario.Line{When: fake.Nth(2), Do: nothing}, "it has no On"},
		{"late without calls", scenario.Line{Late: true, Do: nothing}, "it has no On"},
		{"no trigger", scenario.Line{On: fake.ImageGet, When: struct{ fake.Trigger }{}, Do: nothing}, "use what Once"},
		{"a trigger that is none", scenario.Line{On: fake.ImageGet, When: fake.First(0), Do: nothing}, "counted from 1"},
		{"never at all", scenario.Line{On: fake.ImageDelete, Do: nothing}, "never happened: on ImageDelete, every call"},
		{"never called", scenario.Line{On: fake.ImageDelete, When: fake.Once(), Do: nothing}, ": line 1 of the script never happened: on ImageDelete, once; the server saw ImageGet 1 time"},
		{"never so often", scenario.Line{On: fake.ImageGet, When: fake.Nth(2), Late: true, Do: nothing}, "never happened: on ImageGet, call 2, once it is handled"},
		{"never so late", scenario.Line{At: time.Hour, Do: nothing}, "never happened: at 1h0m0s"},
		{"an unknown image", scenario.Line{On: fake.ImageGet, Do: func(s *fake.Server) { s.RemoveImage("fd8nosuchimage") }}, "fd8nosuchimage"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := scenario.Find(t, func(t *scenario.T) error {
				scenario.Play(t, t.Cloud(), c.line)
				_, err := images(t).Get(t.Context(), &compute.GetImageRequest{ImageId: "x"})
				return err
			})
			require.ErrorContains(t, err, "breaks without any fault")
			require.ErrorContains(t, err, c.want)
		})
	}
}
