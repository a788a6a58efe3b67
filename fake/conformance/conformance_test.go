package conformance_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/conformance"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

const (
	disk     = "epd00000000000000000"
	snapshot = "fd800000000000000000"
	object   = "https://storage.yandexcloud.net/bucket/disk.qcow2"

	noObject, noFolder, denied = "https://storage.yandexcloud.net/bucket/none", "b1gnone", "b1gdenied"

	nowhere = "fd800000000000000001" // what {nowhere} is in cases
)

// harness is the fake as a target: a cloud in which some things are not there, and others not for its caller.
func harness(t *testing.T, opts ...fake.Option) conformance.Target {
	cloud := fake.New(t, append([]fake.Option{
		fake.WithStandardImages(), fake.WithFolders("b1gfolder"), fake.WithForbiddenFolders(denied),
		fake.WithOnlySources(fake.Source{Disk: disk}, fake.Source{Snapshot: snapshot, OS: &compute.Os{Type: compute.Os_WINDOWS}}, fake.Source{Object: object}),
	}, opts...)...)
	return conformance.Target{
		Name: "the fake", Compute: cloud.Conn(), Operation: cloud.Conn(), Folder: "b1gfolder",
		Disk: disk, Snapshot: snapshot, Object: object, NoObject: noObject, NoFolder: noFolder, DeniedFolder: denied,
	}
}

func TestTheFake(t *testing.T) {
	for name, opts := range map[string][]fake.Option{
		"default":     nil,
		"other seed":  {fake.WithSeed(42)},
		"third poll":  {fake.WithPlan(fake.Finish(fake.Polls(3)))},
		"paced polls": {fake.WithPollInterval(1e9)},
	} {
		t.Run(name, func(t *testing.T) { conformance.Run(t, harness(t, opts...)) })
	}
}

// A case that is skipped shows nothing: the fake has what every case needs, and all that prepares one succeeds.
func TestEveryCaseRunsAgainstTheFake(t *testing.T) {
	for _, c := range conformance.Cases() {
		require.NoError(t, conformance.Check(t.Context(), harness(t), c), c.ID) // of its own: all cases use the same names and keys
	}
}

// TestReal runs the suite against the real service, where the environment names it.
func TestReal(t *testing.T) {
	target, finish, err := conformance.FromEnvironment()
	if errors.Is(err, conformance.ErrNotAsked) {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, finish()) })
	conformance.Run(t, target)
}

func TestNothingStaysBehind(t *testing.T) {
	target := harness(t)
	conformance.Run(t, target)

	left, err := conformance.Leftovers(t.Context(), target)

	require.NoError(t, err)
	require.Empty(t, left)
	images, err := compute.NewImageServiceClient(target.Compute).List(t.Context(), &compute.ListImagesRequest{FolderId: target.Folder})
	require.NoError(t, err)
	require.Empty(t, images.Images)
}

func TestSweepDeletesWhatRunsLeftAndNothingElse(t *testing.T) {
	target := harness(t)
	images := compute.NewImageServiceClient(target.Compute)
	for name, labels := range map[string]map[string]string{"left": {"imagefake-run": "x"}, "other": {"imagefake": "x"}, "bare": nil} {
		_, err := images.Create(t.Context(), &compute.CreateImageRequest{
			FolderId: target.Folder, Name: name, Labels: labels, Source: &compute.CreateImageRequest_DiskId{DiskId: disk}})
		require.NoError(t, err)
	}

	deleted, err := conformance.Sweep(t.Context(), target)

	require.NoError(t, err)
	require.Len(t, deleted, 1)
	require.Contains(t, deleted[0], "(left)")
	list, err := images.List(t.Context(), &compute.ListImagesRequest{FolderId: target.Folder})
	require.NoError(t, err)
	require.Len(t, list.Images, 2)
}

