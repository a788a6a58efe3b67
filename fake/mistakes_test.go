package fake_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"
)

// The tests of this file are each for a mistake that fakes make. Those about pages are in list_test.go, about values in the record
// in record_test.go, about the test's own code in callbacks_test.go, about faults that cannot fire in declarations_test.go.

func TestADeadlineThatEndsInsideAHandlerHarmsNobody(t *testing.T) {
	release := make(chan struct{})
	deaf := func(context.Context, *compute.GetDiskRequest) (*compute.Disk, error) {
		<-release
		return &compute.Disk{}, nil
	}
	get := func(ctx context.Context, _ *testing.T, cloud *fake.Server) error {
		_, err := clientsOf(cloud.Conn()).Get(ctx, &compute.GetImageRequest{ImageId: cloud.Images()[0].Id})
		return err
	}
	for name, c := range map[string]struct {
		fault fake.Effect
		call  func(context.Context, *testing.T, *fake.Server) error
	}{
		"delayed": {fault: fake.Delay(time.Hour), call: get},
		"hanging": {fault: fake.Hang(), call: get},
		"late":    {fault: fake.Delay(time.Hour).Late(), call: get},
		"deaf":    {fault: fake.Run(func(*fake.Call) { <-release }), call: get},
		"held": {call: func(ctx context.Context, t *testing.T, cloud *fake.Server) error {
			c := clientsOf(cloud.Conn())
			op, _ := c.create(t, fromDisk("web"))
			for {
				if _, err := c.ops.Get(ctx, &operation.GetOperationRequest{OperationId: op.Id}); err != nil {
					return err
				}
			}
		}},
		"neighbour": {call: func(ctx context.Context, _ *testing.T, cloud *fake.Server) error {
			_, err := compute.NewDiskServiceClient(cloud.Conn()).Get(ctx, &compute.GetDiskRequest{DiskId: "d"})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release = make(chan struct{})
				cloud := fake.New(t, withDisks(deaf), fake.WithPlan(fake.Finish(fake.ByHand())))
				cloud.AddImages(named("base"))
				var i *fake.Injected
				if c.fault.String() != "" {
					i = cloud.Inject(fake.Fault{On: fake.ImageGet, Do: c.fault})
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				require.Equal(t, codes.DeadlineExceeded, status.Code(c.call(ctx, t, cloud)))
				close(release) // only now does the deaf one answer, to nobody
				synctest.Wait()
				if i != nil {
					require.Equal(t, 1, i.Fired())
					i.Remove()
				}
				require.NoError(t, get(t.Context(), t, cloud), "the server goes on answering")
				for _, call := range cloud.Calls() {
					require.False(t, call.Running(), "%v", &call)
				}
			})
		})
	}
}

func TestCloseIsBoundedAndNamesWhatStillRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		cloud, err := fake.Start(withDisks(func(context.Context, *compute.GetDiskRequest) (*compute.Disk, error) {
			<-release
			return &compute.Disk{}, nil
		}))
		require.NoError(t, err)
		called := make(chan error, 1)
		disk := compute.NewDiskServiceClient(cloud.ConnAs("web"))
		go func() { _, err := disk.Get(context.Background(), &compute.GetDiskRequest{DiskId: "d"}); called <- err }()
		synctest.Wait()

		start := time.Now()
		first := cloud.Close()
		require.Equal(t, 5*time.Second, time.Since(start))
		require.ErrorContains(t, first, "#1 DiskGet by web")
		require.Equal(t, first, cloud.Close())
		require.Equal(t, 5*time.Second, time.Since(start), "a second Close does not wait again")
		require.Error(t, <-called)
		close(release)
	})
}

