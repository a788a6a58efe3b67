package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// withDisks serves disks, from their descriptor alone.
var withDisks = scenario.OnServer(fake.WithNeighbours(&compute.DiskService_ServiceDesc))

// telling are the kinds that tell the clients below apart.
var telling = scenario.Faults(scenario.LostReply, scenario.ReplicaLag, scenario.Denied, scenario.OperationFails)

// A diskBug is what a client that makes an image by way of a disk does wrong.
type diskBug int

const (
	noBug diskBug = iota
	keepsTheDiskOfAFailure
	repeatsWithoutAKey
	takesGoneForAFailure // where another client has deleted the disk
)

// byWayOfADisk makes a disk, an image from it, and deletes the disk.
func byWayOfADisk(t *scenario.T, bug diskBug) (err error) {
	disks := compute.NewDiskServiceClient(t.Cloud().ConnAs("baker"))
	defer func() {
		left := t.Cloud().Resources(func(m proto.Message) bool { _, is := m.(*compute.Disk); return is })
		t.Check("a disk is left only where the client says so", len(left) == 0 || errors.Is(err, errDiskLeft), "disks", len(left))
		t.Check("success means one READY image", err != nil || len(t.Cloud().Images(isReady)) == 1)
	}()
	start := func(key string, call func(context.Context) (*operation.Operation, error)) (*operation.Operation, error) {
		ctx := t.Context()
		if bug != repeatsWithoutAKey {
			ctx = metadata.AppendToOutgoingContext(ctx, "idempotency-key", key)
		}
		return again(ctx, func(context.Context) (*operation.Operation, error) { return call(ctx) })
	}
	op, err := start("disk", func(ctx context.Context) (*operation.Operation, error) {
		return disks.Create(ctx, &compute.CreateDiskRequest{FolderId: "f", Name: "scratch", Size: 4 << 30, ZoneId: "ru-central1-a"})
	})
	if err != nil {
		return err
	}
	made := new(compute.CreateDiskMetadata)
	if err := op.Metadata.UnmarshalTo(made); err != nil {
		return err
	}
	drop := func() error {
		op, err := start("drop", func(ctx context.Context) (*operation.Operation, error) {
			return disks.Delete(ctx, &compute.DeleteDiskRequest{DiskId: made.DiskId})
		})
		if status.Code(err) == codes.NotFound && bug != takesGoneForAFailure {
			return nil
		}
		if err == nil {
			err = await(t, op)
		}
		t.Check("that a disk is gone is no failure to delete it", status.Code(err) != codes.NotFound)
		if err != nil {
			return errors.Join(errDiskLeft, err)
		}
		return nil
	}
	if err := await(t, op); err != nil {
		return errors.Join(err, drop())
	}
	op, err = start("image", func(ctx context.Context) (*operation.Operation, error) {
		return images(t).Create(ctx, &compute.CreateImageRequest{FolderId: "f", Name: "web", Source: &compute.CreateImageRequest_DiskId{DiskId: made.DiskId}})
	})
	if err == nil {
		err = await(t, op)
	}
	if err != nil && bug == keepsTheDiskOfAFailure {
		return err
	}
	return errors.Join(err, drop())
}

func isReady(im *compute.Image) bool { return im.Status == compute.Image_READY }

// errDiskLeft is what a client says that could not delete its disk.
var errDiskLeft = errors.New("the disk may be left")

// Faults happen to the calls of a neighbour, and to its operations, as they do to those of images.
func TestExploreKnowsNeighbours(t *testing.T) {
	for name, c := range map[string]struct {
		bug diskBug
		by  string
	}{
		"keeps the disk of a failure": {keepsTheDiskOfAFailure, `^ImageCreate#1/(denied|operation-fails)$`},
		"repeats without a key":       {repeatsWithoutAKey, `^baker\./yandex\.cloud\.compute\.v1\.DiskService/Create#1/lost-reply$`},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := scenario.Find(t, func(t *scenario.T) error { return byWayOfADisk(t, c.bug) }, withDisks, telling)
			require.NoError(t, err)
			by := regexp.MustCompile(c.by)
			require.True(t, slices.ContainsFunc(slices.Collect(maps.Keys(found.Broken)), by.MatchString), "%v", slices.Collect(maps.Keys(found.Broken)))
		})
	}
	scenario.Explore(t, repaired, withDisks, telling)
}

func repaired(t *scenario.T) error { return byWayOfADisk(t, noBug) }

func TestChaosKnowsNeighbours(t *testing.T) {
	found, err := scenario.FindChaos(t, 20, 0.3, func(t *scenario.T) error { return byWayOfADisk(t, keepsTheDiskOfAFailure) }, withDisks)
	require.NoError(t, err)
	require.NotEmpty(t, found)
	found, err = scenario.FindChaos(t, 20, 0.3, func(t *scenario.T) error { return byWayOfADisk(t, repeatsWithoutAKey) }, withDisks, transient)
	require.NoError(t, err)
	for schedule, story := range found {
		require.Contains(t, schedule, "DiskService/Create", story)
	}
	require.NotEmpty(t, found)
	scenario.Chaos(t, 20, 0.3, repaired, withDisks)
}

// What other clients do comes between the calls of neighbours, too: to disks by a kind of the test's own.
func TestRivalsComeBetweenCallsOfNeighbours(t *testing.T) {
	diskDeleted := scenario.Kind{Name: "disk-deleted", Act: func(s *fake.Server, c *fake.Call) {
		if r, is := c.Request.(*compute.DeleteDiskRequest); is {
			s.RemoveResource(r.DiskId)
		}
	}}
	found, err := scenario.Find(t, func(t *scenario.T) error { return byWayOfADisk(t, takesGoneForAFailure) }, withDisks, scenario.Faults(diskDeleted))
	require.NoError(t, err)
	require.Equal(t, []string{"baker./yandex.cloud.compute.v1.DiskService/Delete#1/disk-deleted"}, slices.Collect(maps.Keys(found.Broken)), found.Summary)
	scenario.Explore(t, repaired, withDisks, scenario.Faults(diskDeleted), scenario.Rivals(scenario.NameTaken, scenario.ImageDeleted))
}

// Two bakers of one disk: the order in which their calls take effect matters for neighbours as for images.
func TestOrdersOfCallsOfNeighbours(t *testing.T) {
	body := func(t *scenario.T) error {
		disk := t.Cloud().Resources()[0].(*compute.Disk)
		err := sideBySide(2, func(i int) error {
			if i == 0 {
				_, err := compute.NewDiskServiceClient(t.Cloud().ConnAs("janitor")).Delete(t.Context(), &compute.DeleteDiskRequest{DiskId: disk.Id})
				return err
			}
			_, err := compute.NewImageServiceClient(t.Cloud().ConnAs("baker")).Create(t.Context(),
				&compute.CreateImageRequest{FolderId: "f", Source: &compute.CreateImageRequest_DiskId{DiskId: disk.Id}})
			return err
		})
		t.Check("the disk is there for the baker", status.Code(unjoined(err)) != codes.FailedPrecondition, "error", err)
		return nil
	}
	found, err := scenario.Find(t, body, withDisks, few, scenario.Orders(20), scenario.Setup(func(s *fake.Server) {
		s.AddResources(&compute.Disk{FolderId: "f", Size: 4 << 30})
	}))
	require.NoError(t, err)
	require.Regexp(t, `order-\d`, fmt.Sprint(slices.Collect(maps.Keys(found.Broken))), found.Summary)
}
