//lint:file-ignore SA1019 The paging fields of the endpoint list are deprecated, and are served.

package fake_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// hits makes n calls and marks those that were refused.
func hits(n int, call func() error) (marks string) {
	for range n {
		if call() == nil {
			marks += "."
		} else {
			marks += "x"
		}
	}
	return marks
}

func TestCountsAreEachCallersOwn(t *testing.T) {
	for _, c := range []struct {
		want string
		when fake.Trigger
	}{
		{"xxx.......", fake.First(3)},
		{"...x......", fake.Nth(4)},
		{"..x..x..x.", fake.Every(3)},
		{"xxxxxxxxxx", nil},
		{"..........", fake.Chance(0)},
		{"xxxxxxxxxx", fake.Chance(1)},
	} {
		t.Run(fmt.Sprint(c.when), func(t *testing.T) {
			cloud := fake.New(t)
			i := cloud.Inject(fake.Fault{On: fake.ImageList, When: c.when, Do: fake.Return(codes.Aborted), Optional: true})
			var callers sync.WaitGroup
			marks := make([]string, 4)
			for n := range marks {
				callers.Go(func() {
					client := clientsOf(cloud.ConnAs(fmt.Sprint("caller ", n)))
					marks[n] = hits(10, func() error {
						_, _ = client.Get(t.Context(), &compute.GetImageRequest{ImageId: "none"}) // is not counted
						_, err := client.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
						return err
					})
				})
			}
			callers.Wait()
			fired := 0
			for _, m := range marks {
				require.Equal(t, c.want, m)
				fired += strings.Count(m, "x")
			}
			require.Equal(t, fired, i.Fired())
		})
	}
}

// What triggers faults and what triggers steps is told apart by the compiler: a trigger of the wrong sort does not fit.
func TestTriggersFitWhereTheyMakeSense(t *testing.T) {
	for _, c := range []struct {
		trigger       fmt.Stringer
		faults, steps bool
	}{
		{fake.Once(), true, false},
		{fake.First(1), true, false},
		{fake.Nth(1), true, false},
		{fake.Every(1), true, false},
		{fake.Polls(1), true, true},
		{fake.After(time.Hour), true, true},
		{fake.Until(time.Hour), true, false},
		{fake.During(0, time.Hour), true, false},
		{fake.While(func() bool { return true }), true, false},
		{fake.Chance(1), true, false},
		{fake.ByHand(), false, true},
		{fake.Stuck().Steps[0].When, false, true},
	} {
		_, faults := c.trigger.(fake.Trigger)
		_, steps := c.trigger.(fake.StepTrigger)
		require.Equal(t, []bool{c.faults, c.steps}, []bool{faults, steps}, "%v", c.trigger)
	}
}

func TestOnceIsOneCallWhoeverMakesIt(t *testing.T) {
	cloud := fake.New(t)
	once := cloud.Inject(fake.Fault{On: fake.ImageList, When: fake.Once(), Do: fake.Return(codes.Aborted)})
	var callers sync.WaitGroup
	marks := make([]string, 4)
	for n := range marks {
		callers.Go(func() {
			client := clientsOf(cloud.ConnAs(fmt.Sprint("caller ", n)))
			marks[n] = hits(10, func() error {
				_, err := client.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
				return err
			})
		})
	}
	callers.Wait()
	require.Equal(t, 1, strings.Count(strings.Join(marks, ""), "x"), marks)
	require.Equal(t, 1, once.Fired())
	require.Equal(t, "on ImageList, once: return Aborted", once.String())
}

func TestTimedTriggersGoByTheClockFromTheInjection(t *testing.T) {
	for want, when := range map[string]fake.Trigger{
		"..xxxx": fake.After(2 * time.Hour),
		"xx....": fake.Until(2 * time.Hour),
		".xxx..": fake.During(time.Hour, 4*time.Hour),
	} {
		t.Run(when.String(), func(t *testing.T) {
			clock := fake.NewClock(newYear)
			cloud := fake.New(t, fake.WithClock(clock))
			clock.Advance(100 * time.Hour)
			cloud.Inject(fake.Fault{On: fake.ImageList, When: when, Do: fake.Return(codes.Aborted)})
			require.Equal(t, want, hits(6, func() error {
				_, err := clientsOf(cloud.Conn()).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
				clock.Advance(time.Hour)
				return err
			}))
		})
	}
}

