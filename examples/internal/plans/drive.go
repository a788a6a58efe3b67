package plans

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// patience is how long a client waits for an operation. No poll is due at its very end: whether that still comes would be luck.
const patience = 2*time.Minute - 250*time.Millisecond

// drive is one operation on its way. Its methods are the moves of the test and of the client, and checks after each.
type drive struct {
	t      *testing.T
	cloud  *fake.Server
	client Client
	job    job
	ending ending

	op      Operation // left alone while the client waits
	id      string
	image   string
	started time.Time
	changed time.Time // when the operation changed last

	waited chan error // what the client's wait came to; nil before it waits
}

func newDrive(t *testing.T, cloud *fake.Server, client Client, j job, e ending) *drive {
	d := &drive{t: t, cloud: cloud, client: client, job: j, ending: e, started: time.Now(), changed: time.Now()}
	old := cloud.AddImages(&compute.Image{FolderId: folder, Name: "old"})[0]
	op, err := j.start(t.Context(), client, old)
	require.NoError(t, err)
	d.op, d.id = op, op.Proto().Id
	d.image = cloud.Operation(d.id).ResourceID()
	return d
}

// along drives the operation along a course to its ending.
func (d *drive) along(c course) {
	if len(c.stages) == 0 && d.ending.fails == nil && !d.ending.stuck {
		d.endAtOnce()
		return
	}
	d.seeRunning()
	for i, s := range c.stages {
		d.approach(s)
		d.seeRunning()
		if i+1 == len(c.stages) && !d.ending.stuck {
			break // the last stage is part of the ending
		}
		d.pass(s)
		d.seeRunning()
	}
	var last stage
	if len(c.stages) > 0 {
		last = c.stages[len(c.stages)-1]
	} else {
		last = stage{polls: 1} // at once, but failing: the first poll tells
	}
	switch {
	case d.ending.stuck:
		d.endStuck()
	case d.ending.cancel:
		d.endCancelled(last)
	default:
		d.end(last)
	}
}

// approach moves the operation as near to the end of a stage as it gets without passing it.
func (d *drive) approach(s stage) {
	switch {
	case s.polls > 0:
		d.poll(s.polls - 1)
	case s.after > 0:
		d.wait()
		<-time.After(s.after / 2)
	default:
		d.wait()
	}
}

// pass moves the operation, which stands near the end of a stage, past it.
func (d *drive) pass(s stage) {
	switch {
	case s.polls > 0:
		d.wait() // whose first poll is the last of the stage
	case s.after > 0:
		<-time.After(s.after - s.after/2)
	default:
		d.cloud.Operation(d.id).Step()
	}
	d.changed = time.Now()
}

func (d *drive) poll(times int) {
	for range times {
		require.NoError(d.t, d.op.Poll(d.t.Context()))
	}
}

// wait makes the client wait from now on.
func (d *drive) wait() {
	if d.waited != nil {
		return
	}
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	d.t.Cleanup(cancel)
	waited := make(chan error, 1)
	go func() { waited <- d.op.Wait(ctx) }()
	d.waited = waited
}

// endAtOnce: the first reply is the last word. A cancel comes too late by nature.
func (d *drive) endAtOnce() {
	require.True(d.t, d.op.Proto().Done, "a plan without steps is done in the first reply")
	if d.ending.cancel {
		require.NoError(d.t, d.client.Cancel(d.t.Context(), d.id))
	}
	d.wait()
	require.NoError(d.t, <-d.waited)
	require.Empty(d.t, d.cloud.Calls(fake.OperationGet), "there is nothing to poll for")
	d.seeSuccess()
}

// end passes the last stage, behind which the operation succeeds or fails.
func (d *drive) end(last stage) {
	d.pass(last)
	if d.ending.fails != nil && last.byHand() {
		d.seeRollback()
		d.pass(stage{})
	}
	if err := <-d.waited; d.ending.fails == nil {
		require.NoError(d.t, err)
		d.seeSuccess()
	} else {
		d.seeFailure(err, d.ending.fails.Code(), d.ending.fails.Message())
	}
}

