package scenario

import "sync"

// A memory is the runs that bytes have decided and that held: bytes that decide the same need no run. Most that a fuzzer makes up do.
type memory struct {
	mu   sync.Mutex
	next map[situation]moment
}

// A situation is all that was decided so far, in short.
type situation uint64

// A moment is what is to be decided in a situation.
type moment struct {
	ways int
	turn bool
	over bool // nothing is: the run ends
}

// maxMemory is how many moments are remembered. Runs beyond that are made again.
const maxMemory = 1 << 20

// after returns the situation behind a decision, by the hash FNV-1a.
func (s situation) after(f fate) situation { return (s ^ situation(f.taken+1)) * 1099511628211 }

// beginning is the situation before the first decision.
const beginning situation = 14695981039346656037

// has tells whether the run that the dice decide was made, and held.
func (m *memory) has(d *dice) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls, turns := 0, 0
	for at := beginning; ; {
		switch next, known := m.next[at]; {
		case !known:
			return false
		case next.over:
			return true
		case next.turn:
			at = at.after(d.atTurn(turns, next.ways))
			turns++
		default:
			at = at.after(d.atCall(calls, next.ways-1))
			calls++
		}
	}
}

// add remembers a run that the dice have decided.
func (m *memory) add(d *dice) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.next == nil {
		m.next = make(map[situation]moment)
	}
	if len(m.next)+len(d.path) >= maxMemory {
		return
	}
	at := beginning
	for _, f := range d.path {
		m.next[at] = moment{ways: f.ways, turn: f.turn}
		at = at.after(f)
	}
	m.next[at] = moment{over: true}
}
