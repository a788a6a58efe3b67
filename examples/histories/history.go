// Package histories checks that what concurrent clients saw of the fake cloud has an explanation: one order of all calls, in which
// each took effect at one moment between its arrival and its answer, and in which every answer is what a simple model says. A history
// that has such an order is called linearizable; the search for it is that of github.com/anishathalye/porcupine.
//
//	cloud := fake.New(t)
//	// … clients, side by side, with faults …
//	history, err := histories.Of(cloud)
//	require.NoError(t, err)
//	for _, refused := range history.Check(time.Minute) {
//		t.Error(refused)
//	}
//
// A history is cut into the parts that do not depend on one another: one for each image, for each name in a folder, for each folder,
// for each operation, and for each idempotency key. Each kind has a file with its model, of a page or less.
//
// What a call did whose caller cannot know it (the reply was lost, the connection cut, the deadline had passed) may have happened at
// any moment since it arrived, or never. A read that a fault lets a lagging replica answer has no explanation, and should have none.
package histories

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// History is what happened to a server: what its clients asked and were told, and how its operations moved in between.
//
// The models know what the API does, and images that were added before. What a test does to images by hand in between, and plans with
// KeepFailed or TooLate, they do not know. They look at what calls make of images and names, not at sizes and sources: those do not
// depend on the order of calls.
type History struct {
	// Timeline is the picture of it, for people.
	Timeline string

	moments []moment
	seeds   map[string]*compute.Image // by id: the images that no call created
	works   map[string]*work          // by the id of the operation
	names   map[string][]string       // by the id of an image: those it had, or was to have
}

// moment is one entry of a history: a call of a client, or an event that no client has asked for. It is the input of the models.
type moment struct {
	call  *fake.Call  // nil for an event
	event *fake.Event // nil for a call

	work    *work // the operation that the call started, or that the event moved; nil for none
	unknown bool  // the caller cannot know what became of the call
}

// work is an operation, as the record has it.
type work struct {
	id, image string
	request   proto.Message        // of the call that started it
	began     *operation.Operation // as it was then
}

// Of returns the history of a server so far. Calls that are still running have an unknown outcome. The error says that the record was
// full and let events go: a history with gaps cannot be explained.
func Of(cloud *fake.Server) (*History, error) {
	if dropped := cloud.Dropped(); dropped > 0 {
		return nil, fmt.Errorf("the record has let its first %d events go, and a history with gaps cannot be explained: "+
			"give the server a longer one with fake.WithRecord", dropped)
	}
	h := &History{
		Timeline: cloud.Timeline(),
		seeds:    make(map[string]*compute.Image),
		works:    make(map[string]*work),
		names:    make(map[string][]string),
	}
	calls := make(map[int]*fake.Call)
	started := make(map[int]*work) // by the Seq of the call
	for e := range cloud.Events() {
		switch im, _ := e.Resource.(*compute.Image); {
		case e.Kind == fake.CallEvent:
			calls[e.Seq] = e.Call
			h.moments = append(h.moments, moment{call: e.Call})
		case e.Kind == fake.OperationEvent && e.Step == fake.Started:
			w := &work{id: e.OperationID, image: e.ResourceID, began: e.Operation}
			if c := calls[e.By]; c != nil {
				w.request = c.Request
			}
			h.works[w.id], started[e.By] = w, w
		case e.Kind == fake.OperationEvent:
			h.moments = append(h.moments, moment{event: &e, work: h.works[e.OperationID]})
		case e.Kind == fake.ResourceEvent && e.By == 0 && e.Before == nil && im != nil:
			h.seeds[im.Id] = im
			h.named(im.Id, im.Name)
			h.moments = append(h.moments, moment{event: &e})
		}
	}
	for i := range h.moments {
		m := &h.moments[i]
		if m.call == nil {
			continue
		}
		m.work = started[m.call.Seq]
		m.unknown = m.call.Running() || !telling(m.call.Status.Code())
		if m.work != nil {
			h.named(m.work.image, nameIn(m.call.Request))
		}
	}
	// What only reads and was not answered says nothing, and neither does what started nothing and may not have arrived.
	h.moments = slices.DeleteFunc(h.moments, func(m moment) bool { return m.unknown && m.call != nil && m.work == nil })
	return h, nil
}

// telling tells whether a status says something of the state. All other errors may come from anywhere on the way, whether the call
// took effect or not.
func telling(code codes.Code) bool {
	switch code {
	case codes.OK, codes.NotFound, codes.AlreadyExists, codes.FailedPrecondition:
		return true
	}
	return false
}

// named notes a name that an image has or is to have.
func (h *History) named(image, name string) {
	if name != "" && !slices.Contains(h.names[image], name) {
		h.names[image] = append(h.names[image], name)
	}
}

// folder returns where an image is, "" if there never was one with that id.
func (h *History) folder(image string) string {
	if seed := h.seeds[image]; seed != nil {
		return seed.FolderId
	}
	for _, w := range h.works {
		if create, creates := w.request.(*compute.CreateImageRequest); creates && w.image == image {
			return create.FolderId
		}
	}
	return ""
}

// nameIn returns the name that a request gives to an image, "" if it gives none.
func nameIn(request proto.Message) string {
	switch r := request.(type) {
	case *compute.CreateImageRequest:
		return r.Name
	case *compute.UpdateImageRequest:
		if writes(r, "name") {
			return r.Name
		}
	}
	return ""
}

// writes tells whether an update writes a field: one without a mask writes all [guide].
func writes(r *compute.UpdateImageRequest, field string) bool {
	paths := r.GetUpdateMask().GetPaths()
	return len(paths) == 0 || slices.Contains(paths, field)
}

// span returns from when to when something may have taken effect, in numbers of the record. Two calls overlap if their spans do.
func (m moment) span() (from, to int64) {
	switch {
	case m.call == nil:
		return int64(m.event.Seq), int64(m.event.Seq)
	case m.unknown:
		return int64(m.call.Seq), math.MaxInt64
	}
	return int64(m.call.Seq), int64(m.call.Answered)
}

// code returns what the caller was answered. It says nothing where the outcome is unknown.
func (m moment) code() codes.Code { return m.call.Status.Code() }

// repeated returns the id of the operation that answers a call which started none: its idempotency key had been used. It is "" for
// every other call.
func (m moment) repeated() string {
	if m.call == nil || m.work != nil || !m.call.Method.Starts() {
		return ""
	}
	return m.answered().GetId()
}

// answered returns the operation in a call's reply, nil if there is none.
func (m moment) answered() *operation.Operation {
	op, _ := m.call.Reply.(*operation.Operation)
	return op
}

// contradicts tells whether a call started an operation though its caller was told that it had been refused.
func (m moment) contradicts() bool {
	return m.call != nil && m.work != nil && !m.unknown && m.code() != codes.OK
}

// ended tells whether an event is the end of an operation, and with which code.
func (m moment) ended() (code codes.Code, ended bool) {
	if m.event == nil || m.event.Operation == nil || !m.event.Operation.Done {
		return codes.OK, false
	}
	return codes.Code(m.event.Operation.GetError().GetCode()), true
}

// seed returns the image that an event added, nil if it is another event.
func (m moment) seed() *compute.Image {
	if m.event == nil {
		return nil
	}
	im, _ := m.event.Resource.(*compute.Image)
	return im
}

// Check looks for an explanation of every part, for as long as limit for each, and returns the parts that have none.
func (h *History) Check(limit time.Duration) []Refused {
	var refused []Refused
	for _, p := range h.parts() {
		if r := p.check(limit); r != nil {
			refused = append(refused, *r)
		}
	}
	return refused
}