// Run it with the race detector: nothing here looks at what was read.
func TestRepliesRaceWithNoChange(t *testing.T) {
	cloud := fake.New(t, atOnce, fake.WithSeed(3))
	im := cloud.AddImages(named("base"))[0]
	before := cloud.Snapshot()
	work := []func(c clients, n int){
		func(c clients, _ int) { _, _ = c.Get(t.Context(), &compute.GetImageRequest{ImageId: im.Id}) },
		func(c clients, _ int) { _, _ = c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder}) },
		func(c clients, n int) {
			_, _ = c.Update(t.Context(), &compute.UpdateImageRequest{ImageId: im.Id, Labels: map[string]string{"n": fmt.Sprint(n)}})
		},
		func(c clients, _ int) {
			_, _ = c.ListOperations(t.Context(), &compute.ListImageOperationsRequest{ImageId: im.Id})
		},
		func(clients, int) { cloud.SetImageStatus(im.Id, compute.Image_READY) },
		func(clients, int) { _ = cloud.Timeline() + cloud.Snapshot().String() },
		func(clients, int) { cloud.Restore(before) },
		func(clients, int) { cloud.Fork(t).Images() },
		func(clients, int) { cloud.Inject(fake.Fault{Do: fake.Lag(1), Optional: true}).Remove() },
	}
	var all sync.WaitGroup
	for i, do := range work {
		all.Add(1)
		go func() {
			defer all.Done()
			c := clientsOf(cloud.ConnAs(fmt.Sprint("caller ", i)))
			for n := range 30 {
				do(c, n)
			}
		}()
	}
	all.Wait()
	require.NotNil(t, cloud.Image(im.Id))
}

func TestTheClockRunsPastManyEventsInOrder(t *testing.T) {
	clock := fake.NewClock(newYear)
	plan := fake.Plan{Steps: []fake.Step{{"copy", fake.After(time.Minute)}, {"check", fake.After(time.Minute)}}}
	cloud := fake.New(t, fake.WithClock(clock), fake.WithPlan(plan))
	timer := clock.After(90 * time.Second)
	require.Empty(t, timer, "After has not fired yet")
	for _, name := range []string{"one", "two"} {
		clientsOf(cloud.Conn()).create(t, fromDisk(name))
		clock.Advance(time.Second)
	}
	require.Equal(t, 59*time.Second, time.Duration(clock.AdvanceToNext())+time.Second)
	clock.Advance(time.Hour)
	require.Equal(t, newYear.Add(90*time.Second), <-timer)

	var moves []string
	for e := range cloud.Events() {
		if e.Call == nil && e.OperationID != "" {
			moves = append(moves, fmt.Sprint(e.Time.Sub(newYear), strings.TrimPrefix(e.Text, "operation "+e.OperationID)))
		}
	}
	require.Equal(t, []string{"0s started", "1s started", "1m0s stands at check", "1m1s stands at check", "2m0s done", "2m1s done"}, moves)
	require.Empty(t, clock.Pending())
}

func TestNothingButTheClockTellsTheTime(t *testing.T) {
	clock := fake.NewClock(newYear)
	cloud := fake.New(t, fake.WithClock(clock), fake.WithPlan(fake.Finish(fake.After(time.Minute))))
	cloud.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Delay(1000 * time.Hour)})
	c := clientsOf(cloud.Conn())
	op, image := c.create(t, fromDisk("web"))
	got := make(chan *compute.Image)
	go func() {
		im, _ := c.Get(t.Context(), &compute.GetImageRequest{ImageId: image})
		got <- im
	}()
	require.NoError(t, cloud.Await(t.Context(), func() bool { return len(clock.Pending()) == 2 }))
	clock.Advance(1000 * time.Hour)

	im := <-got
	require.Equal(t, newYear.Truncate(time.Second), im.CreatedAt.AsTime())
	require.Equal(t, newYear, op.CreatedAt.AsTime())
	require.Equal(t, newYear.Add(time.Minute), cloud.Operation(op.Id).Proto().ModifiedAt.AsTime())
	call := cloud.Calls(fake.ImageGet)[0]
	require.Equal(t, newYear, call.Start)
	require.Equal(t, newYear.Add(1000*time.Hour), call.End)
	for e := range cloud.Events() {
		require.Equal(t, newYear.Year(), e.Time.Year(), e.Text)
	}
}

