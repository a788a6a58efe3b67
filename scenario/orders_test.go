package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// few leaves little but the orders to try.
var few = scenario.Faults(scenario.Kind{Name: "aborted", Do: fake.Return(codes.Aborted)})

// as returns a client of a caller with a name of its own.
func as(t *scenario.T, who string, i int) compute.ImageServiceClient {
	return compute.NewImageServiceClient(t.Cloud().ConnAs(fmt.Sprintf("%s-%d", who, i)))
}

// checkThenCreate has three workers that each look whether the image is there, and create it if not.
func checkThenCreate(t *scenario.T, pause time.Duration) error {
	return sideBySide(3, func(i int) error {
		page, err := as(t, "worker", i).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
		if err != nil || len(page.Images) > 0 {
			return err
		}
		time.Sleep(pause)
		_, err = as(t, "worker", i).Create(t.Context(), fromDisk)
		return err
	})
}

// Six calls of three workers, of which some are only made if others come late: 66 orders.
func TestAllOrdersOfThreeWorkers(t *testing.T) {
	body := func(t *scenario.T) error { return checkThenCreate(t, 0) }
	var first map[string]int
	for range min(3, explorations) {
		found, err := scenario.Find(t, body, scenario.Orders(100), scenario.Unreduced(), few)
		require.NoError(t, err)
		require.Equal(t, 66, found.Rounds[0].Runs, found.Summary)
		require.Zero(t, found.Rounds[0].Unpaid)
		if first == nil {
			first = found.Rounds[0].Endings
		}
		require.Equal(t, first, found.Rounds[0].Endings)
	}
	// Where workers pause between their calls, only time on the way brings all orders.
	found, err := scenario.Find(t, func(t *scenario.T) error { return checkThenCreate(t, time.Millisecond) }, scenario.Orders(600), few)
	require.NoError(t, err)
	ends := make(map[int]bool)
	for ending := range found.Rounds[1].Endings {
		ends[len(ending)] = true
	}
	require.Greater(t, len(found.Rounds[1].Endings), len(found.Rounds[0].Endings), found.Summary)
}

// A breaking order is found with the fewest departures, replays, and happens on any server by the code that the report shows.
func TestABreakingOrder(t *testing.T) {
	body := func(t *scenario.T) error {
		err := checkThenCreate(t, 0)
		t.Check("all are content", status.Code(unjoined(err)) != codes.AlreadyExists)
		return nil
	}
	for range explorations {
		found, err := scenario.Find(t, body, scenario.Orders(100), few)
		require.NoError(t, err)
		require.Contains(t, found.Broken, "order-2.2")
		require.Contains(t, found.Summary, "the shortest schedule that breaks it: order-2.2")
		story := found.Broken["order-2.2"]
		require.Contains(t, found.Groups["order-2.2"], "it breaks in the same way under")
		require.NotRegexp(t, `\n\s+order-2\.2\n`, found.Groups["order-2.2"], "an order that is met again is no other one")
		require.Contains(t, story, "step 2: worker-1.ImageList#1 goes before worker-0.ImageCreate#1")
		require.Contains(t, story, "\tcloud.Order(\n"+
			"\t\tfake.AllOf(fake.Exactly(&compute.ListImagesRequest{FolderId: \"f\"}), fake.ByCaller(\"worker-0\")),\n"+
			"\t\tfake.AllOf(fake.Exactly(&compute.ListImagesRequest{FolderId: \"f\"}), fake.ByCaller(\"worker-1\")),\n"+
			"\t\tfake.AllOf(fake.Exactly(&compute.CreateImageRequest{FolderId: \"f\", Name: \"web\", Source: &compute.CreateImageRequest_DiskId{DiskId: \"d\"}}), fake.ByCaller(\"worker-0\")),\n")

		token := printedToken.FindStringSubmatch(story)[1]
		var name string
		again, timeline, err := scenario.Replay(t, token, func(t *scenario.T) error { name = t.Name(); return body(t) }, few)
		require.NoError(t, err)
		require.Equal(t, "TestABreakingOrder/order-2.2", name)
		require.Contains(t, again, "broken promise: all are content")
		require.Contains(t, timeline, "worker-1")
	}
	cloud := fake.New(t)
	cloud.Order(
		fake.AllOf(fake.Exactly(&compute.ListImagesRequest{FolderId: "f"}), fake.ByCaller("worker-0")),
		fake.AllOf(fake.Exactly(&compute.ListImagesRequest{FolderId: "f"}), fake.ByCaller("worker-1")),
		fake.AllOf(fake.Exactly(&compute.CreateImageRequest{FolderId: "f", Name: "web", Source: &compute.CreateImageRequest_DiskId{DiskId: "d"}}), fake.ByCaller("worker-0")),
	)
	err := sideBySide(2, func(i int) error {
		client := compute.NewImageServiceClient(cloud.ConnAs(fmt.Sprintf("worker-%d", i)))
		page, err := client.List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
		if err != nil || len(page.Images) > 0 {
			return err
		}
		_, err = client.Create(t.Context(), fromDisk)
		return err
	})
	require.Equal(t, codes.AlreadyExists, status.Code(unjoined(err)))
}

