package fake_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// byHand lets the test move operations.
var byHand = fake.WithPlan(fake.Finish(fake.ByHand()))

func TestNamedStepsByHand(t *testing.T) {
	cloud := fake.New(t, fake.WithPlan(fake.Plan{Steps: []fake.Step{
		{Name: "allocate", When: fake.ByHand()}, {Name: "copy", When: fake.Stuck().Steps[0].When}, {Name: "finish", When: fake.ByHand()}}}))
	_, id := clientsOf(cloud.Conn()).create(t, fromDisk("web"))
	op := cloud.NextOperation(t.Context(), fake.ImageCreate)
	require.Equal(t, id, op.ResourceID())
	for _, at := range []string{"allocate", "copy", "finish"} {
		require.Contains(t, op.String(), "running, at "+at)
		require.Equal(t, compute.Image_CREATING, cloud.Image(id).Status)
		op.Step()
	}
	require.Contains(t, op.String(), "has succeeded")
	require.Equal(t, compute.Image_READY, cloud.Image(id).Status)
	require.NoError(t, op.Wait(t.Context()))
}

// Every ending of every kind of operation, with both phases of a failure, and what it does to the image.
func TestEndings(t *testing.T) {
	const kept = "kept"
	start := map[string]func(t *testing.T, c clients, image string) *operation.Operation{
		"create": func(t *testing.T, c clients, _ string) *operation.Operation {
			op, _ := c.create(t, fromDisk("new"))
			return op
		},
		"update": func(t *testing.T, c clients, image string) *operation.Operation {
			op, err := c.Update(t.Context(), &compute.UpdateImageRequest{ImageId: image, Name: "new"})
			require.NoError(t, err)
			return op
		},
		"delete": func(t *testing.T, c clients, image string) *operation.Operation {
			op, err := c.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: image})
			require.NoError(t, err)
			return op
		},
	}
	during := map[string]string{"create": "new CREATING", "update": "old ERROR", "delete": "old DELETING"}
	for _, tt := range []struct {
		kind, ending, want string
	}{
		{"create", "success", "new READY"}, {"create", "failure", "gone"}, {"create", "failed at once", "gone"}, {"create", "cancel", "gone"}, {"create", kept, "new ERROR"},
		{"update", "success", "new READY"}, {"update", "failure", "old READY"}, {"update", "failed at once", "old READY"}, {"update", "cancel", "old READY"},
		{"delete", "success", "gone"}, {"delete", "failure", "old ERROR"}, {"delete", "failed at once", "old ERROR"}, {"delete", "cancel", "old ERROR"},
	} {
		t.Run(tt.kind+"/"+tt.ending, func(t *testing.T) {
			plan := fake.Finish(fake.ByHand())
			plan.KeepFailed = tt.ending == kept
			cloud := fake.New(t, fake.WithPlan(plan))
			c := clientsOf(cloud.Conn())
			old := named("old")
			if tt.kind == "delete" {
				old.Status = compute.Image_ERROR // a failed delete gives the former status back, whatever it was
			}
			old = cloud.AddImages(old)[0]
			show := func(id string) string {
				im, err := c.Get(t.Context(), &compute.GetImageRequest{ImageId: id})
				if status.Code(err) == codes.NotFound {
					return "gone"
				}
				require.NoError(t, err)
				return im.Name + " " + im.Status.String()
			}
			started := start[tt.kind](t, c, old.Id)
			op := cloud.NextOperation(t.Context())
			require.Equal(t, started.Id, op.ID())
			transitional := show(op.ResourceID())
			if tt.kind != "update" {
				require.Equal(t, during[tt.kind], transitional)
			}

			switch tt.ending {
			case "success":
				op.Complete()
				require.NoError(t, op.Wait(t.Context()))
			case "failed at once":
				op.Fail(codes.DataLoss, "disk read error", &errdetails.ErrorInfo{Reason: "BAD_SECTOR"})
				require.True(t, op.Proto().Done, "ended at once")
				err := op.Wait(t.Context())
				require.Equal(t, codes.DataLoss, status.Code(err))
				require.Equal(t, "disk read error", status.Convert(err).Message())
				require.Len(t, status.Convert(err).Details(), 1)
			case "cancel":
				cancelled, err := c.ops.Cancel(t.Context(), &operation.CancelOperationRequest{OperationId: op.ID()})
				require.NoError(t, err)
				require.True(t, cancelled.Done)
				require.EqualValues(t, codes.Canceled, cancelled.GetError().Code)
				require.Equal(t, "Cancelled by client", cancelled.GetError().Message)
			default:
				op.RollBack(codes.DataLoss, "disk read error", &errdetails.ErrorInfo{Reason: "BAD_SECTOR"})
				half := op.Proto()
				require.False(t, half.Done, "rolling back: the error is set, done is not")
				require.Equal(t, "disk read error", half.GetError().Message)
				require.Equal(t, transitional, show(op.ResourceID()), "the image keeps its status meanwhile")
				rolling, err := c.ops.Cancel(t.Context(), &operation.CancelOperationRequest{OperationId: op.ID()})
				require.NoError(t, err)
				require.Equal(t, "disk read error", rolling.GetError().Message, "a cancel changes nothing then")
				op.Step()
				err = op.Wait(t.Context())
				require.Equal(t, codes.DataLoss, status.Code(err))
				require.Len(t, status.Convert(err).Details(), 1)
			}

			require.True(t, op.Done())
			require.Equal(t, tt.want, show(op.ResourceID()))
			done := op.Proto()
			unchanged, err := c.ops.Cancel(t.Context(), &operation.CancelOperationRequest{OperationId: op.ID()})
			require.NoError(t, err, "cancelling what is done is no error")
			require.Equal(t, done.String(), unchanged.String())
			require.Equal(t, done.String(), c.poll(t, op.ID()).String())
		})
	}
}