// Two fakes answer equally, whatever their ids; a fake with a fault does not, and the comparison names the cases.
func TestRecordingsAreComparedCaseByCase(t *testing.T) {
	record := func(opts []fake.Option, faults ...fake.Fault) *conformance.Recording {
		cloud := fake.New(t, append(opts, fake.WithStandardImages())...)
		for _, f := range faults {
			cloud.Inject(f)
		}
		target := conformance.Target{Name: "the fake", Compute: cloud.Conn(), Operation: cloud.Conn(), Folder: "b1gfolder", Real: true,
			Recording: new(conformance.Recording)} // Real: a run id of its own
		conformance.RunCases(t, target, slices.DeleteFunc(conformance.Cases(), func(c conformance.Case) bool {
			return !strings.HasPrefix(c.ID, "key/") && !strings.HasPrefix(c.ID, "create/")
		}))
		path := filepath.Join(t.TempDir(), "recording.json")
		require.NoError(t, target.Recording.Save(path))
		loaded, err := conformance.Load(path)
		require.NoError(t, err)
		return loaded
	}
	first := record(nil)
	require.NotEmpty(t, first.Cases)
	require.Empty(t, conformance.Compare(first, record([]fake.Option{fake.WithSeed(7)})))

	forgetful := record(nil, fake.Fault{
		On: fake.AllOf(fake.OperationCancel, fake.ByCaller("nobody")), Do: fake.Hang(), Optional: true})
	forgetful.Cases[0].Answers[0].Code = codes.Internal.String()
	differences := conformance.Compare(first, forgetful)
	require.Len(t, differences, 1)
	require.Equal(t, first.Cases[0].ID, differences[0].Case)
	forgetful.Cases = forgetful.Cases[1:]
	require.Contains(t, conformance.Compare(first, forgetful)[0].What, "only the older")
	require.Contains(t, conformance.Compare(forgetful, first)[0].What, "only the newer")
}

// The whole suite runs against the service that the environment names, as it would against the real one.
func TestTheSuiteIsLedByItsEnvironment(t *testing.T) {
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		t.Skip("Go ignores SSL_CERT_FILE here")
	}
	cloud := fake.New(t, fake.WithStandardImages(), fake.WithAuth())
	cloud.Inject(fake.Fault{On: fake.Exactly(&compute.GetImageLatestByFamilyRequest{FolderId: "b1gfolder"}), Do: fake.Return(codes.Aborted)})
	recording := filepath.Join(t.TempDir(), "recording.json")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^TestReal$")
	cmd.Env = append(append(cmd.Environ(), cloud.Environ()...), "IMAGEFAKE_REAL_FOLDER=b1gfolder", "IMAGEFAKE_REAL_DISK="+disk,
		"IMAGEFAKE_REAL_RECORDING="+recording)
	for _, entry := range cloud.Environ() {
		if token, is := strings.CutPrefix(entry, "YC_TOKEN="); is {
			cmd.Env = append(cmd.Env, "IMAGEFAKE_REAL_TOKEN="+token)
		}
	}

	out, err := cmd.CombinedOutput()

	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestReal/get/unknown")
	require.Contains(t, string(out), "the real service answers otherwise than the kit chose", "such a case is asked, not judged")
	saved, err := conformance.Load(recording)
	require.NoError(t, err)
	require.Equal(t, "the real service", saved.Target)
	require.Greater(t, len(saved.Cases), 80)
}

// deviating names what a run in a process of its own is to deviate in.
const deviating = "IMAGEFAKE_TEST_DEVIATES"

// What a target is known to do otherwise must come otherwise; what only the kit has chosen is asked of the real service, not judged.
func TestDeviations(t *testing.T) {
	if how := os.Getenv(deviating); how != "" {
		target := harness(t)
		cloud := fake.New(t, fake.WithStandardImages())
		cloud.Inject(fake.Fault{On: fake.Like(&compute.GetImageRequest{ImageId: nowhere}), Do: fake.Return(codes.PermissionDenied), Optional: true})
		cloud.Inject(fake.Fault{On: fake.Exactly(&compute.GetImageLatestByFamilyRequest{FolderId: target.Folder}), Do: fake.Return(codes.Aborted), Optional: true})
		target.Compute, target.Operation = cloud.Conn(), cloud.Conn()
		target.Real = strings.HasPrefix(how, "asked")
		_, id, _ := strings.Cut(how, " ")
		if strings.HasPrefix(how, "known") {
			target.Deviations = map[string]string{id: "a slip of ours"}
		}
		conformance.RunCases(t, target, slices.DeleteFunc(conformance.Cases(), func(c conformance.Case) bool {
			return c.ID != id && c.ID != "get/id"
		}))
		return
	}
	for how, says := range map[string][2]string{
		"known get/unknown":   {"ok", "a known deviation (a slip of ours): step 1: want NotFound, got PermissionDenied"},
		"known get/id":        {"FAIL", "get/id is a known deviation (a slip of ours), and it came as it should: take it out of the list"},
		"known get/nothing":   {"FAIL", `the deviation "get/nothing" is that of no case`},
		"unknown get/unknown": {"FAIL", "want NotFound, got PermissionDenied"},
		"asked get/unknown":   {"FAIL", "want NotFound, got PermissionDenied"},
		"asked family/empty":  {"ok", "answers otherwise than the kit chose"},
		"known family/empty":  {"ok", "a known deviation (a slip of ours): step 1: want NotFound, got Aborted"},
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^TestDeviations$")
		cmd.Env = append(cmd.Environ(), deviating+"="+how)
		out, _ := cmd.CombinedOutput()
		require.Contains(t, string(out), says[1], how)
		require.Equal(t, says[0] == "ok", cmd.ProcessState.Success(), "%s: %s", how, out)
	}
}

