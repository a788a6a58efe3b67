package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A gang runs funcs side by side and calls the others off when one fails, as golang.org/x/sync/errgroup does.
type gang struct {
	ctx    context.Context
	cancel context.CancelFunc
	all    sync.WaitGroup
	once   sync.Once
	first  error
}

func newGang(ctx context.Context) *gang {
	g := new(gang)
	g.ctx, g.cancel = context.WithCancel(ctx)
	return g
}

func (g *gang) run(f func(ctx context.Context) error) {
	g.all.Go(func() {
		if err := f(g.ctx); err != nil {
			g.once.Do(func() { g.first = err; g.cancel() })
		}
	})
}

// wait waits for all of them and returns the first error.
func (g *gang) wait() error {
	g.all.Wait()
	g.cancel()
	return g.first
}

// bakeGang has two workers that each create an image; the failure of one calls the other off. Who is called off may have an image all
// the same. The broken one removes what it knows of; the repaired one looks for what is there.
func bakeGang(t *scenario.T, repaired bool) error {
	g := newGang(t.Context())
	ids := make([]string, 2)
	for i := range ids {
		g.run(func(ctx context.Context) error {
			op, err := as(t, "w", i).Create(ctx, named(i))
			if err != nil {
				return err
			}
			ids[i] = made(op)
			return nil
		})
	}
	err := g.wait()
	if err == nil {
		return nil
	}
	if repaired {
		all, lost := listed(t, func(*compute.ListImagesResponse) bool { return false })
		err = errors.Join(err, lost)
		ids = nil
		for _, im := range all {
			ids = append(ids, im.Id)
		}
	}
	for _, id := range ids {
		if id != "" {
			err = errors.Join(err, remove(t, id))
		}
	}
	t.Check("all or nothing", count(t) == 0, "left", count(t))
	return err
}

// atOnce makes servers whose operations are done when they begin.
var atOnce = scenario.OnServer(fake.WithPlan(fake.AtOnce()))

// Twins whose bugs take calls that are under way at the same time: another order of them, or another order and a fault.
var orderTwins = []twin{
	{
		name: "checks, then creates", by: "^(order|answers)-", opts: []scenario.Option{few, scenario.Orders(60)},
		body: func(t *scenario.T, repaired bool) error {
			err := sideBySide(2, func(i int) error {
				client := as(t, "worker", i)
				page, err := client.List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
				if err != nil || len(page.Images) > 0 {
					return err
				}
				_, err = client.Create(t.Context(), fromDisk)
				if status.Code(err) == codes.AlreadyExists && repaired {
					err = nil // it is there, whoever was faster
				}
				return err
			})
			t.Check("that it is there is no failure", err == nil || status.Code(unjoined(err)) != codes.AlreadyExists)
			return err
		},
	},
	{
		name: "two janitors and one image", by: "^(order|answers)-", opts: []scenario.Option{few, seeded, atOnce, scenario.Orders(60)},
		body: func(t *scenario.T, repaired bool) error {
			err := sideBySide(2, func(i int) error {
				client := as(t, "janitor", i)
				page, err := client.List(t.Context(), &compute.ListImagesRequest{FolderId: "f", Filter: `name="web-one"`})
				if err != nil || len(page.Images) == 0 {
					return err
				}
				_, err = client.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: page.Images[0].Id})
				if code := status.Code(err); repaired && (code == codes.NotFound || code == codes.FailedPrecondition) {
					err = nil
				}
				return err
			})
			code := status.Code(unjoined(err))
			t.Check("that the other was faster is no failure", err == nil || code == codes.Aborted, "code", code)
			return err
		},
	},
	{
		name: "promotes, then deletes under a reader", by: "^(order|answers)-", opts: []scenario.Option{few, seeded, firstPoll, scenario.Orders(200)},
		body: func(t *scenario.T, repaired bool) error {
			old := t.Cloud().ImageNamed("f", "web-three").Id
			return sideBySide(2, func(i int) error {
				client := as(t, "w", i)
				if i == 0 {
					op, err := client.Create(t.Context(), &compute.CreateImageRequest{FolderId: "f", Name: "web-four", Family: "web", Source: fromDisk.Source})
					if err == nil {
						op, err = poll(t, i, op)
					}
					if err == nil && op.GetError() == nil {
						_, err = client.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: old})
					}
					return err
				}
				for try := 0; ; try++ {
					base, err := client.GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{FolderId: "f", Family: "web"})
					if err != nil {
						return err
					}
					_, err = client.Create(t.Context(), &compute.CreateImageRequest{
						FolderId: "f", Name: "app", Source: &compute.CreateImageRequest_ImageId{ImageId: base.Id}})
					gone := status.Code(err) == codes.NotFound || status.Code(err) == codes.FailedPrecondition
					if gone && repaired && try < 3 {
						continue // there is a newer one
					}
					t.Check("a base is found that is there", !gone, "error", err)
					return err
				}
			})
		},
	},
	{
		name: "a group that abandons siblings", by: `^w-.\.ImageCreate#1/aborted\+(order|answers)-`, opts: []scenario.Option{few, scenario.On(fake.ImageCreate), atOnce, scenario.Orders(100)},
		body: bakeGang,
	},
	{
		name: "the first error ends the wait", by: `ImageCreate#1/aborted\+(order|answers)-`, opts: []scenario.Option{few, scenario.Orders(60)},
		body: func(t *scenario.T, repaired bool) error {
			// Whoever waits for the first error alone looks away while the others go on.
			errs := make(chan error, 2)
			for i := range 2 {
				go func() {
					_, err := as(t, "w", i).Create(t.Context(), named(i))
					errs <- err
				}()
			}
			err := <-errs
			if err == nil || repaired {
				err = errors.Join(err, <-errs)
			}
			before := count(t)
			_, second := images(t).Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
			t.Check("nothing goes on when it is over", count(t) == before, "more", count(t)-before)
			return errors.Join(err, notMissing(second))
		},
	},
	{
		name: "cancels what may have ended", by: "^(order|answers)-", opts: []scenario.Option{few, firstPoll, scenario.Orders(60)},
		body: func(t *scenario.T, repaired bool) error {
			op, err := images(t).Create(t.Context(), fromDisk)
			if err != nil {
				return err
			}
			err = sideBySide(2, func(i int) error {
				if i == 1 {
					_, err := poll(t, i, op)
					return err
				}
				ended, err := operation.NewOperationServiceClient(t.Cloud().ConnAs("w-0")).Cancel(t.Context(), &operation.CancelOperationRequest{OperationId: op.Id})
				if err == nil && ended.GetResponse() != nil && repaired {
					_, err = as(t, "w", 0).Delete(t.Context(), &compute.DeleteImageRequest{ImageId: made(op)})
				}
				return err
			})
			ready := len(t.Cloud().Images(func(im *compute.Image) bool { return im.Status == compute.Image_READY }))
			t.Check("what was cancelled leaves no image", err != nil || ready == 0, "left", fmt.Sprint(ready))
			return err
		},
	},
}

// notMissing returns an error, but that something is not there.
func notMissing(err error) error {
	if status.Code(err) == codes.NotFound {
		return nil
	}
	return err
}
