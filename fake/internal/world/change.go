package world

import (
	"cmp"
	"time"

	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/store"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// Change is one thing that happened to the world. Its type is its kind: an [ImageChange], a [ResourceChange] or an [OperationChange].
type Change interface {
	When() time.Time
	// Phrase tells what happened, without naming what it happened to.
	Phrase() string
	// By tells whether it was the test that did it, and how.
	By() Hand
}

// Step is what something has become by a change: the name of a status it got, or one of these.
type Step string

const (
	Updated Step = "updated"
	Rebound Step = "access bindings changed"
	Gone    Step = "gone"

	Started     Step = "started"
	Moved       Step = "moved"
	RollingBack Step = "rolling back"
	Done        Step = "done"
	Failed      Step = "failed"
)

// Reached returns the step of an image that gets a status.
func Reached(status compute.Image_Status) Step { return Step(status.String()) }

// ImageChange is an image that has another version than before.
type ImageChange struct {
	At            time.Time
	Step          Step
	Before, After *compute.Image // nil: it was not there; it is gone
	Hand          Hand

	former *store.Image // Before, with what the service does not tell
}

// Hand is what the test did by hand to an image or another resource: "" where a request or an operation changed it.
type Hand string

const (
	Added Hand = "added" // what has always been so, to a replica that lags
	Set   Hand = "set"
)

func (c ImageChange) When() time.Time { return c.At }

func (c ImageChange) By() Hand { return c.Hand }

func (c ImageChange) Phrase() string { return phrase(c.Hand, c.Step) }

func phrase(hand Hand, step Step) string {
	if hand != "" {
		return string(hand) + " by the test: " + string(step)
	}
	return string(step)
}

// Image returns the image as it is or, where it is gone, as it was last.
func (c ImageChange) Image() *compute.Image { return cmp.Or(c.After, c.Before) }

// OperationChange is an operation that has another version than before.
type OperationChange struct {
	At            time.Time
	Step          Step
	Before, After *lro.Operation // Before is nil where it has just begun
}

func (c OperationChange) When() time.Time { return c.At }

func (OperationChange) By() Hand { return "" }

func (c OperationChange) Phrase() string {
	switch c.Step {
	case Moved:
		return "stands at " + stepName(c.After.Run)
	case Failed:
		return "failed: " + c.After.Run.Err.GetMessage()
	}
	return string(c.Step)
}

func stepName(run lro.Run) string {
	if step, ok := run.Step(); ok && step.Name != "" {
		return step.Name
	}
	return "its next step"
}

// TakeChanges returns what has happened since it was last called, in order.
func (w *World) TakeChanges() []Change {
	changes := w.changes
	w.changes = nil
	return changes
}

func (w *World) note(c Change) { w.changes = append(w.changes, c) }

// put stores an image and notes what became of it.
func (w *World) put(im *store.Image, at time.Time, step Step) { w.putBy("", im, at, step) }

func (w *World) putBy(hand Hand, im *store.Image, at time.Time, step Step) {
	change := ImageChange{At: at, Step: step, After: im.Image, Hand: hand}
	if before := w.images.Put(im); before != nil {
		change.Before, change.former = before.Image, before
	}
	w.note(change)
}

func (w *World) remove(id string, at time.Time) {
	if before := w.images.Remove(id); before != nil {
		w.note(ImageChange{At: at, Step: Gone, Before: before.Image, former: before})
	}
}
