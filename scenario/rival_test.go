package scenario_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/imagefake/imagefake/assert"
	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// A rival finds what the body made also where the call names nothing: here a listing, long after.
func TestARivalFindsWhatTheBodyMade(t *testing.T) {
	body := func(t *scenario.T) error {
		op, err := images(t).Create(t.Context(), fromDisk)
		if err != nil {
			return err
		}
		if _, err = poll(t, 0, op); err != nil {
			return err
		}
		page, err := images(t).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
		if err != nil {
			return err
		}
		t.Check("what was made is listed", len(page.Images) == 1)
		return nil
	}
	found, err := scenario.Find(t, body, scenario.Faults(scenario.Unavailable), scenario.Rivals(scenario.ImageDeleted), scenario.On(fake.ImageList),
		scenario.OnServer(fake.WithPlan(fake.AtOnce())))
	require.NoError(t, err)
	require.Contains(t, found.Broken, "ImageList#1/image-deleted")
}

// What rivals make is not left behind by the body, and what the body leaves because of them is found beside it.
func TestNothingIsLeftBesideRivals(t *testing.T) {
	body := func(t *scenario.T, tidy bool) error {
		before := t.Cloud().Snapshot()
		defer assert.NothingLeft(t, t.Cloud(), before)
		var ids []string
		for _, name := range []string{"one", "two"} {
			if _, err := images(t).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"}); err != nil {
				return err
			}
			op, err := images(t).Create(t.Context(), fromDiskNamed(name))
			if err != nil && !tidy {
				return err
			}
			if err == nil {
				ids = append(ids, made(op))
			}
		}
		for _, id := range ids {
			if _, err := images(t).Delete(t.Context(), &compute.DeleteImageRequest{ImageId: id}); err != nil {
				return err
			}
		}
		return nil
	}
	opts := []scenario.Option{scenario.Faults(scenario.NameTaken), scenario.Rivals(scenario.ImageAdded, scenario.FamilyMovesOn),
		scenario.OnServer(fake.WithPlan(fake.AtOnce())), scenario.Pairs(20),
		scenario.Setup(func(s *fake.Server) { s.AddImage(&compute.Image{FolderId: "f", Family: "web"}) })}
	held, err := scenario.Find(t, func(t *scenario.T) error { return body(t, true) }, opts...)
	require.NoError(t, err)
	require.Greater(t, held.Runs, 4)
	require.Empty(t, held.Broken, held.Summary)
	left, err := scenario.Find(t, func(t *scenario.T) error { return body(t, false) }, opts...)
	require.NoError(t, err)
	require.Equal(t, []string{"ImageCreate#2/name-taken"}, slices.Collect(maps.Keys(left.Broken)), left.Summary)
	require.Contains(t, left.Broken["ImageCreate#2/name-taken"], "There is 1")
}
