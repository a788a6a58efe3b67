package fake_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// refusedFault returns what Inject says to a fault, "" if it takes it.
func refusedFault(t *testing.T, f fake.Fault) string {
	t.Helper()
	f.Optional = true
	w := witnessed(t, func(w *witness) { fake.New(w).Inject(f) })
	if len(w.complaints()) == 0 {
		return ""
	}
	require.Len(t, w.complaints(), 1, w.text())
	return w.complaints()[0].text
}

// Every modifier on every effect: it changes something, or is refused with the reason.
func TestModifiersThatChangeNothingAreRefused(t *testing.T) {
	change := func(proto.Message) {}
	effects := map[string]fake.Effect{
		"Return": fake.Return(codes.Aborted), "Return(Unavailable)": fake.Return(codes.Unavailable),
		"LoseReply": fake.LoseReply(), "Throttle": fake.Throttle(time.Second), "Reply": fake.Reply(&compute.ListImagesResponse{}),
		"Delay": fake.Delay(1), "Cut": fake.Cut(), "Hang": fake.Hang(), "Run": fake.Run(func(*fake.Call) {}),
		"Lag": fake.Lag(1), "Alter": fake.Alter(change),
		"EmptyPage": fake.EmptyPage(), "RepeatPage": fake.RepeatPage(), "ExpirePage": fake.ExpirePage(),
	}
	movable := []string{"Return", "Return(Unavailable)", "Throttle", "Reply", "Delay", "Cut", "Hang", "Run"}
	statuses := []string{"Return", "Return(Unavailable)", "LoseReply", "Throttle"}
	for name, m := range map[string]struct {
		modify func(fake.Effect) fake.Effect
		taken  []string
		says   []string // one of them where it is not taken
	}{
		"nothing":         {func(e fake.Effect) fake.Effect { return e }, nil, nil},
		"Early":           {fake.Effect.Early, movable, []string{"leave Early and Late out"}},
		"Late":            {fake.Effect.Late, movable, []string{"leave Early and Late out"}},
		"Early twice":     {func(e fake.Effect) fake.Effect { return e.Early().Early() }, []string{}, []string{"leave the second Early out", "leave Early and Late out"}},
		"Early and Late":  {func(e fake.Effect) fake.Effect { return e.Early().Late() }, []string{}, []string{"leave one of Early and Late out", "leave Early and Late out"}},
		"Late and Early":  {func(e fake.Effect) fake.Effect { return e.Late().Early() }, []string{}, []string{"leave one of Early and Late out", "leave Early and Late out"}},
		"Text":            {func(e fake.Effect) fake.Effect { return e.Text("own") }, statuses, []string{"leave Text out"}},
		"an empty Text":   {func(e fake.Effect) fake.Effect { return e.Text("") }, []string{}, []string{"leave it out", "leave Text out"}},
		"Text twice":      {func(e fake.Effect) fake.Effect { return e.Text("own").Text("other") }, []string{}, []string{"leave one of them out", "leave Text out"}},
		"TrailersOnly":    {fake.Effect.TrailersOnly, []string{"Return"}, []string{"leave it out", "leave TrailersOnly out"}},
		"Trailer":         {func(e fake.Effect) fake.Effect { return e.Trailer("k", "v") }, append(slices.Clone(statuses), "Reply"), []string{"leave Trailer out"}},
		"Then of nothing": {func(e fake.Effect) fake.Effect { return e.Then(fake.Effect{}) }, []string{}, []string{"leave it out"}},
	} {
		for on, e := range effects {
			t.Run(name+" on "+on, func(t *testing.T) {
				said := refusedFault(t, fake.Fault{On: fake.ImageList, Do: m.modify(e)})
				if m.taken == nil || slices.Contains(m.taken, on) {
					require.Empty(t, said)
					return
				}
				require.True(t, slices.ContainsFunc(m.says, func(s string) bool { return strings.Contains(said, s) }), "%q", said)
			})
		}
	}
	// In a chain a modifier goes to those that it changes.
	for _, chain := range []fake.Effect{
		fake.Delay(1).Then(fake.Return(codes.Aborted)).Trailer("k", "v").Text("own").TrailersOnly(),
		fake.Run(func(*fake.Call) {}).Then(fake.Alter(change)).Late(),
		fake.Delay(1).Early().Then(fake.Delay(2)).Early(),
	} {
		require.Empty(t, refusedFault(t, fake.Fault{Do: chain}))
	}
	require.Contains(t, refusedFault(t, fake.Fault{Do: fake.Delay(1).Late().Then(fake.Delay(2)).Early()}), "leave one of Early and Late out")
}

