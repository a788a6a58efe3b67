package assert_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/assert"
	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// base is an image that is there before any call.
const base = "fd80base000000000000"

// perform makes the same six calls on a server, numbered in a header, and returns the operations that they started.
func perform(t *testing.T, cloud *fake.Server) (started map[int]*operation.Operation) {
	t.Helper()
	started = make(map[int]*operation.Operation)
	n := 0
	as := func(caller string, call func(compute.ImageServiceClient, operation.OperationServiceClient, metadata.MD)) {
		call(compute.NewImageServiceClient(cloud.ConnAs(caller)), operation.NewOperationServiceClient(cloud.ConnAs(caller)), metadata.Pairs("n", strconv.Itoa(n), "x-team", caller+"-team"))
		n++
	}
	start := func(op *operation.Operation, err error) { require.NoError(t, err); started[n] = op }
	create := func(name string) *compute.CreateImageRequest {
		return &compute.CreateImageRequest{FolderId: "f", Name: name, Labels: map[string]string{"stage": "test"}, Source: &compute.CreateImageRequest_DiskId{DiskId: "epd00000000000000000"}}
	}
	type (
		images = compute.ImageServiceClient
		ops    = operation.OperationServiceClient
	)
	as("ci", func(c images, _ ops, h metadata.MD) {
		start(c.Create(metadata.NewOutgoingContext(t.Context(), h), create("web")))
	})
	as("ops", func(c images, _ ops, h metadata.MD) {
		start(c.Create(metadata.NewOutgoingContext(t.Context(), h), create("dbs")))
	})
	as("ci", func(c images, _ ops, h metadata.MD) {
		start(c.Update(metadata.NewOutgoingContext(t.Context(), h), &compute.UpdateImageRequest{ImageId: base, Description: "x", UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"description"}}}))
	})
	as("ops", func(c images, _ ops, h metadata.MD) {
		_, err := c.Get(metadata.NewOutgoingContext(t.Context(), h), &compute.GetImageRequest{ImageId: base})
		require.NoError(t, err)
	})
	as("ci", func(_ images, c ops, h metadata.MD) {
		_, err := c.Get(metadata.NewOutgoingContext(t.Context(), h), &operation.GetOperationRequest{OperationId: started[0].Id})
		require.NoError(t, err)
	})
	as("ci", func(c images, _ ops, h metadata.MD) {
		_, err := c.List(metadata.NewOutgoingContext(t.Context(), h), &compute.ListImagesRequest{FolderId: "f", PageSize: 50})
		require.NoError(t, err)
	})
	return started
}

// alone is every matcher, and which of the calls of perform it picks.
func alone(operationID string) map[string]struct {
	on   fake.Matcher
	want []int
} {
	type picks = struct {
		on   fake.Matcher
		want []int
	}
	return map[string]picks{
		"method":       {fake.ImageCreate, []int{0, 1}},
		"Match":        {fake.Match(func(r *compute.CreateImageRequest) bool { return r.Name == "dbs" }), []int{1}},
		"ByCaller":     {fake.ByCaller("ops"), []int{1, 3}},
		"ByHeader":     {fake.ByHeader("X-Team", "ci"), []int{0, 2, 4, 5}},
		"OnResource":   {fake.OnResource(base), []int{2, 3}},
		"OnOperation":  {fake.OnOperation(operationID), []int{4}},
		"Like":         {fake.Like(&compute.CreateImageRequest{Name: "web", Labels: map[string]string{"stage": "test"}}), []int{0}},
		"Like and":     {fake.Like(&compute.CreateImageRequest{FolderId: "f"}, fake.ByCaller("ops")), []int{1}},
		"Exactly":      {fake.Exactly(&compute.GetImageRequest{ImageId: base}), []int{3}},
		"Field":        {fake.Field[*compute.ListImagesRequest]("page_size", 50), []int{5}},
		"Field of map": {fake.Field[*compute.CreateImageRequest](`labels["stage"]`, "test"), []int{0, 1}},
		"Field unset":  {fake.Field[*compute.CreateImageRequest]("description", nil), []int{0, 1}},
		"Work":         {fake.Work(fake.ImageUpdate), []int{2}},
		"any":          {fake.AnyOf(), []int{0, 1, 2, 3, 4, 5}},
		"none":         {fake.ByCaller("nobody"), nil},
	}
}

