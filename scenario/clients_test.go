package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// A client is a small program with one bug, and its repaired twin.
type client struct {
	name     string
	run      func(t *scenario.T, repaired bool) error
	opts     []scenario.Option
	schedule string // that finds the bug, one of possibly several
	shows    string // part of the story
}

var transient = scenario.Faults(scenario.Unavailable, scenario.LostReply, scenario.ReplicaLag, scenario.Throttled, scenario.ConnectionCut)

var clients = []client{
	{
		name: "repeats a create without a key", run: repeatCreate, opts: []scenario.Option{transient},
		schedule: "ImageCreate#1/lost-reply", shows: "broken promise: a refused bake leaves no image",
	},
	{
		name: "leaves the image behind after a failed wait", run: failedWait,
		schedule: "OperationGet#1/denied", shows: "broken promise: failure leaves nothing behind",
	},
	{
		name: "takes lag for loss", run: impatientPoll, opts: []scenario.Option{transient},
		schedule: "OperationGet#1/replica-lag", shows: "broken promise: one bake, one image",
	},
	{
		name: "polls an image that is gone, without a pause", run: pollForever,
		schedule: "ImageCreate#1/operation-fails", shows: "hangs: it made more than 1000 calls: at clients_test.go:",
	},
	{
		name: "waits for ever for an image that is gone", run: sleepForever,
		schedule: "ImageCreate#1/operation-fails", shows: "hangs: it did not end within 24h0m0s: at clients_test.go:",
	},
	{
		name: "uses a reply without looking at the error", run: unchecked,
		schedule: "ImageCreate#1/unavailable", shows: "panic: runtime error: invalid memory address or nil pointer dereference: at clients_test.go:",
	},
	{
		name: "leaves a goroutine behind", run: leaky, opts: []scenario.Option{scenario.Faults(scenario.Throttled)},
		schedule: "ImageGet#1/throttled", shows: "leaves goroutines behind: at clients_test.go:",
	},
	{
		name: "takes an error for the end of the list", run: shortList,
		opts:     []scenario.Option{transient, scenario.Setup(fourImages)},
		schedule: "ImageList#2/unavailable", shows: "broken promise: a count without an error counts all",
	},
	{
		name: "reports a delete that has happened as failed", run: deleteTwice, opts: []scenario.Option{transient, scenario.Setup(fourImages)},
		schedule: "ImageDelete#1/lost-reply", shows: "broken promise: an error means that the image is still there",
	},
	{
		name: "gives up cleaning up at the first error", run: weakCleanup,
		opts:     []scenario.Option{scenario.Faults(scenario.Unavailable, scenario.LostReply, scenario.Denied)},
		schedule: "ImageUpdate#1/denied+ImageDelete#1/unavailable", shows: "broken promise: failure leaves nothing behind",
	},
	{
		name: "takes a passed deadline for a call that was not made", run: deadlineMeansNo,
		opts:     []scenario.Option{scenario.Faults(scenario.Deadline)},
		schedule: "ImageCreate#1/deadline-late", shows: "broken promise: one bake, one image",
	},
	{
		name: "spins without calls", run: spinner, opts: []scenario.Option{scenario.Watchdog(200 * time.Millisecond), scenario.Faults(scenario.Denied)},
		schedule: "ImageGet#1/denied", shows: "no virtual time passes: at clients_test.go:",
	},
	{
		name: "waits for a goroutine that has ended", run: deafWait,
		schedule: "ImageGet#1/unavailable", shows: "does not end when its context does: at clients_test.go:",
	},
	{
		name: "calls on after its context has ended", run: deafCaller,
		schedule: "ImageCreate#1/operation-fails", shows: "hangs: it did not end within 24h0m0s: at clients_test.go:",
	},
}

func images(t *scenario.T) compute.ImageServiceClient {
	return compute.NewImageServiceClient(t.Cloud().Conn())
}

func operations(t *scenario.T) operation.OperationServiceClient {
	return operation.NewOperationServiceClient(t.Cloud().Conn())
}

// again makes a call up to five times while it is Unavailable or throttled.
func again[R any](ctx context.Context, call func(context.Context) (R, error)) (R, error) {
	for try := 1; ; try++ {
		reply, err := call(ctx)
		if code := status.Code(err); code != codes.Unavailable && code != codes.ResourceExhausted || try == 5 {
			return reply, err
		}
		time.Sleep(time.Second)
	}
}

var fromDisk = &compute.CreateImageRequest{FolderId: "f", Name: "web", Source: &compute.CreateImageRequest_DiskId{DiskId: "d"}}

