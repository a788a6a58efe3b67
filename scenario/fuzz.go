package scenario

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"google.golang.org/protobuf/proto"
)

// Fuzz lets Go's fuzzer hunt for what breaks body: the bytes that it makes up decide, at each call in turn, which kind of fault or rival
// happens to it, if any, and where calls wait side by side which of them goes first. As with [Explore], each input is a run with a
// server of its own in a bubble, and the fuzzer follows what is new in the code under test:
//
//	func FuzzBake(f *testing.F) {
//		scenario.Fuzz(f, func(t *scenario.T) error { … })
//	}
//
//	go test -fuzz FuzzBake
//
// An input that breaks body is kept where Go keeps them, and runs with every go test from then on; its failure prints the fewest of its
// faults that break body, as Go code, or the whole run where the order of calls takes part. What lasts
// ([Kind.For], [Kind.Onwards]) goes on from the call that the bytes give it; [Kind.Times], [Pairs], [Orders], [On] and [Expect] do not
// apply.
func Fuzz(f *testing.F, body func(*T) error, opts ...Option) {
	f.Helper()
	for _, seed := range [][]byte{nil, {1}, {0, 1}, {0, 0, 1}, {2, 0, 3}, {5, 4, 3, 2, 1}} {
		f.Add(seed)
	}
	var learnt fuzzed
	f.Fuzz(func(t *testing.T, data []byte) {
		t.Helper()
		text, skip := learnt.try(t, data, body, opts)
		switch {
		case skip:
			t.Skip("the run was skipped")
		case text != "":
			t.Error("\n" + text)
		}
	})
}

// fuzzed is what the inputs of one Fuzz share: what the body does without faults.
type fuzzed struct {
	mu   sync.Mutex
	base *runner
}

// try makes the run that bytes decide, and tells what is wrong with it, "" if nothing.
func (f *fuzzed) try(t *testing.T, data []byte, body func(*T) error, opts []Option) (text string, skip bool) {
	x, err := newRunner(t, body, opts)
	if err != nil {
		return "scenario.Fuzz: " + err.Error(), false
	}
	if x.pairs > 0 || x.orders > 0 || x.on != nil || x.expected != nil {
		return "scenario.Fuzz: bytes decide what happens: Pairs, Orders, On and Expect are for Explore", false
	}
	for _, k := range x.kinds {
		if k.lasts.times > 0 {
			return fmt.Sprintf("scenario.Fuzz: the kind %q counts calls, and bytes decide for each call by itself: leave Times out, or name For or Onwards", k.Name), false
		}
	}
	f.mu.Lock()
	if f.base == nil {
		first, err := x.learn()
		if err != nil {
			f.mu.Unlock()
			return "scenario.Fuzz: " + err.Error(), false
		}
		if first.skipped {
			f.mu.Unlock()
			return "", true
		}
		f.base = x
	}
	x.base, x.version, x.oneCaller = f.base.base, f.base.version, f.base.oneCaller
	x.careful.Store(f.base.careful.Load())
	f.mu.Unlock()

	r := x.run(trial{dice: newDice(data), keep: true})
	switch {
	case r.skipped:
		return "", true
	case !r.broken():
		return "", false
	}
	if len(r.struck) > 0 {
		if least := x.shrink(r); least != nil {
			return x.story(least), false
		}
	}
	return r.story() + timelineOf(r) + x.pictureLine(r), false
}

// dice are the bytes that decide a run. They are thrown in the order of its calls, which is the same in every run.
type dice struct {
	mu    sync.Mutex
	bytes []byte
	calls map[proto.Message]int // what was thrown for a call
}

func newDice(bytes []byte) *dice {
	return &dice{bytes: slices.Clone(bytes), calls: make(map[proto.Message]int)}
}

// next throws: 0 when there are no bytes left.
func (d *dice) next() int {
	if len(d.bytes) == 0 {
		return 0
	}
	n := int(d.bytes[0])
	d.bytes = d.bytes[1:]
	return n
}

// of returns what is thrown for the call with a request, the same however often it is asked.
func (d *dice) of(request proto.Message) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, thrown := d.calls[request]
	if !thrown {
		n = d.next()
		d.calls[request] = n
	}
	return n
}

// choose decides which of the calls that wait goes on.
func (d *dice) choose(waiting []*visit) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(waiting) < 2 {
		return 0
	}
	return d.next() % len(waiting)
}

// throw injects every kind, for the calls that the dice give it: a byte of 0 gives none, of 1 the first kind that fits, and so on.
func (r *run) throw(s *fake.Server) {
	r.drawn = make(map[*fake.Injected]hit)
	for i := range r.kinds {
		k := &r.kinds[i]
		for _, late := range []bool{false, true}[:1+btoi(k.lateToo)] {
			last := spell{lasting: k.lasts, wide: k.wide}
			given := fake.Match(func(request proto.Message) bool {
				of, known := r.diary.of(request)
				if !known {
					return false
				}
				label, gives := r.given(of, r.dice.of(request))
				begins := gives && label == k.label(late) && (!k.final || of.usual && !r.metFinal())
				return last.over(of, begins)
			})
			anywhere := *k
			anywhere.final = false // that is for where it begins
			injected := s.Inject(fake.Fault{On: fake.AllOf(r.drawnOn(&anywhere), given), Do: k.effect(s, late), Optional: true})
			r.drawn[injected] = hit{kind: k, late: late}
		}
	}
}

// A spell is how long what bytes gave to a call goes on at the calls behind it.
type spell struct {
	lasting
	wide  bool // at calls of all methods
	mu    sync.Mutex
	begun map[ask]time.Time
}

// over tells whether it happens to a call, to which the bytes have given it or not.
func (p *spell) over(s seen, given bool) bool {
	if p.lasting == (lasting{}) {
		return given
	}
	of := ask{caller: s.caller, method: s.method}
	if p.wide {
		of.method = ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	begun, has := p.begun[of]
	if given && !has {
		if p.begun == nil {
			p.begun = make(map[ask]time.Time)
		}
		p.begun[of] = time.Now()
	}
	return given || has && p.stillAt(time.Since(begun))
}

// given returns which kind a byte gives to a call.
func (r *run) given(s seen, thrown int) (label string, gives bool) {
	var fitting []string
	for i := range r.kinds {
		k := &r.kinds[i]
		if !k.on(s.method) || k.applies != nil && k.make == nil && !k.applies(s) {
			continue
		}
		fitting = append(fitting, k.label(false))
		if k.lateToo {
			fitting = append(fitting, k.label(true))
		}
	}
	if thrown == 0 || len(fitting) == 0 {
		return "", false
	}
	return fitting[(thrown-1)%len(fitting)], true
}
