package fake

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake/internal/world"
)

// Fault is one thing that goes wrong: where, when, what. It is a value: it does nothing until it is injected.
type Fault struct {
	On       Matcher // nil: any call
	When     Trigger // nil: always
	Do       Effect
	Optional bool // may stay unfired
}

// String returns the fault in words.
func (f Fault) String() string {
	on := "any call"
	if f.On != nil {
		on = f.On.String()
	}
	when := "always"
	if f.When != nil {
		when = fmt.Sprint(f.When)
	}
	return fmt.Sprintf("on %s, %s: %v", on, when, f.Do)
}

// Inject makes a fault happen from now on. Several faults on one call apply in the order in which they were injected. A fault that
// has not fired by the end of the test fails it, with the line of Inject, unless it is Optional or was removed; one that never can
// is refused at once.
func (s *Server) Inject(f Fault) *Injected {
	s.tb.Helper()
	s.checkBubble()
	i := &Injected{server: s, fault: f, line: callerLine(), counts: make(map[string]int)}
	if f.On != nil {
		on := f.On.judging()
		i.only, i.picks, i.asks = on.only, on.picks, on.asks
	}
	if broken := s.brokenFault(f); broken != "" {
		s.misuse("Inject(%v): %s", f, broken)
		i.removed = true
		return i
	}
	if f.When != nil {
		i.holds = f.When.condition()
		i.asks = i.asks || i.holds != nil
	}
	if s.closed() {
		s.misuse("Inject(%v): the server is closed", f)
	}
	s.do(nil, func(_ *world.World, now time.Time) {
		i.since = now
		s.faults.add(i)
	})
	return i
}

// brokenFault returns why a fault makes no sense, "" if it does.
func (s *Server) brokenFault(f Fault) string {
	if f.When != nil {
		if wrong := flaw(f.When); wrong != "" {
			return wrong
		}
	}
	var methods []Method
	if f.On != nil {
		on, wrong := s.judging(f.On)
		if wrong != "" {
			return wrong
		}
		methods = on.only
		for _, m := range on.named {
			if info, _ := s.method(m); info.IsClientStream || info.IsServerStream {
				return fmt.Sprintf("%v is a stream, and faults happen to unary calls only", m)
			}
		}
	}
	if _, counts := f.When.(polls); counts && !(methods == nil || slices.Contains(methods, OperationGet)) {
		return "Polls counts polls of operations: On must be OperationGet, or use Nth"
	}
	if broken := f.Do.broken(methods); broken != "" {
		return broken
	}
	if f.Optional {
		return "" // whoever does not know by whom a method is answered may try
	}
	return s.misfit(f.Do, methods)
}

// misfit returns why an effect finds nothing to do on this server at any call of the methods, "" if it may; no methods: there is no such
// limit.
func (s *Server) misfit(do Effect, methods []Method) string {
	for _, l := range do.links {
		picky, is := l.action.(interface{ misfitOn(*Server, Method) string })
		if !is {
			continue
		}
		why := ""
		for _, m := range methods {
			if l.misfit(m) != "" {
				continue
			}
			if why = picky.misfitOn(s, m); why == "" {
				break
			}
		}
		if why != "" {
			return why
		}
	}
	return ""
}

// Injected is a fault on a server.
type Injected struct {
	// Every call looks at these, of every fault.
	only  []Method         // the methods whose calls it can happen to; nil: all
	picks func(*Call) bool // of its matcher; nil: any call
	asks  bool             // code of the test decides where or when
	holds func() bool      // the condition of the trigger; nil: none

	server *Server
	fault  Fault
	line   string // where Inject was called
	number int    // of its declaration on this server
	since  time.Time

	// Guarded by the server's lock.
	counts  map[string]int // calls picked, by the name that the trigger counts them under
	fired   int
	removed bool
}

// Fired returns how many calls the fault has happened to.
func (i *Injected) Fired() int {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	return i.fired
}

// Remove ends the fault. Calls that it has already picked still meet it.
func (i *Injected) Remove() {
	s := i.server
	s.mu.Lock()
	defer s.mu.Unlock()
	i.removed = true
	s.faults.remove(i)
}

// String returns the fault in words.
func (i *Injected) String() string { return i.fault.String() }

// faults is what was injected. It is guarded by the server's lock.
type faults struct {
	all      []*Injected // in order of injection; replaced, never changed: calls read it without the lock
	declared int
	turns    map[string]turns // by caller
}

