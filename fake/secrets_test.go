package fake_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// Whatever a test prints of the kit, with whatever verb and while calls are running, has no secret in it.
func TestNothingPrintedHasASecret(t *testing.T) {
	const (
		given     = "t1.hush-given.hush"
		oauth     = "y0_hush-oauth"
		jwt       = "eyJhbGciOiJQUzI1NiJ9.eyJpc3MiOiJodXNoIn0.hush-signature"
		cookie    = "session=hush-cookie"
		signed    = "https://storage.yandexcloud.net/bucket/object?X-Amz-Signature=hush-signature"
		anyVerb   = "vsqxXdT"
		withFlags = "+#"
	)
	clock := fake.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	presigned := fake.Source{Object: signed, Size: gib}
	option := fake.WithAuth(given)
	fault := fake.Fault{On: fake.ByHeader("authorization", given), Do: fake.Return(codes.Aborted).Trailer("set-cookie", cookie), Optional: true}
	plan := fake.Finish(fake.ByHand())
	cloud, err := fake.Start(option, fake.WithClock(clock), fake.WithSources(presigned), fake.WithPlan(plan))
	require.NoError(t, err)
	defer cloud.Close()
	listener := cloud.ListenTLS("127.0.0.1:0")
	injected := cloud.Inject(fault)

	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+given, "cookie", cookie, "x-api-key", "hush-key")
	client := clientsOf(cloud.ConnAs("baker"))
	create := &compute.CreateImageRequest{FolderId: folder, Name: "web", Source: &compute.CreateImageRequest_Uri{Uri: signed}}
	_, err = client.Create(ctx, create)
	require.Error(t, err) // by the fault
	injected.Remove()
	started, err := client.Create(ctx, create)
	require.NoError(t, err)
	tokens := iam.NewIamTokenServiceClient(cloud.Conn())
	_, err = tokens.Create(ctx, &iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_Jwt{Jwt: jwt}})
	require.NoError(t, err)
	issued, err := tokens.Create(ctx, &iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_YandexPassportOauthToken{YandexPassportOauthToken: oauth}})
	require.NoError(t, err)

	// Calls go on while everything is printed: printing must not race with them.
	running, stop := context.WithCancel(ctx)
	var busy sync.WaitGroup
	for range 2 {
		busy.Go(func() {
			for running.Err() == nil {
				_, _ = client.List(running, &compute.ListImagesRequest{FolderId: folder})
			}
		})
	}

	var events []fake.Event
	for e := range cloud.Events() {
		events = append(events, e)
	}
	calls := cloud.Calls()
	values := map[string]any{
		"server": cloud, "call": calls[0], "call pointer": &calls[1], "calls": calls[:4], "events": events[:4], "event pointer": &events[0],
		"injected": injected, "fault": fault, "effect": fault.Do, "matcher": fault.On, "plan": plan, "operation": cloud.Operation(started.Id),
		"state": cloud.Snapshot(), "clock": clock, "listener": listener, "source": presigned, "option": option, "faults of a call": calls[0].Faults,
		"struct with all": struct {
			Server *fake.Server
			Call   fake.Call
			Option fake.Option
			Source fake.Source
		}{cloud, calls[0], option, presigned},
	}
	texts := map[string]string{
		"timeline": cloud.Timeline(), "transcript": cloud.Transcript(), "target": cloud.Target(), "error": fmt.Sprint(cloud.Err()),
	}
	var page strings.Builder
	require.NoError(t, cloud.WriteTimeline(&page))
	texts["page"] = page.String()
	for name, value := range values {
		for _, verb := range anyVerb {
			if verb == 'd' && (name == "source" || name == "struct with all") {
				continue // a Source has a field called Format, and so not the method: numbers are printed of it, and vet says so
			}
			texts[fmt.Sprintf("%s %%%c", name, verb)] = fmt.Sprintf("%"+string(verb), value)
			for _, flag := range withFlags {
				texts[fmt.Sprintf("%s %%%c%c", name, flag, verb)] = fmt.Sprintf("%"+string(flag)+string(verb), value)
			}
		}
		var failures collector
		assert.Nil(&failures, value)
		assert.Equal(&failures, "another", value)
		assert.Contains(&failures, []any{value}, "another")
		texts[name+" by testify"] = failures.String()
	}
	stop()
	busy.Wait()
	for name, text := range texts {
		for _, secret := range []string{"hush", issued.IamToken, "68757368"} { // the last is hush in hexadecimal
			require.NotContains(t, text, secret, name)
		}
	}
	require.NoError(t, cloud.Close())
}

// collector is the TestingT that testify reports failures to.
type collector struct{ strings.Builder }

func (c *collector) Errorf(format string, args ...any) { fmt.Fprintf(c, format, args...) }
