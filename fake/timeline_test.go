package fake_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/imagefake/imagefake/examples/baker"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

var updateTimelines = flag.Bool("update-timelines", false, "write the golden files of the timeline anew")

// timelineStories are tests on a virtual clock whose record is drawn: each leaves the same text in every run.
var timelineStories = []struct {
	name string
	opts []fake.Option
	run  func(t *testing.T, cloud *fake.Server)
}{
	{"nothing", nil, func(*testing.T, *fake.Server) {}},
	{"bake", nil, func(t *testing.T, cloud *fake.Server) {
		_, err := baker.New(cloud.ConnAs("baker"), "builds").Bake(t.Context(), "web", "ubuntu-2204-lts")
		require.NoError(t, err)
	}},
	{"failed bake", []fake.Option{fake.WithPlan(fake.Plan{
		Steps:    []fake.Step{{Name: "copy", When: fake.After(2 * time.Minute)}, {Name: "check", When: fake.After(17*time.Minute + 10*time.Second)}},
		Err:      status.New(codes.Internal, "disk read error"),
		Rollback: fake.After(50 * time.Second),
	})}, func(t *testing.T, cloud *fake.Server) {
		cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.First(1), Do: fake.LoseReply()})
		_, err := baker.New(cloud.ConnAs("baker"), "builds").Bake(t.Context(), "web", "ubuntu-2204-lts")
		require.ErrorContains(t, err, "disk read error")
	}},
	{"two callers hold polls", []fake.Option{fake.WithPlan(fake.Finish(fake.After(3*time.Minute + 7*time.Second)))}, func(t *testing.T, cloud *fake.Server) {
		op, err := compute.NewImageServiceClient(cloud.ConnAs("alice")).Create(t.Context(), createFromDisk("web"))
		require.NoError(t, err)
		for _, caller := range []string{"alice", "bob"} {
			go await(t.Context(), cloud.ConnAs(caller), op.Id)
			time.Sleep(time.Second)
		}
		time.Sleep(5 * time.Second)
		image := cloud.Operation(op.Id).ResourceID()
		_, err = compute.NewImageServiceClient(cloud.ConnAs("carol")).Delete(t.Context(), &compute.DeleteImageRequest{ImageId: image})
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
		time.Sleep(time.Hour)
	}},
	{"retries of gRPC", nil, func(t *testing.T, cloud *fake.Server) {
		cloud.Inject(fake.Fault{On: fake.ImageList, When: fake.First(2), Do: fake.Return(codes.Unavailable).Trailer("grpc-retry-pushback-ms", "1500")})
		const policy = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4, "initialBackoff": "1s", "maxBackoff": "1s",
			"backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`
		cc, err := grpc.NewClient(cloud.Target(), append(cloud.DialOptions(), grpc.WithDefaultServiceConfig(policy))...)
		require.NoError(t, err)
		defer cc.Close()
		_, err = compute.NewImageServiceClient(cc).List(t.Context(), &compute.ListImagesRequest{FolderId: "builds", Filter: `name = "web"`})
		require.NoError(t, err)
	}},
	{"steps by hand and a call that hangs", []fake.Option{fake.WithPlan(fake.Finish(fake.ByHand()))}, func(t *testing.T, cloud *fake.Server) {
		images := compute.NewImageServiceClient(cloud.ConnAs("janitor"))
		old := cloud.AddImages(&compute.Image{FolderId: "builds", Name: "old"})[0]
		cloud.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Delay(30 * time.Second).Then(fake.Hang())})
		_, err := images.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: old.Id})
		require.NoError(t, err)
		op := cloud.NextOperation(t.Context(), fake.ImageDelete)
		time.Sleep(90 * time.Minute)
		op.RollBack(codes.Aborted, "the volume is busy")
		time.Sleep(time.Minute)
		op.Step()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = images.Get(ctx, &compute.GetImageRequest{ImageId: old.Id})
		require.Equal(t, codes.DeadlineExceeded, status.Code(err))
		time.Sleep(time.Second) // the server, too, has given the call up
		go images.Get(t.Context(), &compute.GetImageRequest{ImageId: old.Id})
		time.Sleep(time.Minute)
	}},
	{"a long record", []fake.Option{fake.WithPollInterval(time.Second), fake.WithRecord(400)}, func(t *testing.T, cloud *fake.Server) {
		images := compute.NewImageServiceClient(cloud.ConnAs("baker"))
		for n := range 90 {
			op, err := images.Create(t.Context(), createFromDisk(fmt.Sprintf("web-%d", n%80)))
			if err == nil {
				await(t.Context(), cloud.ConnAs("baker"), op.Id)
			}
			time.Sleep(time.Second)
		}
		for n := range 30 {
			_, err := images.List(t.Context(), &compute.ListImagesRequest{FolderId: "builds", PageSize: int64(n + 1)})
			require.NoError(t, err)
		}
	}},
	{"seeds and many callers", nil, func(t *testing.T, cloud *fake.Server) {
		for n := range 200 {
			cloud.AddImages(&compute.Image{FolderId: "builds", Name: fmt.Sprintf("seed-%d", n)})
		}
		for n := range 12 {
			cc := cloud.ConnAs(fmt.Sprintf("builder-%02d", n))
			_, err := compute.NewImageServiceClient(cc).Get(t.Context(), &compute.GetImageRequest{ImageId: cloud.Images()[0].Id})
			require.NoError(t, err)
		}
	}},
	{"another key", nil, func(t *testing.T, cloud *fake.Server) {
		cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.First(1), Do: fake.LoseReply()})
		images := compute.NewImageServiceClient(cloud.ConnAs("careless"))
		for _, key := range []string{"one", "two"} {
			_, err := images.Create(metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", key), createFromDisk("web"))
			require.Error(t, err)
			time.Sleep(time.Second)
		}
	}},
}