func TestATargetThatIsIncompleteIsToldSo(t *testing.T) {
	cloud := fake.New(t)
	for want, target := range map[string]conformance.Target{
		"set Compute and Operation": {Folder: "f"},
		"set Folder":                {Compute: cloud.Conn(), Operation: cloud.Conn()},
	} {
		_, err := conformance.Sweep(t.Context(), target)
		require.ErrorContains(t, err, want)
		_, err = conformance.Leftovers(t.Context(), target)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, conformance.Check(t.Context(), target, conformance.Cases()[0]), want)
		require.Contains(t, conformance.DryRun(target, conformance.Cases()[:1]), "In all")
	}
	require.Empty(t, conformance.Compare(nil, nil))
	kept := filepath.Join(t.TempDir(), "kept.json")
	for _, nothing := range []*conformance.Recording{nil, {}} {
		require.ErrorContains(t, nothing.Save(kept), "nothing is recorded")
		require.Len(t, conformance.Compare(nothing, &conformance.Recording{Cases: []conformance.RecordedCase{{ID: "a"}}}), 1)
	}
	require.NoFileExists(t, kept)
}

// What a target chose is not what it answers: neither its ids, nor words that cases use for something else as well.
func TestEqualTargetsLeaveEqualRecordings(t *testing.T) {
	record := func(target func(*conformance.Target), opts ...fake.Option) *conformance.Recording {
		to := harness(t, opts...)
		to.Recording = new(conformance.Recording)
		target(&to)
		conformance.Run(t, to)
		require.Equal(t, to.Name, to.Recording.Target)
		return to.Recording
	}
	first := record(func(*conformance.Target) {})
	require.Greater(t, len(first.Cases), 100)
	for name, other := range map[string]*conformance.Recording{
		"seed":   record(func(*conformance.Target) {}, fake.WithSeed(99)),
		"run":    record(func(to *conformance.Target) { to.RunID = "made" }, fake.WithSeed(7)),
		"folder": record(func(to *conformance.Target) { to.Folder = "test" }, fake.WithFolders("test")),
		"letter": record(func(to *conformance.Target) { to.Folder = "a" }, fake.WithFolders("a")),
		"words":  record(func(to *conformance.Target) { to.Folder, to.RunID = "images", "a" }, fake.WithFolders("images"), fake.WithSeed(3)),
	} {
		require.Empty(t, conformance.Compare(first, other), name)
	}
	// A list that does not ascend is another answer, although which image comes first is luck.
	cloud := fake.New(t, fake.WithStandardImages())
	cloud.Inject(fake.Fault{On: fake.ImageList, Do: fake.Alter(func(m proto.Message) { slices.Reverse(m.(*compute.ListImagesResponse).Images) })})
	turned := conformance.Target{Compute: cloud.Conn(), Operation: cloud.Conn(), Folder: "f", Recording: new(conformance.Recording)}
	byID := slices.DeleteFunc(conformance.Cases(), func(c conformance.Case) bool { return c.ID != "list/by-id" })
	require.Error(t, conformance.Check(t.Context(), turned, byID[0]))
	require.Contains(t, turned.Recording.Cases[0].Answers[6].Wrong, "ascending")
}

func TestCasesAndRowsFitTogether(t *testing.T) {
	rows := make(map[string]bool)
	for _, r := range conformance.Rows() {
		require.False(t, rows[r.ID], "two rows are called %s", r.ID)
		rows[r.ID] = true
	}
	seen := make(map[string]bool)
	for _, c := range conformance.Cases() {
		require.False(t, seen[c.ID], "two cases are called %s", c.ID)
		seen[c.ID] = true
		require.True(t, rows[c.Row], "%s belongs to the row %q, and there is none", c.ID, c.Row)
		require.NotEmpty(t, c.Steps, c.ID)
		require.NotEmpty(t, c.Shows, c.ID)
	}
}

