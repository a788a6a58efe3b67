package fake_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

func TestOneSequenceTellsTheWholeStory(t *testing.T) {
	cloud := fake.New(t, fake.WithClock(fake.NewClock(newYear)), fake.WithPlan(fake.Finish(fake.ByHand())))
	c := clientsOf(cloud.ConnAs("web"))
	op, image := c.create(t, fromDisk("made"))
	cloud.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Return(codes.Unavailable)})
	_, err := c.Get(t.Context(), &compute.GetImageRequest{ImageId: image})
	require.Error(t, err)
	cloud.Operation(op.Id).Complete()
	c.poll(t, op.Id)

	var story []string
	for e := range cloud.Events() {
		what := strings.TrimSpace(fmt.Sprint(e.Kind, " ", e.Step))
		if e.By != 0 {
			what += fmt.Sprint(" by #", e.By)
		}
		if e.Kind == fake.CallEvent {
			what += " " + e.Call.Method.String()
			require.Equal(t, e.Seq, e.Call.Seq)
			require.Equal(t, e.Time, e.Call.Start)
		}
		require.Len(t, story, e.Seq-1, "numbers have no gaps")
		require.Equal(t, image, e.ResourceID, e.Text)
		story = append(story, what)
	}
	require.Equal(t, "call ImageCreate", story[0])
	require.ElementsMatch(t, []string{"resource CREATING by #1", "operation started by #1"}, story[1:3])
	require.Equal(t, []string{"call ImageGet", "fault by #4"}, story[3:5])
	require.ElementsMatch(t, []string{"resource READY", "operation done"}, story[5:7])
	require.Equal(t, []string{"call OperationGet"}, story[7:])
	for range cloud.Events() {
		break // an iteration that ends early holds nothing up
	}
	require.Equal(t, []bool{true, false, false}, []bool{cloud.Calls()[0].Changed, cloud.Calls()[1].Changed, cloud.Calls()[2].Changed})
}

func TestEventsSayWhatTheyAre(t *testing.T) {
	clock := fake.NewClock(newYear)
	steps := fake.Plan{Steps: []fake.Step{{Name: "fault: copy", When: fake.ByHand()}, {Name: "check", When: fake.ByHand()}}}
	cloud := fake.New(t, fake.WithClock(clock), fake.WithPlan(steps))
	c := clientsOf(cloud.Conn())
	cloud.AddImages(&compute.Image{Id: "im", FolderId: folder, Name: "web"})
	before := cloud.Snapshot()
	cloud.SetImageStatus("im", compute.Image_ERROR)
	cloud.SetImageStatus("im", compute.Image_READY)
	deleted, err := c.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: "im"})
	require.NoError(t, err)
	cloud.Operation(deleted.Id).Step()
	cloud.Operation(deleted.Id).RollBack(codes.Internal, "disk read error")
	cloud.Operation(deleted.Id).Step()
	clock.Advance(time.Hour)
	cloud.RemoveImage("im")
	cloud.Restore(before)

	var got []string
	for e := range cloud.Events() {
		require.Equal(t, e.Kind == fake.CallEvent, e.Call != nil)
		require.Equal(t, e.Kind == fake.OperationEvent, e.Operation != nil)
		was, _ := e.Before.(*compute.Image)
		is, _ := e.Resource.(*compute.Image)
		got = append(got, fmt.Sprintf("%v/%s/%v/%v/%d", e.Kind, e.Step, was.GetStatus(), is.GetStatus(), e.By))
	}
	require.Equal(t, []string{
		"resource/READY/STATUS_UNSPECIFIED/READY/0",
		"resource/ERROR/READY/ERROR/0",
		"resource/READY/ERROR/READY/0",
		"call//STATUS_UNSPECIFIED/STATUS_UNSPECIFIED/0",
		"resource/DELETING/READY/DELETING/4",
		"operation/started/STATUS_UNSPECIFIED/STATUS_UNSPECIFIED/4",
		"operation/moved/STATUS_UNSPECIFIED/STATUS_UNSPECIFIED/0",
		"operation/rolling back/STATUS_UNSPECIFIED/STATUS_UNSPECIFIED/0",
		"resource/READY/DELETING/READY/0",
		"operation/failed/STATUS_UNSPECIFIED/STATUS_UNSPECIFIED/0",
		"clock//STATUS_UNSPECIFIED/STATUS_UNSPECIFIED/0",
		"resource/gone/READY/STATUS_UNSPECIFIED/0",
		"restore//STATUS_UNSPECIFIED/STATUS_UNSPECIFIED/0",
	}, got)
}

