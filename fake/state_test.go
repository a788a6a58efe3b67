package fake_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// spy is a test that is told of misuse instead of failing.
type spy struct {
	mu     sync.Mutex
	errors []string
	logs   []string
	failed bool
	ends   []func()
}

func (s *spy) Helper()          {}
func (s *spy) Name() string     { return "TestSpy" }
func (s *spy) Cleanup(f func()) { s.ends = append(s.ends, f) }
func (s *spy) Logf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logs = append(s.logs, fmt.Sprintf(format, args...))
}
func (s *spy) Errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errors, s.failed = append(s.errors, fmt.Sprintf(format, args...)), true
}
func (s *spy) FailNow() { s.mu.Lock(); defer s.mu.Unlock(); s.failed = true }
func (s *spy) Failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// end runs the cleanups, as the end of the test would.
func (s *spy) end() {
	for i := len(s.ends) - 1; i >= 0; i-- {
		s.ends[i]()
	}
	s.ends = nil
}

// take returns the errors so far and forgets them.
func (s *spy) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.errors
	s.errors = nil
	return taken
}

func TestAddImagesRefusesTheInvalid(t *testing.T) {
	for name, tt := range map[string]struct {
		image *compute.Image
		want  string
	}{
		"nil":             {nil, "an image is nil"},
		"no folder":       {&compute.Image{Name: "web"}, "folder_id: missing required field"},
		"a bad name":      {named("Web"), "name: invalid resource name"},
		"a long id":       {&compute.Image{FolderId: folder, Id: fmt.Sprintf("%051d", 1)}, "id: length 51 is over 50 characters"},
		"a taken id":      {&compute.Image{FolderId: folder, Id: "first"}, `the id "first" is taken`},
		"a taken name":    {named("first"), `the name "first" is taken in folder "b1gfolder"`},
		"a negative size": {&compute.Image{FolderId: folder, Size: -1}, "size: value -1 is below 0"},
		"too small":       {&compute.Image{FolderId: folder, Size: 8 << 20, MinDiskSize: 4 << 20}, "less than the 8388608 bytes"},
		"not UTF-8":       {&compute.Image{FolderId: folder, Description: "\xff"}, "cannot be sent"},
		"unknown status":  {&compute.Image{FolderId: folder, Status: 99}, "status: value 99 is not a declared one"},
	} {
		t.Run(name, func(t *testing.T) {
			test := &spy{}
			cloud := fake.New(test)
			defer test.end()
			cloud.AddImages(&compute.Image{Id: "first", FolderId: folder, Name: "first"})
			before := cloud.Snapshot().String()

			added := cloud.AddImages(tt.image, named("good"))

			require.Len(t, added, 1, "the others are added")
			errors := test.take()
			require.Len(t, errors, 1)
			require.Contains(t, errors[0], tt.want)
			cloud.RemoveImage(added[0].Id)
			require.NotEqual(t, before, cloud.Snapshot().String())
		})
	}
}

func TestOneImageIsAddedAndFoundByName(t *testing.T) {
	test := &spy{}
	cloud := fake.New(test, fake.WithPlan(fake.Finish(fake.ByHand())))
	defer test.end()
	c := clientsOf(cloud.Conn())
	im := cloud.AddImage(named("one"))
	require.Equal(t, "one", im.Name)
	require.NotEmpty(t, im.Id)
	other := cloud.AddImage(&compute.Image{FolderId: "b1gother", Name: "one"})
	require.Nil(t, cloud.AddImage(named("one")))
	require.Regexp(t, `AddImage: image .*the name "one" is taken`, test.take()[0])
	cloud.AddImage(named("")) // has no name

	find := func(folder, name string) string { return cloud.ImageNamed(folder, name).GetId() }
	require.Equal(t, im.Id, find(folder, "one"))
	require.Equal(t, other.Id, find("b1gother", "one"))
	for _, none := range [][2]string{{folder, "two"}, {folder, ""}, {"", "one"}, {"b1gnone", "one"}} {
		require.Nil(t, cloud.ImageNamed(none[0], none[1]), none)
	}
	cloud.ImageNamed(folder, "one").Name = "changed"
	require.Equal(t, im.Id, find(folder, "one"), "it is a copy")

	_, creating := c.create(t, fromDisk("two"))
	require.Equal(t, creating, find(folder, "two"), "in whatever status")

	op, err := c.Update(t.Context(), &compute.UpdateImageRequest{ImageId: im.Id, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}}, Name: "three"})
	require.NoError(t, err)
	require.Equal(t, []string{im.Id, ""}, []string{find(folder, "one"), find(folder, "three")}, "not before the update ends")
	cloud.Operation(op.Id).Complete()
	require.Equal(t, []string{"", im.Id}, []string{find(folder, "one"), find(folder, "three")})
	cloud.RemoveImage(im.Id)
	require.Equal(t, "", find(folder, "three"))
}

func TestMisuseOfStateNamesWhatIsWrong(t *testing.T) {
	test := &spy{}
	cloud := fake.New(test)
	defer test.end()
	for want, misuse := range map[string]func(){
		`SetImageStatus: there is no image "none"`: func() { cloud.SetImageStatus("none", compute.Image_READY) },
		`an image is CREATING, READY, ERROR or`:    func() { cloud.SetImageStatus("none", 77) },
		`RemoveImage: there is no image "none"`:    func() { cloud.RemoveImage("none") },
		`the server never knew the token`:          func() { cloud.RevokeToken("none") },
		`Restore(nil)`:                             func() { cloud.Restore(nil) },
		`Operation: there is none with id "none"`:  func() { cloud.Operation("none") },
		`ConnAs needs a name`:                      func() { cloud.ConnAs("") },
	} {
		misuse()
		errors := test.take()
		require.Len(t, errors, 1)
		require.Contains(t, errors[0], want)
	}
}

