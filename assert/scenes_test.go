package assert_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A scene is a server to which something has happened. Scenes run in bubbles, so that their times are always the same.
type scene struct {
	*fake.Server
	before *fake.State    // as it was before the calls
	id     string         // of the image that matters
	fault  *fake.Injected // if there is one
	other  *fake.Injected // one that has happened to nobody
}

// user makes calls as one caller.
type user struct {
	t          *testing.T
	images     compute.ImageServiceClient
	operations operation.OperationServiceClient
	ctx        context.Context
}

func (s *scene) as(t *testing.T, caller string) user {
	cc := s.ConnAs(caller)
	return user{t, compute.NewImageServiceClient(cc), operation.NewOperationServiceClient(cc), t.Context()}
}

func (u user) key(key string) user {
	u.ctx = metadata.AppendToOutgoingContext(u.ctx, "idempotency-key", key)
	return u
}

func (u user) create(name string, labels map[string]string) (*operation.Operation, error) {
	u.t.Helper()
	return u.images.Create(u.ctx, &compute.CreateImageRequest{FolderId: "f", Name: name, Family: "web", Labels: labels, MinDiskSize: 4 << 30,
		ProductIds: []string{"p1"}, Source: &compute.CreateImageRequest_DiskId{DiskId: "disk-1"}})
}

func (u user) poll(op *operation.Operation) *operation.Operation {
	u.t.Helper()
	op, err := u.operations.Get(u.ctx, &operation.GetOperationRequest{OperationId: op.Id})
	require.NoError(u.t, err)
	return op
}

func (u user) get(id string) error {
	_, err := u.images.Get(u.ctx, &compute.GetImageRequest{ImageId: id})
	return err
}

func (u user) list(size int64, token string) string {
	u.t.Helper()
	page, err := u.images.List(u.ctx, &compute.ListImagesRequest{FolderId: "f", PageSize: size, PageToken: token})
	require.NoError(u.t, err)
	return page.NextPageToken
}

func newScene(t *testing.T, opts ...fake.Option) *scene {
	s := &scene{Server: fake.New(t, opts...)}
	s.id = s.AddImages(&compute.Image{FolderId: "f", Name: "old", Family: "web", Labels: map[string]string{"stage": "prod"}})[0].Id
	s.other = s.Inject(fake.Fault{On: fake.ImageListAccessBindings, Do: fake.Return(codes.Unavailable), Optional: true})
	s.before = s.Snapshot()
	time.Sleep(time.Second)
	return s
}

// idle is a server to which nobody talks.
func idle(t *testing.T) *scene { return newScene(t) }

// baked is a bake that went well: latest, create, poll, get.
func baked(t *testing.T) *scene {
	s := newScene(t)
	u := s.as(t, "ci")
	_, err := u.images.GetLatestByFamily(u.ctx, &compute.GetImageLatestByFamilyRequest{FolderId: "f", Family: "web"})
	require.NoError(t, err)
	op, err := u.key("k1").create("web", map[string]string{"stage": "test", "team": "a"})
	require.NoError(t, err)
	op = u.poll(op)
	require.True(t, op.Done)
	s.id = s.Operation(op.Id).ResourceID()
	require.NoError(t, u.get(s.id))
	return s
}

// retried is a create whose reply is lost twice, tried again after one second and after two, each time with the next of the keys.
func retried(keys ...string) func(*testing.T) *scene {
	return func(t *testing.T) *scene {
		s := newScene(t)
		s.fault = s.Inject(fake.Fault{On: fake.ImageCreate, When: fake.First(2), Do: fake.Return(codes.Unavailable)})
		u := s.as(t, "ci")
		for i, key := range keys {
			if i > 0 {
				time.Sleep(time.Duration(i) * time.Second)
			}
			v := u
			if key != "" {
				v = u.key(key)
			}
			op, err := v.create("web", nil)
			if i < 2 {
				require.Error(t, err)
				continue
			}
			require.NoError(t, err)
			s.id = s.Operation(u.poll(op).Id).ResourceID()
		}
		return s
	}
}

// pending is a create that is being waited for, one that nobody waits for, and one whose caller gave up after a poll.
func pending(t *testing.T) *scene {
	s := newScene(t, fake.WithPlan(fake.Finish(fake.Polls(3))))
	ci, lazy, hasty := s.as(t, "ci"), s.as(t, "lazy"), s.as(t, "hasty")
	op, err := ci.create("awaited", nil)
	require.NoError(t, err)
	for range 3 {
		time.Sleep(time.Second)
		op = ci.poll(op)
	}
	require.True(t, op.Done)
	_, err = lazy.create("forgotten", nil)
	require.NoError(t, err)
	op, err = hasty.create("given-up", nil)
	require.NoError(t, err)
	hasty.poll(op)
	s.id = s.Operation(op.Id).ResourceID()
	return s
}

