package assert_test

import (
	"context"
	"slices"
	"time"

	"github.com/imagefake/imagefake/assert"
	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
)

func trials() []trial {
	var all []trial
	for _, some := range [][]trial{callTrials, sequenceTrials, orderTrials, mannerTrials, stateTrials, neighbourTrials, misuseTrials} {
		all = append(all, some...)
	}
	return all
}

var (
	web   = &compute.CreateImageRequest{Name: "web", Labels: map[string]string{"stage": "test"}}
	wrong = &compute.CreateImageRequest{Name: "web", Family: "db", Labels: map[string]string{"stage": "prod", "owner": "me"}, ProductIds: []string{"p2"}}
)

type checks = map[string][]assert.Check

var callTrials = []trial{
	{"called", baked,
		[]check{
			func(t fake.TB, s *scene) bool { return assert.Called(t, s.Server) },
			func(t fake.TB, s *scene) bool { return assert.Called(t, s.Server, fake.ImageCreate) },
			func(t fake.TB, s *scene) bool { return assert.Called(t, s.Server, fake.ImageDelete, fake.ImageGet) },
			func(t fake.TB, s *scene) bool { return assert.Called(t, s.Server, fake.Like(web)) },
			func(t fake.TB, s *scene) bool {
				return assert.Called(t, s.Server, fake.Like(web, fake.ByCaller("ci")))
			},
			func(t fake.TB, s *scene) bool {
				return assert.Called(t, s.Server, fake.AllOf(fake.ImageCreate, fake.Like(web)))
			},
			func(t fake.TB, s *scene) bool {
				return assert.Called(t, s.Server, fake.ByHeader("idempotency-key", "k1"))
			},
		},
		func(t fake.TB, s *scene) bool { return assert.Called(t, s.Server, fake.ImageDelete) }},
	{"called_like", baked, nil,
		func(t fake.TB, s *scene) bool {
			return assert.Called(t, s.Server, fake.Like(wrong, fake.ByCaller("ops")))
		}},
	{"called_exactly", baked,
		[]check{
			func(t fake.TB, s *scene) bool {
				return assert.Called(t, s.Server, fake.Exactly(assert.Request[*compute.CreateImageRequest](t, s.Server)))
			},
			func(t fake.TB, s *scene) bool {
				return assert.Called(t, s.Server, fake.Exactly(&compute.CreateImageRequest{FolderId: "f", Name: "web", Family: "web"},
					protocmp.IgnoreFields(web, "labels", "min_disk_size", "product_ids", "disk_id")))
			},
		},
		func(t fake.TB, s *scene) bool {
			return assert.Called(t, s.Server, fake.Exactly(web, protocmp.IgnoreFields(web, "disk_id")))
		}},
	{"called_field", baked,
		[]check{
			func(t fake.TB, s *scene) bool {
				return assert.Called(t, s.Server, fake.Field[*compute.CreateImageRequest](`labels["stage"]`, "test"))
			},
			func(t fake.TB, s *scene) bool {
				return assert.Called(t, s.Server, fake.Field[*compute.CreateImageRequest]("description", nil))
			},
			func(t fake.TB, s *scene) bool {
				return assert.Called(t, s.Server, fake.Field[*compute.CreateImageRequest]("min_disk_size", int64(4<<30)))
			},
		},
		func(t fake.TB, s *scene) bool {
			return assert.Called(t, s.Server, fake.Field[*compute.CreateImageRequest](`product_ids[0]`, "p2"))
		}},
	{"called_by_opaque_matcher", baked, nil,
		func(t fake.TB, s *scene) bool {
			return assert.Called(t, s.Server, fake.AllOf(fake.ImageCreate, fake.ByCaller("ops")), fake.ByHeader("user-agent", "terraform"))
		}},
	{"called_nobody", idle, nil,
		func(t fake.TB, s *scene) bool { return assert.Called(t, s.Server, fake.ImageCreate) }},
	{"not_called", baked,
		[]check{func(t fake.TB, s *scene) bool {
			return assert.NotCalled(t, s.Server, fake.ImageDelete, fake.Like(wrong))
		}},
		func(t fake.TB, s *scene) bool {
			return assert.NotCalled(t, s.Server, fake.ImageCreate, fake.ImageDelete)
		}},
	{"called_times_too_often", retried("k", "k", "k"),
		[]check{
			func(t fake.TB, s *scene) bool { return assert.CalledTimes(t, s.Server, 3, fake.ImageCreate) },
			func(t fake.TB, s *scene) bool { return assert.CalledTimes(t, s.Server, 0, fake.ImageDelete) },
		},
		func(t fake.TB, s *scene) bool { return assert.CalledTimes(t, s.Server, 1, fake.ImageCreate) }},
	{"called_times_too_few", baked, nil,
		func(t fake.TB, s *scene) bool { return assert.CalledTimes(t, s.Server, 2, fake.Like(web)) }},
	{"only_none", baked,
		[]check{func(t fake.TB, s *scene) bool {
			return assert.Request[*compute.CreateImageRequest](t, s.Server).GetName() == "web"
		}},
		func(t fake.TB, s *scene) bool { return assert.Request[*compute.DeleteImageRequest](t, s.Server) != nil }},
	{"only_several", retried("k", "k", "k"),
		[]check{func(t fake.TB, s *scene) bool {
			return len(assert.Requests[*compute.CreateImageRequest](t, s.Server)) == 3
		}},
		func(t fake.TB, s *scene) bool { return assert.Request[*compute.CreateImageRequest](t, s.Server) != nil }},
	{"outcomes", retried("k", "k", "k"),
		[]check{func(t fake.TB, s *scene) bool {
			return assert.Outcomes(t, s.Server, fake.ImageCreate, codes.Unavailable, codes.Unavailable, codes.OK)
		}},
		func(t fake.TB, s *scene) bool {
			return assert.Outcomes(t, s.Server, fake.ImageCreate, codes.Unavailable, codes.OK)
		}},
	{"outcomes_running", hung, []check{func(t fake.TB, s *scene) bool {
		return assert.CalledTimes(t, s.Server, 1, fake.OnResource(s.id))
	}}, func(t fake.TB, s *scene) bool { return assert.Outcomes(t, s.Server, fake.ImageGet, codes.OK) }},
	{"outcomes_none", baked, nil,
		func(t fake.TB, s *scene) bool { return assert.Outcomes(t, s.Server, fake.ImageDelete, codes.OK) }},
	{"faulted", retried("k", "k", "k"),
		[]check{
			func(t fake.TB, s *scene) bool { return assert.Faulted(t, s.Server, s.fault) },
			func(t fake.TB, s *scene) bool { return assert.Faulted(t, s.Server, s.fault, fake.ImageCreate) },
		},
		func(t fake.TB, s *scene) bool { return assert.Faulted(t, s.Server, s.fault, fake.OperationGet) }},
}

