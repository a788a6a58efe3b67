package fake_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// after makes operations end when d has passed.
func after(d time.Duration) fake.Option { return fake.WithPlan(fake.Finish(fake.After(d))) }

func TestTheTimePackageIsTheDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, after(20*time.Minute))
		c := clientsOf(cloud.Conn())
		op, id := c.create(t, fromDisk("web"))
		time.Sleep(20*time.Minute - time.Nanosecond)
		require.Equal(t, compute.Image_CREATING, cloud.Image(id).Status)
		time.Sleep(time.Nanosecond)
		require.Equal(t, compute.Image_READY, cloud.Image(id).Status, "state is computed when it is asked for")
		require.Equal(t, time.Now(), c.poll(t, op.Id).ModifiedAt.AsTime().Local())
	})
}

func TestAdvanceRunsPastManyEventsInOrder(t *testing.T) {
	clock := fake.NewClock(newYear)
	cloud := fake.New(t, fake.WithClock(clock),
		fake.WithPlan(fake.Plan{Steps: []fake.Step{{Name: "copy", When: fake.After(10 * time.Minute)}, {Name: "finish", When: fake.After(5 * time.Minute)}}}, fake.ImageCreate),
		fake.WithPlan(fake.Finish(fake.After(10*time.Minute)), fake.ImageUpdate))
	c := clientsOf(cloud.Conn())
	im := cloud.AddImages(named("old"))[0]
	create, _ := c.create(t, fromDisk("web"))
	var updates []string
	for _, name := range []string{"a-1", "b-2"} {
		op, err := c.Update(t.Context(), &compute.UpdateImageRequest{ImageId: im.Id, Name: name})
		require.NoError(t, err)
		updates = append(updates, op.Id)
	}
	require.Equal(t, []time.Time{newYear.Add(10 * time.Minute), newYear.Add(10 * time.Minute), newYear.Add(10 * time.Minute)}, clock.Pending())
	seen := len(slices.Collect(cloud.Events()))

	clock.Advance(time.Hour)

	var got []string
	for e := range cloud.Events() {
		if e.Seq > seen && e.OperationID != "" {
			got = append(got, fmt.Sprintf("%v %s", e.Time.Sub(newYear), strings.ReplaceAll(e.Text, e.OperationID, "")))
		}
	}
	require.Equal(t, []string{
		"10m0s operation  stands at finish", "10m0s operation  done", "10m0s operation  done", "15m0s operation  done",
	}, got, "in order of time, ties in order of creation, each at its own time")
	require.Equal(t, newYear.Add(15*time.Minute), cloud.Operation(create.Id).Proto().ModifiedAt.AsTime())
	require.Equal(t, "b-2", cloud.Image(im.Id).Name)
	require.True(t, cloud.Operation(updates[0]).Done())
	require.Empty(t, clock.Pending())
	require.Equal(t, newYear.Add(time.Hour), clock.Now())
}

func TestAdvanceToNext(t *testing.T) {
	clock := fake.NewClock(newYear)
	cloud := fake.New(t, fake.WithClock(clock), after(30*time.Minute))
	c := clientsOf(cloud.Conn())
	_, first := c.create(t, fromDisk("web"))
	clock.Advance(time.Minute)
	_, second := c.create(t, fromDisk("api"))
	timer := clock.After(10 * time.Minute)

	require.Equal(t, 10*time.Minute, clock.AdvanceToNext())
	require.Equal(t, newYear.Add(11*time.Minute), <-timer)
	require.Equal(t, 19*time.Minute, clock.AdvanceToNext())
	require.Equal(t, compute.Image_READY, cloud.Image(first).Status)
	require.Equal(t, compute.Image_CREATING, cloud.Image(second).Status)
	require.Equal(t, time.Minute, clock.AdvanceToNext())
	require.Equal(t, time.Duration(0), clock.AdvanceToNext(), "nothing is due")
}