func TestStartCollectsMisuseWithItsLine(t *testing.T) {
	cloud, err := fake.Start()
	require.NoError(t, err)
	require.NoError(t, cloud.Err())

	cloud.RemoveImage("none")

	require.Regexp(t, `^state_test\.go:\d+: RemoveImage: there is no image "none"$`, cloud.Err().Error())
	require.EqualError(t, cloud.Close(), cloud.Err().Error())
	require.EqualError(t, cloud.Close(), cloud.Err().Error(), "the same again")
}

// What is found as a call is served has no line of the test on its stack: it names the one that made the server, and no generated code.
func TestStartNamesALineForWhatACallBringsUp(t *testing.T) {
	cloud, err := fake.Start()
	require.NoError(t, err)
	cloud.Inject(fake.Fault{Do: fake.Run(func(*fake.Call) { deep() })})
	_, err = clientsOf(cloud.Conn()).Create(t.Context(), fromDisk("web"))
	require.Equal(t, codes.Internal, status.Code(err))
	require.Regexp(t, `^state_test\.go:\d+: the func of the fault injected at state_test\.go:\d+, on #1 ImageCreate by conn-1, `+
		`panicked: bang \(at state_test\.go:\d+, called from state_test\.go:\d+\)$`, cloud.Close().Error())
}

func deep() { panic("bang") }

func TestWhatComesOutIsACopy(t *testing.T) {
	cloud := fake.New(t)
	given := &compute.Image{Id: "im", FolderId: folder, Labels: map[string]string{"k": "v"}}
	out := cloud.AddImages(given)[0]
	started, _ := clientsOf(cloud.Conn()).create(t, fromDisk("made"))
	before := cloud.Snapshot()
	text := before.String()
	images := []*compute.Image{given, out, cloud.Image("im"), cloud.Images()[0], before.Image("im"), before.Images()[0]}
	for e := range cloud.Events() {
		if im, ok := e.Resource.(*compute.Image); ok {
			images = append(images, im)
		}
		if op := e.Operation; op != nil {
			op.Description = "changed"
		}
	}
	require.Len(t, images, 8)
	for _, im := range images {
		im.Labels = map[string]string{"k": "changed"}
		im.Description = "changed"
	}
	for _, op := range []*operation.Operation{started, cloud.Operation(started.Id).Proto(), before.Operations()[0]} {
		op.Description = "changed"
	}
	require.Equal(t, text, cloud.Snapshot().String())
	require.Equal(t, text, before.String())
	for e := range cloud.Events() {
		require.NotContains(t, fmt.Sprint(e.Resource, e.Operation), "changed")
	}
}

func TestRestoreAndForkStartFromAState(t *testing.T) {
	clock := fake.NewClock(newYear)
	cloud := fake.New(t, fake.WithClock(clock), fake.WithStandardImages(), fake.WithPlan(fake.Finish(fake.After(time.Hour))))
	c := clientsOf(cloud.Conn())
	_, id := c.create(t, fromDisk("web"))
	state := cloud.Snapshot()
	text := state.String()

	fork := cloud.Fork(t)
	clock.Advance(2 * time.Hour)
	c.create(t, fromDisk("api"))
	fork.RemoveImage(id)

	require.Equal(t, text, state.String(), "a state never changes")
	require.Equal(t, compute.Image_READY, cloud.Image(id).Status)
	require.Nil(t, fork.Image(id))
	require.NotEqual(t, text, cloud.Snapshot().String())

	cloud.Restore(state)
	require.Equal(t, compute.Image_READY, cloud.Image(id).Status, "what is overdue happens at once")
	_, api := c.create(t, fromDisk("api"))
	_, forked := clientsOf(fork.Conn()).create(t, fromDisk("api"))
	require.Equal(t, api, forked, "the sequences of ids are part of the state")
}

// Control methods are safe while clients are calling. The race detector is the judge.
func TestStateIsSafeWhileClientsCall(t *testing.T) {
	cloud := fake.New(t, fake.WithStandardImages())
	state := cloud.Snapshot()
	var running sync.WaitGroup
	for worker := range 4 {
		running.Go(func() {
			c := clientsOf(cloud.ConnAs(fmt.Sprintf("worker-%d", worker)))
			for n := range 25 {
				op, err := c.Create(t.Context(), fromDisk(fmt.Sprintf("image-%d-%d", worker, n)))
				if err == nil {
					_, _ = c.Get(t.Context(), &compute.GetImageRequest{ImageId: op.Id})
					_, _ = c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
				}
			}
		})
	}
	running.Go(func() {
		for n := range 50 {
			im := cloud.AddImages(named(fmt.Sprintf("seed-%d", n)))[0]
			cloud.SetImageStatus(im.Id, compute.Image_ERROR)
			cloud.Images()
			_ = cloud.Snapshot().String()
			cloud.Calls(fake.ImageCreate)
			cloud.RemoveImage(im.Id)
		}
	})
	running.Wait()
	cloud.Restore(state)
	require.Equal(t, state.String(), cloud.Snapshot().String())
	require.Len(t, cloud.Calls(fake.ImageCreate), 100)
}
