package scenario_test

import (
	"testing"

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