// When Advance returns, the handlers that it woke have answered: the held poll is in the record with its end, and so is the delayed
// call.
func TestAdvanceWaitsForTheHandlersItWoke(t *testing.T) {
	for range 20 {
		clock := fake.NewClock(newYear)
		cloud := fake.New(t, fake.WithClock(clock), after(time.Hour))
		cloud.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Delay(30 * time.Minute)})
		c := clientsOf(cloud.Conn())
		op, id := c.create(t, fromDisk("web"))
		var callers sync.WaitGroup
		callers.Go(func() { _, _ = c.Get(t.Context(), &compute.GetImageRequest{ImageId: id}) })
		callers.Go(func() { _, _ = c.untilDone(t.Context(), op.Id) })
		require.NoError(t, cloud.Await(t.Context(), func() bool {
			return len(clock.Pending()) == 2 && len(cloud.Calls(fake.OperationGet)) >= 2
		}))

		clock.Advance(2 * time.Hour)

		polls := cloud.Calls(fake.OperationGet)
		get, poll := cloud.Calls(fake.ImageGet)[0], polls[len(polls)-1]
		require.False(t, get.Running())
		require.Equal(t, newYear.Add(30*time.Minute), get.End)
		if !poll.Running() && poll.End.After(get.End) { // else it had only just arrived, and is not one that Advance woke at the end
			require.Equal(t, newYear.Add(time.Hour), poll.End)
			require.True(t, poll.Reply.(*operation.Operation).Done)
		}
		callers.Wait()
	}
}

func TestAClockOfOnesOwn(t *testing.T) {
	clock := &plainClock{now: newYear}
	cloud := fake.New(t, fake.WithClock(clock), after(time.Hour))
	c := clientsOf(cloud.Conn())
	op, id := c.create(t, fromDisk("web"))
	clock.advance(59 * time.Minute)
	im, err := c.Get(t.Context(), &compute.GetImageRequest{ImageId: id})
	require.NoError(t, err)
	require.Equal(t, compute.Image_CREATING, im.Status)
	done := make(chan *operation.Operation, 1)
	go func() {
		op, _ := c.untilDone(t.Context(), op.Id)
		done <- op
	}()
	require.NoError(t, cloud.Await(t.Context(), func() bool { return clock.waiting() > 0 }))
	clock.advance(time.Minute)
	require.True(t, (<-done).GetDone(), "what waits wakes by After")
}

// Nothing of a closed server is due on its clock, and its record ends with it.
func TestAClosedServerLeavesItsClock(t *testing.T) {
	clock := fake.NewClock(newYear)
	cloud, err := fake.Start(fake.WithClock(clock), after(time.Hour))
	require.NoError(t, err)
	clientsOf(cloud.Conn()).create(t, fromDisk("web"))
	require.Len(t, clock.Pending(), 1)
	require.NoError(t, cloud.Close())
	require.Empty(t, clock.Pending())
	clock.Advance(time.Minute)
	for e := range cloud.Events() {
		require.NotEqual(t, fake.ClockEvent, e.Kind, "%v", e)
	}
}

// That a ManualClock has moved is something to wait for.
func TestAMoveOfTheClockWakesWhoeverWaits(t *testing.T) {
	clock := fake.NewClock(newYear)
	cloud := fake.New(t, fake.WithClock(clock))
	asked, come := make(chan struct{}, 100), make(chan error)
	go func() {
		come <- cloud.Await(t.Context(), func() bool { asked <- struct{}{}; return clock.Now().After(newYear) })
	}()
	<-asked
	clock.Advance(time.Minute)
	require.NoError(t, <-come)
}

// What is overdue when somebody looks happens at its own time, and what follows counts from there.
func TestWhatIsOverdueHappensAtItsOwnTime(t *testing.T) {
	clock := &plainClock{now: newYear}
	cloud := fake.New(t, fake.WithClock(clock), fake.WithPlan(fake.Plan{Steps: []fake.Step{{When: fake.After(time.Minute)}, {When: fake.After(time.Minute)}}}))
	op, id := clientsOf(cloud.Conn()).create(t, fromDisk("web"))
	clock.advance(90 * time.Second)
	require.False(t, cloud.Operation(op.Id).Done())
	require.Equal(t, newYear.Add(time.Minute), cloud.Operation(op.Id).Proto().ModifiedAt.AsTime())
	clock.advance(45 * time.Second)
	require.Equal(t, compute.Image_READY, cloud.Image(id).Status)
	require.Equal(t, newYear.Add(2*time.Minute), cloud.Operation(op.Id).Proto().ModifiedAt.AsTime())
}

