package fake

import (
	"fmt"

	"github.com/imagefake/imagefake/fake/internal/world"
)

// maxLag is how many versions of an image or operation are remembered.
const maxLag = 16

// Lag answers a read from a replica that lags behind: every image, other resource and operation is seen as it was that many changes of
// its own ago, 16 at most; access bindings are a part of their image. What did not exist then is not found. What the test added before the
// first call, and what came with a restored or forked state, has always existed. Whoever has seen a name taken has seen it given up, so
// no two images bear one name. A poll that lags moves no operation. A read of what has not changed is answered as always, and the fault
// has not happened to it. What a handler of the test answers has no past that the server knows: there it is
// misuse, unless the fault is Optional.
func Lag(changes int) Effect { return effect(lagging{back: changes}) }

type lagging struct {
	usual
	back int
}

func (l lagging) String() string             { return fmt.Sprintf("lag %d changes behind", l.back) }
func (lagging) home() (at place, fixed bool) { return beforeCommit, true }

// misfit: the addresses of services never change.
func (l lagging) misfit(m Method) string {
	if m.Reads() && m.Service() != EndpointGet.Service() {
		return ""
	}
	return fmt.Sprintf("%q makes sense for methods that read what can change, such as %v", l, []Method{ImageGet, ImageList, OperationGet})
}

// misfitOn: what the server does not store has no past.
func (l lagging) misfitOn(s *Server, m Method) string {
	if rowOf(m).own || s.neighbours.method(m) != nil && s.handlers[m] == nil {
		return ""
	}
	return fmt.Sprintf("%v is answered by a handler of the test, and only that knows what it would have answered before: use Reply, or serve it with WithNeighbours", m)
}

func (l lagging) wrong() string {
	if l.back < 1 || l.back > maxLag {
		return fmt.Sprintf("Lag(%d): name a number of changes from 1 to %d", l.back, maxLag)
	}
	return ""
}

func (l lagging) act(e *encounter) *answer {
	s := e.server
	s.look(func(w *world.World) { e.errand.view = s.history.lagging(w, l.back) })
	e.errand.lag = e // whether anything is seen to lag turns out when the read is answered
	return nil
}