func createFromDisk(name string) *compute.CreateImageRequest {
	return &compute.CreateImageRequest{FolderId: "builds", Name: name, Source: &compute.CreateImageRequest_DiskId{DiskId: "disk-1"}}
}

// await polls an operation until it is done or a poll fails.
func await(ctx context.Context, cc grpc.ClientConnInterface, id string) {
	for {
		op, err := operation.NewOperationServiceClient(cc).Get(ctx, &operation.GetOperationRequest{OperationId: id})
		if err != nil || op.Done {
			return
		}
	}
}

// TestTimelineStories compares the text of each story with its golden file, and looks at its page. The pages are left in the
// directory that IMAGEFAKE_ARTIFACTS names, if it does, for a look with a browser.
func TestTimelineStories(t *testing.T) {
	for _, story := range timelineStories {
		t.Run(story.name, func(t *testing.T) {
			var text string
			var page bytes.Buffer
			synctest.Test(t, func(t *testing.T) {
				cloud := fake.New(t, append([]fake.Option{fake.WithStandardImages()}, story.opts...)...)
				story.run(t, cloud)
				text = cloud.Timeline()
				require.NoError(t, cloud.WriteTimeline(&page))
			})
			file := strings.ReplaceAll(story.name, " ", "-")
			requireGolden(t, filepath.Join("internal", "timeline", "testdata", file+".txt"), text)
			for line := range strings.Lines(text) {
				require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 100, "line %q", line)
			}
			requireSelfContained(t, page.Bytes())
			if dir := os.Getenv("IMAGEFAKE_ARTIFACTS"); dir != "" {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file+".html"), page.Bytes(), 0o666))
			}
		})
	}
}

func requireGolden(t *testing.T, path, got string) {
	t.Helper()
	if *updateTimelines {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o666))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update-timelines once, and read what it writes")
	require.Equal(t, string(want), got, "run the test with -update-timelines if this is what it should be, and read the difference")
}

// requireSelfContained checks that a page is well-formed and asks for nothing from elsewhere.
func requireSelfContained(t *testing.T, page []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	depth := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			require.NotContains(t, []string{"script", "link", "img", "iframe", "object", "embed", "image", "use", "base"}, token.Name.Local)
			for _, attr := range token.Attr {
				switch attr.Name.Local {
				case "href":
					require.True(t, strings.HasPrefix(attr.Value, "#"), "the page refers to %q", attr.Value)
				case "src", "srcset", "action", "onclick", "onload", "onerror":
					require.Fail(t, "an attribute that the page must not have", "%s=%q", attr.Name.Local, attr.Value)
				case "style":
					require.Regexp(t, `^left: \d+px$`, attr.Value)
				}
			}
		case xml.EndElement:
			depth--
		}
	}
	require.Zero(t, depth, "elements that are not closed")
	require.NotRegexp(t, `url\(|@import|https?://`, string(page))
}