func TestPlansThatMoveByThemselves(t *testing.T) {
	failing := func(p fake.Plan) fake.Plan { p.Err = status.New(codes.Internal, "broken"); return p }
	clock := fake.NewClock(newYear)
	for name, tt := range map[string]struct {
		plan fake.Plan
		want string // one letter for the first reply and one for each poll: . running, ! done, x failed
	}{
		"at once":                   {fake.AtOnce(), "!!"},
		"first poll":                {fake.Finish(fake.Polls(1)), ".!!"},
		"third poll":                {fake.Finish(fake.Polls(3)), "...!!"},
		"two steps of polls":        {fake.Plan{Steps: []fake.Step{{When: fake.Polls(2)}, {When: fake.Polls(1)}}}, "...!"},
		"at once, failing":          {failing(fake.AtOnce()), ".xx"}, // the first reply never carries the error
		"first poll, failing":       {failing(fake.Finish(fake.Polls(1))), ".x"},
		"failing, slow in rollback": {func() fake.Plan { p := failing(fake.Finish(fake.Polls(1))); p.Rollback = fake.Polls(2); return p }(), ".rrx"},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t, fake.WithClock(clock), fake.WithPlan(tt.plan))
			c := clientsOf(cloud.Conn())
			op, _ := c.create(t, fromDisk("web"))
			var got strings.Builder
			for range tt.want {
				switch {
				case op.Done && op.GetError() != nil:
					got.WriteByte('x')
				case op.Done:
					got.WriteByte('!')
				case op.GetError() != nil:
					got.WriteByte('r')
				default:
					got.WriteByte('.')
				}
				op = c.poll(t, op.Id)
			}
			require.Equal(t, tt.want, got.String())
		})
	}
}

// A plan that fails by itself tells its own error, whatever is wrong with the source besides.
func TestTheErrorOfAPlanComesBeforeThatOfItsSource(t *testing.T) {
	const uri = "https://storage.yandexcloud.net/bucket/object"
	cloud := fake.New(t, fake.WithSources(fake.Source{Object: uri, Forbidden: true}),
		fake.WithPlan(fake.Plan{Steps: []fake.Step{{When: fake.Polls(1)}}, Err: status.New(codes.Internal, "disk read error")}))
	c := clientsOf(cloud.Conn())
	op, _ := c.create(t, fromObject(uri))
	require.Equal(t, "disk read error", c.poll(t, op.Id).GetError().GetMessage())
}

// A plan that fails shows both phases of that where a hand passes its last step, and is done in one where it moves by itself.
func TestAPlanThatFailsByHandRollsBackFirst(t *testing.T) {
	for name, when := range map[string]fake.StepTrigger{"by hand": fake.ByHand(), "by polls": fake.Polls(1)} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t, fake.WithPlan(fake.Plan{Steps: []fake.Step{{When: when}}, Err: status.New(codes.Internal, "disk read error")}))
			c := clientsOf(cloud.Conn())
			started, _ := c.create(t, fromDisk("web"))
			op := cloud.Operation(started.Id)
			if name == "by polls" {
				require.True(t, c.poll(t, op.ID()).Done)
				return
			}
			op.Step()
			require.False(t, op.Done())
			require.Equal(t, "disk read error", op.Proto().GetError().GetMessage())
			op.Step()
			require.True(t, op.Done())
		})
	}
}

