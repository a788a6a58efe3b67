package fake_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"

	"github.com/imagefake/imagefake/fake"
)

// Nothing that a test may give as nil by mistake panics: what is nil is said, at the line that gave it.
func TestNilIsSaidAtTheLineThatGaveIt(t *testing.T) {
	none := context.Context(nil) // as a test gives it that forgot to make one
	var clock *fake.ManualClock
	var matcher fake.Matcher
	var image *compute.Image
	var state *fake.State
	var create *compute.CreateImageRequest

	controls := map[string]func(*fake.Server, *spy){
		"AddImage":         func(s *fake.Server, test *spy) { s.AddImage(nil) },
		"AddImages":        func(s *fake.Server, test *spy) { s.AddImages(nil) },
		"AddImages typed":  func(s *fake.Server, test *spy) { s.AddImages(image) },
		"Await":            func(s *fake.Server, test *spy) { s.Await(t.Context(), nil) },
		"Await context":    func(s *fake.Server, test *spy) { s.Await(none, func() bool { return false }) },
		"Calls":            func(s *fake.Server, test *spy) { s.Calls(nil) },
		"Calls typed":      func(s *fake.Server, test *spy) { s.Calls(matcher) },
		"ChangeImage":      func(s *fake.Server, test *spy) { s.ChangeImage(s.AddImage(&compute.Image{FolderId: folder}).Id, nil) },
		"Images":           func(s *fake.Server, test *spy) { s.Images(nil) },
		"NextOperation":    func(s *fake.Server, test *spy) { s.NextOperation(none) },
		"NextOperation on": func(s *fake.Server, test *spy) { s.NextOperation(t.Context(), nil) },
		"Operations":       func(s *fake.Server, test *spy) { s.Operations(nil) },
		"Order":            func(s *fake.Server, test *spy) { s.Order(nil) },
		"Restore":          func(s *fake.Server, test *spy) { s.Restore(state) },
		"Transcript":       func(s *fake.Server, test *spy) { s.Transcript(nil) },
		"Fork option":      func(s *fake.Server, test *spy) { s.Fork(test, nil) },
		"Inject nothing":   func(s *fake.Server, test *spy) { s.Inject(fake.Fault{}) },
		"Inject AllOf": func(s *fake.Server, test *spy) {
			s.Inject(fake.Fault{On: fake.AllOf(fake.ImageGet, nil), Do: fake.Cut()})
		},
		"Inject AnyOf": func(s *fake.Server, test *spy) { s.Inject(fake.Fault{On: fake.AnyOf(nil), Do: fake.Cut()}) },
		"Inject Not":   func(s *fake.Server, test *spy) { s.Inject(fake.Fault{On: fake.Not(nil), Do: fake.Cut()}) },
		"Inject Work":  func(s *fake.Server, test *spy) { s.Inject(fake.Fault{On: fake.Work(nil), Do: fake.Cut()}) },
		"Inject Like":  func(s *fake.Server, test *spy) { s.Inject(fake.Fault{On: fake.Like(create), Do: fake.Cut()}) },
		"Inject Like and": func(s *fake.Server, test *spy) {
			s.Inject(fake.Fault{On: fake.Like(&compute.CreateImageRequest{}, nil), Do: fake.Cut()})
		},
		"Inject Exactly": func(s *fake.Server, test *spy) { s.Inject(fake.Fault{On: fake.Exactly(create), Do: fake.Cut()}) },
		"Inject Match": func(s *fake.Server, test *spy) {
			s.Inject(fake.Fault{On: fake.Match[*compute.CreateImageRequest](nil), Do: fake.Cut()})
		},
		"Inject Run":         func(s *fake.Server, test *spy) { s.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Run(nil)}) },
		"Inject Alter":       func(s *fake.Server, test *spy) { s.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Alter(nil)}) },
		"Inject Reply":       func(s *fake.Server, test *spy) { s.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Reply(nil)}) },
		"Inject Reply typed": func(s *fake.Server, test *spy) { s.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Reply(image)}) },
		"Inject Return":      func(s *fake.Server, test *spy) { s.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Return(5, nil)}) },
		"Inject While": func(s *fake.Server, test *spy) {
			s.Inject(fake.Fault{On: fake.ImageGet, When: fake.While(nil), Do: fake.Cut()})
		},
		"Inject Then": func(s *fake.Server, test *spy) {
			s.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Cut().Then(fake.Effect{})})
		},
		"clock":           func(s *fake.Server, test *spy) { s.Fork(test, fake.WithClock(nil)) },
		"typed nil clock": func(s *fake.Server, test *spy) { s.Fork(test, fake.WithClock(clock)) },
		"gate":            func(s *fake.Server, test *spy) { s.Fork(test, fake.WithGate(nil)) },
		"plan matcher":    func(s *fake.Server, test *spy) { s.Fork(test, fake.WithPlan(fake.AtOnce(), nil)) },
		"plan trigger":    func(s *fake.Server, test *spy) { s.Fork(test, fake.WithPlan(fake.Finish(nil))) },
		"service":         func(s *fake.Server, test *spy) { s.Fork(test, fake.WithService(nil)) },
		"operation wait": func(s *fake.Server, test *spy) {
			op, err := clientsOf(s.Conn()).Create(t.Context(), fromDisk("web"))
			if err != nil {
				panic(err)
			}
			s.Operation(op.Id).Wait(none)
		},
	}
	said := map[string]string{ // where the name of the control and "nil" are not said together
		"Inject nothing": "it does nothing", "Order": "it takes two matchers", "plan trigger": "a step needs a trigger", "Inject Then": "does nothing",
		"Inject While": "While has no condition",
	}
	for name, control := range controls {
		t.Run(name, func(t *testing.T) {
			test := &spy{}
			s := fake.New(test)
			defer test.end()
			require.NotPanics(t, func() { control(s, test) })
			errors := test.take()
			require.Len(t, errors, 1)
			want := "nil"
			if other, is := said[name]; is {
				want = other
			}
			require.Contains(t, errors[0], want)
		})
	}
}

// What reports by an error of its own, and has no test to fail, says it there.
func TestNilIsAnErrorWhereNoTestIs(t *testing.T) {
	none := context.Context(nil)
	cloud := fake.New(t)
	require.ErrorContains(t, fake.NewClock(newYear).AwaitWaiters(none, 1), "a nil was given")
	require.ErrorContains(t, cloud.WriteTimeline(nil), "give it a writer")
	_, err := cloud.Judge(nil)
	require.ErrorContains(t, err, "nil")
	_, err = fake.Start(nil)
	require.ErrorContains(t, err, "one of the options is nil")

	cloud.AddImage(&compute.Image{FolderId: folder})
	require.Len(t, cloud.Snapshot().Images(nil), 1, "a state has no test to fail: a nil where is left out")
}

// The line is the test's, for Start too, which collects what is misused.
func TestNilIsSaidWithTheLine(t *testing.T) {
	cloud, err := fake.Start()
	require.NoError(t, err)
	require.ErrorContains(t, cloud.Await(t.Context(), nil), "a nil was given")
	require.Regexp(t, `^nil_test\.go:\d+: Await: `, cloud.Close().Error())
}