var sequenceTrials = []trial{
	{"sequence", baked,
		[]check{func(t fake.TB, s *scene) bool {
			return assert.Sequence(t, s.Server, fake.ImageGetLatestByFamily, fake.Like(web), fake.OperationGet, fake.ImageGet)
		}},
		func(t fake.TB, s *scene) bool {
			return assert.Sequence(t, s.Server, fake.ImageGetLatestByFamily, fake.Like(wrong), fake.OperationGet, fake.ImageGet)
		}},
	{"sequence_more", baked, nil,
		func(t fake.TB, s *scene) bool {
			return assert.Sequence(t, s.Server, fake.ImageGetLatestByFamily, fake.ImageCreate)
		}},
	{"sequence_less", baked, nil,
		func(t fake.TB, s *scene) bool {
			return assert.Sequence(t, s.Server, fake.ImageGetLatestByFamily, fake.ImageCreate, fake.OperationGet, fake.ImageGet, fake.ImageDelete)
		}},
	{"sequence_other", baked, nil,
		func(t fake.TB, s *scene) bool {
			return assert.Sequence(t, s.Server, fake.ImageCreate, fake.OperationGet, fake.ImageGet)
		}},
	{"sequence_long", busy, nil, func(t fake.TB, s *scene) bool {
		on := slices.Repeat([]fake.Matcher{fake.ImageGet}, 20)
		on[10] = fake.ImageList
		return assert.Sequence(t, s.Server, on...)
	}},
	{"many_calls", busy, nil, func(t fake.TB, s *scene) bool { return assert.NotCalled(t, s.Server) }},
	{"subsequence", baked,
		[]check{
			func(t fake.TB, s *scene) bool {
				return assert.Subsequence(t, s.Server, fake.ImageCreate, fake.ImageGet)
			},
			func(t fake.TB, s *scene) bool { return assert.Subsequence(t, s.Server, fake.OperationGet) },
		},
		func(t fake.TB, s *scene) bool {
			return assert.Subsequence(t, s.Server, fake.OperationGet, fake.Like(web))
		}},
}

