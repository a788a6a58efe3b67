package histories_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

const inFolder = "b1ghistories"

// The clients have little to choose from, so that they get in one another's way.
var (
	someNames    = []string{"web", "api", "base", ""}
	someFamilies = []string{"web", "lts"}
)

// seen is what clients have learned from one another: ids to ask about.
type seen struct {
	mu                 sync.Mutex
	images, operations []string
}

func (s *seen) learn(op *operation.Operation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.operations = append(s.operations, op.Id)
	metadata, err := op.Metadata.UnmarshalNew()
	if create, creates := metadata.(*compute.CreateImageMetadata); err == nil && creates {
		s.images = append(s.images, create.ImageId)
	}
}

func (s *seen) image(random *rand.Rand) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return recent(random, s.images)
}

func (s *seen) operation(random *rand.Rand) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return recent(random, s.operations)
}

// recent picks one of the latest: those are the ones that something happens to.
func recent(random *rand.Rand, ids []string) string {
	if len(ids) == 0 {
		return "fd800000000000000000"
	}
	return ids[len(ids)-1-random.IntN(min(3, len(ids)))]
}

// client makes random calls, and repeats with its key what it cannot know the outcome of, as good clients do.
type client struct {
	name       string
	random     *rand.Rand
	seen       *seen
	images     compute.ImageServiceClient
	operations operation.OperationServiceClient
	keys       int
}

func newClient(cloud *fake.Server, n int, seed uint64, seen *seen) *client {
	name := fmt.Sprintf("client-%d", n)
	conn := cloud.ConnAs(name)
	return &client{
		name: name, random: rand.New(rand.NewPCG(seed, uint64(n))), seen: seen,
		images: compute.NewImageServiceClient(conn), operations: operation.NewOperationServiceClient(conn),
	}
}

func pick[V any](random *rand.Rand, from []V) V { return from[random.IntN(len(from))] }

// work makes calls, with pauses between most of them.
func (c *client) work(ctx context.Context, calls int) {
	for range calls {
		if c.random.IntN(3) > 0 {
			time.Sleep(time.Duration(c.random.IntN(4)) * time.Second / 2)
		}
		c.call(ctx)
	}
}

func (c *client) call(ctx context.Context) {
	image, op := c.seen.image(c.random), c.seen.operation(c.random)
	switch n := c.random.IntN(20); {
	case n < 4:
		r := &compute.CreateImageRequest{FolderId: inFolder, Name: pick(c.random, someNames), Family: pick(c.random, someFamilies),
			Labels: map[string]string{"by": c.name}, Source: &compute.CreateImageRequest_SnapshotId{SnapshotId: "snapshot"}}
		if c.random.IntN(3) == 0 {
			r.Source = &compute.CreateImageRequest_ImageId{ImageId: image}
		}
		c.start(ctx, func(ctx context.Context) (*operation.Operation, error) { return c.images.Create(ctx, r) })
	case n < 7:
		r := &compute.UpdateImageRequest{ImageId: image, Name: pick(c.random, someNames), Description: fmt.Sprint(c.name, " ", c.random.IntN(100))}
		if masks := []string{"", "name", "description", "labels"}; c.random.IntN(4) > 0 {
			r.UpdateMask = &fieldmaskpb.FieldMask{Paths: []string{pick(c.random, masks[1:])}}
		}
		c.start(ctx, func(ctx context.Context) (*operation.Operation, error) { return c.images.Update(ctx, r) })
	case n < 9:
		r := &compute.DeleteImageRequest{ImageId: image}
		c.start(ctx, func(ctx context.Context) (*operation.Operation, error) { return c.images.Delete(ctx, r) })
	default:
		ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		c.look(ctx, n, image, op)
	}
}