// inside is every combination in which a matcher picks what it picks alone.
func inside() map[string]func(fake.Matcher) fake.Matcher {
	always, never := fake.Not(fake.ByCaller("nobody")), fake.ByCaller("nobody")
	return map[string]func(fake.Matcher) fake.Matcher{
		"alone":        func(m fake.Matcher) fake.Matcher { return m },
		"AnyOf":        func(m fake.Matcher) fake.Matcher { return fake.AnyOf(m) },
		"AnyOf before": func(m fake.Matcher) fake.Matcher { return fake.AnyOf(m, never) },
		"AnyOf behind": func(m fake.Matcher) fake.Matcher { return fake.AnyOf(never, m, m) },
		"AllOf":        func(m fake.Matcher) fake.Matcher { return fake.AllOf(m) },
		"AllOf before": func(m fake.Matcher) fake.Matcher { return fake.AllOf(m, always) },
		"AllOf behind": func(m fake.Matcher) fake.Matcher { return fake.AllOf(always, m, fake.AnyOf()) },
		"Not Not":      func(m fake.Matcher) fake.Matcher { return fake.Not(fake.Not(m)) },
		"Work":         func(m fake.Matcher) fake.Matcher { return fake.Work(m) },
		"De Morgan":    func(m fake.Matcher) fake.Matcher { return fake.Not(fake.AnyOf(fake.Not(m), never)) },
		"deep": func(m fake.Matcher) fake.Matcher {
			return fake.Work(fake.AllOf(fake.AnyOf(fake.Work(m), never), always))
		},
	}
}

// Every matcher picks in every combination what it picks alone: in a fault, a plan, a line of a script, a check and the record.
func TestMatchersInsideMatchers(t *testing.T) {
	dry := fake.New(t, fake.WithSeed(7))
	dry.AddImages(&compute.Image{Id: base, FolderId: "f", Name: "base"})
	id := perform(t, dry)[0].Id
	for name, m := range alone(id) {
		for how, combine := range inside() {
			t.Run(name+"/"+how, func(t *testing.T) {
				on := combine(m.on)
				starts := false
				for _, n := range m.want {
					starts = starts || n < 3
				}
				opts := []fake.Option{fake.WithSeed(7), fake.WithPollInterval(time.Second)} // polls are not held
				if starts && name != "any" {
					opts = append(opts, fake.WithPlan(fake.Finish(fake.ByHand()), on))
				}
				cloud := fake.New(t, opts...)
				cloud.AddImages(&compute.Image{Id: base, FolderId: "f", Name: "base"})
				met, lines := []int(nil), 0
				cloud.Inject(fake.Fault{On: on, Optional: true, Do: fake.Run(func(c *fake.Call) {
					n, err := strconv.Atoi(c.Header.Get("n")[0])
					require.NoError(t, err)
					met = append(met, n)
				})})
				if m.want != nil {
					scenario.Play(t, cloud, scenario.Line{On: on, When: fake.Every(1), Do: func(*fake.Server) { lines++ }})
				}

				for n, op := range perform(t, cloud) {
					picked := false
					for _, w := range m.want {
						picked = picked || w == n
					}
					if name != "any" && picked {
						require.False(t, cloud.Operation(op.Id).Done(), "the plan picks call %d", n)
					}
				}
				require.Equal(t, m.want, met, "the fault")
				require.Equal(t, len(m.want), lines, "the line of the script")
				require.True(t, assert.CalledTimes(t, cloud, len(m.want), on))
				require.Len(t, cloud.Calls(on), len(m.want))
				judge, err := cloud.Judge(on)
				require.NoError(t, err)
				for _, c := range cloud.Calls() {
					require.Equal(t, judge(&c).Picked, judge(&c).Distance() == 0)
					require.True(t, !judge(&c).Picked || judge(&c).Reasons == nil)
				}
			})
		}
	}
}