// Statuses and trailers that a client would not receive as they were given are refused where they are given.
func TestStatusesThatCannotArriveAreRefused(t *testing.T) {
	fails := fake.Return(codes.Aborted)
	for name, c := range map[string]struct {
		do   fake.Effect
		says string
	}{
		"a key with a blank":        {fails.Trailer("Bad Key\n", "v"), "no trailer can have the key"},
		"a key with NUL":            {fails.Trailer("k\x00", "v"), "no trailer can have the key"},
		"a key that is no ASCII":    {fails.Trailer("ключ", "v"), "no trailer can have the key"},
		"no key":                    {fails.Trailer("", "v"), "is empty"},
		"a key of gRPC":             {fails.Trailer("grpc-status", "0"), "belongs to gRPC"},
		"a key of gRPC in capitals": {fails.Trailer("GRPC-Message", "no"), "belongs to gRPC"},
		"a key of HTTP/2":           {fails.Trailer(":status", "200"), "belongs to gRPC"},
		"the content type":          {fails.Trailer("Content-Type", "text/plain"), "belongs to gRPC"},
		"te":                        {fails.Trailer("te", "trailers"), "belongs to gRPC"},
		"a line break in a value":   {fails.Trailer("k", "a\r\nb"), "would not arrive"},
		"NUL in a value":            {fails.Trailer("k", "a\x00"), "would not arrive"},
		"letters beyond ASCII":      {fails.Trailer("k", "é"), `"-bin"`},
		"a blank at the end":        {fails.Trailer("k", "v "), "would not arrive"},
		"a trailer of a reply":      {fake.Reply(&compute.Image{}).Trailer("te", "v"), "belongs to gRPC"},
		"a text that is no UTF-8":   {fails.Text("\xff"), "the text is no UTF-8"},
		"a detail that is no UTF-8": {fake.Return(codes.Aborted, &errdetails.ErrorInfo{Reason: "\xff"}), "detail 1"},
		"a nil detail of a type":    {fake.Return(codes.Aborted, (*errdetails.ErrorInfo)(nil)), "detail 1 is nil"},
		"a text beyond all limits":  {fails.Text(strings.Repeat("x", 8<<20)), "shorten"},
		"escapes beyond all limits": {fails.Text(strings.Repeat("я", 1<<20)).Trailer("k", strings.Repeat("v", 9<<20)), "shorten"},
		"details beyond all limits": {fake.Return(codes.Aborted, &errdetails.ErrorInfo{Reason: strings.Repeat("x", 13<<20)}), "shorten"},
		"trailers beyond limits":    {fails.Trailer("k-bin", strings.Repeat("v", 13<<20)), "shorten"},
		"no reply":                  {fake.Reply(nil), "Reply(nil)"},
		"a nil reply of a type":     {fake.Reply((*compute.Image)(nil)), "Reply(nil)"},
		"a reply that is no UTF-8":  {fake.Reply(&compute.Image{Name: "\xff"}), "cannot be sent"},
		"a reply that is too large": {fake.Reply(&compute.Image{Name: strings.Repeat("x", 4<<20)}), "cannot be sent"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, refusedFault(t, fake.Fault{On: fake.ImageGet, Do: c.do}), c.says)
		})
	}
	require.Contains(t, refusedFault(t, fake.Fault{On: fake.ImageList, Do: fake.Reply(&compute.Image{})}),
		"ImageList answers with a yandex.cloud.compute.v1.ListImagesResponse, not with a yandex.cloud.compute.v1.Image")
}