// look makes a call that starts nothing.
func (c *client) look(ctx context.Context, n int, image, op string) {
	switch n {
	case 9, 10:
		_, _ = c.images.Get(ctx, &compute.GetImageRequest{ImageId: image})
	case 11:
		_, _ = c.images.List(ctx, &compute.ListImagesRequest{FolderId: inFolder})
	case 12, 13:
		_, _ = c.images.List(ctx, &compute.ListImagesRequest{FolderId: inFolder, Filter: fmt.Sprintf("name = %q", pick(c.random, someNames[:3]))})
	case 14:
		_, _ = c.images.GetLatestByFamily(ctx, &compute.GetImageLatestByFamilyRequest{FolderId: inFolder, Family: pick(c.random, someFamilies)})
	case 15:
		_, _ = c.images.ListOperations(ctx, &compute.ListImageOperationsRequest{ImageId: image})
	case 16:
		_, _ = c.operations.Cancel(ctx, &operation.CancelOperationRequest{OperationId: op})
	default:
		_, _ = c.operations.Get(ctx, &operation.GetOperationRequest{OperationId: op})
	}
}

// start starts an operation. Where it cannot know whether it has, it asks again with the same key.
func (c *client) start(ctx context.Context, call func(context.Context) (*operation.Operation, error)) {
	c.keys++
	ctx = metadata.AppendToOutgoingContext(ctx, "idempotency-key", fmt.Sprintf("%s-%d", c.name, c.keys))
	for range 3 {
		limited, cancel := context.WithTimeout(ctx, 3*time.Second)
		op, err := call(limited)
		cancel()
		switch status.Code(err) {
		case codes.OK:
			c.seen.learn(op)
			if c.random.IntN(4) > 0 {
				return
			}
		case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted:
		default:
			return
		}
	}
}

// plans returns how operations move, decided by random.
func plans(random *rand.Rand) []fake.Option {
	ways := []fake.StepTrigger{fake.Polls(1), fake.Polls(2), fake.After(time.Second), fake.After(4 * time.Second)}
	failing := fake.Finish(pick(random, ways))
	failing.Err = status.New(codes.Internal, "disk read error")
	failing.Rollback = fake.After(time.Second)
	options := []fake.Option{fake.WithSeed(random.Uint64()), fake.WithPlan(fake.Finish(pick(random, ways)))}
	for _, method := range []fake.Method{fake.ImageCreate, fake.ImageUpdate, fake.ImageDelete} {
		switch random.IntN(4) {
		case 0:
			options = append(options, fake.WithPlan(fake.AtOnce(), method))
		case 1:
			options = append(options, fake.WithPlan(failing, fake.AllOf(method, fake.ByCaller("client-1"))))
		case 2:
			options = append(options, fake.WithPlan(fake.Finish(pick(random, ways)), method))
		}
	}
	return options
}

// faults returns some faults, decided by random. They happen by chance, which the server's seed decides.
func faults(random *rand.Rand) []fake.Fault {
	effects := []fake.Effect{
		fake.LoseReply(), fake.LoseReply(), fake.Cut(), fake.Cut().Late(), fake.Hang(), fake.Return(codes.Unavailable), fake.Return(codes.Unavailable).Late(),
		fake.Throttle(time.Second), fake.Delay(500 * time.Millisecond), fake.Delay(2 * time.Second), fake.Delay(2 * time.Second).Late(), fake.Delay(4 * time.Second),
	}
	where := []fake.Matcher{nil, fake.ImageCreate, fake.ImageUpdate, fake.ImageDelete, fake.ImageGet, fake.ImageList, fake.OperationGet}
	var all []fake.Fault
	for range 2 + random.IntN(5) {
		all = append(all, fake.Fault{On: pick(random, where), When: fake.Chance(0.05 + 0.25*random.Float64()), Do: pick(random, effects), Optional: true})
	}
	return all
}

// snapshot is where most images come from.
func snapshot() fake.Option {
	return fake.WithSources(fake.Source{Snapshot: "snapshot", Size: 8 << 30})
}