var orderTrials = []trial{
	{"before", baked,
		[]check{func(t fake.TB, s *scene) bool { return assert.Before(t, s.Server, fake.ImageCreate, fake.ImageGet) }},
		func(t fake.TB, s *scene) bool { return assert.Before(t, s.Server, fake.ImageGet, fake.ImageCreate) }},
	{"before_not_ended", sideBySide,
		[]check{
			func(t fake.TB, s *scene) bool { return assert.Before(t, s.Server, fake.ImageGet, fake.ImageDelete) },
			func(t fake.TB, s *scene) bool { return assert.Before(t, s.Server, fake.ImageUpdate, fake.ImageDelete) },
		},
		func(t fake.TB, s *scene) bool { return assert.Before(t, s.Server, fake.ImageGet, fake.ImageUpdate) }},
	{"before_work", sideBySide, nil,
		func(t fake.TB, s *scene) bool {
			return assert.Before(t, s.Server, fake.Work(fake.ImageUpdate), fake.ImageDelete)
		}},
	{"before_running", hung, nil, func(t fake.TB, s *scene) bool {
		return assert.Before(t, s.Server, fake.ImageGet, fake.OnResource(s.id))
	}},
	{"before_nothing", baked, nil,
		func(t fake.TB, s *scene) bool { return assert.Before(t, s.Server, fake.ImageCreate, fake.ImageDelete) }},
	{"overlapping", sideBySide,
		[]check{func(t fake.TB, s *scene) bool {
			return assert.Overlapping(t, s.Server, fake.ImageUpdate, fake.ImageGet)
		}},
		func(t fake.TB, s *scene) bool {
			return assert.Overlapping(t, s.Server, fake.ImageUpdate, fake.ImageDelete)
		}},
	{"never_concurrent", sideBySide,
		[]check{
			func(t fake.TB, s *scene) bool {
				return assert.NeverConcurrent(t, s.Server, fake.ImageUpdate, fake.ImageDelete)
			},
			func(t fake.TB, s *scene) bool {
				return assert.NeverConcurrent(t, s.Server, fake.ImageGet, fake.ImageGet)
			},
		},
		func(t fake.TB, s *scene) bool {
			return assert.NeverConcurrent(t, s.Server, fake.Work(fake.ImageUpdate), fake.ImageDelete)
		}},
	{"never_concurrent_frozen_clock", frozen,
		[]check{
			func(t fake.TB, s *scene) bool {
				return assert.NeverConcurrent(t, s.Server, fake.ImageGetLatestByFamily, fake.ImageGet)
			},
			func(t fake.TB, s *scene) bool { return assert.Overlapping(t, s.Server, fake.ImageGet, fake.ImageGet) },
			func(t fake.TB, s *scene) bool {
				return assert.Before(t, s.Server, fake.ImageGet, fake.ImageGetLatestByFamily)
			},
		},
		func(t fake.TB, s *scene) bool {
			return assert.NeverConcurrent(t, s.Server, fake.ImageGet, fake.ImageGet)
		}},
	{"never_concurrent_other_images", pending, nil,
		func(t fake.TB, s *scene) bool {
			return assert.NeverConcurrent(t, s.Server, fake.Work(fake.ImageCreate), fake.Work(fake.ImageCreate))
		}},
	{"gaps_too_short", pending,
		[]check{
			func(t fake.TB, s *scene) bool {
				return assert.Gaps(t, s.Server, fake.OperationGet, assert.Pauses{AtLeast: time.Second, AtMost: time.Second})
			},
			func(t fake.TB, s *scene) bool {
				return assert.Gaps(t, s.Server, fake.OperationGet, assert.Pauses{AtMost: time.Second})
			},
		},
		func(t fake.TB, s *scene) bool {
			return assert.Gaps(t, s.Server, fake.OperationGet, assert.Pauses{AtLeast: 2 * time.Second})
		}},
	{"gaps_too_long", retried("k", "k", "k"), nil,
		func(t fake.TB, s *scene) bool {
			return assert.Gaps(t, s.Server, fake.ImageCreate, assert.Pauses{AtMost: time.Second})
		}},
	{"gaps_none", baked, nil,
		func(t fake.TB, s *scene) bool {
			return assert.Gaps(t, s.Server, fake.OperationGet, assert.Pauses{AtLeast: time.Second})
		}},
	{"backoff", retried("k", "k", "k"),
		[]check{
			func(t fake.TB, s *scene) bool {
				return assert.Backoff(t, s.Server, fake.ImageCreate, assert.Growth{Factor: 2})
			},
			func(t fake.TB, s *scene) bool {
				return assert.Backoff(t, s.Server, fake.ImageCreate, assert.Growth{Factor: 10, Limit: 2 * time.Second})
			},
		},
		func(t fake.TB, s *scene) bool {
			return assert.Backoff(t, s.Server, fake.ImageCreate, assert.Growth{Factor: 3})
		}},
	{"backoff_without_pause", stubborn(3), nil,
		func(t fake.TB, s *scene) bool {
			return assert.Backoff(t, s.Server, fake.ImageGet, assert.Growth{Factor: 2})
		}},
	{"backoff_one_pause", retried("k", "k"), nil,
		func(t fake.TB, s *scene) bool {
			return assert.Backoff(t, s.Server, fake.ImageCreate, assert.Growth{Factor: 2})
		}},
	{"eventually", stuck,
		[]check{func(t fake.TB, s *scene) bool {
			return assert.Eventually(t, s.Server, func() bool { return s.Image(s.id) != nil })
		}},
		func(t fake.TB, s *scene) bool {
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			return assert.Eventually(within{t, ctx}, s.Server, func() bool { return s.Image(s.id).Status == compute.Image_READY })
		}},
	{"eventually_without_deadline", stuck, nil,
		func(t fake.TB, s *scene) bool {
			return assert.Eventually(t, s.Server, func() bool { return false })
		}},
	{"eventually_cancelled", idle, nil,
		func(t fake.TB, s *scene) bool {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			return assert.Eventually(within{t, ctx}, s.Server, func() bool { return false })
		}},
}