// How long a matcher lets calls last is not lost on the way, whatever contains it; see fake.Not for what it makes of it.
func TestWorkInsideMatchers(t *testing.T) {
	update := func(and ...fake.Matcher) fake.Matcher {
		return fake.Like(&compute.UpdateImageRequest{ImageId: base}, and...)
	}
	work := fake.Work(fake.ImageUpdate)
	for name, c := range map[string]struct {
		on    fake.Matcher
		lasts bool
	}{
		"Work":                 {work, true},
		"AllOf":                {fake.AllOf(work, fake.OnResource(base)), true},
		"AllOf the other way":  {fake.AllOf(fake.OnResource(base), fake.AllOf(work)), true},
		"AnyOf":                {fake.AnyOf(work), true},
		"AnyOf of several":     {fake.AnyOf(fake.ByCaller("nobody"), work), true},
		"AnyOf, both pick":     {fake.AnyOf(fake.ImageUpdate, work), true},
		"AnyOf, Work first":    {fake.AnyOf(work, fake.ImageUpdate), true},
		"Like":                 {update(work), true},
		"Work of Like":         {fake.Work(update()), true},
		"Work of AllOf":        {fake.Work(fake.AllOf(fake.ImageUpdate, fake.OnResource(base))), true},
		"Work of Not":          {fake.AllOf(fake.ImageUpdate, fake.Work(fake.Not(fake.ImageGet))), true},
		"Work of Work":         {fake.Work(work), true},
		"not the one it is on": {fake.AnyOf(fake.Work(fake.ImageGet), fake.ImageUpdate), false},
		"Not of Not":           {fake.Not(fake.Not(work)), false},
		"without":              {update(), false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.After(time.Minute))))
				cloud.AddImages(&compute.Image{Id: base, FolderId: "f", Name: "base"})
				images := compute.NewImageServiceClient(cloud.Conn())
				_, err := images.Update(t.Context(), &compute.UpdateImageRequest{ImageId: base, Description: "x", UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"description"}}})
				require.NoError(t, err)
				time.Sleep(time.Second)
				_, _ = images.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: base})
				r := new(recorder)
				require.Equal(t, !c.lasts, assert.NeverConcurrent(r, cloud, c.on, fake.ImageDelete), "%v", r.failures)
				require.Equal(t, !c.lasts, assert.NeverConcurrent(r, cloud, fake.ImageDelete, c.on))
				require.Equal(t, c.lasts, assert.Overlapping(r, cloud, c.on, fake.ImageDelete))
				require.Equal(t, !c.lasts, assert.Before(r, cloud, c.on, fake.ImageDelete))
			})
		})
	}
}

// What is wrong with a matcher is said wherever it is used, whatever contains it.
func TestWrongMatchersInsideMatchers(t *testing.T) {
	field := fake.Field[*compute.CreateImageRequest]
	for want, wrong := range map[string]fake.Matcher{
		`CreateImageRequest has no field "nmae"`:           field("nmae", "x"),
		`min_disk_size is of type int64`:                   field("min_disk_size", "x"),
		`CreateImageRequest has no field ""`:               field("", "x"),
		`the message it is to compare with is nil`:         fake.Like[*compute.CreateImageRequest](nil),
		`protoreflect.ProtoMessage is the type of no`:      fake.Exactly[proto.Message](nil),
		`takes a GetImageRequest, not a CreateImage`:       fake.Like(&compute.CreateImageRequest{}, fake.ImageGet),
		`one of the matchers in it is nil`:                 fake.Like(&compute.CreateImageRequest{}, nil),
		`the zero Method`:                                  fake.Method(""),
		`Work is made of a nil matcher`:                    fake.Work(nil),
		`Not is made of a nil matcher`:                     fake.Not(nil),
		`one of its matchers is nil`:                       fake.AllOf(nil),
		`one of its matchers is nil `:                      fake.AnyOf(nil),
		`Match needs a func`:                               fake.Match[*compute.CreateImageRequest](nil),
		`ByCaller(""): the id is empty`:                    fake.ByCaller(""),
		`OnResource(""): the id is empty`:                  fake.OnResource(""),
		`OnOperation(""): the id is empty`:                 fake.OnOperation(""),
		`ByHeader("", …): the name of the header is empty`: fake.ByHeader("", "x"),
		`exclude each other`:                               fake.AllOf(fake.ImageCreate, fake.ImageGet),
	} {
		if want[len(want)-1] == ' ' {
			want = want[:len(want)-1]
		}
		for how, combine := range inside() {
			t.Run(want+"/"+how, func(t *testing.T) {
				on := combine(wrong)
				_, err := fake.Start(fake.WithPlan(fake.Finish(fake.ByHand()), on))
				require.ErrorContains(t, err, want, "the plan")
				for where, use := range map[string]func(*fake.Server){
					"fault":         func(s *fake.Server) { s.Inject(fake.Fault{On: on, Do: fake.Hang()}) },
					"Calls":         func(s *fake.Server) { require.Empty(t, s.Calls(fake.ImageGet, on)) },
					"Transcript":    func(s *fake.Server) { require.Empty(t, s.Transcript(on)) },
					"Operations":    func(s *fake.Server) { require.Empty(t, s.Operations(on)) },
					"NextOperation": func(s *fake.Server) { s.NextOperation(t.Context(), on) },
					"Order":         func(s *fake.Server) { s.Order(on, fake.ImageGet) },
					"script": func(s *fake.Server) {
						scenario.Play(new(recorder), s, scenario.Line{On: on, Do: func(*fake.Server) {}})
					},
				} {
					cloud, err := fake.Start()
					require.NoError(t, err)
					use(cloud)
					require.ErrorContains(t, cloud.Err(), want, where)
					_ = cloud.Close()
				}
				cloud := fake.New(t)
				r := new(recorder)
				require.False(t, assert.NotCalled(r, cloud, on))
				require.Contains(t, r.failures[0], want)
				_, err = cloud.Judge(on)
				require.ErrorContains(t, err, want)
			})
		}
	}
}