// Chance draws anew for each fault and each method, and counts the calls of a method that its fault does not pick.
func TestWhatChanceGoesBy(t *testing.T) {
	const calls = 40
	server := func(on fake.Matcher, before ...fake.Fault) clients {
		cloud := fake.New(t)
		for _, f := range append(before, fake.Fault{On: on, When: fake.Chance(0.5), Do: fake.Return(codes.Aborted)}) {
			cloud.Inject(f)
		}
		return clientsOf(cloud.ConnAs("web"))
	}
	lists := func(c clients) string {
		n := 0
		return hits(calls, func() error {
			n++
			_, err := c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder, PageSize: int64(n % 2)})
			return err
		})
	}
	all := lists(server(nil))
	c := server(nil)
	require.NotEqual(t, all, hits(calls, func() error {
		_, err := c.GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{FolderId: folder, Family: "web"})
		if status.Code(err) == codes.NotFound {
			return nil
		}
		return err
	}), "another method")
	require.NotEqual(t, all, lists(server(nil, fake.Fault{On: fake.ImageDelete, Do: fake.Delay(1), Optional: true})), "another fault")

	odd := lists(server(fake.Match(func(r *compute.ListImagesRequest) bool { return r.PageSize == 1 })))
	for i := range calls {
		want := byte('.')
		if i%2 == 0 {
			want = all[i] // as where all are picked: those between count, and nothing happens to them
		}
		require.Equal(t, string(want), string(odd[i]), "call %d of %s, and of all %s", i+1, odd, all)
	}
}

func TestWhileAsksOnceAtEachArrival(t *testing.T) {
	asked := 0
	cloud := fake.New(t)
	i := cloud.Inject(fake.Fault{On: fake.ImageList, When: fake.While(func() bool { asked++; return asked%2 == 0 }), Do: fake.Return(codes.Aborted)})
	list := func() error {
		_, err := clientsOf(cloud.Conn()).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
		_, _ = clientsOf(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
		return err
	}
	require.Equal(t, ".x.x", hits(4, list))
	require.Equal(t, 4, asked)
	i.Remove()
	require.Equal(t, "....", hits(4, list))
	require.Equal(t, 4, asked, "a removed fault asks nobody")
	require.Equal(t, 2, i.Fired(), "and still tells how often it fired")
}

func TestPollsAreCountedForEachOperation(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.Polls(5))))
	cloud.Inject(fake.Fault{On: fake.OperationGet, When: fake.Polls(2), Do: fake.Return(codes.NotFound)})
	one, _ := clientsOf(cloud.Conn()).create(t, fromDisk("one"))
	two, _ := clientsOf(cloud.Conn()).create(t, fromDisk("two"))
	marks := make(map[string]string)
	for range 4 {
		for n, op := range []*operation.Operation{one, two} {
			marks[op.Id] += hits(1, func() error {
				_, err := clientsOf(cloud.ConnAs(fmt.Sprint("caller ", n))).ops.Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
				return err
			})
		}
	}
	require.Equal(t, map[string]string{one.Id: ".x..", two.Id: ".x.."}, marks)
	require.False(t, cloud.Operation(one.Id).Done(), "a poll that was refused moved nothing")
}

func TestReplicasLagByChangesOfTheirSubject(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())))
	c := clientsOf(cloud.Conn())
	seeded := cloud.AddImages(named("seeded"))[0].Id
	op, image := c.create(t, fromDisk("made"))
	cloud.Operation(op.Id).Complete() // CREATING, READY
	for _, text := range []string{"v1", "v2"} {
		for _, id := range []string{seeded, image} {
			_, err := c.Update(t.Context(), &compute.UpdateImageRequest{ImageId: id, Description: text, Name: map[string]string{seeded: "seeded", image: "made"}[id]})
			require.NoError(t, err)
		}
		for _, running := range cloud.Operations() {
			if !running.Done() {
				running.Complete()
			}
		}
	}
	for back, want := range [][2]string{
		{"READYv2", "READYv2"}, {"READYv1", "READYv1"}, {"READY", "READY"}, {"READY", "CREATING"}, {"READY", "none"}, {"READY", "none"},
	} {
		if back > 0 {
			cloud.Inject(fake.Fault{On: fake.ByCaller(fmt.Sprint("behind by ", back)), Do: fake.Lag(back)})
		}
		behind := clientsOf(cloud.ConnAs(fmt.Sprint("behind by ", back)))
		page, err := behind.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
		require.NoError(t, err)
		listed := map[string]string{seeded: "none", image: "none"}
		for _, im := range page.Images {
			listed[im.Id] = im.Status.String() + im.Description
		}
		for n, id := range []string{seeded, image} {
			require.Equal(t, want[n], listed[id], "a list sees each image %d of its changes back", back)
			im, err := behind.Get(t.Context(), &compute.GetImageRequest{ImageId: id})
			if want[n] == "none" {
				require.Equal(t, codes.NotFound, status.Code(err))
				continue
			}
			require.NoError(t, err)
			require.Equal(t, want[n], im.Status.String()+im.Description)
		}
	}

	// An operation lags too, and is not moved by a poll that sees its past.
	polled := fake.New(t)
	p := clientsOf(polled.Conn())
	op, _ = p.create(t, fromDisk("made"))
	lag := polled.Inject(fake.Fault{On: fake.OperationGet, Do: fake.Lag(1)})
	for range 3 {
		_, err := p.ops.Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
		require.Equal(t, codes.NotFound, status.Code(err), "not on all replicas yet")
	}
	require.False(t, polled.Operation(op.Id).Done())
	lag.Remove()
	require.True(t, p.poll(t, op.Id).Done)
}

