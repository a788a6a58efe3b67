package scenario

import (
	"testing"

	"github.com/imagefake/imagefake/fake/plain"
)

// Run runs body once, without faults, as [Explore] runs it: on a server of its own in a testing/synctest bubble, where waiting costs
// nothing, and with the limits of an exploration. A body that never ends, in a loop that polls or in a wait, is a failed test that
// names the line where it stands, rather than the end of the test binary after ten minutes. It is the bubble, the server and the
// limit of a test in one call:
//
//	func TestBake(t *testing.T) {
//		scenario.Run(t, func(t *scenario.T) error {
//			_, err := bake(t.Context(), t.Cloud().Conn(), "web", "ubuntu-2204-lts")
//			return err
//		}, scenario.OnServer(fake.WithStandardImages()))
//	}
//
// An error that body returns fails the test. Options that choose faults, pairs or orders have nothing to do and are refused.
func Run(t *testing.T, body func(*T) error, opts ...Option) {
	t.Helper()
	if text := single(t, body, opts); text != "" {
		t.Errorf("scenario.Run: %s", text)
	}
}

// single makes the one run of Run and tells what is wrong with it, "" if nothing.
func single(t *testing.T, body func(*T) error, opts []Option) string {
	x, err := newRunner(t, body, opts)
	if err != nil {
		return err.Error()
	}
	switch {
	case x.asked, x.pairs > 0, x.orders > 0, x.on != nil:
		return "it makes one run, without faults: Faults, On, Pairs and Orders are for Explore"
	}
	r := x.run(trial{keep: true})
	if r.skipped && !r.broken() {
		t.Skip("the body was skipped")
	}
	if !r.broken() && r.err != nil {
		r.failures = append(r.failures, "the body returned an error: "+plain.Line(r.err.Error()))
	}
	if !r.broken() {
		for _, text := range r.logs {
			t.Log(text)
		}
		return ""
	}
	return r.story() + timelineOf(r) + x.pictureLine(r)
}