// Orders are tried also where locks are held across calls, in the same number of runs each time.
func TestOrdersUnderALock(t *testing.T) {
	runs := 0
	for range 3 {
		found, err := scenario.Find(t, func(t *scenario.T) error {
			var mu sync.Mutex
			return sideBySide(2, func(i int) error {
				if _, err := as(t, "w", i).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"}); err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				_, err := as(t, "w", i).Create(t.Context(), fromDisk)
				return err
			})
		}, scenario.Orders(50), few)
		require.NoError(t, err)
		require.Greater(t, found.Rounds[0].Runs, 1, found.Summary)
		if runs == 0 {
			runs = found.Rounds[0].Runs
		}
		require.Equal(t, runs, found.Rounds[0].Runs)
	}
}

// A racer is a body whose calls get in each other's way, or do not.
type racer struct {
	name string
	body func(t *scenario.T) error
}

// bakeNamed creates an image and waits for it, as a caller of its own.
func bakeNamed(t *scenario.T, i int, r *compute.CreateImageRequest) (*operation.Operation, error) {
	op, err := as(t, "w", i).Create(t.Context(), r)
	if err != nil {
		return nil, err
	}
	return poll(t, i, op)
}

func poll(t *scenario.T, i int, op *operation.Operation) (*operation.Operation, error) {
	return operation.NewOperationServiceClient(t.Cloud().ConnAs(fmt.Sprintf("w-%d", i))).Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
}

func firstID(t *scenario.T) string {
	return t.Cloud().Images(func(im *compute.Image) bool { return im.FolderId == "f" })[0].Id
}

func named(i int) *compute.CreateImageRequest { return fromDiskNamed(fmt.Sprintf("image-of-%d", i)) }