var mannerTrials = []trial{
	{"keys_kept", retried("k1", "k2", "k2"),
		nil, func(t fake.TB, s *scene) bool { return assert.KeysKept(t, s.Server) }},
	{"keys_kept_without", retried("", "", ""), nil, func(t fake.TB, s *scene) bool { return assert.KeysKept(t, s.Server) }},
	{"keys_kept_passes", retried("k", "k", "k"), []check{func(t fake.TB, s *scene) bool { return assert.KeysKept(t, s.Server) }}, nil},
	{"keys_kept_without_retry", baked, []check{func(t fake.TB, s *scene) bool { return assert.KeysKept(t, s.Server) }}, nil},
	{"awaited", pending, nil, func(t fake.TB, s *scene) bool { return assert.Awaited(t, s.Server) }},
	{"awaited_passes", baked, []check{func(t fake.TB, s *scene) bool { return assert.Awaited(t, s.Server) }}, nil},
	{"pages_read", paged("ci", "hasty"), nil, func(t fake.TB, s *scene) bool { return assert.PagesRead(t, s.Server) }},
	{"pages_read_skipped", paged("ci", "sly"), nil, func(t fake.TB, s *scene) bool { return assert.PagesRead(t, s.Server) }},
	{"pages_read_passes", paged("ci", "ci"), []check{func(t fake.TB, s *scene) bool { return assert.PagesRead(t, s.Server) }}, nil},
	{"not_repeated", stubborn(2), nil, func(t fake.TB, s *scene) bool { return assert.NotRepeated(t, s.Server) }},
	{"not_repeated_passes", stubborn(1), []check{func(t fake.TB, s *scene) bool { return assert.NotRepeated(t, s.Server) }}, nil},
	{"deadlines", hurried,
		[]check{func(t fake.TB, s *scene) bool { return assert.Deadlines(t, s.Server, fake.ImageList) }},
		func(t fake.TB, s *scene) bool { return assert.Deadlines(t, s.Server) }},
	{"deadlines_nothing_to_judge", hurried, nil,
		func(t fake.TB, s *scene) bool { return assert.Deadlines(t, s.Server, fake.ImageDelete) }},
	{"nothing_left", pending, nil, func(t fake.TB, s *scene) bool { return assert.NothingLeft(t, s.Server, s.before) }},
	{"nothing_left_passes", relabelled, []check{func(t fake.TB, s *scene) bool { return assert.NothingLeft(t, s.Server, s.before) }}, nil},
	{"keys_kept_by_grpc", byPolicy("k"), []check{func(t fake.TB, s *scene) bool { return assert.KeysKept(t, s.Server) }}, nil},
	{"keys_kept_not_by_grpc", byPolicy(""), nil, func(t fake.TB, s *scene) bool { return assert.KeysKept(t, s.Server) }},
	{"keys_kept_of_another_request", oneKey, nil, func(t fake.TB, s *scene) bool { return assert.KeysKept(t, s.Server) }},
	{"not_repeated_of_another_request", oneKey, nil, func(t fake.TB, s *scene) bool { return assert.NotRepeated(t, s.Server) }},
	{"manners_forgiven", forgiven, []check{
		func(t fake.TB, s *scene) bool { return assert.KeysKept(t, s.Server) },
		func(t fake.TB, s *scene) bool { return assert.NotRepeated(t, s.Server) },
		func(t fake.TB, s *scene) bool { return assert.Awaited(t, s.Server) },
	}, nil},
	{"not_repeated_other_token", tokens("bad", "good"), []check{func(t fake.TB, s *scene) bool { return assert.NotRepeated(t, s.Server) }}, nil},
	{"not_repeated_same_token", tokens("bad", "bad"), nil, func(t fake.TB, s *scene) bool { return assert.NotRepeated(t, s.Server) }},
	{"awaited_by_cancel", cancelled, []check{
		func(t fake.TB, s *scene) bool { return assert.Awaited(t, s.Server) },
		func(t fake.TB, s *scene) bool { return assert.NothingLeft(t, s.Server, s.before) },
		func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, s.id, assert.Gone()) },
		func(t fake.TB, s *scene) bool { return assert.History(t, s.Server, s.id, fake.Creating, fake.Gone) },
	}, nil},
	{"pages_read_misled", misled, []check{func(t fake.TB, s *scene) bool { return assert.PagesRead(t, s.Server) }}, nil},
	{"manners_of_nobody", idle, nil, func(t fake.TB, s *scene) bool { return assert.KeysKept(t, s.Server) }},
}