// TestTimelineHidesSecrets sends secrets in every place where a client has them.
func TestTimelineHidesSecrets(t *testing.T) {
	const secret = "t1.hush"
	cloud := fake.New(t, fake.WithAuth(secret))
	cc := cloud.Conn()
	for _, token := range []string{secret, secret + "-wrong"} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token, "idempotency-key", secret)
		_, _ = compute.NewImageServiceClient(cc).Create(ctx, &compute.CreateImageRequest{
			FolderId: "builds", Name: "web", Source: &compute.CreateImageRequest_Uri{Uri: "https://storage/object?signature=" + secret},
		})
	}
	tokens := iam.NewIamTokenServiceClient(cc)
	given, err := tokens.Create(t.Context(), &iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_Jwt{Jwt: secret}})
	require.NoError(t, err)
	_, err = tokens.Create(t.Context(), &iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_YandexPassportOauthToken{YandexPassportOauthToken: secret}})
	require.NoError(t, err)

	var page strings.Builder
	require.NoError(t, cloud.WriteTimeline(&page))
	for _, picture := range []string{cloud.Timeline(), page.String()} {
		require.Contains(t, picture, "TokenCreate")
		require.NotContains(t, picture, secret)
		require.NotContains(t, picture, given.IamToken)
	}
}

// failingTest is a test that fails, with or without a directory for artifacts.
type failingTest struct {
	fake.TB
	cleanups []func()
	failed   bool
	logged   []string
}

func (w *failingTest) Helper()      {}
func (w *failingTest) Name() string { return "TestBake/a/b c" }
func (w *failingTest) Logf(f string, args ...any) {
	w.logged = append(w.logged, fmt.Sprintf(f, args...))
}
func (w *failingTest) Errorf(f string, args ...any) { w.failed = true }
func (w *failingTest) Failed() bool                 { return w.failed }
func (w *failingTest) Cleanup(f func())             { w.cleanups = append(w.cleanups, f) }

type keepingTest struct {
	*failingTest
	dir string
}

func (w keepingTest) ArtifactDir() string { return w.dir }

// A failed test logs the timeline once, and leaves the page where the flag or the variable says, else tells how to get it.
func TestTimelineOfFailedTest(t *testing.T) {
	for _, tt := range []struct {
		name             string
		keeps, flag      bool
		variable         bool
		inside           string // how the log ends
		artifacts, named []string
	}{
		{name: "no directory at all", inside: "set IMAGEFAKE_ARTIFACTS to a directory"},
		{name: "a flag to be set", keeps: true, inside: "go test -artifacts, or set IMAGEFAKE_ARTIFACTS to a directory"},
		{name: "the flag", keeps: true, flag: true, inside: "timeline.html", artifacts: []string{"timeline-2.html", "timeline.html"}},
		{name: "the variable", variable: true, inside: "TestBake_a_b_c.html", named: []string{"TestBake_a_b_c-2.html", "TestBake_a_b_c.html"}},
		{name: "both", keeps: true, flag: true, variable: true, inside: "timeline.html", artifacts: []string{"timeline-2.html", "timeline.html"}},
		{name: "the flag, but a test that keeps nothing", flag: true, inside: "set IMAGEFAKE_ARTIFACTS to a directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			artifacts, named := t.TempDir(), t.TempDir()
			t.Setenv("IMAGEFAKE_ARTIFACTS", "")
			if tt.variable {
				t.Setenv("IMAGEFAKE_ARTIFACTS", named)
			}
			if tt.keeps || tt.flag {
				known := flag.Lookup("test.artifacts")
				if known == nil {
					t.Skip("go test has had -artifacts since Go 1.26")
				}
				before := known.Value.String()
				defer func() { require.NoError(t, flag.Set("test.artifacts", before)) }()
				require.NoError(t, flag.Set("test.artifacts", fmt.Sprint(tt.flag)))
			}
			w := &failingTest{}
			tb := fake.TB(w)
			if tt.keeps {
				tb = keepingTest{w, artifacts}
			}
			for range 2 {
				cloud := fake.New(tb)
				_, err := compute.NewImageServiceClient(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
				require.Error(t, err)
			}
			w.Errorf("the test fails")
			for _, cleanUp := range w.cleanups {
				cleanUp()
			}
			require.Len(t, w.logged, 2, "one timeline for each server")
			require.Contains(t, w.logged[0], "what the server of TestBake/a/b c saw:\n")
			require.Equal(t, 1, strings.Count(w.logged[0], "ImageGet none"))
			require.True(t, strings.HasSuffix(w.logged[0], tt.inside), "the log: %s", w.logged[0])
			require.Equal(t, tt.artifacts, filesIn(t, artifacts))
			require.Equal(t, tt.named, filesIn(t, named))
		})
	}
}