func TestACallIsRecordedWithBothItsEnds(t *testing.T) {
	cloud := fake.New(t, atOnce)
	im := cloud.AddImages(named("base"))[0]
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(withKey(t.Context(), "k"), "x-own", "1", "x-own", "2"), time.Hour)
	defer cancel()
	var header, trailer metadata.MD
	request := &compute.UpdateImageRequest{ImageId: im.Id, Description: "new"}
	op, err := clientsOf(cloud.ConnAs("web")).Update(ctx, request, grpc.Header(&header), grpc.Trailer(&trailer))
	require.NoError(t, err)

	c := cloud.Calls()[0]
	require.Equal(t, fake.ImageUpdate, c.Method)
	require.Equal(t, []any{"web", "k", im.Id, op.Id, 1, true}, []any{c.Caller, c.Key, c.ResourceID, c.OperationID, c.Attempt, c.Changed})
	require.True(t, proto.Equal(request, c.Request))
	require.True(t, proto.Equal(op, c.Reply))
	require.Equal(t, codes.OK, c.Status.Code())
	require.Equal(t, []string{"1", "2"}, c.Header.Get("x-own"))
	require.NotEmpty(t, c.Header.Get("user-agent"))
	for _, name := range []string{"x-request-id", "x-server-trace-id"} {
		require.Len(t, header.Get(name), 1)
		require.Equal(t, header.Get(name), c.ReplyHeader.Get(name))
	}
	require.Empty(t, c.ReplyTrailer)
	require.InDelta(t, time.Hour, c.Timeout, float64(10*time.Second))
	require.False(t, c.End.Before(c.Start))
}

func TestNoLaterChangeReachesTheRecord(t *testing.T) {
	shared := &compute.Disk{Id: "d", Name: "before"}
	cloud := fake.New(t, withDisks(func(_ context.Context, r *compute.GetDiskRequest) (*compute.Disk, error) {
		asked := r.DiskId
		r.DiskId = "changed by the handler"
		if asked == "fail" {
			return nil, status.Error(codes.NotFound, "none")
		}
		return shared, nil
	}), fake.WithPlan(fake.AtOnce()))
	seed := named("base")
	seed.Labels = map[string]string{"a": "before"}
	im := cloud.AddImages(seed)[0]
	seed.Labels["a"], im.Labels["a"] = "after", "after"
	c, disk := clientsOf(cloud.Conn()), compute.NewDiskServiceClient(cloud.Conn())
	cloud.Inject(fake.Fault{On: fake.ImageList, Do: fake.Alter(func(m proto.Message) { m.(*compute.ListImagesResponse).Images[0].Name = "altered" })})
	_, err := c.Get(t.Context(), &compute.GetImageRequest{ImageId: im.Id})
	require.NoError(t, err)
	_, err = c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
	require.NoError(t, err)
	_, err = disk.Get(t.Context(), &compute.GetDiskRequest{DiskId: "d"})
	require.NoError(t, err)
	calls := cloud.Calls()
	require.Equal(t, "before", calls[0].Reply.(*compute.Image).Labels["a"])
	require.Equal(t, "d", calls[2].Request.(*compute.GetDiskRequest).DiskId, "the request as it came")

	// The world goes on, and the test scribbles on what it got.
	_, err = c.Update(t.Context(), &compute.UpdateImageRequest{ImageId: im.Id, Name: "base", Labels: map[string]string{"a": "after"}})
	require.NoError(t, err)
	shared.Name = "after"
	for i := range calls {
		calls[i].Header.Set("user-agent", "scribble")
		calls[i].ReplyHeader.Set("x-request-id", "scribble")
		proto.Reset(calls[i].Request)
		proto.Reset(calls[i].Reply)
		if len(calls[i].Faults) > 0 {
			calls[i].Faults[0] = nil
		}
	}
	again := cloud.Calls()
	require.Equal(t, "before", again[0].Reply.(*compute.Image).Labels["a"])
	require.Equal(t, "altered", again[1].Reply.(*compute.ListImagesResponse).Images[0].Name, "what the caller got")
	require.NotNil(t, again[1].Faults[0])
	require.Equal(t, "before", again[2].Reply.(*compute.Disk).Name)
	for _, call := range again {
		require.NotContains(t, fmt.Sprint(call.Header, call.ReplyHeader), "scribble")
	}
	require.Equal(t, "base", cloud.Image(im.Id).Name)
}