func TestPlansForSomeCalls(t *testing.T) {
	web := fake.Match(func(r *compute.CreateImageRequest) bool { return strings.HasPrefix(r.Name, "web") })
	cloud := fake.New(t, byHand,
		fake.WithPlan(fake.AtOnce(), fake.ImageCreate, fake.ImageUpdate),
		fake.WithPlan(fake.Finish(fake.Polls(1)), web))
	c := clientsOf(cloud.Conn())

	api, id := c.create(t, fromDisk("api"))
	require.True(t, api.Done)
	op, _ := c.create(t, fromDisk("web"))
	require.False(t, op.Done)
	require.True(t, c.poll(t, op.Id).Done, "of several plans the last wins")
	_, err := c.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: id})
	require.NoError(t, err)
	require.False(t, cloud.NextOperation(t.Context(), fake.ImageDelete).Done())
}

func TestCancelTooLateAndHalfway(t *testing.T) {
	late, slow := fake.Finish(fake.ByHand()), fake.Finish(fake.ByHand())
	late.TooLate, slow.Rollback = true, fake.ByHand()
	cloud := fake.New(t, fake.WithPlan(late), fake.WithPlan(slow, fake.ImageDelete))
	c := clientsOf(cloud.Conn())
	cancel := func(id string) *operation.Operation {
		op, err := c.ops.Cancel(t.Context(), &operation.CancelOperationRequest{OperationId: id})
		require.NoError(t, err)
		return op
	}

	started, id := c.create(t, fromDisk("web"))
	require.Equal(t, started.String(), cancel(started.Id).String(), "too late: unchanged, OK")
	op := cloud.NextOperation(t.Context())
	op.Complete()
	require.Equal(t, compute.Image_READY, cloud.Image(id).Status)

	started, err := c.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: id})
	require.NoError(t, err)
	half := cancel(started.Id)
	require.False(t, half.Done)
	require.EqualValues(t, codes.Canceled, half.GetError().Code)
	require.Equal(t, compute.Image_DELETING, cloud.Image(id).Status)
	cloud.Operation(started.Id).Step()
	require.Equal(t, compute.Image_READY, cloud.Image(id).Status)
}

func TestConcurrentStepsHappenOnce(t *testing.T) {
	steps := make([]fake.Step, 100)
	for i := range steps {
		steps[i].When = fake.ByHand()
	}
	cloud := fake.New(t, fake.WithPlan(fake.Plan{Steps: steps}))
	clientsOf(cloud.Conn()).create(t, fromDisk("web"))
	op := cloud.NextOperation(t.Context())
	var steppers sync.WaitGroup
	for range 10 {
		steppers.Go(func() {
			for range 10 {
				op.Step()
			}
		})
	}
	steppers.Wait()
	require.True(t, op.Done(), "a hundred steps, passed once each")
}

func TestMisuseOfAnOperationTellsHowItStands(t *testing.T) {
	test := &spy{}
	cloud := fake.New(test, byHand)
	defer test.end()
	c := clientsOf(cloud.Conn())
	c.create(t, fromDisk("web"))
	op := cloud.NextOperation(t.Context())
	op.RollBack(codes.Internal, "broken")
	for want, misuse := range map[string]func(){
		"Complete: operation " + op.ID(): op.Complete,
		"Fail: operation " + op.ID():     func() { op.Fail(codes.Aborted, "again") },
		"RollBack: operation " + op.ID(): func() { op.RollBack(codes.Aborted, "again") },
		"Fail(OK":                        func() { op.Fail(codes.OK, "") },
		"RollBack(OK":                    func() { op.RollBack(codes.OK, "") },
		"Fail: the text is no UTF-8":     func() { op.Fail(codes.Aborted, "\xff") },
		"RollBack: detail 1 is nil":      func() { op.RollBack(codes.Aborted, "again", nil) },
	} {
		misuse()
		errors := test.take()
		require.Len(t, errors, 1)
		require.Contains(t, errors[0], want)
		if strings.Contains(want, op.ID()) {
			require.Contains(t, errors[0], "rolling back with Internal: broken")
			require.Contains(t, errors[0], "ImageCreate, answered OK", "the calls seen")
		}
	}
	op.Step()
	op.Step()
	require.Regexp(t, `Step: operation `+op.ID()+` .* has failed with Internal: broken: nothing is left to move, drop this Step`, test.take()[0])
	test.failed = false
	cloud.NextOperation(t.Context(), fake.ImageDelete, fake.OnResource(""))
	require.Contains(t, test.take()[0], "the id is empty; did the code under test return one?")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	nothing := cloud.NextOperation(ctx, fake.ImageDelete)
	require.Contains(t, test.take()[0], "NextOperation: no operation was started by ImageDelete: the context was cancelled; calls seen: 1")
	nothing.Step()
	require.Contains(t, test.take()[0], "an operation that never came")
}

func TestNextOperationWaitsAndHandsOutOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, byHand)
		c := clientsOf(cloud.Conn())
		im := cloud.AddImages(named("old"))[0]
		go func() {
			time.Sleep(3 * time.Hour)
			_, _ = c.Create(t.Context(), fromDisk("one"))
			_, _ = c.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: im.Id})
			_, _ = c.Create(t.Context(), fromDisk("two"))
		}()
		first := cloud.NextOperation(t.Context(), fake.ImageCreate)
		second := cloud.NextOperation(t.Context(), fake.ImageCreate)
		deletion := cloud.NextOperation(t.Context())
		require.Equal(t, fake.ImageDelete, deletion.Method())
		require.Equal(t, []string{"one", "two"}, []string{cloud.Image(first.ResourceID()).Name, cloud.Image(second.ResourceID()).Name})
		require.Equal(t, []*fake.Operation{deletion}, cloud.Operations(fake.OnResource(im.Id)))
		require.Len(t, cloud.Operations(fake.ImageCreate), 2)
		require.Len(t, cloud.Operations(), 3)
	})
}

func TestAPollIsHeldUntilTheOperationChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, byHand)
		c := clientsOf(cloud.Conn())
		op, _ := c.create(t, fromDisk("web"))
		require.False(t, c.poll(t, op.Id).Done, "the first poll is answered at once")
		start := time.Now()
		go func() {
			time.Sleep(7 * time.Second)
			cloud.Operation(op.Id).Complete()
		}()
		require.True(t, c.poll(t, op.Id).Done)
		require.Equal(t, 7*time.Second, time.Since(start))

		op, _ = c.create(t, fromDisk("api"))
		require.False(t, c.poll(t, op.Id).Done)
		start = time.Now()
		require.False(t, c.poll(t, op.Id).Done, "held no longer than 20 seconds")
		require.Equal(t, 20*time.Second, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		polls := 0
		for ctx.Err() == nil && polls < 100 {
			_, err := c.ops.Get(ctx, &operation.GetOperationRequest{OperationId: op.Id})
			if polls++; err != nil {
				require.Equal(t, "DeadlineExceeded", codeName(err))
			}
		}
		require.Less(t, polls, 10, "near its deadline a caller does not spin")
	})
}

// A handle may be looked up by one goroutine while another uses it. The race detector is the judge.
// An operation that ends at the very moment at which a hold does has ended.
func TestAHoldThatEndsWithItsOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.After(20*time.Second))))
		c := clientsOf(cloud.Conn())
		for range 20 {
			op, _ := c.create(t, fromDisk(""))
			require.False(t, c.poll(t, op.Id).Done)
			require.True(t, c.poll(t, op.Id).Done, "twenty seconds later")
		}
	})
}

// What the test does by hand is something to wait for, and needs no call.
func TestAChangeByHandWakesWhoeverWaits(t *testing.T) {
	cloud := fake.New(t)
	asked, come := make(chan struct{}, 100), make(chan error)
	go func() {
		come <- cloud.Await(t.Context(), func() bool { asked <- struct{}{}; return len(cloud.Images()) > 0 })
	}()
	<-asked
	cloud.AddImages(named("web"))
	require.NoError(t, <-come)
}

func TestHandlesAreSafeForConcurrentUse(t *testing.T) {
	cloud := fake.New(t, byHand)
	clientsOf(cloud.Conn()).create(t, fromDisk("web"))
	op := cloud.NextOperation(t.Context())
	var users sync.WaitGroup
	for range 4 {
		users.Go(func() {
			for range 50 {
				require.Same(t, op, cloud.Operation(op.ID()))
				require.Len(t, cloud.Operations(), 1)
			}
		})
		users.Go(func() {
			for range 50 {
				require.NotNil(t, op.Proto())
				require.NotEmpty(t, op.String())
			}
		})
	}
	users.Wait()
}