// inWords tells of every fault where it was injected and what it has happened to. Those that may stay unfired, and did, are left out.
func (f *faults) inWords() []string {
	var all []string
	for _, i := range f.all {
		if i.fired == 0 && i.fault.Optional {
			continue
		}
		met := "has never happened"
		if i.fired > 0 {
			met = fmt.Sprintf("has happened %s", times(i.fired))
		}
		all = append(all, fmt.Sprintf("%s: %v: %s", i.line, i.fault, met))
	}
	return all
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// add takes a fault up, and numbers it.
func (f *faults) add(i *Injected) {
	f.declared++
	i.number = f.declared
	f.all = append(slices.Clone(f.all), i)
}

// remove takes a fault out.
func (f *faults) remove(i *Injected) {
	f.all = slices.DeleteFunc(slices.Clone(f.all), func(have *Injected) bool { return have == i })
}

// turns counts the calls of one caller, by method, for Chance.
type turns map[Method]int

// turn counts a call and returns its number among its caller's calls of the method.
func (f *faults) turn(c *Call) int {
	from := c.conn.from
	counts := from.turns
	if c.Caller != from.name || counts == nil { // known by its token, or new
		if counts = f.turns[c.Caller]; counts == nil {
			if f.turns == nil {
				f.turns = make(map[string]turns)
			}
			counts = make(turns)
			f.turns[c.Caller] = counts
		}
		if c.Caller == from.name {
			from.turns = counts
		}
	}
	counts[c.Method]++
	return counts[c.Method]
}

// hit returns the faults that happen to a call, and counts it for all that pick it. It returns an answer instead where the test's
// own code broke.
func (s *Server) hit(c *Call) ([]*Injected, *answer) {
	s.mu.Lock()
	turn := s.faults.turn(c)
	all := s.faults.all
	s.mu.Unlock()

	// Matchers and conditions may be the test's code: no lock is held while they decide.
	var picking, asking []*Injected
	for _, i := range all {
		switch {
		case i.only != nil && !slices.Contains(i.only, c.Method):
		case i.asks:
			asking = append(asking, i)
		case i.picks == nil || i.picks(c):
			picking = append(picking, i)
		}
	}
	var holds map[*Injected]bool
	if len(asking) > 0 {
		holds = make(map[*Injected]bool, len(asking))
		var at *Injected
		broken := guarded(func() {
			for _, at = range asking {
				if at.picks == nil || at.picks(c) {
					picking = append(picking, at)
					holds[at] = at.holds == nil || at.holds()
				}
			}
		})
		if broken != "" {
			s.misuse("the matcher or condition of the fault injected at %s, asked about %v, %s", at.line, c, broken)
			return nil, brokenTest("matcher or condition of a fault", broken)
		}
		slices.SortFunc(picking, func(a, b *Injected) int { return cmp.Compare(a.number, b.number) })
	}
	if len(picking) == 0 {
		return nil, nil
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	var hits []*Injected
	for _, i := range picking {
		if (!i.asks || holds[i]) && i.counted(c, turn) {
			hits = append(hits, i)
		}
	}
	return hits, nil
}

// counted counts a call that the fault picks and tells whether it is one of those that the trigger means. The caller holds the
// lock; turn is the number of the call among its caller's calls of the method.
func (i *Injected) counted(c *Call, turn int) bool {
	when := i.fault.When
	if when == nil {
		i.counts[c.Caller]++
		return true
	}
	name, counts := when.countedAs(c)
	if !counts {
		return false
	}
	i.counts[name]++
	return when.fires(pick{n: i.counts[name], age: c.Start.Sub(i.since), fault: i, call: c, turn: turn})
}

// draw returns a number in [0,1) that depends on nothing but the seed, the fault's number, the caller, the method and how many
// such calls the caller has made.
func (i *Injected) draw(c *Call, nth int) float64 {
	kind := fmt.Sprintf("chance/%d/%s/%s", i.number, c.Caller, c.Method.FullName())
	return float64(world.Number(i.server.settings.world.Seed, kind, uint64(nth))>>11) / (1 << 53)
}

// unfired returns an error that names the faults which never happened.
func (f *faults) unfired() error {
	var idle []error
	for _, i := range f.all {
		if i.fired == 0 && !i.fault.Optional {
			idle = append(idle, fmt.Errorf("%s: the fault %q never fired; it %s: mark it Optional if that is fine", i.line, i, i.picked()))
		}
	}
	return errors.Join(idle...)
}

// picked tells which calls the matcher of a fault has picked. The caller holds the lock.
func (i *Injected) picked() string {
	all := 0
	var each []string
	for _, who := range slices.Sorted(maps.Keys(i.counts)) {
		all += i.counts[who]
		each = append(each, fmt.Sprintf("%s %d", who, i.counts[who]))
	}
	switch {
	case all == 0:
		return "picked 0 calls"
	case len(each) > 1:
		return fmt.Sprintf("picked %d calls (%s), and each is counted for itself", all, strings.Join(each, ", "))
	}
	return fmt.Sprintf("picked %d calls", all)
}