// paged is a list of three images: ci reads it to its end, hasty reads its first page, sly starts in the middle.
func paged(readers ...string) func(*testing.T) *scene {
	return func(t *testing.T) *scene {
		s := newScene(t)
		for _, name := range []string{"a-1", "b-2"} {
			s.AddImages(&compute.Image{FolderId: "f", Name: name})
		}
		for _, reader := range readers {
			u := s.as(t, reader)
			switch reader {
			case "ci":
				for token := u.list(1, ""); token != ""; {
					token = u.list(1, token)
				}
			case "hasty":
				u.list(2, "")
			case "sly":
				require.Empty(t, u.list(2, s.as(t, "ci").list(2, "")))
			}
		}
		return s
	}
}

// stubborn asks three times for an image that is not there, and once more after a change.
func stubborn(times int) func(*testing.T) *scene {
	return func(t *testing.T) *scene {
		s := newScene(t)
		u := s.as(t, "ci")
		for range times {
			require.Error(t, u.get("fd8nowhere"))
		}
		s.SetImageStatus(s.id, compute.Image_ERROR)
		require.Error(t, u.get("fd8nowhere"))
		return s
	}
}

// sideBySide is a Get that is held up for ten seconds, an Update that arrives meanwhile, and a Delete after it while the Update's
// operation is at work.
func sideBySide(t *testing.T) *scene {
	s := newScene(t, fake.WithPlan(fake.Finish(fake.After(time.Minute))))
	s.fault = s.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Delay(10 * time.Second)})
	ci, ops := s.as(t, "ci"), s.as(t, "ops")
	got := make(chan error)
	go func() { got <- ci.get(s.id) }()
	synctest.Wait()
	time.Sleep(time.Second)
	update := &compute.UpdateImageRequest{ImageId: s.id, Labels: map[string]string{"stage": "test"}}
	_, err := ops.images.Update(ops.ctx, update)
	require.NoError(t, err)
	require.NoError(t, <-got)
	_, err = ops.images.Delete(ops.ctx, &compute.DeleteImageRequest{ImageId: s.id})
	require.NoError(t, err)
	return s
}

// frozen is a Get that is held up while another arrives, on a clock that stands still.
func frozen(t *testing.T) *scene {
	clock := fake.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s := newScene(t, fake.WithClock(clock))
	free := make(chan bool)
	s.fault = s.Inject(fake.Fault{On: fake.ByCaller("slow"), Do: fake.Run(func(*fake.Call) { <-free })})
	slow, quick := s.as(t, "slow"), s.as(t, "quick")
	got := make(chan error)
	go func() { got <- slow.get(s.id) }()
	synctest.Wait()
	require.NoError(t, quick.get(s.id))
	close(free)
	require.NoError(t, <-got)
	_, err := quick.images.GetLatestByFamily(quick.ctx, &compute.GetImageLatestByFamilyRequest{FolderId: "f", Family: "web"})
	require.NoError(t, err)
	return s
}

// relabelled is an update of the old image, and an image that was made and deleted again.
func relabelled(t *testing.T) *scene {
	s := newScene(t)
	u := s.as(t, "ci")
	op, err := u.images.Update(u.ctx, &compute.UpdateImageRequest{ImageId: s.id, Name: "old", Labels: map[string]string{"stage": "test"}, Description: "tested"})
	require.NoError(t, err)
	u.poll(op)
	return s
}

// removed is an image that was deleted.
func removed(t *testing.T) *scene {
	s := newScene(t)
	u := s.as(t, "ci")
	op, err := u.images.Delete(u.ctx, &compute.DeleteImageRequest{ImageId: s.id})
	require.NoError(t, err)
	u.poll(op)
	return s
}

// forgetful is baked on a server that keeps two events.
func forgetful(t *testing.T) *scene {
	s := newScene(t, fake.WithRecord(2))
	u := s.as(t, "ci")
	for range 3 {
		require.NoError(t, u.get(s.id))
	}
	return s
}

// hurried makes calls with and without a deadline.
func hurried(t *testing.T) *scene {
	s := newScene(t)
	u := s.as(t, "ci")
	require.NoError(t, u.get(s.id))
	ctx, cancel := context.WithTimeout(u.ctx, time.Minute)
	defer cancel()
	_, err := u.images.List(ctx, &compute.ListImagesRequest{FolderId: "f"}, grpc.WaitForReady(true))
	require.NoError(t, err)
	return s
}

// stuck is an image whose create waits for the hand of the test.
func stuck(t *testing.T) *scene {
	s := newScene(t, fake.WithPlan(fake.Plan{Steps: []fake.Step{{Name: "copy", When: fake.ByHand()}}}))
	op, err := s.as(t, "ci").create("web", nil)
	require.NoError(t, err)
	s.id = s.Operation(op.Id).ResourceID()
	return s
}

