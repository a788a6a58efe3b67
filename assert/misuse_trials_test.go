package assert_test

import (
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/imagefake/imagefake/assert"
	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/proto"
)

var misuseTrials = []trial{
	{"bad_server", idle, nil, func(t fake.TB, s *scene) bool { return assert.Called(t, nil, fake.ImageCreate) }},
	{"bad_matcher_nil", idle, nil, func(t fake.TB, s *scene) bool { return assert.NotCalled(t, s.Server, fake.ImageCreate, nil) }},
	{"bad_matcher_zero", idle, nil, func(t fake.TB, s *scene) bool { return assert.NotCalled(t, s.Server, fake.Method("")) }},
	{"bad_like_type", idle, nil, func(t fake.TB, s *scene) bool {
		return assert.NotCalled(t, s.Server, fake.Like(&compute.Image{Name: "web"}))
	}},
	{"bad_like_interface", idle, nil, func(t fake.TB, s *scene) bool { return assert.NotCalled(t, s.Server, fake.Like(proto.Message(web))) }},
	{"bad_like_nil", idle, nil, func(t fake.TB, s *scene) bool {
		return assert.NotCalled(t, s.Server, fake.Like((*compute.CreateImageRequest)(nil)))
	}},
	{"bad_like_other_method", baked, nil, func(t fake.TB, s *scene) bool {
		return assert.NotCalled(t, s.Server, fake.AnyOf(fake.ImageDelete, fake.Like(web, fake.ImageGet)))
	}},
	{"bad_exactly_options", baked, nil, func(t fake.TB, s *scene) bool {
		same := gocmp.Comparer(func(a, b string) bool { return a == b })
		return assert.Called(t, s.Server, fake.Exactly(web, same, gocmp.Comparer(strings.EqualFold)))
	}},
	{"bad_field_path", baked, nil, func(t fake.TB, s *scene) bool {
		return assert.Called(t, s.Server, fake.Field[*compute.GetImageRequest]("image", "x"))
	}},
	{"bad_field_value", baked, nil, func(t fake.TB, s *scene) bool {
		return assert.Called(t, s.Server, fake.Field[*compute.CreateImageRequest]("min_disk_size", "4 GiB"))
	}},
	{"bad_only_type", baked, nil, func(t fake.TB, s *scene) bool { return assert.Request[*compute.Image](t, s.Server) != nil }},
	{"bad_all_interface", baked, nil, func(t fake.TB, s *scene) bool { return assert.Requests[proto.Message](t, s.Server) != nil }},
	{"bad_times", baked, nil, func(t fake.TB, s *scene) bool { return assert.CalledTimes(t, s.Server, -1) }},
	{"bad_sequence", baked, nil, func(t fake.TB, s *scene) bool { return assert.Sequence(t, s.Server) }},
	{"bad_outcomes", baked, nil, func(t fake.TB, s *scene) bool { return assert.Outcomes(t, s.Server, fake.ImageGet) }},
	{"bad_fault", baked, nil, func(t fake.TB, s *scene) bool { return assert.Faulted(t, s.Server, nil) }},
	{"bad_work", baked, nil, func(t fake.TB, s *scene) bool { return assert.Before(t, s.Server, fake.Work(nil), fake.ImageGet) }},
	{"bad_gaps", baked, nil, func(t fake.TB, s *scene) bool {
		return assert.Gaps(t, s.Server, fake.ImageGet, assert.Pauses{AtLeast: 2, AtMost: 1})
	}},
	{"bad_backoff", baked, nil, func(t fake.TB, s *scene) bool { return assert.Backoff(t, s.Server, fake.ImageGet, assert.Growth{}) }},
	{"bad_image_id", baked, nil, func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, "fd8nowhere", assert.Family("web")) }},
	{"bad_image_id_gone", baked, nil, func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, "fd8nowhere", assert.Gone()) }},
	{"bad_image_id_empty", baked, nil, func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, "") }},
	{"bad_check_nil", baked, nil, func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, s.id, nil) }},
	{"bad_check_gone", baked, nil, func(t fake.TB, s *scene) bool {
		return assert.Image(t, s.Server, s.id, assert.Gone(), assert.Family(""))
	}},
	{"bad_check_fields", baked, nil, func(t fake.TB, s *scene) bool {
		return assert.Folder(t, s.Server, "f", checks{"web": {assert.Fields(nil)}})
	}},
	{"bad_folder", baked, nil, func(t fake.TB, s *scene) bool { return assert.Folder(t, s.Server, "", nil) }},
	{"bad_history", removed, nil, func(t fake.TB, s *scene) bool { return assert.History(t, s.Server, s.id) }},
	{"bad_history_id", baked, nil, func(t fake.TB, s *scene) bool { return assert.History(t, s.Server, "fd8nowhere", fake.Ready) }},
	{"bad_state", baked, nil, func(t fake.TB, s *scene) bool { return assert.NothingLeft(t, s.Server, nil) }},
	{"bad_name_of_a_status", baked, nil, func(t fake.TB, s *scene) bool {
		return assert.Image(t, s.Server, s.id, assert.Status(compute.Disk_READY))
	}},
	{"bad_status", baked, nil, func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, s.id, assert.Status(nil)) }},
	{"bad_fields_of_a_disk", baked, nil, func(t fake.TB, s *scene) bool {
		return assert.Image(t, s.Server, s.id, assert.Fields(&compute.Disk{Name: "web"}))
	}},
	{"bad_manners_of_nobody", idle, nil, func(t fake.TB, s *scene) bool { return assert.Manners(t, s.Server) }},
	{"bad_condition", baked, nil, func(t fake.TB, s *scene) bool { return assert.Eventually(t, s.Server, nil) }},
	{"gap_called", forgetful,
		[]check{func(t fake.TB, s *scene) bool { return assert.Called(t, s.Server, fake.ImageGet) }},
		func(t fake.TB, s *scene) bool { return assert.Called(t, s.Server, fake.ImageCreate) }},
	{"gap_not_called", forgetful, nil, func(t fake.TB, s *scene) bool { return assert.NotCalled(t, s.Server, fake.ImageCreate) }},
	{"gap_history", forgetful, nil, func(t fake.TB, s *scene) bool { return assert.History(t, s.Server, s.id, fake.Ready) }},
}
