package plans

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// course is how an operation gets to its end.
type course struct {
	name   string
	stages []stage // none: at once
}

// stage is one step of a course. What passes it is a number of polls, a time, or, with neither, the hand of the test.
type stage struct {
	name  string
	polls int
	after time.Duration
}

// Only the first stage may be one that polls pass: its last poll is the first of the client's wait, whose polls go on from there.
var courses = []course{
	{name: "at once"},
	{name: "third poll", stages: []stage{{polls: 3}}},
	{name: "half a minute", stages: []stage{{after: 30 * time.Second}}},
	{name: "by hand", stages: []stage{{}}},
	{name: "named steps", stages: []stage{{name: "allocate", polls: 2}, {name: "copy", after: 30 * time.Second}, {name: "finish"}}},
}

// ending is how an operation ends.
type ending struct {
	name    string
	fails   *status.Status // what the plan says
	keeps   bool           // a failed create leaves its image behind
	cancel  bool           // the client cancels on the way
	tooLate bool           // and is not heeded
	stuck   bool           // there is no end: the client loses patience
}

var endings = []ending{
	{name: "success"},
	{name: "failure", fails: status.New(codes.Internal, "disk read error")},
	{name: "failure that keeps the image", fails: status.New(codes.Internal, "disk read error"), keeps: true},
	{name: "cancel while running", cancel: true},
	{name: "cancel too late", cancel: true, tooLate: true},
	{name: "stuck", stuck: true},
}

// job is what an operation is for, and how its image looks meanwhile and afterwards.
type job struct {
	name     string
	metadata proto.Message
	start    func(context.Context, Client, *compute.Image) (Operation, error) // on an image "old", which is there before

	running, succeeded, undone, kept appearance
}

// appearance is what is to be seen of an image; the zero appearance: nothing, it does not exist.
type appearance struct {
	name   string
	status compute.Image_Status
}

var (
	gone       appearance
	oldReady   = appearance{"old", compute.Image_READY}
	oldLeaving = appearance{"old", compute.Image_DELETING}
	newComing  = appearance{"new", compute.Image_CREATING}
	newReady   = appearance{"new", compute.Image_READY}
	newBroken  = appearance{"new", compute.Image_ERROR}
)

const folder = "b1gplansfolder000000"

var jobs = []job{
	{
		name:     "create",
		metadata: &compute.CreateImageMetadata{},
		start: func(ctx context.Context, c Client, old *compute.Image) (Operation, error) {
			return c.Create(ctx, &compute.CreateImageRequest{
				FolderId: folder,
				Name:     "new",
				Source:   &compute.CreateImageRequest_ImageId{ImageId: old.Id},
			})
		},
		running: newComing, succeeded: newReady, undone: gone, kept: newBroken,
	},
	{
		name:     "update",
		metadata: &compute.UpdateImageMetadata{},
		start: func(ctx context.Context, c Client, old *compute.Image) (Operation, error) {
			return c.Update(ctx, &compute.UpdateImageRequest{
				ImageId:    old.Id,
				Name:       "new",
				UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}},
			})
		},
		running: oldReady, succeeded: newReady, undone: oldReady, kept: oldReady,
	},
	{
		name:     "delete",
		metadata: &compute.DeleteImageMetadata{},
		start: func(ctx context.Context, c Client, old *compute.Image) (Operation, error) {
			return c.Delete(ctx, &compute.DeleteImageRequest{ImageId: old.Id})
		},
		running: oldLeaving, succeeded: gone, undone: oldReady, kept: oldReady,
	},
}

// pacings are the two ways in which polls are answered: held until something happens, or at once with a second between them.
var pacings = []struct {
	name    string
	options []fake.Option
}{
	{name: "held polls"},
	{name: "paced polls", options: []fake.Option{fake.WithPollInterval(time.Second)}},
}

// Run drives every course to every ending, for every job and every pacing. Each case has a synctest bubble of its own, in which
// connect makes the client; connect leaves it to t.Cleanup to close it.
func Run(t *testing.T, connect func(*testing.T, *fake.Server) Client) {
	for _, j := range jobs {
		for _, c := range courses {
			for _, e := range endings {
				for _, p := range pacings {
					t.Run(j.name+"/"+c.name+"/"+e.name+"/"+p.name, func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							cloud := fake.New(t, append(p.options, fake.WithPlan(plan(c, e)))...)
							newDrive(t, cloud, connect(t, cloud), j, e).along(c)
						})
					})
				}
			}
		}
	}
}

// plan tells the server what a course and an ending mean.
func plan(c course, e ending) fake.Plan {
	p := fake.Plan{Err: e.fails, KeepFailed: e.keeps, TooLate: e.tooLate}
	for _, s := range c.stages {
		p.Steps = append(p.Steps, fake.Step{Name: s.name, When: s.trigger()})
	}
	if e.stuck {
		p.Steps = append(p.Steps, fake.Stuck().Steps...)
	}
	return p
}

func (s stage) trigger() fake.StepTrigger {
	switch {
	case s.polls > 0:
		return fake.Polls(s.polls)
	case s.after > 0:
		return fake.After(s.after)
	}
	return fake.ByHand()
}

func (s stage) byHand() bool { return s.polls == 0 && s.after == 0 }