// forgiven is a poll that three stale replicas answer, and a create that is refused because of a name, until that is free again.
func forgiven(t *testing.T) *scene {
	s := newScene(t)
	s.fault = s.Inject(fake.Fault{On: fake.OperationGet, When: fake.First(3), Do: fake.Return(codes.NotFound)})
	u := s.as(t, "ci")
	_, err := u.key("k1").create("old", nil)
	require.Equal(t, codes.AlreadyExists, status.Code(err))
	deleted, err := u.images.Delete(u.ctx, &compute.DeleteImageRequest{ImageId: s.id})
	require.NoError(t, err)
	for range 3 {
		_, err = u.operations.Get(u.ctx, &operation.GetOperationRequest{OperationId: deleted.Id})
		require.Equal(t, codes.NotFound, status.Code(err))
	}
	u.poll(deleted)
	op, err := u.key("k2").create("old", nil)
	require.NoError(t, err)
	u.poll(op)
	return s
}

// tokens is a call that is refused twice for its token, then made with another.
func tokens(values ...string) func(*testing.T) *scene {
	return func(t *testing.T) *scene {
		s := newScene(t, fake.WithAuth("good"))
		for _, token := range values {
			u := s.as(t, "ci")
			u.ctx = metadata.AppendToOutgoingContext(u.ctx, "authorization", "Bearer "+token)
			require.Equal(t, token == "good", u.get(s.id) == nil)
		}
		return s
	}
}

// oneKey is a create and a delete under one key.
func oneKey(t *testing.T) *scene {
	s := newScene(t)
	u := s.as(t, "ci").key("k")
	created, err := u.create("web", nil)
	require.NoError(t, err)
	u.poll(created)
	deleted, err := u.images.Delete(u.ctx, &compute.DeleteImageRequest{ImageId: s.id})
	require.NoError(t, err)
	require.Equal(t, created.Id, deleted.Id)
	return s
}

// byPolicy is a create that gRPC tries again by itself.
func byPolicy(key string) func(*testing.T) *scene {
	return func(t *testing.T) *scene {
		s := newScene(t)
		s.fault = s.Inject(fake.Fault{On: fake.ImageCreate, When: fake.First(1), Do: fake.LoseReply()})
		cc, err := grpc.NewClient(s.Target(), append(s.DialOptions(), grpc.WithDefaultServiceConfig(`{"methodConfig": [{"name": [{}], "retryPolicy":
			{"maxAttempts": 3, "initialBackoff": "1s", "maxBackoff": "1s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`))...)
		require.NoError(t, err)
		defer cc.Close()
		u := user{t, compute.NewImageServiceClient(cc), operation.NewOperationServiceClient(cc), t.Context()}
		if key != "" {
			u = u.key(key)
		}
		op, err := u.create("web", nil)
		if key != "" {
			require.NoError(t, err)
			u.poll(op)
		}
		return s
	}
}

// cancelled is a create that was cancelled, so that its image is gone again.
func cancelled(t *testing.T) *scene {
	s := stuck(t)
	u := s.as(t, "ci")
	op, err := u.operations.Cancel(u.ctx, &operation.CancelOperationRequest{OperationId: s.Operations()[0].ID()})
	require.NoError(t, err)
	require.True(t, op.Done)
	return s
}

// vanished is an image that the test itself took away, on a server without a record.
func vanished(t *testing.T) *scene {
	s := newScene(t, fake.WithRecord(0))
	s.RemoveImage(s.id)
	return s
}

// bound is an image whose access bindings have changed, and a server that has read its own past since.
func bound(t *testing.T) *scene {
	s := newScene(t, fake.WithPlan(fake.AtOnce()))
	u := s.as(t, "ci")
	_, err := u.images.SetAccessBindings(u.ctx, &access.SetAccessBindingsRequest{ResourceId: s.id,
		AccessBindings: []*access.AccessBinding{{RoleId: "viewer", Subject: &access.Subject{Id: "u1", Type: "userAccount"}}}})
	require.NoError(t, err)
	return s
}

// busy is the same call many times.
func busy(t *testing.T) *scene {
	s := newScene(t)
	for range 20 {
		require.NoError(t, s.as(t, "ci").get(s.id))
	}
	return s
}

// polled is an operation with two polls, of which the state took its picture after the first.
func polled(t *testing.T) *scene {
	s := newScene(t, fake.WithPlan(fake.Finish(fake.Polls(3))))
	u := s.as(t, "ci")
	op, err := u.create("web", nil)
	require.NoError(t, err)
	s.before = s.Snapshot()
	u.poll(op)
	return s
}

// hung is a Get that is not answered.
func hung(t *testing.T) *scene {
	s := newScene(t)
	s.fault = s.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Hang()})
	u := s.as(t, "ci")
	go func() { _ = u.get(s.id) }()
	synctest.Wait()
	return s
}

// misled is a list whose pages a fault repeats and empties, and a reader that goes on until the end.
func misled(t *testing.T) *scene {
	s := paged()(t)
	s.Inject(fake.Fault{On: fake.ImageList, When: fake.Nth(2), Do: fake.RepeatPage()})
	s.Inject(fake.Fault{On: fake.ImageList, When: fake.Nth(3), Do: fake.EmptyPage()})
	u := s.as(t, "ci")
	for token := u.list(1, ""); token != ""; {
		token = u.list(1, token)
	}
	return s
}
