package scenario_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// naiveBake is a baker as it is first written: it tries a create again when the service is unavailable, without an idempotency key,
// and leaves the image behind when waiting for it fails.
func naiveBake(ctx context.Context, cc grpc.ClientConnInterface, name, family string) error {
	images, operations := compute.NewImageServiceClient(cc), operation.NewOperationServiceClient(cc)
	base, err := images.GetLatestByFamily(ctx, &compute.GetImageLatestByFamilyRequest{FolderId: fake.StandardImages, Family: family})
	if err != nil {
		return err
	}
	var op *operation.Operation
	for range 3 {
		op, err = images.Create(ctx, &compute.CreateImageRequest{
			FolderId: "f", Name: name, Family: name, Source: &compute.CreateImageRequest_ImageId{ImageId: base.Id},
		})
		if status.Code(err) != codes.Unavailable {
			break
		}
		time.Sleep(time.Second)
	}
	if err != nil {
		return err
	}
	for !op.Done {
		if op, err = operations.Get(ctx, &operation.GetOperationRequest{OperationId: op.Id}); err != nil {
			return err
		}
	}
	return status.ErrorProto(op.GetError())
}

// repairedBake is naiveBake without its bugs: it sends the same idempotency key with every try, tries again where that is safe,
// forgives a few polls that know nothing of the operation, and cancels and removes what it could not wait for.
func repairedBake(t *scenario.T, name, family string) error {
	base, err := again(t.Context(), func(ctx context.Context) (*compute.Image, error) {
		return images(t).GetLatestByFamily(ctx, &compute.GetImageLatestByFamilyRequest{FolderId: fake.StandardImages, Family: family})
	})
	if err != nil {
		return err
	}
	keyed := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", "bake "+name)
	op, err := again(keyed, func(ctx context.Context) (*operation.Operation, error) {
		return images(t).Create(ctx, &compute.CreateImageRequest{
			FolderId: "f", Name: name, Family: name, Source: &compute.CreateImageRequest_ImageId{ImageId: base.Id},
		})
	})
	if err != nil {
		return err
	}
	if err := await(t, op); err != nil {
		_, lost := again(t.Context(), func(ctx context.Context) (*operation.Operation, error) {
			return operations(t).Cancel(ctx, &operation.CancelOperationRequest{OperationId: op.Id})
		})
		return errors.Join(err, lost, remove(t, made(op)))
	}
	return nil
}

// baked is the body of the explorations of bakers.
func baked(bake func(t *scenario.T) error) func(*scenario.T) error {
	return func(t *scenario.T) error {
		err := bake(t)
		left := t.Cloud().Images(func(im *compute.Image) bool { return im.Name == "web" })
		t.Check("success means one READY image", err != nil || len(left) == 1 && left[0].Status == compute.Image_READY)
		t.Check("failure leaves nothing behind", err == nil || len(left) == 0)
		return err
	}
}

var bakerOptions = []scenario.Option{
	scenario.OnServer(fake.WithStandardImages()),
	scenario.Faults(scenario.Unavailable, scenario.LostReply, scenario.ReplicaLag),
}

// asChild is set where a test runs only to have its output looked at by another.
const asChild = "IMAGEFAKE_TEST_CHILD"

// TestNaiveBaker fails, so it only runs as a child of the tests below.
func TestNaiveBaker(t *testing.T) {
	switch os.Getenv(asChild) {
	case "naive":
		scenario.Explore(t, baked(func(t *scenario.T) error {
			return naiveBake(t.Context(), t.Cloud().Conn(), "web", "ubuntu-2204-lts")
		}), bakerOptions...)
	case "repaired":
		scenario.Explore(t, baked(func(t *scenario.T) error { return repairedBake(t, "web", "ubuntu-2204-lts") }), bakerOptions...)
	case "run":
		scenario.Run(t, func(t *scenario.T) error { t.Check("a list is an error", probe(t) != nil); return nil })
	case "chaos":
		scenario.Chaos(t, 3, 1, func(t *scenario.T) error { t.Check("a list works", probe(t) == nil); return nil }, scenario.Faults(scenario.Denied))
	case "play":
		scenario.PlayAll(t, func(t *scenario.T) error {
			_, err := create(t, "key")
			t.Check("the name is free", status.Code(err) != codes.AlreadyExists)
			return err
		})
	case "other":
		scenario.Explore(t, probe, bakerOptions...)
	default:
		t.Skip("runs as a child of TestReport and TestReplay")
	}
}

func TestRepairedBaker(t *testing.T) {
	body := baked(func(t *scenario.T) error { return repairedBake(t, "web", "ubuntu-2204-lts") })
	everything := []scenario.Option{scenario.OnServer(fake.WithStandardImages()), scenario.Pairs(300), scenario.Parallel(2)}
	t.Run("every fault", func(t *testing.T) { scenario.Explore(t, body, everything...) })
	t.Run("many faults", func(t *testing.T) { scenario.Chaos(t, 100, 0.1, body, bakerOptions...) })
}

// child runs a test of this binary by itself and returns what it prints: all of it, or only what failed.
func child(t *testing.T, verbose bool, run string, env ...string) string {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), binary, "-test.run", run, "-test.v="+strconv.FormatBool(verbose), "-test.count=1")
	command.Env = append(append(os.Environ(), "IMAGEFAKE_ARTIFACTS="), env...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Run(); err != nil {
		require.IsType(t, new(exec.ExitError), err)
	}
	return out.String()
}