// What is taken arrives as it was given, at the limits too.
func TestStatusesArriveAsTheyWereGiven(t *testing.T) {
	long := strings.Repeat("x", 6<<20)
	text := "é\n%\x00 \U0001F600"
	bytes := "\x00\xff\n"
	for name, do := range map[string]fake.Effect{
		"any text and bytes": fake.Return(codes.Aborted).Text(text).Trailer("X-Test", " ~"[1:]).Trailer("x-bin", bytes).Trailer("grpc-retry-pushback-ms", "5"),
		"a long text":        fake.Return(codes.Aborted).Text(long),
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t)
			cloud.Inject(fake.Fault{On: fake.ImageGet, Do: do})
			var trailer metadata.MD
			_, err := clientsOf(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: "none"}, grpc.Trailer(&trailer))
			require.Equal(t, codes.Aborted, status.Code(err))
			if name == "a long text" {
				require.True(t, long == status.Convert(err).Message(), "%d bytes", len(status.Convert(err).Message()))
				return
			}
			require.Equal(t, text, status.Convert(err).Message())
			require.Equal(t, []string{"~"}, trailer["x-test"])
			require.Equal(t, []string{bytes}, trailer["x-bin"])
			require.Equal(t, []string{"5"}, trailer["grpc-retry-pushback-ms"])
		})
	}
}

// What a status says beside its text: when to come back, and what the service says itself, then what the test gave.
func TestDetailsOfStatuses(t *testing.T) {
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	create := func(do fake.Effect) []any {
		defer cloud.Inject(fake.Fault{On: fake.ImageCreate, Do: do}).Remove()
		_, err := c.Create(t.Context(), fromDisk("web"))
		return status.Convert(err).Details()
	}
	details := create(fake.Throttle(2 * time.Second))
	require.Equal(t, 2*time.Second, details[0].(*errdetails.RetryInfo).RetryDelay.AsDuration())
	details = create(fake.Return(codes.ResourceExhausted, &errdetails.ErrorInfo{Reason: "own"}))
	require.Len(t, details, 3)
	require.Equal(t, "QuotaFailure", string(details[0].(proto.Message).ProtoReflect().Descriptor().Name()))
	require.Equal(t, "own", details[1].(*errdetails.ErrorInfo).Reason)
	require.IsType(t, &errdetails.RequestInfo{}, details[2])
}

func TestReplyAnswersInsteadOfTheHandler(t *testing.T) {
	cloud := fake.New(t, atOnce)
	im := cloud.AddImages(named("base"))[0]
	c := clientsOf(cloud.Conn())
	given := &compute.Image{Id: "given", Name: "given"}
	before := cloud.Snapshot().String()
	fault := cloud.Inject(fake.Fault{Do: fake.Reply(given).Trailer("x-test", "1"), Optional: true})
	given.Name = "changed later"
	var trailer metadata.MD
	for _, id := range []string{im.Id, "none"} {
		got, err := c.Get(t.Context(), &compute.GetImageRequest{ImageId: id}, grpc.Trailer(&trailer))
		require.NoError(t, err)
		require.Equal(t, "given", got.Name, "an effect is a value: what it was made of may change")
		require.Equal(t, []string{"1"}, trailer["x-test"])
	}
	_, err := c.Get(t.Context(), &compute.GetImageRequest{})
	require.Equal(t, codes.InvalidArgument, status.Code(err), "validation comes before it")
	page, err := c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
	require.NoError(t, err)
	require.Len(t, page.Images, 1, "a method that answers with another message is left alone")
	require.Equal(t, 2, fault.Fired())
	require.Equal(t, "given", cloud.Calls(fake.ImageGet)[0].Reply.(*compute.Image).Name)
	fault.Remove()

	// Before the commit nothing is started, behind the handler something is, and the caller hears of another.
	made := &operation.Operation{Id: "made up"}
	early := cloud.Inject(fake.Fault{On: fake.ImageDelete, Do: fake.Reply(made)})
	op, err := c.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: im.Id})
	require.NoError(t, err)
	require.Equal(t, "made up", op.Id)
	require.Equal(t, before, cloud.Snapshot().String())
	early.Remove()
	cloud.Inject(fake.Fault{On: fake.ImageDelete, Do: fake.Reply(made).Late()})
	op, err = c.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: im.Id})
	require.NoError(t, err)
	require.Equal(t, "made up", op.Id)
	require.Nil(t, cloud.Image(im.Id))
}

