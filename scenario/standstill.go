package scenario

import (
	"fmt"

	"github.com/imagefake/imagefake/fake/plain"
)

// A standstill is a run in which everything waits, and a lock among that: no time passes in a bubble as long as a goroutine waits for a
// sync.Mutex, and whoever holds it waits for time. The client may be right; only a bubble cannot run it.
type standstill struct {
	*run
	looks int   // that have found it in a row
	calls int64 // that had come by then
	text  string
}

// surely is how many looks in a row tell a standstill from a moment. They come at growing distances.
const surely = 4

// maxStill is how many runs may stand still before they count among those that left something behind. They cost memory alone.
const maxStill = 50

// goesOn looks, and tells whether the run has stood still for long enough to be sure.
func (s *standstill) goesOn() bool {
	calls := s.gate.come.Load()
	if waiting, _ := s.gate.atBarriers(); waiting > 0 || calls != s.calls || !s.found() {
		s.looks, s.calls = 0, calls
		return false
	}
	s.looks++
	return s.looks >= surely
}

// locked are the states of goroutines that wait for a lock.
var locked = map[string]bool{"sync.Mutex.Lock": true, "sync.RWMutex.Lock": true, "sync.RWMutex.RLock": true}

// found tells whether everything in the bubble waits, something for a lock, and nothing for what is outside of the bubble.
func (s *standstill) found() bool {
	bubble, _ := s.bubble.Load().(string)
	if bubble == "" {
		return false
	}
	var waits, holds []standing
	for _, g := range goroutines(func(g plain.Goroutine) bool { return g.Bubble == bubble }) {
		switch {
		case locked[g.State]:
			waits = append(waits, g)
		case g.Durable && g.State != "sync.WaitGroup.Wait":
			holds = append(holds, g)
		case !g.Durable && g.State != "synctest.Run":
			return false
		}
	}
	if len(waits) == 0 {
		return false
	}
	s.text = fmt.Sprintf("stands still: a lock is waited for %s, and is held where time is to pass first: %s. In a bubble no time passes as long as a "+
		"goroutine waits for a sync.Mutex. That says nothing against the body: let it wait for a channel of capacity one in the place of the lock, "+
		"or use RealTime", whereabouts(waits), whereabouts(holds))
	return true
}
