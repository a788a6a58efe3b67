package scenario_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// FuzzProbe is a target as users write them; its seeds run with every go test.
func FuzzProbe(f *testing.F) {
	scenario.Fuzz(f, func(t *scenario.T) error {
		err := probe(t)
		t.Check("an error has a code", err == nil || status.Code(err) != codes.Unknown)
		return err
	})
}

// Bytes decide what happens at each call; the same bytes decide the same.
func TestBytesDecide(t *testing.T) {
	kinds := scenario.Faults(scenario.Unavailable, scenario.Throttled)
	for _, row := range []struct {
		bytes []byte
		want  string
	}{
		{nil, "[OK OK OK]"},
		{[]byte{0, 1}, "[OK Unavailable OK]"},
		{[]byte{2, 0, 1}, "[ResourceExhausted OK Unavailable]"},
		{[]byte{3, 4, 255, 7, 7, 7}, "[Unavailable ResourceExhausted Unavailable]"},
	} {
		var seen string
		text, _ := scenario.OneInput(t, row.bytes, func(t *scenario.T) error {
			var codes []string
			for range 3 {
				codes = append(codes, status.Code(probe(t)).String())
			}
			seen = fmt.Sprint(codes)
			return nil
		}, kinds)
		require.Empty(t, text)
		require.Equal(t, row.want, seen)
	}
}

// A kind that counts calls has no place among bytes: it is refused, not left out.
func TestFuzzRefusesWhatCounts(t *testing.T) {
	text, _ := scenario.OneInput(t, nil, probe, scenario.Faults(scenario.Unavailable.Times(3)))
	require.Contains(t, text, `the kind "unavailable-3-times" counts calls`)
	text, _ = scenario.OneInput(t, []byte{1}, func(t *scenario.T) error {
		first := probe(t)
		t.Check("one of two works", probe(t) == nil || first == nil)
		return nil
	}, scenario.Faults(scenario.Unavailable.Onwards()))
	require.Contains(t, text, "broken promise: one of two works")
}

// What takes a role away begins at one call and goes on at those of all methods.
func TestBytesBeginWhatLasts(t *testing.T) {
	var seen []codes.Code
	text, _ := scenario.OneInput(t, []byte{0, 1}, func(t *scenario.T) error {
		seen = nil
		for range 2 {
			_, err := images(t).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
			seen = append(seen, status.Code(err), status.Code(probe(t)))
		}
		return nil
	}, scenario.Faults(scenario.RoleRevoked))
	require.Empty(t, text)
	require.Equal(t, []codes.Code{codes.OK, codes.PermissionDenied, codes.PermissionDenied, codes.PermissionDenied}, seen)
}

// What is printed for a revoked role, as a user pastes it: nothing happens before the call that it names, and all after it fails.
func TestTheCodeOfWhatHappensToAllMethods(t *testing.T) {
	cloud := fake.New(t)
	{
		calls, over := 0, false
		cloud.Inject(fake.Fault{On: fake.AllOf(fake.ImageGet, fake.ByCaller("w")), When: fake.While(func() bool { calls++; over = over || calls >= 2; return false }), Do: fake.Return(codes.PermissionDenied), Optional: true})
		cloud.Inject(fake.Fault{On: fake.ByCaller("w"), When: fake.While(func() bool { return over }), Do: fake.Return(codes.PermissionDenied)})
	}
	client := compute.NewImageServiceClient(cloud.ConnAs("w"))
	get := func() codes.Code {
		_, err := client.Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
		return status.Code(err)
	}
	list := func() codes.Code {
		_, err := client.List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
		return status.Code(err)
	}
	require.Equal(t, []codes.Code{codes.OK, codes.NotFound, codes.OK}, []codes.Code{list(), get(), list()})
	require.Equal(t, []codes.Code{codes.PermissionDenied, codes.PermissionDenied}, []codes.Code{get(), list()})
}

// A bug that takes two faults at two calls is found by bytes, and its report has both as Go code.
func TestBytesFindWhatTwoFaultsBreak(t *testing.T) {
	body := func(t *scenario.T) error {
		first, second := probe(t), probe(t)
		t.Check("one of two works", first == nil || second == nil)
		return nil
	}
	text, _ := scenario.OneInput(t, []byte{1, 2}, body, scenario.Faults(scenario.Unavailable, scenario.Throttled))
	require.Contains(t, text, "broken promise: one of two works")
	require.Contains(t, text, "fake.Return(codes.Unavailable)")
	require.Contains(t, text, "fake.Throttle(2*time.Second)")
	require.Contains(t, text, "what happened:")
	text, _ = scenario.OneInput(t, []byte{1}, body, scenario.Faults(scenario.Unavailable))
	require.Empty(t, text)
}

// Whatever the bytes, a correct client holds under the default kinds, side by side too, and nothing hangs.
func TestAnyBytesAreARun(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		data := make([]byte, random.IntN(24))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		text, _ := scenario.OneInput(t, data, func(t *scenario.T) error {
			return sideBySide(2, func(i int) error {
				_, err := as(t, "w", i).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
				return err
			})
		}, scenario.Rivals())
		require.Empty(t, text, "%v", data)
	}
	text, _ := scenario.OneInput(t, nil, probe, scenario.Orders(3))
	require.Contains(t, text, "are for Explore")
}