func create(t *scenario.T, key string) (*operation.Operation, error) {
	ctx := t.Context()
	if key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "idempotency-key", key)
	}
	return again(ctx, func(ctx context.Context) (*operation.Operation, error) { return images(t).Create(ctx, fromDisk) })
}

// remove deletes an image that may be gone.
func remove(t *scenario.T, id string) error {
	ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", "remove "+id)
	op, err := again(ctx, func(ctx context.Context) (*operation.Operation, error) {
		return images(t).Delete(ctx, &compute.DeleteImageRequest{ImageId: id})
	})
	if status.Code(err) == codes.NotFound {
		return nil
	}
	if err == nil {
		err = await(t, op)
	}
	return err
}

// await waits for an operation as one should.
func await(t *scenario.T, op *operation.Operation) error {
	for missing := 0; !op.Done; {
		next, err := again(t.Context(), func(ctx context.Context) (*operation.Operation, error) {
			return operations(t).Get(ctx, &operation.GetOperationRequest{OperationId: op.Id})
		})
		if status.Code(err) == codes.NotFound && missing < 3 {
			missing++
			time.Sleep(time.Second)
			continue
		}
		if err != nil {
			return err
		}
		op = next
	}
	return status.ErrorProto(op.GetError())
}

func made(op *operation.Operation) string {
	m := new(compute.CreateImageMetadata)
	if op == nil {
		return ""
	}
	if err := op.Metadata.UnmarshalTo(m); err != nil {
		panic(err)
	}
	return m.ImageId
}

func count(t *scenario.T) int { return len(t.Cloud().Images()) }

func fourImages(s *fake.Server) {
	for i := range 4 {
		s.AddImages(&compute.Image{FolderId: "f", Name: fmt.Sprintf("image-%d", i)})
	}
}

func repeatCreate(t *scenario.T, repaired bool) error {
	key := ""
	if repaired {
		key = "bake web"
	}
	_, err := create(t, key)
	t.Check("a refused bake leaves no image", err == nil || count(t) == 0)
	return err
}

func failedWait(t *scenario.T, repaired bool) error {
	op, err := create(t, "k")
	if err != nil {
		return err
	}
	if err = await(t, op); err != nil && repaired {
		_, lost := again(t.Context(), func(ctx context.Context) (*operation.Operation, error) {
			return operations(t).Cancel(ctx, &operation.CancelOperationRequest{OperationId: op.Id})
		})
		err = errors.Join(err, lost, remove(t, made(op)))
	}
	t.Check("failure leaves nothing behind", err == nil || count(t) == 0)
	return err
}

func impatientPoll(t *scenario.T, repaired bool) error {
	request := &compute.CreateImageRequest{FolderId: "f", Source: fromDisk.Source}
	for try := range 2 {
		key := "first"
		if try > 0 {
			key = "second"
		}
		op, err := again(metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", key),
			func(ctx context.Context) (*operation.Operation, error) { return images(t).Create(ctx, request) })
		if err != nil {
			return err
		}
		if repaired {
			err = await(t, op)
		} else {
			_, err = again(t.Context(), func(ctx context.Context) (*operation.Operation, error) {
				return operations(t).Get(ctx, &operation.GetOperationRequest{OperationId: op.Id})
			})
		}
		if status.Code(err) == codes.NotFound {
			continue // it was lost, so let us make another
		}
		t.Check("one bake, one image", count(t) == 1)
		return err
	}
	t.Check("one bake, one image", count(t) == 1)
	return errors.New("tried twice")
}

func pollForever(t *scenario.T, repaired bool) error {
	op, err := create(t, "k")
	if err != nil {
		return err
	}
	if err := await(t, op); err != nil && repaired {
		return err
	}
	for t.Context().Err() == nil {
		im, _ := images(t).Get(t.Context(), &compute.GetImageRequest{ImageId: made(op)})
		if im.GetStatus() == compute.Image_READY {
			return nil
		}
	}
	return t.Context().Err()
}

func sleepForever(t *scenario.T, repaired bool) error {
	op, err := create(t, "k")
	if err != nil {
		return err
	}
	if err := await(t, op); err != nil && repaired {
		return err
	}
	for t.Context().Err() == nil {
		im, _ := images(t).Get(t.Context(), &compute.GetImageRequest{ImageId: made(op)})
		if im.GetStatus() == compute.Image_READY {
			return nil
		}
		time.Sleep(10 * time.Minute)
	}
	return t.Context().Err()
}

