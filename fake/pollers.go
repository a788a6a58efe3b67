package fake

import (
	"fmt"
	"time"

	"github.com/imagefake/imagefake/fake/internal/world"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
)

// pollers is who was told lately that an operation is unfinished. A poll is held only if it comes from one of these, and at once: a client
// that sleeps between its polls is on its own time, and would have each of its pauses lengthened. It is guarded by the server's lock.
type pollers struct{ unfinished map[string]*unfinished } // by operation

type unfinished struct {
	told  map[string]told // by caller, when it was last answered
	equal int             // answers since the operation last changed
}

// told is a moment on the time package's clock and on the server's.
type told struct{ real, served time.Time }

// soon is how long after an answer a client comes back that does not sleep. Time that stands still until everybody sleeps needs none.
const soon = 250 * time.Millisecond

// answered notes the answer to a poll, and returns how many equal ones there have been.
func (p *pollers) answered(caller string, op *operation.Operation, at told) int {
	if op.Done {
		delete(p.unfinished, op.Id)
		return 0
	}
	if p.unfinished == nil {
		p.unfinished = make(map[string]*unfinished)
	}
	u := p.unfinished[op.Id]
	if u == nil {
		u = &unfinished{told: make(map[string]told)}
		p.unfinished[op.Id] = u
	}
	u.told[caller] = at
	u.equal++
	return u.equal
}

// moved notes that an operation has changed.
func (p *pollers) moved(id string) {
	if u := p.unfinished[id]; u != nil {
		u.equal = 0
	}
}

// before returns when a caller was last told that an operation is unfinished; known is false if it never was.
func (p *pollers) before(caller, id string) (at told, known bool) {
	if u := p.unfinished[id]; u != nil {
		at, known = u.told[caller]
	}
	return at, known
}

// cameBack tells whether a poll follows the same caller's last without a pause, on whatever clock it may have slept.
func (s *Server) cameBack(c *Call) (back bool) {
	s.do(nil, func(*world.World, time.Time) {
		last, known := s.pollers.before(c.Caller, c.OperationID)
		if !known {
			return
		}
		pause := soon
		if s.home != "" {
			pause = 0
		}
		back = time.Since(last.real) <= pause
		if _, real := s.clock.(realClock); !real {
			if s.manual != nil {
				pause = 0
			}
			back = back && c.Start.Sub(last.served) <= pause // a clock that is moved since the poll came wakes it
		}
	})
	return back
}

// manyPolls is how many equal answers to polls, in a bubble, are taken for a client that spins.
const manyPolls = 10_000

// spins tells the test of a client that polls without a pause where time stands still as long as it does.
func (s *Server) spins(op *operation.Operation) {
	s.ending.RLock()
	defer s.ending.RUnlock()
	if !s.over {
		s.tb.Logf("imagefake: %d polls have found operation %s (%s) unfinished, each as the one before: if the client polls without a "+
			"pause, the bubble's time stands still and nothing ends it; let it sleep, or move the operation", manyPolls, op.Id, op.Description)
	}
}

// unpolled returns what to say, at the end of a failed test, of images and other resources that somebody waits for by reading them,
// under a plan that only polls of the operation move: a line for each, "" if there is none.
func (s *Server) unpolled() (text string) {
	const some = 3 // reads without a poll in between
	calls := s.Calls()
	for _, op := range s.Operations() {
		current := op.now()
		if current == nil || current.Run.Phase.Done() || !current.Run.PolledOn() {
			continue
		}
		reads, polls := 0, 0
		for i := range calls {
			switch c := &calls[i]; {
			case c.OperationID == op.id && c.Method == OperationGet:
				polls++
			case c.ResourceID == op.resource && c.Method.Reads(), c.Method == ImageList && inPage(c, op.resource):
				reads++
			}
		}
		if reads >= some && polls == 0 {
			text += fmt.Sprintf("%s %s was read %d times, and %v: nobody polls it, and its plan counts polls; for code that watches "+
				"%s.status plan with After, or AtOnce\n", op.kind(), op.resource, reads, op, rowOf(op.method).kind)
		}
	}
	return text
}

// inPage tells whether the answer to a list request has an image in it.
func inPage(c *Call, id string) bool {
	page, _ := c.Reply.(*compute.ListImagesResponse)
	for _, im := range page.GetImages() {
		if im.Id == id {
			return true
		}
	}
	return false
}
