package covered

import (
	"os"
	"strconv"
	"testing"

	"github.com/imagefake/imagefake/scenario"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

func TestFetch(t *testing.T) {
	workers, err := strconv.Atoi(os.Getenv("WORKERS"))
	if err != nil {
		t.Skip("a test of package scenario says how many workers")
	}
	scenario.Explore(t, func(t *scenario.T) error {
		Fetch(func() error {
			_, err := compute.NewImageServiceClient(t.Cloud().Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
			return err
		})
		return nil
	}, scenario.Faults(scenario.Unavailable, scenario.Denied, scenario.Throttled), scenario.Parallel(workers))
}
