package scenario_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

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
		{[]byte{14}, "[OK Unavailable OK]"},
		{[]byte{1, 28}, "[ResourceExhausted OK Unavailable]"},
		{[]byte{28, 1}, "[ResourceExhausted OK Unavailable]"},
		{[]byte{1, 0, 28}, "[ResourceExhausted OK Unavailable]"}, // the first counts
		{[]byte{7 * 14}, "[Unavailable OK OK]"},                  // beyond the usual three and four more
		{[]byte{0xf0, 0}, "[OK OK Unavailable]"},                 // sixteen further on
		{[]byte{0xfc, 1}, "[ResourceExhausted OK OK]"},
		{[]byte{0xf0}, "[OK OK OK]"},
		{[]byte{0xff, 0xfb, 0xfe}, "[OK OK OK]"},
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
	text, _ = scenario.OneInput(t, []byte{0}, func(t *scenario.T) error {
		first := probe(t)
		t.Check("one of two works", probe(t) == nil || first == nil)
		return nil
	}, scenario.Faults(scenario.Unavailable.Onwards()))
	require.Contains(t, text, "broken promise: one of two works")
}

// What takes a role away begins at one call and goes on at those of all methods.
func TestBytesBeginWhatLasts(t *testing.T) {
	var seen []codes.Code
	text, _ := scenario.OneInput(t, []byte{14}, func(t *scenario.T) error {
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
	text, _ := scenario.OneInput(t, []byte{0, 15}, body, scenario.Faults(scenario.Unavailable, scenario.Throttled))
	require.Contains(t, text, "broken promise: one of two works")
	require.Contains(t, text, "fake.Return(codes.Unavailable)")
	require.Contains(t, text, "fake.Throttle(2*time.Second)")
	require.Contains(t, text, "what happened:")
	text, _ = scenario.OneInput(t, []byte{0}, body, scenario.Faults(scenario.Unavailable))
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

// Where calls wait side by side, bytes decide who goes first.
func TestBytesDecideWhoIsFirst(t *testing.T) {
	for _, row := range []struct {
		bytes []byte
		want  string
	}{
		{nil, "worker-0"}, {[]byte{0xe0}, "worker-1"}, {[]byte{0xe8}, "worker-2"}, {[]byte{0xe1}, "worker-0"},
	} {
		first := ""
		text, _ := scenario.OneInput(t, row.bytes, func(t *scenario.T) error {
			_ = sideBySide(3, func(i int) error { _, err := as(t, "worker", i).Create(t.Context(), fromDisk); return err })
			for _, c := range t.Cloud().Calls() {
				if c.Status.Code() == codes.OK {
					first = c.Caller
				}
			}
			return nil
		}, scenario.Faults(scenario.Denied))
		require.Empty(t, text)
		require.Equal(t, row.want, first, "%x", row.bytes)
	}
}

// Bytes that decide what was decided before make no run, unless it broke the body: then they do so each time.
func TestBytesThatDecideNothingNew(t *testing.T) {
	runs := 0
	body := func(t *scenario.T) error {
		runs++
		first, second := probe(t), probe(t)
		t.Check("one of two works", first == nil || second == nil)
		return nil
	}
	try := scenario.Inputs(body, scenario.Faults(scenario.Unavailable, scenario.Throttled))
	made := func(data ...byte) (n int, text string) {
		before := runs
		text = try(t, data)
		return runs - before, text
	}
	for _, row := range []struct {
		bytes []byte
		runs  int
	}{
		{nil, 3},                                       // two of them to learn what the body does
		{nil, 0}, {[]byte{0xe0}, 0}, {[]byte{0x20}, 0}, // nothing waits, and no third call comes
		{[]byte{1}, 1}, {[]byte{1}, 0}, {[]byte{1, 0}, 0}, {[]byte{3}, 0}, // of two kinds the fourth is the second
		{[]byte{14}, 1}, {[]byte{0x20, 14}, 0},
		{bytes.Repeat([]byte{1}, 25), 0}, // too long
	} {
		n, text := made(row.bytes...)
		require.Empty(t, text)
		require.Equal(t, row.runs, n, "%x", row.bytes)
	}
	for range 2 {
		n, text := made(1, 14)
		require.Positive(t, n)
		require.Contains(t, text, "broken promise: one of two works")
	}
}

// With IMAGEFAKE_HUNTS=10, ten trials: the fuzzer finds a bug that takes four things to go wrong, and Chaos does not in as many runs.
func TestTheFuzzerFindsWhatChaosDoesNot(t *testing.T) {
	trials, err := strconv.Atoi(os.Getenv("IMAGEFAKE_HUNTS"))
	if err != nil {
		t.Skip("it takes a minute: IMAGEFAKE_HUNTS says how many trials to make")
	}
	built := func(args ...string) string {
		path := filepath.Join(t.TempDir(), "hunted.test")
		out, err := exec.CommandContext(t.Context(), "go", append(append([]string{"test", "-c", "-o", path}, args...), "./testdata/hunted")...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return path
	}
	fuzzer, chaos := built("-fuzz", "FuzzRemove"), built()
	lucky := 0
	for trial := range trials {
		directory := t.TempDir()
		run := func(name string, env []string, args ...string) (out string, runs int) {
			log := filepath.Join(directory, filepath.Base(filepath.Dir(name))+"-"+strconv.Itoa(len(env)))
			command := exec.CommandContext(t.Context(), name, args...)
			command.Dir = directory
			command.Env = append(append(os.Environ(), "RUNS_FILE="+log, "TRIAL="+strconv.Itoa(trial)), env...)
			text, _ := command.CombinedOutput()
			made, err := os.ReadFile(log)
			require.NoError(t, err, "%s", text)
			return string(text), len(made)
		}
		begun := time.Now()
		out, runs := run(fuzzer, nil, "-test.run=^$", "-test.fuzz=FuzzRemove", "-test.fuzzcachedir="+filepath.Join(directory, "cache"),
			"-test.parallel=1", "-test.fuzztime=2m", "-test.fuzzminimizetime=1x")
		require.Contains(t, out, "broken promise: what it is sure of is so")
		took := time.Since(begun)
		out, _ = run(chaos, []string{"SEEDS=" + strconv.Itoa(runs)}, "-test.run=^TestChaos$", "-test.v")
		require.Contains(t, out, "chaos in TestChaos: ")
		found := strings.Contains(out, "broken promise")
		if found {
			lucky++
		}
		t.Logf("trial %d: the fuzzer found it in %d runs, %v; Chaos in as many: %v", trial+1, runs, took.Round(100*time.Millisecond), found)
	}
	require.LessOrEqual(t, lucky, trials/5, "Chaos was as fast too often")
}