// draws makes calls as several callers, side by side or one caller after the other, and tells which of them were refused.
func draws(t *testing.T, seed uint64, sideBySide bool) map[string]string {
	cloud := fake.New(t, fake.WithSeed(seed))
	cloud.AddImages(&compute.Image{Id: "fd800000000000000000", FolderId: folder})
	cloud.Inject(fake.Fault{On: fake.ImageGet, When: fake.Chance(0.3), Do: fake.Return(codes.Aborted).Text("first")})
	cloud.Inject(fake.Fault{On: fake.AnyOf(fake.ImageGet, fake.ImageList), When: fake.Chance(0.5), Do: fake.Return(codes.Aborted).Text("second")})
	var callers sync.WaitGroup
	for n := range 4 {
		run := func() {
			c := clientsOf(cloud.ConnAs(fmt.Sprint("caller-", n)))
			for i := range 60 {
				if i%3 == 0 {
					_, _ = c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
				} else {
					_, _ = c.Get(t.Context(), &compute.GetImageRequest{ImageId: "fd800000000000000000"})
				}
			}
		}
		if !sideBySide {
			run()
			continue
		}
		callers.Go(run)
	}
	callers.Wait()
	drawn := make(map[string]string)
	for _, c := range cloud.Calls() {
		drawn[c.Caller] += " " + c.Status.Message()
	}
	return drawn
}

func TestChanceIsAFunctionOfSeedCallerMethodAndCount(t *testing.T) {
	alone := draws(t, 7, false)
	for range 3 {
		require.Equal(t, alone, draws(t, 7, true))
	}
	require.NotEqual(t, alone, draws(t, 8, false))
	seen := make(map[string]bool)
	for caller, drawn := range alone {
		require.False(t, seen[drawn], "%s draws as another caller does", caller)
		seen[drawn] = true
		firsts, seconds := strings.Count(drawn, "first"), strings.Count(drawn, "second")
		require.InDelta(t, 12, firsts, 10, "of 40 Gets at 0.3")
		require.InDelta(t, 24, seconds, 12, "of 28 Gets left and 20 Lists at 0.5")
	}
}

func TestChanceCountsAllCallsOfItsCaller(t *testing.T) {
	run := func(first, second func(*fake.Server)) string {
		cloud := fake.New(t)
		first(cloud)
		second(cloud)
		cloud.Inject(fake.Fault{On: fake.ImageList, When: fake.Chance(0.5), Do: fake.Return(codes.Unavailable)})
		return hits(40, func() error {
			_, err := clientsOf(cloud.ConnAs("web")).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
			return err
		})
	}
	another := func(cloud *fake.Server) {
		cloud.Inject(fake.Fault{On: fake.ImageDelete, Do: fake.Return(codes.Unavailable), Optional: true})
	}
	calls := func(cloud *fake.Server) {
		for range 5 {
			_, err := clientsOf(cloud.ConnAs("web")).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
			require.NoError(t, err)
		}
	}
	require.Equal(t, run(another, calls), run(calls, another), "whether another fault was there already is no part of it")
}