func unchecked(t *scenario.T, repaired bool) error {
	op, err := images(t).Create(t.Context(), fromDisk)
	if err != nil && repaired {
		return err
	}
	_, err = operations(t).Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
	return err
}

func leaky(t *scenario.T, repaired bool) error {
	results := make(chan error)
	if repaired {
		results = make(chan error, 2)
	}
	for range 2 {
		go func() {
			_, err := images(t).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
			results <- err
		}()
	}
	_, err := images(t).Get(t.Context(), &compute.GetImageRequest{ImageId: "no-such-image"})
	if status.Code(err) != codes.NotFound {
		return err // without those two
	}
	return errors.Join(<-results, <-results)
}

func shortList(t *scenario.T, repaired bool) error {
	found, token := 0, ""
	var err error
	for {
		var page *compute.ListImagesResponse
		page, err = images(t).List(t.Context(), &compute.ListImagesRequest{FolderId: "f", PageSize: 2, PageToken: token})
		if err != nil && found > 0 && !repaired {
			err = nil
		}
		found += len(page.GetImages())
		if token = page.GetNextPageToken(); token == "" || err != nil {
			break
		}
	}
	t.Check("a count without an error counts all", err != nil || found == 4)
	return err
}

func deleteTwice(t *scenario.T, repaired bool) error {
	ctx := t.Context()
	if repaired {
		ctx = metadata.AppendToOutgoingContext(ctx, "idempotency-key", "k")
	}
	id := t.Cloud().Images()[0].Id
	op, err := again(ctx, func(ctx context.Context) (*operation.Operation, error) {
		return images(t).Delete(ctx, &compute.DeleteImageRequest{ImageId: id})
	})
	if err == nil {
		err = await(t, op)
	}
	t.Check("an error means that the image is still there", err == nil || t.Cloud().Image(id).GetStatus() == compute.Image_READY)
	return err
}

func weakCleanup(t *scenario.T, repaired bool) error {
	op, err := create(t, "k")
	if err != nil {
		return err
	}
	if err := await(t, op); err != nil {
		return nil // of no interest here
	}
	_, err = again(metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", "u"), func(ctx context.Context) (*operation.Operation, error) {
		return images(t).Update(ctx, &compute.UpdateImageRequest{ImageId: made(op), Labels: map[string]string{"baked": "yes"}})
	})
	if err != nil {
		if repaired {
			err = errors.Join(err, remove(t, made(op)))
		} else if op, lost := images(t).Delete(t.Context(), &compute.DeleteImageRequest{ImageId: made(op)}); lost == nil {
			err = errors.Join(err, await(t, op))
		}
		t.Check("failure leaves nothing behind", count(t) == 0)
	}
	return err
}

func deadlineMeansNo(t *scenario.T, repaired bool) error {
	request := &compute.CreateImageRequest{FolderId: "f", Source: fromDisk.Source}
	ctx := t.Context()
	if repaired {
		ctx = metadata.AppendToOutgoingContext(ctx, "idempotency-key", "k")
	}
	var err error
	for range 3 {
		limited, cancel := context.WithTimeout(ctx, time.Minute)
		_, err = images(t).Create(limited, request)
		cancel()
		if status.Code(err) != codes.DeadlineExceeded {
			break
		}
	}
	t.Check("one bake, one image", count(t) == 1)
	return err
}

// released ends the loops of spinner when their test is over. A new run of the test gets a new one.
var released atomic.Pointer[atomic.Bool]

func spinner(t *scenario.T, repaired bool) error {
	ended := released.Load()
	_, err := images(t).Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
	for !repaired && status.Code(err) != codes.NotFound && !ended.Load() {
	}
	return err
}

func deafWait(t *scenario.T, repaired bool) error {
	answers := make(chan error, 1)
	go func() {
		_, err := images(t).Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
		if status.Code(err) == codes.NotFound || repaired {
			answers <- err
		}
	}()
	return <-answers
}

func deafCaller(t *scenario.T, repaired bool) error {
	op, err := create(t, "k")
	if err != nil {
		return err
	}
	if err := await(t, op); err != nil && repaired {
		return err
	}
	for pause := time.Minute; ; pause *= 2 {
		if _, err := images(t).Get(t.Context(), &compute.GetImageRequest{ImageId: made(op)}); err == nil {
			return nil
		}
		if t.Context().Err() == nil {
			time.Sleep(pause)
		}
	}
}

// relabel is a request that replaces an image's labels.
func relabel(id string) *compute.UpdateImageRequest {
	return &compute.UpdateImageRequest{ImageId: id, Labels: map[string]string{"mine": "yes"}, UpdateMask: fields("labels")}
}

func fields(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }
