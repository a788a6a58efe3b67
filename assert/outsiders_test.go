package assert_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/imagefake/imagefake/assert"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// sayings is every text in which a server and the checks on it repeat what others have said, by where it stands.
type sayings map[string]string

// repeat lets text go in wherever a text can, and collects what comes out.
func repeat(t *testing.T, text string) sayings {
	t.Helper()
	cloud, err := fake.Start()
	require.NoError(t, err)
	cloud.AddImages(&compute.Image{Id: text, FolderId: text, Name: text, Family: text, Description: text})
	fault := cloud.Inject(fake.Fault{On: fake.ImageList, Do: fake.Return(codes.Internal).Text(text)})
	images := compute.NewImageServiceClient(cloud.ConnAs(text))
	_, _ = images.Get(t.Context(), &compute.GetImageRequest{ImageId: text})
	_, _ = images.List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
	_, _ = images.List(t.Context(), &compute.ListImagesRequest{FolderId: text, Filter: text})
	_, _ = images.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: text})
	_, _ = images.Create(t.Context(), &compute.CreateImageRequest{FolderId: "f", Source: &compute.CreateImageRequest_DiskId{DiskId: "epd"}})
	for _, op := range cloud.Operations() {
		op.Fail(codes.Internal, text)
	}
	cloud.Operation(text)
	cloud.SetImageStatus(text, compute.Image_READY)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	cloud.NextOperation(canceled, fake.ByCaller(text))

	said := sayings{"transcript": cloud.Transcript(), "timeline": cloud.Timeline(), "fault": fault.String()}
	var page strings.Builder
	require.NoError(t, cloud.WriteTimeline(&page))
	said["page"], said["state"] = page.String(), cloud.Snapshot().String()
	for e := range cloud.Events() {
		said[fmt.Sprintf("event %d", e.Seq)] = e.Text + e.String()
		if e.Call != nil {
			said[fmt.Sprintf("call %d", e.Seq)] = e.Call.String()
		}
	}
	for name, m := range map[string]fake.Matcher{
		"ByCaller": fake.ByCaller(text), "ByHeader": fake.ByHeader(text, text), "OnResource": fake.OnResource(text), "OnOperation": fake.OnOperation(text),
		"Like":  fake.Like(&compute.CreateImageRequest{Name: text}),
		"Field": fake.Field[*compute.CreateImageRequest]("name", text), "Field's path": fake.Field[*compute.CreateImageRequest](text, text),
	} {
		said[name] = m.String()
		r := new(recorder)
		assert.CalledTimes(r, cloud, 99, m)
		assert.Sequence(r, cloud, fake.ImageGet, m)
		assert.Outcomes(r, cloud, m, codes.Aborted)
		said["failures with "+name] = strings.Join(r.failures, "\n")
	}
	r := new(recorder)
	assert.Image(r, cloud, text, assert.Family(text+"x"), assert.Labels(map[string]string{text: text}))
	assert.Image(r, cloud, text+"y", assert.Gone())
	assert.Folder(r, cloud, text+"z", map[string][]assert.Check{text: nil})
	assert.History(r, cloud, text, fake.Change(text))
	assert.Deadlines(r, cloud)
	said["failures"] = strings.Join(r.failures, "\n")
	if err := cloud.Close(); err != nil {
		said["misuse"] = err.Error()
	}
	return said
}

// Whatever others say stays on the line on which it is repeated, and moves no cursor.
func TestOutsidersForgeNoLines(t *testing.T) {
	for _, text := range []string{
		"web\nFORGED", "web\r\nFORGED", "web\rFORGED", "web\x1b[1A\x1b[2KFORGED", "web\u2028FORGED", "web\u0085FORGED", "\u202ebew", "web\x00", "w\xff\nFORGED",
	} {
		t.Run(fmt.Sprintf("%q", text), func(t *testing.T) {
			said := repeat(t, text)
			require.NotEmpty(t, said["misuse"])
			require.NotEmpty(t, said["failures"])
			said.requirePlain(t)
			events := 0
			for where := range said {
				if strings.HasPrefix(where, "event ") {
					events++
				}
			}
			require.Equal(t, events, strings.Count(said["transcript"], "\n"), "an event is a line")
		})
	}
}