func TestFailuresShowWhatTheServerSaw(t *testing.T) {
	var line string
	w := witnessed(t, func(w *witness) {
		cloud := fake.New(w)
		_, err := clientsOf(cloud.ConnAs("web")).Get(t.Context(), &compute.GetImageRequest{ImageId: "fd8none"})
		require.Error(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		line = here(1)
		cloud.NextOperation(ctx, fake.ImageCreate)
		t.Error("NextOperation stops the test if nothing came")
	})
	require.Len(t, w.complaints(), 1)
	failure := w.complaints()[0]
	require.Equal(t, line, failure.line)
	for _, part := range []string{"ImageCreate", "the context was cancelled", "web calls ImageGet", `Image "fd8none" not found`} {
		require.Contains(t, failure.text, part)
	}
	require.Len(t, w.logs, 1, "the picture is logged once")
	require.Regexp(t, "(?s)web.*ImageGet.*NotFound", w.logs[0])
}

func TestFieldsThatAreNotModelledAreRefusedAndReported(t *testing.T) {
	for method, request := range map[fake.Method]proto.Message{
		fake.ImageGet:                     &compute.GetImageRequest{},
		fake.ImageGetLatestByFamily:       &compute.GetImageLatestByFamilyRequest{},
		fake.ImageList:                    &compute.ListImagesRequest{},
		fake.ImageCreate:                  &compute.CreateImageRequest{},
		fake.ImageUpdate:                  &compute.UpdateImageRequest{},
		fake.ImageDelete:                  &compute.DeleteImageRequest{},
		fake.ImageListOperations:          &compute.ListImageOperationsRequest{},
		fake.ImageListAccessBindings:      &access.ListAccessBindingsRequest{},
		fake.ImageSetAccessBindings:       &access.SetAccessBindingsRequest{},
		fake.ImageUpdateAccessBindings:    &access.UpdateAccessBindingsRequest{},
		fake.OperationGet:                 &operation.GetOperationRequest{},
		fake.OperationCancel:              &operation.CancelOperationRequest{},
		fake.EndpointGet:                  &endpoint.GetApiEndpointRequest{},
		fake.EndpointList:                 &endpoint.ListApiEndpointsRequest{},
		fake.TokenCreate:                  &iam.CreateIamTokenRequest{},
		fake.TokenCreateForServiceAccount: &iam.CreateIamTokenForServiceAccountRequest{},
	} {
		w := witnessed(t, func(w *witness) {
			cloud := fake.New(w)
			before := cloud.Snapshot().String()
			newer := protowire.AppendVarint(protowire.AppendTag(nil, 4000, protowire.VarintType), 1)
			request.ProtoReflect().SetUnknown(protoreflect.RawFields(newer))
			err := cloud.Conn().Invoke(t.Context(), method.FullName(), request, new(emptypb.Empty))
			require.Equal(t, codes.Unimplemented, status.Code(err), "%v: %v", method, err)
			require.Contains(t, status.Convert(err).Message(), "4000")
			require.Equal(t, before, cloud.Snapshot().String())
		})
		require.Len(t, w.complaints(), 1, "%v", method)
		require.Contains(t, w.complaints()[0].text, "4000")
	}
}

func TestServersShareNothing(t *testing.T) {
	// Naming another service's methods anywhere in the process must not change what a matcher means on this server.
	fault := func() error {
		cloud, err := fake.Start()
		require.NoError(t, err)
		cloud.Inject(fake.Fault{On: fake.Match(func(*access.ListAccessBindingsRequest) bool { return true }), Do: fake.Return(codes.Unavailable), Optional: true})
		return cloud.Close()
	}
	require.NoError(t, fault())
	_ = fake.Method(compute.DiskService_ListAccessBindings_FullMethodName)
	require.NoError(t, fault())

	// Equal servers side by side tell equal stories, whatever options the others have.
	stories := make([]string, 8)
	var all sync.WaitGroup
	for i := range stories {
		all.Go(func() {
			cloud := fake.New(t, fake.WithClock(fake.NewClock(newYear)), fake.WithStandardImages())
			if i%2 == 1 {
				other := fake.New(t, fake.WithSeed(9), fake.WithStandardImages(), fake.WithAuth("t"), fake.WithFolders("f"), fake.WithRules(fake.Current))
				other.RemoveImage(other.Images()[0].Id)
				other.Inject(fake.Fault{Do: fake.Return(codes.Unavailable), Optional: true})
			}
			clientsOf(cloud.Conn()).create(t, fromDisk("web"))
			stories[i] = cloud.Timeline() + cloud.Snapshot().String()
		})
	}
	all.Wait()
	for _, story := range stories {
		require.Equal(t, stories[0], story)
	}
}