// A call that runs has no answer, and so no headers of one.
func TestACallThatRunsHasNoAnswer(t *testing.T) {
	cloud := fake.New(t)
	goOn := make(chan struct{})
	cloud.Inject(fake.Fault{On: fake.ImageList, Do: fake.Run(func(*fake.Call) { <-goOn })})
	listed := make(chan error)
	go func() { _, err := clientsOf(cloud.Conn()).List(t.Context(), anyList); listed <- err }()
	require.NoError(t, cloud.AwaitCalls(t.Context(), 1))
	call := cloud.Calls()[0]
	require.True(t, call.Running())
	require.Nil(t, call.Reply)
	require.Empty(t, call.ReplyHeader)
	close(goOn)
	require.NoError(t, <-listed)
	require.NotEmpty(t, cloud.Calls()[0].ReplyHeader)
}

func TestTheRecordIsARing(t *testing.T) {
	for _, c := range []struct{ keep, calls, kept int }{{0, 5, 0}, {1, 5, 1}, {3, 2, 2}, {3, 3, 3}, {3, 4, 3}, {4, 11, 4}} {
		cloud := fake.New(t, fake.WithRecord(c.keep))
		client := clientsOf(cloud.Conn())
		for n := range c.calls {
			_, _ = client.Get(t.Context(), &compute.GetImageRequest{ImageId: fmt.Sprint("image-", n)})
		}
		var kept []string
		for _, call := range cloud.Calls() {
			kept = append(kept, fmt.Sprint(call.Seq, call.ResourceID))
		}
		var want []string
		for n := c.calls - c.kept; n < c.calls; n++ {
			want = append(want, fmt.Sprint(n+1, "image-", n))
		}
		require.Equal(t, want, kept, "%+v", c)
		require.Equal(t, c.calls-c.kept, cloud.Dropped())
	}

	// Without a record everything else works.
	cloud := fake.New(t, fake.WithRecord(0), fake.WithPlan(fake.Finish(fake.ByHand())))
	i := cloud.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Delay(1)})
	op, image := clientsOf(cloud.Conn()).create(t, fromDisk("web"))
	next := cloud.NextOperation(t.Context(), fake.ImageCreate)
	require.Equal(t, op.Id, next.ID())
	next.Complete()
	require.NoError(t, next.Wait(t.Context()))
	_, err := clientsOf(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: image})
	require.NoError(t, err)
	require.Equal(t, 1, i.Fired())
	require.Len(t, cloud.Operations(fake.OnResource(image)), 1)
}

// told returns what the record says of a caller, "" for all, with nothing left out that the server decides.
func told(cloud *fake.Server, caller string) string {
	var b strings.Builder
	for e := range cloud.Events() {
		if caller != "" && (e.Call == nil || e.Call.Caller != caller) {
			continue
		}
		if caller == "" {
			fmt.Fprintln(&b, e.Seq, e.Time, e.Text, e.ResourceID, e.OperationID)
		}
		if c := e.Call; c != nil {
			fmt.Fprintln(&b, c.Method, c.Caller, c.ResourceID, c.OperationID, c.Changed, c.Attempt, c.Key, c.Faults)
			request, err := proto.MarshalOptions{Deterministic: true}.Marshal(c.Request)
			reply, err2 := proto.MarshalOptions{Deterministic: true}.Marshal(c.Reply)
			fmt.Fprintf(&b, "%x %x %v %v %v", request, reply, c.Status, err, err2)
			if caller == "" {
				fmt.Fprintln(&b, c.Start, c.End, c.Header, c.ReplyHeader, c.ReplyTrailer)
			}
		}
	}
	return b.String()
}

// busy makes the calls of one caller, of every kind.
func busy(ctx context.Context, cloud *fake.Server, caller string) {
	c := clientsOf(cloud.ConnAs(caller))
	for n := range 5 {
		op, err := c.Create(withKey(ctx, fmt.Sprint(caller, n)), fromDisk(fmt.Sprint(caller, "-", n)))
		if err != nil {
			continue
		}
		_, _ = c.ops.Get(ctx, &operation.GetOperationRequest{OperationId: op.Id})
		page, _ := c.List(ctx, &compute.ListImagesRequest{FolderId: folder, Filter: fmt.Sprintf("name=%q", caller+"-"+fmt.Sprint(n))})
		for _, im := range page.GetImages() {
			_, _ = c.Get(ctx, &compute.GetImageRequest{ImageId: im.Id})
			_, _ = c.Delete(ctx, &compute.DeleteImageRequest{ImageId: im.Id})
		}
	}
}