// A service with a bug is found out: each of these fakes answers one thing otherwise, and the case that shows it fails.
func TestBugsAreFound(t *testing.T) {
	reply := func(on fake.Matcher, alter func(proto.Message)) fake.Fault {
		return fake.Fault{On: on, Do: fake.Alter(alter)}
	}
	image := func(on fake.Matcher, alter func(*compute.Image)) fake.Fault {
		return reply(on, func(m proto.Message) { alter(m.(*compute.Image)) })
	}
	list := func(alter func(*compute.ListImagesResponse)) fake.Fault {
		return reply(fake.ImageList, func(m proto.Message) { alter(m.(*compute.ListImagesResponse)) })
	}
	for _, bug := range []struct {
		name, found string
		fault       fake.Fault
	}{
		{"an image comes with another status", "create/visible-at-once", image(fake.ImageGet, func(im *compute.Image) { im.Status = compute.Image_READY })},
		{"labels get lost", "create/response", reply(fake.OperationGet, func(m proto.Message) { m.(*operation.Operation).Result = nil })},
		{"created_at has nanoseconds", "get/whole-seconds", image(fake.ImageGet, func(im *compute.Image) { im.CreatedAt.Nanos = 1 })},
		{"ids look otherwise", "get/id", image(fake.ImageGet, func(im *compute.Image) { im.Id = "image-1" })},
		{"a list loses an image", "list/by-name", list(func(l *compute.ListImagesResponse) { l.Images = l.Images[:min(2, len(l.Images))] })},
		{"a list turns round", "list/by-id", list(func(l *compute.ListImagesResponse) { slices.Reverse(l.Images) })},
		{"the last page has a token", "list/exact-page", list(func(l *compute.ListImagesResponse) { l.NextPageToken = "more" })},
		{"the metadata is missing", "create/operation", reply(fake.ImageCreate, func(m proto.Message) { m.(*operation.Operation).Metadata = nil })},
		{"Create is done at once", "create/operation", reply(fake.ImageCreate, func(m proto.Message) { m.(*operation.Operation).Done = true })},
		{"an unknown image is no longer NotFound", "get/unknown", fake.Fault{On: fake.ImageGet, Do: fake.Return(codes.PermissionDenied)}},
		{"the text is another", "get/unknown", fake.Fault{On: fake.ImageGet, Do: fake.Return(codes.NotFound).Text("no image")}},
		{"an error has no headers", "answer/headers", fake.Fault{On: fake.Like(&compute.GetImageRequest{ImageId: nowhere}),
			Do: fake.Return(codes.NotFound).TrailersOnly()}},
		{"nobody knows which request failed", "answer/request-info", fake.Fault{On: fake.ImageGet, Do: fake.Return(codes.NotFound).TrailersOnly()}},
		{"no size is told", "create/too-small-text", fake.Fault{On: fake.ImageCreate, Do: fake.Return(codes.InvalidArgument).Text("too small")}},
		{"the disk shrinks", "create/need", reply(fake.OperationGet, func(m proto.Message) {
			packed, err := anypb.New(&compute.Image{MinDiskSize: 1 << 30})
			require.NoError(t, err)
			m.(*operation.Operation).Result = &operation.Operation_Response{Response: packed}
		})},
		{"what is deleted is not found", "get/any-state", fake.Fault{On: fake.ImageGet, When: fake.Nth(3), Do: fake.Return(codes.NotFound)}},
		{"bad names pass", "rule/name", fake.Fault{On: fake.ImageCreate, Do: fake.Return(codes.FailedPrecondition).Early()}},
		{"a history is the wrong way round", "history/newest-first", reply(fake.ImageListOperations, func(m proto.Message) {
			slices.Reverse(m.(*compute.ListImageOperationsResponse).Operations)
		})},
	} {
		t.Run(bug.name, func(t *testing.T) {
			cloud := fake.New(t, fake.WithStandardImages())
			target := conformance.Target{Compute: cloud.ConnAs("suite"), Operation: cloud.ConnAs("suite"), Folder: "b1gfolder"}
			c := conformance.Cases()[slices.IndexFunc(conformance.Cases(), func(c conformance.Case) bool { return c.ID == bug.found })]
			require.NoError(t, conformance.Check(t.Context(), target, c))

			cloud.Inject(bug.fault)

			require.ErrorContains(t, conformance.Check(t.Context(), target, c), c.Shows)
		})
	}
}

// Over TLS the fake is as far away as the real service: nothing but an address, a certificate and a folder is known of it.
func TestTheFakeOverTLS(t *testing.T) {
	cloud := fake.New(t, fake.WithStandardImages())
	listener := cloud.ListenTLS("127.0.0.1:0")
	conn, err := grpc.NewClient(listener.Addr(), grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(cloud.CertPool(), "")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })

	conformance.Run(t, conformance.Target{Name: "the fake over TLS", Compute: conn, Operation: conn, Folder: "b1gfolder", Disk: disk})
}
