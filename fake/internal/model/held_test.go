package model_test

import (
	"context"
	"slices"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/internal/model"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"pgregory.net/rapid"
)

// longest is how long a poll is held at most.
const longest = 20 * time.Second

// held is a poll that a server holds.
type held struct {
	id       string
	from     int // how many versions of the operation there were when it came
	since    time.Time
	deadline time.Duration // what the caller leaves, 0: for ever
	restored bool          // another state was put under it
	caller   string
	answered moment // to be read once there is an answer
	answer   chan answer
	cancel   context.CancelFunc
}

// told is who has polled what, and moment when that was answered, on the time package's clock and the server's: only who comes back at
// once is held.
type (
	told   struct{ caller, id string }
	moment struct{ real, served time.Time }
)

// tell notes that a caller was told of an unfinished operation.
func (s *side) tell(h *held, got answer) {
	if o, ok := got.reply.(*operation.Operation); ok && got.err == nil && !o.Done {
		s.told[told{h.caller, h.id}] = h.answered
	}
}

// pollHeld polls in a goroutine of its own: the poll may be held.
func (m *machine) pollHeld(rt *rapid.T, ctx context.Context, c model.Call) *operation.Operation {
	h := &held{id: c.Request.(*operation.GetOperationRequest).OperationId, since: time.Now(), answer: make(chan answer, 1), caller: c.Caller,
		deadline: sample(rt, "deadline", 0, 0, 5*time.Second, 40*time.Second), cancel: func() {}}
	if h.deadline > 0 {
		ctx, h.cancel = context.WithTimeout(ctx, h.deadline)
	}
	server := m.at.server
	m.polling.Go(func() {
		got := m.invoke(ctx, c)
		h.answered = moment{time.Now(), answeredAt(server, got, m.now())}
		h.answer <- got
	})
	m.settle()
	unfinished, still := m.at.cloud.Stands(h.id)
	last, known := m.at.told[told{c.Caller, h.id}]
	hold := unfinished && still && known && last == moment{time.Now(), m.now()}
	select {
	case got := <-h.answer:
		h.cancel()
		if hold {
			rt.Fatalf("a poll of %s was answered at once, want it held", h.id)
		}
		m.judge(rt, c, got, nil)
		m.at.tell(h, got)
		if interval := got.header.Get("x-operation-poll-interval"); got.err == nil && !slices.Equal(interval, []string{"0"}) {
			rt.Fatalf("the interval is %v", interval)
		}
	default:
		if !hold {
			rt.Fatalf("a poll of %s is held, want it answered at once", h.id)
		}
		h.from = len(m.at.cloud.Versions(h.id))
		m.at.held = append(m.at.held, h)
	}
	return nil
}

// answeredAt returns when a server answered a poll, on its clock: that may have gone on by the time the caller looks at it.
func answeredAt(server *fake.Server, got answer, now time.Time) time.Time {
	for _, c := range server.Calls(fake.OperationGet) {
		if id := got.header.Get("x-request-id"); len(id) > 0 && slices.Equal(c.ReplyHeader.Get("x-request-id"), id) {
			return c.End
		}
	}
	return now
}

// woken looks after the polls that are held: each is answered as soon as there is a reason, and not before.
func (m *machine) woken(rt *rapid.T) {
	for _, s := range m.sides {
		s.cloud.Tell(m.now())
		s.held = slices.DeleteFunc(s.held, func(h *held) bool {
			versions := s.cloud.Versions(h.id)
			unfinished, _ := s.cloud.Stands(h.id)
			changed := len(versions) > h.from || !unfinished
			passed := time.Since(h.since)
			select {
			case got := <-h.answer:
				h.cancel()
				s.tell(h, got)
				h.judge(rt, got, versions, changed || passed >= longest || h.deadline > 0 && passed >= h.deadline/2)
				return true
			default:
				if changed || passed > longest || h.deadline > 0 && passed >= h.deadline {
					rt.Fatalf("a poll of %s is still held after %v (deadline %v), the operation has changed: %t", h.id, passed, h.deadline, changed)
				}
				if h.restored { // what it waits for is what the restored state has
					h.restored, h.from = false, len(versions)
				}
				return false
			}
		})
	}
}

func (h *held) judge(rt *rapid.T, got answer, versions []*operation.Operation, due bool) {
	switch {
	case len(versions) == 0:
		if status.Code(got.err) != codes.NotFound {
			rt.Fatalf("a held poll of %s, which is gone, got %v, %v", h.id, got.reply, got.err)
		}
		return
	case got.err != nil:
		rt.Fatalf("a held poll of %s failed: %v", h.id, got.err)
	case !due && !h.restored:
		rt.Fatalf("a poll of %s was let go without a reason, with %v", h.id, got.reply)
	}
	if h.restored {
		return
	}
	if !slices.ContainsFunc(versions[h.from-1:], func(o *operation.Operation) bool { return sameOperation(o, got.reply.(*operation.Operation)) }) {
		rt.Fatalf("a held poll of %s got %v, which it never was since: %v", h.id, got.reply, versions[h.from-1:])
	}
}