var stateTrials = []trial{
	{"image", baked,
		[]check{
			func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, s.id) },
			func(t fake.TB, s *scene) bool {
				return assert.Image(t, s.Server, s.id, assert.Status(compute.Image_READY), assert.Family("web"),
					assert.Labels(map[string]string{"stage": "test", "team": "a"}),
					assert.Fields(&compute.Image{Name: "web", Labels: map[string]string{"team": "a"}, Os: &compute.Os{Type: compute.Os_LINUX}}))
			},
		},
		func(t fake.TB, s *scene) bool {
			return assert.Image(t, s.Server, s.id, assert.Family("db"), assert.Labels(map[string]string{"stage": "prod"}),
				assert.Fields(&compute.Image{Os: &compute.Os{Type: compute.Os_WINDOWS}, ProductIds: []string{"p1", "p2"}, Description: "ours"}))
		}},
	{"image_not_ready", stuck, nil,
		func(t fake.TB, s *scene) bool {
			return assert.Image(t, s.Server, s.id, assert.Status(compute.Image_READY))
		}},
	{"image_gone", removed,
		[]check{func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, s.id, assert.Gone()) }},
		func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, s.id, assert.Family("web")) }},
	{"image_name", baked,
		[]check{func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, s.id, assert.Name("web")) }},
		func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, s.id, assert.Name("")) }},
	{"image_not_gone", baked, nil, func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, s.id, assert.Gone()) }},
	{"folder", baked,
		[]check{
			func(t fake.TB, s *scene) bool {
				return assert.Folder(t, s.Server, "f", checks{"old": nil, "web": {assert.Status(compute.Image_READY)}})
			},
			func(t fake.TB, s *scene) bool { return assert.Folder(t, s.Server, "nowhere", nil) },
		},
		func(t fake.TB, s *scene) bool {
			return assert.Folder(t, s.Server, "f", checks{"web": {assert.Family("db")}, "db": {assert.Family("db")}})
		}},
	{"folder_empty", baked, nil, func(t fake.TB, s *scene) bool { return assert.Folder(t, s.Server, "g", checks{"web": nil}) }},
	{"unchanged", relabelled,
		[]check{func(t fake.TB, s *scene) bool { return assert.Unchanged(t, s.Server, s.Snapshot()) }},
		func(t fake.TB, s *scene) bool { return assert.Unchanged(t, s.Server, s.before) }},
	{"unchanged_new_image", baked, nil, func(t fake.TB, s *scene) bool { return assert.Unchanged(t, s.Server, s.before) }},
	{"image_vanished", vanished, []check{func(t fake.TB, s *scene) bool { return assert.Image(t, s.Server, s.id, assert.Gone()) }},
		func(t fake.TB, s *scene) bool { return assert.NotCalled(t, s.Server) }},
	{"unchanged_bindings", bound, nil, func(t fake.TB, s *scene) bool { return assert.Unchanged(t, s.Server, s.before) }},
	{"unchanged_poll", polled, nil, func(t fake.TB, s *scene) bool { return assert.Unchanged(t, s.Server, s.before) }},
	{"unchanged_after_reading", paged("ci"), []check{func(t fake.TB, s *scene) bool {
		return assert.Unchanged(t, s.Server, s.Snapshot())
	}}, nil},
	{"changed", relabelled,
		[]check{
			func(t fake.TB, s *scene) bool { return assert.Changed(t, s.Server, s.before, checks{s.id: nil}) },
			func(t fake.TB, s *scene) bool {
				return assert.Changed(t, s.Server, s.before, checks{"old": {assert.Labels(map[string]string{"stage": "test"}), assert.Fields(&compute.Image{Description: "tested"})}})
			},
		},
		func(t fake.TB, s *scene) bool {
			return assert.Changed(t, s.Server, s.before, checks{"old": {assert.Labels(map[string]string{"stage": "beta"})}})
		}},
	{"changed_none", baked,
		[]check{func(t fake.TB, s *scene) bool { return assert.Changed(t, s.Server, s.Snapshot(), nil) }},
		func(t fake.TB, s *scene) bool { return assert.Changed(t, s.Server, s.before, checks{}) }},
	{"changed_others", baked,
		[]check{func(t fake.TB, s *scene) bool {
			return assert.Changed(t, s.Server, s.before, checks{"web": {assert.Status(compute.Image_READY)}})
		}},
		func(t fake.TB, s *scene) bool {
			return assert.Changed(t, s.Server, s.before, checks{"old": {assert.Gone()}, "new": nil})
		}},
	{"changed_not_gone", relabelled, nil,
		func(t fake.TB, s *scene) bool {
			return assert.Changed(t, s.Server, s.before, checks{"old": {assert.Gone()}})
		}},
	{"changed_gone", removed,
		[]check{func(t fake.TB, s *scene) bool {
			return assert.Changed(t, s.Server, s.before, checks{"old": {assert.Gone()}})
		}},
		func(t fake.TB, s *scene) bool {
			return assert.Changed(t, s.Server, s.before, checks{"old": {assert.Family("web")}})
		}},
	{"history", removed,
		[]check{func(t fake.TB, s *scene) bool {
			return assert.History(t, s.Server, s.id, fake.Ready, fake.Deleting, fake.Gone)
		}},
		func(t fake.TB, s *scene) bool { return assert.History(t, s.Server, s.id, fake.Creating, fake.Ready) }},
}