func FuzzOutsiders(f *testing.F) {
	for _, seed := range []string{"web", "a\nb", "\x1b[2J", "\u202e", "\xff", "{\"a\":1}", "%v%d%!", "→ ● ✗"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { repeat(t, text).requirePlain(t) })
}

func (s sayings) requirePlain(t *testing.T) {
	t.Helper()
	for where, text := range s {
		for _, line := range strings.Split(text, "\n") {
			line = strings.TrimLeft(line, " \t")
			require.False(t, strings.HasPrefix(line, "FORGED"), "%s: %s", where, text)
			for _, r := range line {
				require.True(t, unicode.IsGraphic(r), "%s: %q", where, line)
			}
		}
	}
}

// What is secret in requests, replies and headers is shown by no check, matcher, transcript or picture.
func TestSecretsAreNotShown(t *testing.T) {
	const secret = "hunter2hunter2"
	cloud := fake.New(t)
	cloud.Inject(fake.Fault{On: fake.ImageList, Do: fake.Return(codes.Unavailable).Text("cannot reach https://proxy/?token=" + secret)})
	ctx := metadata.AppendToOutgoingContext(t.Context(), "cookie", secret, "x-api-key", secret, "authorization", "Bearer "+secret)
	tokens, images := iam.NewIamTokenServiceClient(cloud.Conn()), compute.NewImageServiceClient(cloud.Conn())
	byToken := &iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_YandexPassportOauthToken{YandexPassportOauthToken: secret}}
	byJWT := &iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_Jwt{Jwt: secret}}
	link := &compute.CreateImageRequest{FolderId: "f", Name: "web", Source: &compute.CreateImageRequest_Uri{Uri: "https://storage.yandexcloud.net/bucket/a.img?X-Amz-Signature=" + secret}}
	for _, r := range []*iam.CreateIamTokenRequest{byToken, byToken, byJWT} {
		_, err := tokens.Create(ctx, r)
		require.NoError(t, err)
	}
	_, _ = images.Create(ctx, link)
	_, _ = images.List(ctx, &compute.ListImagesRequest{FolderId: "f"})

	other := &iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_YandexPassportOauthToken{YandexPassportOauthToken: secret + "!"}}
	otherLink := &compute.CreateImageRequest{Source: &compute.CreateImageRequest_Uri{Uri: "https://storage.yandexcloud.net/bucket/a.img?X-Amz-Signature=" + secret + "!"}}
	r := new(recorder)
	assert.Request[*iam.CreateIamTokenRequest](r, cloud)
	for _, m := range []fake.Matcher{
		fake.Like(other), fake.Exactly(other), fake.Field[*iam.CreateIamTokenRequest]("yandex_passport_oauth_token", secret+"!"),
		fake.Field[*iam.CreateIamTokenRequest]("jwt", secret+"!"),
		fake.Like(otherLink), fake.Exactly(otherLink), fake.Field[*compute.CreateImageRequest]("uri", otherLink.GetUri()),
		fake.ByHeader("cookie", secret+"!"), fake.ByHeader("X-Api-Key", secret+"!"), fake.ByHeader("authorization", secret+"!"),
		fake.ByHeader("user-agent", "Bearer "+secret),
	} {
		assert.Called(r, cloud, m)
		assert.Sequence(r, cloud, m)
	}
	assert.Outcomes(r, cloud, fake.ImageList, codes.OK)
	assert.Backoff(r, cloud, fake.TokenCreate, assert.Growth{Factor: 2})
	require.Len(t, r.failures, 25)

	var page strings.Builder
	require.NoError(t, cloud.WriteTimeline(&page))
	said := sayings{
		"failures": strings.Join(r.failures, "\n"), "transcript": cloud.Transcript(), "timeline": cloud.Timeline(), "page": page.String(),
		"state": cloud.Snapshot().String(),
	}
	for e := range cloud.Events() {
		said["events"] += e.Text + fmt.Sprintf("%v", e.Call)
	}
	for where, text := range said {
		require.NotContains(t, text, secret, where)
	}
	require.Contains(t, said["failures"], "want …, got another one (secrets are not shown)")
}