func TestEqualTestsLeaveEqualRecords(t *testing.T) {
	run := func(seed uint64, sideBySide bool) *fake.Server {
		cloud := fake.New(t, fake.WithSeed(seed), fake.WithClock(fake.NewClock(newYear)), fake.WithStandardImages())
		cloud.Inject(fake.Fault{When: fake.Chance(0.2), Do: fake.Return(codes.Aborted)})
		cloud.Inject(fake.Fault{On: fake.ImageDelete, When: fake.Nth(2), Do: fake.LoseReply()})
		var all sync.WaitGroup
		for n := range 3 {
			if caller := fmt.Sprint("caller-", n); sideBySide {
				all.Go(func() { busy(t.Context(), cloud, caller) })
			} else {
				busy(t.Context(), cloud, caller)
			}
		}
		all.Wait()
		return cloud
	}
	first := run(5, false)
	second := run(5, false)
	require.Equal(t, told(first, ""), told(second, ""))
	require.Equal(t, first.Timeline(), second.Timeline())
	require.Equal(t, first.Snapshot().String(), second.Snapshot().String())
	require.NotEqual(t, told(first, ""), told(run(6, false), ""))

	// Side by side ids are given out as the callers come, so that they have to be renamed; all else is the same for each caller.
	for range 3 {
		mixed := run(5, true)
		for n := range 3 {
			caller := fmt.Sprint("caller-", n)
			require.Equal(t, renamed(first, caller), renamed(mixed, caller))
		}
	}
}

var anID = regexp.MustCompile(`\b(fd8|epd)[0-9a-v]{17}\b`)

// renamed tells what a caller did and got, with ids numbered in order of appearance.
func renamed(cloud *fake.Server, caller string) string {
	var b strings.Builder
	for _, c := range cloud.Calls(fake.ByCaller(caller)) {
		fmt.Fprintln(&b, c.Method, c.ResourceID, c.OperationID, c.Changed, c.Status.Code(), c.Status.Message(), c.Faults, c.Request)
	}
	var ids []string
	text := anID.ReplaceAllStringFunc(b.String(), func(id string) string {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		return fmt.Sprint("id-", slices.Index(ids, id))
	})
	return strings.ReplaceAll(text, "  ", " ") // the text of messages varies by binary
}

func TestSecretsAreNotPrinted(t *testing.T) {
	const token, oauth = "t1.very-secret-token", "y0_very-secret-oauth"
	var prints []string
	w := witnessed(t, func(w *witness) {
		cloud := fake.New(w, fake.WithAuth(token))
		cloud.Inject(fake.Fault{On: fake.ByHeader("authorization", token), When: fake.Nth(3), Do: fake.Return(codes.Unavailable)})
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
		_, err := clientsOf(cloud.Conn()).List(ctx, &compute.ListImagesRequest{FolderId: folder})
		require.NoError(t, err)
		issued, err := iam.NewIamTokenServiceClient(cloud.Conn()).Create(ctx,
			&iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_YandexPassportOauthToken{YandexPassportOauthToken: oauth}})
		require.NoError(t, err)
		calls := cloud.Calls()
		require.Equal(t, []string{"Bearer " + token}, calls[0].Header.Get("authorization"), "the value itself is as it came")
		for _, c := range calls {
			prints = append(prints, fmt.Sprint(c), fmt.Sprint(&c), fmt.Sprintf("%+v", c), fmt.Sprintf("%+v", &c), fmt.Sprintf("%v", []fake.Call{c}))
		}
		for e := range cloud.Events() {
			prints = append(prints, e.Text, fmt.Sprintf("%v %+v", e, e))
		}
		prints = append(prints, cloud.Timeline(), cloud.Snapshot().String())
		prints = append(prints, strings.ReplaceAll(fmt.Sprint(prints), issued.IamToken, "very-secret"))
		cloud.RevokeToken("very-secret-unknown")
	})
	for _, text := range append(prints, append(w.logs, w.text())...) {
		require.NotContains(t, text, "very-secret")
	}
}