var racers = []racer{
	{"check then create", func(t *scenario.T) error { return checkThenCreate(t, 0) }},
	{"check then create with pauses", func(t *scenario.T) error { return checkThenCreate(t, time.Millisecond) }},
	{"creates of one name", func(t *scenario.T) error {
		return sideBySide(3, func(i int) error { _, err := as(t, "w", i).Create(t.Context(), fromDisk); return err })
	}},
	{"bakes of different names", func(t *scenario.T) error {
		return sideBySide(2, func(i int) error { _, err := bakeNamed(t, i, named(i)); return err })
	}},
	{"bakes of one name", func(t *scenario.T) error {
		return sideBySide(2, func(i int) error { _, err := bakeNamed(t, i, fromDisk); return err })
	}},
	{"equal calls of one caller", func(t *scenario.T) error {
		return sideBySide(3, func(int) error { _, err := images(t).Create(t.Context(), fromDisk); return err })
	}},
	{"reads alone", func(t *scenario.T) error {
		return sideBySide(3, func(i int) error {
			_, err := as(t, "w", i).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
			_, second := as(t, "w", i).Get(t.Context(), &compute.GetImageRequest{ImageId: firstID(t)})
			return errors.Join(err, second)
		})
	}},
	{"a read and a delete", func(t *scenario.T) error {
		id := firstID(t)
		return sideBySide(2, func(i int) error {
			if i == 0 {
				_, err := as(t, "w", i).Delete(t.Context(), &compute.DeleteImageRequest{ImageId: id})
				return err
			}
			_, err := as(t, "w", i).Get(t.Context(), &compute.GetImageRequest{ImageId: id})
			return err
		})
	}},
	{"two deletes of one image", func(t *scenario.T) error {
		id := firstID(t)
		return sideBySide(2, func(i int) error {
			_, err := as(t, "w", i).Delete(t.Context(), &compute.DeleteImageRequest{ImageId: id})
			return err
		})
	}},
	{"deletes of different images", func(t *scenario.T) error {
		all := t.Cloud().Images()
		return sideBySide(3, func(i int) error {
			_, err := as(t, "w", i).Delete(t.Context(), &compute.DeleteImageRequest{ImageId: all[i].Id})
			return err
		})
	}},
	// Each is a caller of its own: which of two equal reads by one caller is the first is known by how they arrive, and so is the number of
	// runs, though not what comes of them.
	{"updates that read first", func(t *scenario.T) error {
		return sideBySide(2, func(i int) error { return labelBy(t, as(t, "w", i), i) })
	}},
	{"a rename and a create of the old name", func(t *scenario.T) error {
		id := firstID(t)
		return sideBySide(2, func(i int) error {
			if i == 0 {
				_, err := as(t, "w", i).Update(t.Context(), &compute.UpdateImageRequest{ImageId: id, Name: "moved-on"})
				return err
			}
			_, err := as(t, "w", i).Create(t.Context(), fromDiskNamed("image-0"))
			return err
		})
	}},
	{"a create and a look-up by family", func(t *scenario.T) error {
		return sideBySide(2, func(i int) error {
			if i == 0 {
				_, err := bakeNamed(t, i, &compute.CreateImageRequest{FolderId: "f", Family: "web", Source: fromDisk.Source})
				return err
			}
			_, err := as(t, "w", i).GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{FolderId: "f", Family: "web"})
			return err
		})
	}},
	{"two of a family", func(t *scenario.T) error {
		err := sideBySide(2, func(i int) error {
			r := named(i)
			r.Family = "web"
			_, err := bakeNamed(t, i, r)
			return err
		})
		im, second := images(t).GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{FolderId: "f", Family: "web"})
		return errors.Join(err, second, errors.New(im.GetName()))
	}},
	{"a poll and a cancel", func(t *scenario.T) error {
		op, err := images(t).Create(t.Context(), named(0))
		if err != nil {
			return err
		}
		return sideBySide(2, func(i int) error {
			if i == 0 {
				_, err := poll(t, i, op)
				return err
			}
			_, err := operations(t).Cancel(t.Context(), &operation.CancelOperationRequest{OperationId: op.Id})
			return err
		})
	}},
	{"a list in another folder", func(t *scenario.T) error {
		return sideBySide(2, func(i int) error {
			if i == 0 {
				_, err := bakeNamed(t, i, named(i))
				return err
			}
			_, err := as(t, "w", i).List(t.Context(), &compute.ListImagesRequest{FolderId: "g"})
			return err
		})
	}},
	{"the first answer wins", func(t *scenario.T) error {
		answers := make(chan string, 2)
		for i := range 2 {
			go func() {
				im, err := as(t, "w", i).Get(t.Context(), &compute.GetImageRequest{ImageId: t.Cloud().Images()[i].Id})
				answers <- fmt.Sprint(im.GetName(), err)
			}()
		}
		won := <-answers
		<-answers
		return errors.New(won)
	}},
	{"the second asks for what the first found", func(t *scenario.T) error {
		var mu sync.Mutex
		n := 0
		return sideBySide(2, func(i int) error {
			_, err := as(t, "w", i).Get(t.Context(), &compute.GetImageRequest{ImageId: t.Cloud().Images()[i].Id})
			mu.Lock()
			n++
			mine := n
			mu.Unlock()
			if mine == 2 {
				_, err = as(t, "w", i).Delete(t.Context(), &compute.DeleteImageRequest{ImageId: t.Cloud().Images()[i].Id})
			}
			return err
		})
	}},
	{"siblings that are called off", func(t *scenario.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		return sideBySide(2, func(i int) error {
			client := as(t, "w", i)
			if i == 0 {
				_, err := client.Get(ctx, &compute.GetImageRequest{ImageId: "none"})
				cancel()
				return err
			}
			op, err := client.Create(ctx, named(i))
			if err == nil {
				_, err = operation.NewOperationServiceClient(t.Cloud().ConnAs("w-1")).Get(ctx, &operation.GetOperationRequest{OperationId: op.Id})
			}
			return err
		})
	}},
	{"a limit of one", func(t *scenario.T) error {
		slots := make(chan struct{}, 1)
		return sideBySide(3, func(i int) error {
			if _, err := as(t, "w", i).List(t.Context(), &compute.ListImagesRequest{FolderId: "g"}); err != nil {
				return err
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			_, err := as(t, "w", i).Create(t.Context(), named(i))
			return err
		})
	}},
	{"a quota", func(t *scenario.T) error {
		return sideBySide(3, func(i int) error { _, err := as(t, "w", i).Create(t.Context(), named(i)); return err })
	}},
	{"a single flight", func(t *scenario.T) error {
		flights := flights{running: make(map[string]*flight)}
		return sideBySide(3, func(i int) error {
			_, err := as(t, "w", i).Get(t.Context(), &compute.GetImageRequest{ImageId: firstID(t)})
			return errors.Join(err, flights.do("list", func() error { return probe(t) }))
		})
	}},
}