// The page of a failed test begins with what was found wrong, and has the faults and the command that runs the test again.
func TestPageOfFailedTest(t *testing.T) {
	w := &failingTest{}
	artifacts := t.TempDir()
	t.Setenv("IMAGEFAKE_ARTIFACTS", artifacts)
	cloud := fake.New(w)
	cloud.Inject(fake.Fault{On: fake.ImageGet, When: fake.Nth(2), Do: fake.Return(codes.Unavailable)})
	cloud.Inject(fake.Fault{On: fake.ImageList, Do: fake.Return(codes.Aborted)})
	cloud.Inject(fake.Fault{On: fake.ImageDelete, Do: fake.Cut(), Optional: true})
	for range 3 {
		_, _ = compute.NewImageServiceClient(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
	}
	cloud.SetImageStatus("nobody's", compute.Image_READY)
	cloud.NoteFailure("mine: two gets are enough", 1)
	cloud.NoteFailure("bake_test.go:1: mine: two gets are enough", 4, 99)
	for _, cleanUp := range w.cleanups {
		cleanUp()
	}
	require.Contains(t, w.logged[0], "at fault, says bake_test.go")
	bytes, err := os.ReadFile(filepath.Join(artifacts, "TestBake_a_b_c.html"))
	require.NoError(t, err)
	page := html.UnescapeString(string(bytes))
	for _, expected := range []string{
		"<pre>imagefake: SetImageStatus", "<pre>bake_test.go:1: mine: two gets are enough</pre>\n<p>At fault: <a href=\"#event-4\">#4</a> <a href=\"#event-1\">#1</a>.</p>",
		"Again: <code>go test github.com/imagefake/imagefake/fake -run '^TestBake$/^a$/^b c$'</code>",
		"on ImageGet, call 2: return Unavailable: has happened once", "on ImageList, always: return Aborted: has never happened",
	} {
		require.Contains(t, page, expected)
	}
	require.Equal(t, 1, strings.Count(page, "two gets are enough"), "the longer text stands for both")
	require.NotContains(t, page, "on ImageDelete", "it may stay unfired, and did")
}

// Where something else than the kit found the failure, the page begins with the calls that failed.
func TestPageOfTestThatFailedOtherwise(t *testing.T) {
	for name, tt := range map[string]struct {
		failed    bool
		begins    string
		notBegins string
	}{
		"failed": {true, "no check of the kit found anything wrong. The latest calls that failed:", "No call failed"},
		"passed": {false, "", "no check of the kit"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &failingTest{}
			cloud := fake.New(w)
			defer cloud.Close()
			images := compute.NewImageServiceClient(cloud.Conn())
			for range 3 {
				for n := range 7 {
					_, _ = images.Get(t.Context(), &compute.GetImageRequest{ImageId: fmt.Sprint("none-", n)})
				}
			}
			if tt.failed {
				w.Errorf("want %d, got %d", 1, 2)
			}
			var page strings.Builder
			require.NoError(t, cloud.WriteTimeline(&page))
			head, _, _ := strings.Cut(html.UnescapeString(page.String()), `<div class="drawing">`)
			_, head, _ = strings.Cut(head, "<h1>")
			require.Contains(t, head, tt.begins)
			require.NotContains(t, head, tt.notBegins)
			for n := range 7 {
				call := fmt.Sprintf(`<li><a href="#event-%d">#%d conn-1: ImageGet none-%d → NotFound: Image "none-%d" not found</a></li>`, 15+n, 15+n, n, n)
				require.Equal(t, tt.failed && n >= 2, strings.Contains(head, call), head)
			}
		})
	}
}

// What an update changes is in the picture, and so is what it empties because there was no mask.
func TestPictureOfAnUpdate(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.AtOnce()))
	image := cloud.AddImage(&compute.Image{FolderId: "f", Name: "web", Description: "d", Labels: map[string]string{"a": "b"}})
	images := compute.NewImageServiceClient(cloud.Conn())
	for _, request := range []*compute.UpdateImageRequest{
		{Description: "e", Labels: map[string]string{"a": "c"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"description", "labels"}}},
		{MinDiskSize: 1 << 40},
	} {
		request.ImageId = image.Id
		_, err := images.Update(t.Context(), request)
		require.NoError(t, err)
	}
	picture := cloud.Timeline()
	require.Contains(t, picture, "image web updated: description, labels\n")
	require.Contains(t, picture, "image web updated: min_disk_size; now empty: name")
}

func filesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
		page, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		requireSelfContained(t, page)
	}
	return names
}