// endCancelled lets the client cancel while the operation stands at its last stage.
func (d *drive) endCancelled(last stage) {
	require.NoError(d.t, d.client.Cancel(d.t.Context(), d.id))
	if d.ending.tooLate {
		d.seeRunning()
		d.end(last)
		return
	}
	d.changed = time.Now()
	d.wait()
	d.seeFailure(<-d.waited, codes.Canceled, "Cancelled by client")
}

// endStuck lets the client lose patience. Nothing has happened to the operation.
func (d *drive) endStuck() {
	before := len(d.cloud.Calls(fake.OperationGet))
	d.wait()
	err := <-d.waited
	require.True(d.t, errors.Is(err, context.DeadlineExceeded) || status.Code(err) == codes.DeadlineExceeded, "the wait ended with: %v", err)
	polls := len(d.cloud.Calls(fake.OperationGet)) - before
	require.LessOrEqual(d.t, polls, int(2*patience/time.Second), "polls, at two a second")
	d.seeRunning()
}

func (d *drive) seeRunning() {
	d.t.Helper()
	op := d.see(d.job.running)
	require.False(d.t, op.Done)
	require.Nil(d.t, op.Result)
	if d.waited == nil {
		require.False(d.t, d.op.Proto().Done, "what the client knows")
	}
}

func (d *drive) seeRollback() {
	d.t.Helper()
	op := d.see(d.job.running)
	require.False(d.t, op.Done)
	require.Equal(d.t, d.ending.fails.Message(), op.GetError().GetMessage())
	select {
	case err := <-d.waited:
		d.t.Fatalf("the client took an operation that rolls back for one that has ended: %v", err)
	default:
	}
}

func (d *drive) seeSuccess() {
	d.t.Helper()
	op := d.see(d.job.succeeded)
	require.True(d.t, op.Done)
	require.NotNil(d.t, op.GetResponse())
	require.True(d.t, proto.Equal(op, d.op.Proto()), "the client knows:\n%v\nthe cloud says:\n%v", d.op.Proto(), op)
}

func (d *drive) seeFailure(err error, code codes.Code, text string) {
	d.t.Helper()
	require.Equal(d.t, code, status.Code(err), "the wait ended with: %v", err)
	require.ErrorContains(d.t, err, text)
	after := d.job.undone
	if d.ending.keeps {
		after = d.job.kept
	}
	op := d.see(after)
	require.True(d.t, op.Done)
	require.Equal(d.t, int32(code), op.GetError().GetCode())
	require.Equal(d.t, text, op.GetError().GetMessage())
}

// see checks what is to be seen once all is quiet, and returns the operation as the image's history has it.
func (d *drive) see(want appearance) *operation.Operation {
	t := d.t
	t.Helper()
	synctest.Wait()

	image, err := d.client.Get(t.Context(), d.image)
	if want == gone {
		require.Equal(t, codes.NotFound, status.Code(err), "Get of an image that is gone: %v", err)
	} else {
		require.NoError(t, err)
		require.Equal(t, want, appearance{image.Name, image.Status})
	}

	listed, err := d.client.List(t.Context(), folder)
	require.NoError(t, err)
	require.Equal(t, want, find(listed, d.image), "the list shows something else than Get")

	history, err := d.client.History(t.Context(), d.image)
	require.NoError(t, err)
	require.Len(t, history, 1)
	op := history[0]
	now := d.cloud.Operation(op.Id).Proto()
	require.True(t, proto.Equal(now, op), "the history shows:\n%v\nthe operation is:\n%v", op, now)
	require.Equal(t, d.id, op.Id)
	require.Equal(t, d.started.UTC(), op.CreatedAt.AsTime(), "created_at")
	require.Equal(t, d.changed.UTC(), op.ModifiedAt.AsTime(), "modified_at")

	metadata, err := op.Metadata.UnmarshalNew()
	require.NoError(t, err)
	require.IsType(t, d.job.metadata, metadata)
	require.Equal(t, d.image, metadata.(interface{ GetImageId() string }).GetImageId())
	return op
}

func find(images []*compute.Image, id string) appearance {
	for _, im := range images {
		if im.Id == id {
			return appearance{im.Name, im.Status}
		}
	}
	return gone
}