// What is left out can only repeat: with and without the reduction bodies end in the same ways, in the same states.
func TestReductionLosesNothing(t *testing.T) {
	saved := 0
	for _, c := range racers {
		t.Run(c.name, func(t *testing.T) {
			opts := []scenario.Option{scenario.Orders(3000), few, scenario.Commits(), scenario.Parallel(2)}
			if !strings.HasPrefix(c.name, "check") {
				opts = append(opts, scenario.Setup(fourImages))
			}
			if c.name == "a quota" {
				opts = append(opts, scenario.OnServer(fake.WithQuota(fake.Quota{Images: 6})))
			}
			whole, err := scenario.Find(t, c.body, append(opts, scenario.Unreduced())...)
			require.NoError(t, err)
			require.Zero(t, whole.Rounds[0].Unpaid, whole.Summary)
			reduced, err := scenario.Find(t, c.body, opts...)
			require.NoError(t, err)
			require.ElementsMatch(t, slices.Collect(maps.Keys(whole.Rounds[0].Endings)), slices.Collect(maps.Keys(reduced.Rounds[0].Endings)),
				"%s\n%s", whole.Summary, reduced.Summary)
			require.LessOrEqual(t, reduced.Rounds[0].Runs, whole.Rounds[0].Runs)
			saved += whole.Rounds[0].Runs - reduced.Rounds[0].Runs
			t.Logf("%d of %d runs", reduced.Rounds[0].Runs, whole.Rounds[0].Runs)
		})
	}
	require.Positive(t, saved)
}

// ownImages has three workers that each list their folder, create, update and delete an image of their own.
func ownImages(t *scenario.T) error {
	return sideBySide(3, func(i int) error {
		client, folder := as(t, "w", i), fmt.Sprintf("folder-%d", i)
		if _, err := client.List(t.Context(), &compute.ListImagesRequest{FolderId: folder}); err != nil {
			return err
		}
		op, err := client.Create(t.Context(), &compute.CreateImageRequest{FolderId: folder, Name: "web", Source: fromDisk.Source})
		if err != nil {
			return err
		}
		if _, err = poll(t, i, op); err != nil {
			return err
		}
		if op, err = client.Update(t.Context(), &compute.UpdateImageRequest{ImageId: made(op), Description: "mine"}); err != nil {
			return err
		}
		if _, err = poll(t, i, op); err != nil {
			return err
		}
		updated := new(compute.UpdateImageMetadata)
		if err := op.Metadata.UnmarshalTo(updated); err != nil {
			return err
		}
		_, err = client.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: updated.ImageId})
		return err
	})
}

// What does not get in each other's way is tried once for each two calls, not in each of its seventeen million orders.
func TestOrdersOfCallsThatDoNotMind(t *testing.T) {
	found, err := scenario.Find(t, ownImages, firstPoll, scenario.Orders(1000), scenario.Commits(), few, scenario.On(fake.ImageList), scenario.Parallel(2))
	require.NoError(t, err)
	require.Zero(t, found.Rounds[0].Unpaid, found.Summary)
	require.Less(t, found.Rounds[0].Runs, 150, found.Summary)
	require.Len(t, found.Rounds[0].Endings, 1)
	require.Contains(t, found.Summary, "for about 2e+07 orders")
}

// Orders beyond the budget are left out evenly, and counted.
func TestOrdersBeyondTheBudget(t *testing.T) {
	found, err := scenario.Find(t, func(t *scenario.T) error {
		return sideBySide(3, func(i int) error {
			var errs []error
			for n := range 4 {
				_, err := as(t, "w", i).Create(t.Context(), fromDiskNamed(fmt.Sprintf("image-%d", n)))
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		})
	}, scenario.Orders(60), scenario.Commits(), few)
	require.NoError(t, err)
	require.Equal(t, 60, found.Rounds[0].Runs)
	require.Positive(t, found.Rounds[0].Unpaid)
	require.Contains(t, found.Summary, "60 runs for 34650 orders")
	require.Contains(t, found.Summary, "left out: Orders(n) sets the budget")
}

// firstPoll makes servers whose operations are done at their first poll.
var firstPoll = scenario.OnServer(fake.WithPlan(fake.Finish(fake.Polls(1))))