// plainClock is the least a Clock can be.
type plainClock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[chan time.Time]time.Time
}

func (c *plainClock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *plainClock) waiting() int { c.mu.Lock(); defer c.mu.Unlock(); return len(c.timers) }

func (c *plainClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timers == nil {
		c.timers = make(map[chan time.Time]time.Time)
	}
	ch := make(chan time.Time, 1)
	c.timers[ch] = c.now.Add(d)
	return ch
}

func (c *plainClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for ch, at := range c.timers {
		if !at.After(c.now) {
			ch <- c.now
			delete(c.timers, ch)
		}
	}
}

func TestTheManualClockIsExact(t *testing.T) {
	clock := fake.NewClock(newYear)
	fired := func(ch <-chan time.Time) bool { return len(ch) == 1 }
	one, two, now := clock.After(time.Second), clock.After(2*time.Second), clock.After(0)
	require.True(t, fired(now))
	require.False(t, fired(one), "a timer does not fire at once")
	clock.Advance(time.Second)
	require.True(t, fired(one))
	require.False(t, fired(two))
	require.Equal(t, "clock at 2026-01-01T00:00:01.123456789Z, due in 1s", clock.String())
	clock.Advance(time.Hour)
	require.Equal(t, newYear.Add(2*time.Second), <-two)
	require.PanicsWithValue(t, "fake: Advance(-1ns): a clock cannot go back", func() { clock.Advance(-1) })
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, tt := range []struct {
		option fake.Option
		want   string
	}{
		{after(0), "After(0s) has passed before it begins"},
		{after(-time.Second), "After(-1s) has passed before it begins"},
		{fake.WithPlan(fake.Finish(fake.Polls(0))), "the count is 0"},
		{fake.WithPlan(fake.Finish(struct{ fake.StepTrigger }{})), "step 1 of the plan: a struct { fake.StepTrigger } without a trigger"},
		{fake.WithPlan(fake.Finish(nil)), "use AtOnce"},
		{fake.WithPlan(fake.Plan{Rollback: fake.Polls(0)}), "the rollback of the plan: the count is 0"},
		{fake.WithPlan(fake.Plan{Err: status.New(codes.Internal, "\xff")}), "the error of the plan: the text is no UTF-8"},
		{fake.WithPlan(fake.Plan{Err: status.New(17, "")}), "17 is no gRPC code"},
		{fake.WithPollInterval(0), "whole seconds"},
		{fake.WithPollInterval(1500 * time.Millisecond), "whole seconds"},
		{fake.WithClock(nil), "leave the option out"},
		{fake.WithQuota(fake.Quota{Images: -2}), "cannot be negative"},
		{fake.WithRecord(-1), "0 keeps none"},
		{fake.WithRules(7), "fake.Published or fake.Current"},
		{fake.WithAuth("t1.a.b", ""), "token 2 of 2 is empty"},
		{fake.WithAuth("t1.a.b\n"), "token 1 of 1 is not what a header carries"},
		{fake.WithOnlySources(fake.Source{}), "exactly one of Disk, Snapshot and Object"},
		{fake.WithOnlySources(fake.Source{Disk: "d", Format: "raw"}), "only objects have Format"},
		{fake.WithOnlySources(fake.Source{Disk: "d", Size: -1}), "cannot be negative"},
		{fake.WithService(nil), "registers the service"},
		{fake.WithPlan(fake.AtOnce(), fake.ImageGet), "ImageGet starts no operation"},
		{fake.WithPlan(fake.AtOnce(), fake.OperationCancel), "OperationCancel starts no operation"},
		{fake.WithPlan(fake.AtOnce(), diskGet), "DiskGet starts no operation"},
		{fake.WithPlan(fake.AtOnce(), nil), "is nil"},
		{fake.WithFolders(""), "a folder id is empty"},
		{nil, "one of the options is nil"},
	} {
		cloud, err := fake.Start(tt.option)
		require.Nil(t, cloud)
		require.ErrorContains(t, err, tt.want)
	}
}