var update = flag.Bool("update", false, "write the golden files anew")

// stable takes out of an output what differs between runs, machines and edits of this file, and the pictures of the runs, which are
// not this package's.
func stable(out string) string {
	out = regexp.MustCompile(`\(\d+\.\d\ds\)`).ReplaceAllString(out, "(TIME)")
	out = regexp.MustCompile(`\.go:\d+:`).ReplaceAllString(out, ".go:N:")
	out = regexp.MustCompile(`(?m)^\s*(covered|coverage): .*\n| \(\+\d+\.\d% covered\)`).ReplaceAllString(out, "") // with -cover
	var kept []string
	picture := -1
	for line := range strings.Lines(out) {
		depth := len(line) - len(strings.TrimLeft(line, " \t"))
		if picture >= 0 && (depth > picture || strings.TrimSpace(line) == "") {
			continue
		}
		picture = -1
		kept = append(kept, line)
		if strings.HasSuffix(line, "what happened:\n") {
			picture = depth
		}
	}
	return strings.Join(kept, "")
}

func TestReport(t *testing.T) {
	out := child(t, false, "^TestNaiveBaker$", asChild+"=naive")
	require.Contains(t, out, "ImageCreate web from ubuntu-22-04-lts", "there is a picture of the run")
	got := stable(out)
	const golden = "testdata/report.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "go test -run TestReport -update writes it anew")
}

func TestReplay(t *testing.T) {
	out := child(t, false, "^TestNaiveBaker$", asChild+"=naive")
	printed := regexp.MustCompile(`IMAGEFAKE_REPLAY='(.*)' go test (\S+) -run '(.*)'`).FindStringSubmatch(out)
	require.NotNil(t, printed, out)
	token, pkg, run := printed[1], printed[2], printed[3]
	require.Equal(t, "github.com/imagefake/imagefake/scenario", pkg)
	require.Equal(t, "^TestNaiveBaker$", run)

	out = child(t, false, run, asChild+"=naive", "IMAGEFAKE_REPLAY="+token)
	require.Contains(t, out, "--- FAIL: TestNaiveBaker")
	require.Contains(t, out, "ImageCreate#1/lost-reply breaks:")
	require.Contains(t, out, "broken promise: failure leaves nothing behind")
	require.Contains(t, out, "what happened:")
	require.NotContains(t, out, "explored TestNaiveBaker")

	parts := strings.SplitN(token, ";", 6)
	with := func(at int, text string) string {
		changed := append([]string(nil), parts...)
		changed[at] = text
		return strings.Join(changed, ";")
	}
	for _, c := range []struct{ name, child, token, want string }{
		{"another body", "other", token, "it was made for another version of the body: without faults, this one calls ImageList 1 time"},
		{"another test", "naive", with(1, "TestOther%2Fsub"), "it is for TestOther/sub, and this is TestNaiveBaker: run that test alone, with -run '^TestOther$/^sub$'"},
		{"another format", "naive", with(0, "99"), `it begins with "99", this version writes tokens that begin with "2"`},
		{"cut short", "naive", "2;TestNaiveBaker", "it is cut short"},
		{"no seed", "naive", with(3, "x"), "the seed"},
		{"no kind", "naive", with(5, "ImageCreate#1/lost"), `no kind of fault is called "lost"`},
		{"no method", "naive", with(5, "ImageMake#1/denied"), `no method is called "ImageMake"`},
		{"no place", "naive", with(5, "lost-reply"), "want a call and a kind of fault"},
		{"no number", "naive", with(5, "ImageCreate#0/lost-reply"), `the number of the call, "0", is none`},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := child(t, false, run, asChild+"="+c.child, "IMAGEFAKE_REPLAY="+c.token)
			require.Contains(t, out, "the token in IMAGEFAKE_REPLAY cannot be replayed: ")
			require.Contains(t, out, c.want)
		})
	}

	out = child(t, true, run, asChild+"=repaired", "IMAGEFAKE_REPLAY="+token)
	require.Contains(t, out, "--- PASS: TestNaiveBaker")
	require.Contains(t, out, "ImageCreate#1/lost-reply holds: the run ended ok")
}

// A test named by the faults can be run alone.
func TestSubtestAlone(t *testing.T) {
	out := child(t, false, "^TestNaiveBaker$/^ImageCreate#1$/^lost-reply$", asChild+"=naive")
	require.Equal(t, 1, strings.Count(out, "    --- FAIL: "), out)
	require.Contains(t, out, "    --- FAIL: TestNaiveBaker/ImageCreate#1/lost-reply")
	require.NotContains(t, out, "explored TestNaiveBaker", "the other runs were not made")

	out = child(t, true, "^TestNaiveBaker$/^ImageGetLatestByFamily#1$/^denied$", asChild+"=naive")
	require.Contains(t, out, "explored TestNaiveBaker", "denied is none of the kinds: everything is explored, and nothing is picked")
	require.NotContains(t, out, "    --- FAIL: ")

	out = child(t, true, `TestNaiveBaker/ImageCreate#1/unavailable\+OperationGet#1/unavailable`, asChild+"=repaired")
	require.Contains(t, out, "    --- PASS: TestNaiveBaker/ImageCreate#1/unavailable+OperationGet#1/unavailable")
	require.Contains(t, out, "it holds: the run ended ok")
}