// A reply that cannot come to the client is told to the test, and the record says what the client saw.
func TestAlteredRepliesThatCannotBeSent(t *testing.T) {
	for name, c := range map[string]struct {
		code codes.Code
		f    func(*compute.Image)
	}{
		"no UTF-8":  {codes.Internal, func(im *compute.Image) { im.Description = "\xff" }},
		"too large": {codes.ResourceExhausted, func(im *compute.Image) { im.Description = strings.Repeat("x", 4<<20) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := witnessed(t, func(w *witness) {
				cloud := fake.New(w)
				im := cloud.AddImages(named("base"))[0]
				i := cloud.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Alter(func(m proto.Message) { c.f(m.(*compute.Image)) })})
				_, err := clientsOf(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: im.Id})
				require.Equal(t, c.code, status.Code(err))
				call := cloud.Calls()[0]
				require.Equal(t, status.Convert(err).Message(), call.Status.Message())
				require.Equal(t, c.code, call.Status.Code())
				require.Nil(t, call.Reply)
				require.Equal(t, 1, i.Fired())
			})
			require.Len(t, w.complaints(), 1, w.text())
			require.Contains(t, w.complaints()[0].text, "cannot be sent, and the client sees "+c.code.String())
		})
	}
}

// A fault that made no difference has not happened.
func TestFaultsThatMakeNoDifferenceHaveNotFired(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())))
	seeded := cloud.AddImages(named("seeded"))[0].Id
	c := clientsOf(cloud.Conn())
	op, made := c.create(t, fromDisk("made"))
	alter := cloud.Inject(fake.Fault{Do: fake.Alter(func(proto.Message) {}), Optional: true})
	lag := cloud.Inject(fake.Fault{Do: fake.Lag(1), Optional: true})
	_, err := c.Get(t.Context(), &compute.GetImageRequest{ImageId: seeded})
	require.NoError(t, err)
	require.Zero(t, lag.Fired(), "what nobody has changed does not lag")
	_, err = c.Get(t.Context(), &compute.GetImageRequest{ImageId: made})
	require.Equal(t, codes.NotFound, status.Code(err))
	require.Equal(t, 1, lag.Fired())
	page, err := c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
	require.NoError(t, err)
	require.Len(t, page.Images, 1)
	require.Equal(t, 2, lag.Fired())
	page, err = c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder, Filter: `name="seeded"`})
	require.NoError(t, err)
	require.Len(t, page.Images, 1)
	require.Equal(t, 2, lag.Fired(), "nothing on this page has changed")
	_, err = c.ops.Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
	require.Equal(t, codes.NotFound, status.Code(err))
	require.Equal(t, 3, lag.Fired())
	require.Zero(t, alter.Fired())
	for _, call := range cloud.Calls(fake.AnyOf(fake.ImageGet, fake.ImageList)) {
		require.LessOrEqual(t, len(call.Faults), 1)
	}

	// A replica that has nothing to miss about an operation answers its poll as the service does.
	cloud = fake.New(t)
	c = clientsOf(cloud.Conn())
	op, _ = c.create(t, fromDisk("made"))
	cloud.Restore(cloud.Snapshot())
	lag = cloud.Inject(fake.Fault{On: fake.OperationGet, Do: fake.Lag(1), Optional: true})
	require.True(t, c.poll(t, op.Id).Done)
	require.Zero(t, lag.Fired())
}
