package histories

import (
	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// running is the model of one operation: it starts once, gets its error before or at its end, ends once, and stays as it ended. What
// ends it is not for this model to say: a poll that was counted, the time, or a cancel.
type running struct {
	began *operation.Operation // nil: there is none yet
	now   *operation.Operation // as it is: what all may be told
}

func (r running) String() string {
	if r.began == nil {
		return "not started"
	}
	return plain.Redacted(r.now)
}

func (r running) step(m moment) (running, bool) {
	switch {
	case m.contradicts():
		return r, false
	case m.event != nil:
		return r.move(m.event.Operation)
	case m.work != nil:
		if r.began != nil {
			return r, false // an id is given out once
		}
		r.began, r.now = m.work.began, m.work.began
		if !m.unknown && m.answered().GetDone() { // by a plan without steps
			return r.move(m.answered())
		}
		return r, m.unknown || r.tells(m.answered())
	case m.code() == codes.NotFound:
		return r, r.began == nil
	case m.code() != codes.OK:
		return r, true
	case m.call.Method == fake.OperationCancel && r.began != nil && !r.now.Done && r.now.GetError() == nil:
		return r, false // a cancel leaves no operation running
	}
	return r, r.tells(m.answered())
}

// move makes the operation what it has become.
func (r running) move(next *operation.Operation) (running, bool) {
	switch {
	case r.began == nil:
		return r, false
	case r.now.Done: // the reply that started it has said so already
		return r, r.tells(next)
	case r.now.GetError() != nil && (!next.Done || !proto.Equal(r.now.GetError(), next.GetError())):
		return r, false // who rolls back ends, and with the same error
	}
	r.now = next
	return r, true
}

// tells tells whether an answer is what everybody is told now.
func (r running) tells(answer *operation.Operation) bool {
	return r.began != nil && proto.Equal(answer, r.now)
}
