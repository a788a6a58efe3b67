package assert_test

import (
	"testing"

	"github.com/imagefake/imagefake/assert"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// disks is a server whose neighbours were at work: a disk that was there has been renamed, another deleted, and a new one made. The id
// is that of the disk that was renamed.
func disks(t *testing.T) *scene {
	s := newScene(t, fake.WithNeighbours(&compute.DiskService_ServiceDesc), fake.WithPlan(fake.AtOnce()))
	there := s.AddResources(&compute.Disk{FolderId: "f", Name: "data", Size: 4 << 30}, &compute.Disk{FolderId: "f", Name: "scratch", Size: 4 << 30})
	s.id = there[0].(*compute.Disk).Id
	s.before = s.Snapshot()
	client := compute.NewDiskServiceClient(s.ConnAs("ci"))
	_, err := client.Update(t.Context(), &compute.UpdateDiskRequest{DiskId: s.id, Name: "archive", UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}}})
	require.NoError(t, err)
	_, err = client.Delete(t.Context(), &compute.DeleteDiskRequest{DiskId: there[1].(*compute.Disk).Id})
	require.NoError(t, err)
	_, err = client.Create(t.Context(), &compute.CreateDiskRequest{FolderId: "f", Name: "fresh", Size: 8 << 30})
	require.NoError(t, err)
	return s
}

func scratchID(s *scene) string {
	for _, m := range s.before.Resources() {
		if disk, is := m.(*compute.Disk); is && disk.Name == "scratch" {
			return disk.Id
		}
	}
	return ""
}

// madeDisk is a server of which the operation that made a disk was asked for.
func madeDisk(t *testing.T) *scene {
	s := newScene(t, fake.WithNeighbours(&compute.DiskService_ServiceDesc), fake.WithPlan(fake.AtOnce()))
	op, err := compute.NewDiskServiceClient(s.ConnAs("ci")).Create(t.Context(), &compute.CreateDiskRequest{FolderId: "f", Name: "fresh", Size: 8 << 30})
	require.NoError(t, err)
	_, err = operation.NewOperationServiceClient(s.ConnAs("ci")).Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
	require.NoError(t, err)
	return s
}

var neighbourTrials = []trial{
	{"deadlines_of_disks", madeDisk, nil, func(t fake.TB, s *scene) bool { return assert.Deadlines(t, s.Server) }},
	{"resource", disks, []check{
		func(t fake.TB, s *scene) bool {
			return assert.Resource(t, s.Server, s.id, assert.Status(compute.Disk_READY), assert.Name("archive"), assert.Fields(&compute.Disk{Size: 4 << 30}))
		},
		func(t fake.TB, s *scene) bool { return assert.Resource(t, s.Server, scratchID(s), assert.Gone()) },
		func(t fake.TB, s *scene) bool { return assert.History(t, s.Server, s.id, fake.Ready, fake.Updated) },
		func(t fake.TB, s *scene) bool {
			return assert.Resource(t, s.Server, s.Images()[0].Id, assert.Status(compute.Image_READY))
		},
	}, func(t fake.TB, s *scene) bool { return assert.Resource(t, s.Server, s.id, assert.Name("data")) }},
	{"resource_unknown", disks, nil, func(t fake.TB, s *scene) bool { return assert.Resource(t, s.Server, "epdnothing") }},
	{"resource_not_gone", disks, nil, func(t fake.TB, s *scene) bool { return assert.Resource(t, s.Server, s.id, assert.Gone()) }},
	{"resource_vanished", disks, nil, func(t fake.TB, s *scene) bool { return assert.Resource(t, s.Server, scratchID(s)) }},
	{"image_of_a_disk", disks, nil, func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, s.id) }},
	{"image_of_a_disk_gone", disks, nil, func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, scratchID(s), assert.Gone()) }},
	{"history_of_a_disk", disks, nil, func(t fake.TB, s *scene) bool { return assert.History(t, s.Server, s.id, fake.Creating) }},
	{"changed_neighbours", disks, []check{
		func(t fake.TB, s *scene) bool {
			return assert.Changed(t, s.Server, s.before, map[string][]assert.Check{"data": {assert.Name("archive")}, "scratch": {assert.Gone()}, "fresh": nil})
		},
	}, func(t fake.TB, s *scene) bool {
		return assert.Changed(t, s.Server, s.before, map[string][]assert.Check{"data": nil})
	}},
	{"unchanged_neighbours", disks, nil, func(t fake.TB, s *scene) bool { return assert.Unchanged(t, s.Server, s.before) }},
	{"nothing_left_of_neighbours", disks, nil, func(t fake.TB, s *scene) bool { return assert.NothingLeft(t, s.Server, s.before) }},
}
