package scenario_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// cleanUpRaces has two workers create one image each. The one whose Create is refused takes the other's image away, if it is there
// already: what comes later stays. It takes the refusal and an order other than the usual one.
func cleanUpRaces(t *scenario.T, repaired bool) error {
	errs := make([]error, 2)
	_ = sideBySide(2, func(i int) error {
		_, errs[i] = as(t, "w", i).Create(t.Context(), named(i))
		if errs[i] == nil || repaired {
			return nil
		}
		page, err := as(t, "w", i).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
		for _, im := range page.GetImages() {
			_, err = as(t, "w", i).Delete(t.Context(), &compute.DeleteImageRequest{ImageId: im.Id})
		}
		return err
	})
	if repaired && (errs[0] != nil || errs[1] != nil) {
		for _, im := range t.Cloud().Images() {
			if err := remove(t, im.Id); err != nil {
				return err
			}
		}
	}
	t.Check("both or none", len(t.Cloud().Images()) != 1, "errors", errs)
	return nil
}

// refused is one refusal of worker 1's Create, which in the usual order is the second.
var refused = scenario.Faults(scenario.Kind{Name: "refused", Do: fake.Return(codes.ResourceExhausted), On: fake.AllOf(fake.ImageCreate, fake.ByCaller("w-1"))})

// A bug that takes a fault and an order is found by Orders alone; its report, its token and its Go code have both.
func TestABreakThatTakesAFaultAndAnOrder(t *testing.T) {
	body := func(repaired bool) func(t *scenario.T) error {
		return func(t *scenario.T) error { return cleanUpRaces(t, repaired) }
	}
	for range explorations {
		usual, err := scenario.Find(t, body(false), refused, atOnce)
		require.NoError(t, err)
		require.Empty(t, usual.Broken, usual.Summary)

		found, err := scenario.Find(t, body(false), refused, atOnce, scenario.Orders(20))
		require.NoError(t, err)
		const schedule = "w-1.ImageCreate#1/refused+order-1.2-2.2"
		require.Contains(t, found.Summary, "the shortest schedule that breaks it: "+schedule)
		story := found.Broken[schedule]
		require.Contains(t, story, "broken promise: both or none")
		require.Contains(t, story, "step 1: w-1.ImageCreate#1 goes before w-0.ImageCreate#1\nstep 2: w-1.ImageList#1 goes before w-0.ImageCreate#1")
		require.Contains(t, story, "cloud.Inject(fake.Fault{On: fake.AllOf(fake.ImageCreate, fake.ByCaller(\"w-1\"))")
		require.Contains(t, story, "cloud.Order(\n")
		require.Contains(t, found.Summary, "orders of commits, under one fault: ")

		token := printedToken.FindStringSubmatch(story)[1]
		again, _, err := scenario.Replay(t, token, body(false), refused, atOnce)
		require.NoError(t, err)
		require.Contains(t, again, "broken promise: both or none")
		held, err := scenario.Find(t, body(true), refused, atOnce, scenario.Orders(200))
		require.NoError(t, err)
		require.Empty(t, held.Broken, held.Summary)
	}
	// What the report prints, on a server without a gate.
	cloud := fake.New(t, fake.WithPlan(fake.AtOnce()))
	cloud.Inject(fake.Fault{On: fake.AllOf(fake.ImageCreate, fake.ByCaller("w-1")), Do: fake.Return(codes.ResourceExhausted)})
	cloud.Order(
		fake.AllOf(fake.Exactly(named(1)), fake.ByCaller("w-1")),
		fake.AllOf(fake.Exactly(&compute.ListImagesRequest{FolderId: "f"}), fake.ByCaller("w-1")),
		fake.AllOf(fake.Exactly(named(0)), fake.ByCaller("w-0")),
	)
	_ = sideBySide(2, func(i int) error {
		client := compute.NewImageServiceClient(cloud.ConnAs(fmt.Sprintf("w-%d", i)))
		_, err := client.Create(t.Context(), named(i))
		if status.Code(err) == codes.ResourceExhausted {
			_, err = client.List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
		}
		return err
	})
	require.Len(t, cloud.Images(), 1)
}

// A budget that is short goes to all faults alike, and is kept.
func TestABudgetIsSpreadOverTheFaults(t *testing.T) {
	for _, budget := range []int{1, 3, 7, 40} {
		found, err := scenario.Find(t, func(t *scenario.T) error {
			return sideBySide(3, func(i int) error {
				_, err := as(t, "w", i).Create(t.Context(), fromDisk)
				return err
			})
		}, scenario.Faults(scenario.Unavailable, scenario.Denied), scenario.Orders(budget))
		require.NoError(t, err)
		require.NotEmpty(t, found.Series)
		for _, runs := range found.Series {
			total := 0
			for _, n := range runs {
				total += n
			}
			require.LessOrEqual(t, total, budget, found.Summary)
			require.LessOrEqual(t, slices.Max(runs)-slices.Min(runs), 1+budget/20, "%v\n%s", runs, found.Summary)
		}
		if budget < 20 {
			require.Contains(t, found.Summary, "left out: Orders(n) sets the budget")
		}
	}
}
