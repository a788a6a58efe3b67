package fake

import (
	"fmt"
	"time"

	"github.com/imagefake/imagefake/fake/internal/world"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/protobuf/proto"
)

// Event is one thing that happened to a server. Its kind tells which of the fields say something.
type Event struct {
	Seq  int       // its place in the record, from 1
	Time time.Time // on the server's clock; of a call, its arrival
	Kind EventKind
	Text string // in words

	Call      *Call                // of a CallEvent, nil for the others
	Step      Change               // of a ResourceEvent or an OperationEvent: what became of it
	Resource  proto.Message        // of a ResourceEvent: as it is since; nil where it is gone
	Before    proto.Message        // of a ResourceEvent: as it was; nil where it was not there
	Operation *operation.Operation // of an OperationEvent: as it is since
	Fault     *Injected            // of a FaultEvent

	ResourceID  string // the resource that changed, or that the call, fault or operation concerns; "" for none
	OperationID string // the operation that moved, or that the call or fault concerns; "" for none
	By          int    // the Seq of the call that brought it about; of a FaultEvent, of the call it happens to; 0: time or the test did

	phrase  string // the text without what it happened to
	method  Method // of an OperationEvent: that started the operation
	starter int    // of an OperationEvent: the Seq of the call that started the operation; 0: not known
}

// EventKind is what sort of thing happened.
type EventKind int

const (
	CallEvent      EventKind = iota // a call came in
	ResourceEvent                   // a resource, such as an image, was made, changed or went away
	OperationEvent                  // an operation was started, moved or ended
	FaultEvent                      // a fault happened to a call
	ClockEvent                      // the test moved a ManualClock
	RestoreEvent                    // the test restored a state
	NoteEvent                       // anything else that helps to understand a failed test
)

// String returns the kind in a word.
func (k EventKind) String() string {
	words := [...]string{"call", "resource", "operation", "fault", "clock", "restore", "note"}
	if k < 0 || int(k) >= len(words) {
		return fmt.Sprintf("EventKind(%d)", int(k))
	}
	return words[k]
}

// Change is what became of a resource or an operation. A resource that got a status has become what the status is called: "READY".
type Change string

// What becomes of resources. Services other than the ImageService have more statuses than these.
const (
	Creating Change = "CREATING"
	Ready    Change = "READY"
	Errored  Change = "ERROR"
	Deleting Change = "DELETING"
	Updated  Change = "updated"
	Rebound  Change = "access bindings changed"
	Gone     Change = "gone"
)

// What becomes of operations.
const (
	Started     Change = "started"
	Moved       Change = "moved" // to another step of its plan
	RollingBack Change = "rolling back"
	Done        Change = "done"
	Failed      Change = "failed"
)

// String returns the event in words.
func (e Event) String() string { return fmt.Sprintf("#%d %s", e.Seq, e.Text) }

// eventOf returns what the record keeps of a change of the world; by is the Seq of the call that made it, starter that of the call
// that started the operation.
func eventOf(change world.Change, by, starter int) Event {
	e := Event{Time: change.When(), By: by, phrase: change.Phrase()}
	switch c := change.(type) {
	case world.ImageChange:
		e.Kind, e.Step, e.ResourceID = ResourceEvent, Change(c.Step), c.Image().Id
		e.Resource, e.Before = imageMessage(c.After), imageMessage(c.Before)
		e.Text = fmt.Sprintf("image %s %s", e.ResourceID, e.phrase)
	case world.ResourceChange:
		e.Kind, e.Step, e.ResourceID = ResourceEvent, Change(c.Step), c.ID
		e.Resource, e.Before = c.After, c.Before
		e.Text = fmt.Sprintf("%s %s %s", c.Kind, e.ResourceID, e.phrase)
	case world.OperationChange:
		op := c.After
		e.Kind, e.Step, e.ResourceID, e.OperationID = OperationEvent, Change(c.Step), op.Subject, op.Id
		e.Operation, e.method, e.starter = op.Operation, Method(op.Method), starter
		e.Text = fmt.Sprintf("operation %s %s", op.Id, e.phrase)
	}
	return e
}

// imageMessage returns an image as a message, which is nil where there is no image.
func imageMessage(im *compute.Image) proto.Message {
	if im == nil {
		return nil
	}
	return im
}
