package scenario

import (
	"bytes"
	"sync"

	"google.golang.org/protobuf/proto"
)

// dice are the bytes that decide a run. Each is a decision of its own, wherever it stands: a fuzzer that adds one, takes one away or
// changes one leaves the others as they are.
//
//	0x00 to 0xdf  a kind, one of those that fit, at one of sixteen calls
//	0xe0 to 0xef  which of those that wait goes first, at one of eight times that several do
//	0xf0 to 0xfb  the next byte is about a call or a time so many sixteens further on
//	0xfc to 0xff  the next byte is about a kind so many fourteens further on
//
// Of two for the same call the first counts. Calls beyond the window, which a body seldom comes to, stand for the first ones again: so
// few bytes decide nothing. Calls are counted as they come, which is the same in every run.
type dice struct {
	faults map[int]int // by call: which of the kinds that fit
	turns  map[int]int // by the time that several calls wait: which of them

	mu    sync.Mutex // guards what follows
	calls map[proto.Message]string
	times int    // that several calls have waited
	path  []fate // what was decided so far
}

// slots are how many kinds one byte tells apart.
const slots = 14

// maxBytes is how many bytes may decide a run: of more, most decide nothing, because those before them have.
const maxBytes = 24

// newDice reads bytes. window is how many calls they are about.
func newDice(data []byte, window int) *dice {
	d := &dice{faults: make(map[int]int), turns: make(map[int]int), calls: make(map[proto.Message]string)}
	further, kinds := 0, 0
	for _, b := range data {
		switch n := int(b); {
		case n < 0xe0:
			decide(d.faults, (further+n/slots)%window, kinds+n%slots)
			further, kinds = 0, 0
		case n < 0xf0:
			decide(d.turns, further+n%8, 1+n/8%2)
			further, kinds = 0, 0
		case n < 0xfc:
			further += 16 * (n - 0xef)
		default:
			kinds += slots * (n - 0xfb)
		}
	}
	return d
}

func decide(all map[int]int, at, what int) {
	if _, decided := all[at]; !decided {
		all[at] = what
	}
}

// seeds are the bytes that a fuzzer begins with.
func seeds() [][]byte {
	return [][]byte{nil, {0x00}, {0x10}, {0x20, 0x01}, {0xe8}, bytes.Repeat([]byte{0xdf}, 12)}
}

// A fate is a decision: which of so many ways. The first is that nothing happens, or the usual turn.
type fate struct {
	ways  int
	turn  bool // it is about who goes first
	taken int
}

// atCall decides what happens to a call that so many kinds fit.
func (d *dice) atCall(number, fit int) fate {
	slot, given := d.faults[number]
	if !given || fit == 0 {
		return fate{ways: 1 + fit}
	}
	return fate{ways: 1 + fit, taken: 1 + slot%fit}
}

// atTurn decides which of so many calls that wait goes first.
func (d *dice) atTurn(number, waiting int) fate {
	return fate{ways: waiting, turn: true, taken: d.turns[number] % waiting}
}

// of returns which of the kinds that fit happens to the call with a request, the same however often it is asked; "" for none.
func (d *dice) of(request proto.Message, fitting func() []string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	label, decided := d.calls[request]
	if decided {
		return label
	}
	kinds := fitting()
	f := d.atCall(len(d.calls), len(kinds))
	if f.taken > 0 {
		label = kinds[f.taken-1]
	}
	d.calls[request] = label
	d.path = append(d.path, f)
	return label
}

// choose decides which of the calls that wait goes on.
func (d *dice) choose(waiting []*visit) int {
	if len(waiting) < 2 {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.atTurn(d.times, len(waiting))
	d.times++
	d.path = append(d.path, f)
	return f.taken
}