func TestPageFaults(t *testing.T) {
	cloud := fake.New(t, atOnce)
	im := cloud.AddImages(named("image-1"), named("image-2"), named("image-3"))[0].Id
	c := clientsOf(cloud.Conn())
	for n := range 3 {
		_, err := c.SetAccessBindings(t.Context(), &access.SetAccessBindingsRequest{ResourceId: im, AccessBindings: bindings(3 + n)})
		require.NoError(t, err)
	}
	// A page is its number of items and the token of the next.
	lists := map[fake.Method]func(token string) (items []proto.Message, next string, err error){
		fake.ImageList: func(token string) ([]proto.Message, string, error) {
			page, err := c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder, PageSize: 1, PageToken: token})
			return messages(page.GetImages()), page.GetNextPageToken(), err
		},
		fake.ImageListOperations: func(token string) ([]proto.Message, string, error) {
			page, err := c.ListOperations(t.Context(), &compute.ListImageOperationsRequest{ImageId: im, PageSize: 1, PageToken: token})
			return messages(page.GetOperations()), page.GetNextPageToken(), err
		},
		fake.ImageListAccessBindings: func(token string) ([]proto.Message, string, error) {
			page, err := c.ListAccessBindings(t.Context(), &access.ListAccessBindingsRequest{ResourceId: im, PageSize: 1, PageToken: token})
			return messages(page.GetAccessBindings()), page.GetNextPageToken(), err
		},
		fake.EndpointList: func(token string) ([]proto.Message, string, error) {
			page, err := endpoint.NewApiEndpointServiceClient(cloud.Conn()).List(t.Context(), &endpoint.ListApiEndpointsRequest{PageSize: 1, PageToken: token})
			return messages(page.GetEndpoints()), page.GetNextPageToken(), err
		},
	}
	for method, list := range lists {
		first, second, err := list("")
		require.NoError(t, err)
		require.NotEmpty(t, second)
		behind, third, err := list(second)
		require.NoError(t, err)
		for token, page := range map[string]struct {
			items []proto.Message
			next  string
		}{"": {first, second}, second: {behind, third}} {
			what := fmt.Sprintf("%v with token %q", method, token)
			empty := cloud.Inject(fake.Fault{On: method, When: fake.First(1), Do: fake.EmptyPage()})
			items, again, err := list(token)
			require.NoError(t, err, what)
			require.Empty(t, items, what)
			require.NotEmpty(t, again, what)
			items, next, err := list(again)
			require.NoError(t, err, what)
			require.Equal(t, page.next, next, "%s: the token of an empty page leads to what should have been on it", what)
			require.True(t, proto.Equal(page.items[0], items[0]), what)
			empty.Remove()

			repeat := cloud.Inject(fake.Fault{On: method, Do: fake.RepeatPage()})
			for range 3 {
				items, again, err = list(again)
				require.NoError(t, err, what)
				require.True(t, proto.Equal(page.items[0], items[0]), what)
			}
			repeat.Remove()

			expire := cloud.Inject(fake.Fault{On: method, Do: fake.ExpirePage(), Optional: true})
			_, _, err = list(token)
			require.Equal(t, token != "", status.Code(err) == codes.InvalidArgument, "%s: %v", what, err)
			expire.Remove()
		}
	}
}

func TestAnEmptyTextStandsForTheServicesOwn(t *testing.T) {
	cloud := fake.New(t)
	_, own := clientsOf(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
	info := &errdetails.ErrorInfo{Reason: "TEST"}
	cloud.Inject(fake.Fault{Do: fake.Return(codes.NotFound, info).Early()})
	info.Reason = "CHANGED LATER"
	_, injected := clientsOf(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
	require.Equal(t, status.Convert(own).Message(), status.Convert(injected).Message())
	var reasons []string
	for _, detail := range status.Convert(injected).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			reasons = append(reasons, info.Reason)
		}
	}
	require.Equal(t, []string{"TEST"}, reasons, "an effect is a value: what it was made of may change")
}

func bindings(n int) (all []*access.AccessBinding) {
	for i := range n {
		all = append(all, &access.AccessBinding{RoleId: "viewer", Subject: &access.Subject{Id: fmt.Sprint("user-", i), Type: "userAccount"}})
	}
	return all
}

func messages[M proto.Message](list []M) (all []proto.Message) {
	for _, m := range list {
		all = append(all, m)
	}
	return all
}
