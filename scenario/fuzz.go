package scenario

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"google.golang.org/protobuf/proto"
)

// Fuzz lets Go's fuzzer hunt for what breaks body: each of the bytes that it makes up decides which kind of fault or rival happens to one
// of the calls, or, where calls wait side by side, which of them goes first. As with [Explore], each input is a run with a server of its
// own in a bubble, and the fuzzer follows what is new in the code under test:
//
//	func FuzzBake(f *testing.F) {
//		scenario.Fuzz(f, func(t *scenario.T) error { … })
//	}
//
//	go test -fuzz FuzzBake
//
// Bytes that decide what others have decided before are passed over: the fuzzer counts them, but no run is made. It pays where one
// failure leads to code in which the next can matter: each that is found is kept, and built on, where Chaos draws them all at once.
//
// An input that breaks body is kept where Go keeps them, and runs with every go test from then on; its failure prints the fewest of its
// faults that break body, as Go code, or the whole run where the order of calls takes part. What lasts
// ([Kind.For], [Kind.Onwards]) goes on from the call that the bytes give it; [Kind.Times], [Pairs], [Orders], [On] and [Expect] do not
// apply.
func Fuzz(f *testing.F, body func(*T) error, opts ...Option) {
	f.Helper()
	for _, seed := range seeds() {
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

// fuzzed is what the inputs of one Fuzz share: what the body does without faults, and which runs were made.
type fuzzed struct {
	held memory

	mu   sync.Mutex // guards what follows
	base *runner    // nil before the first input
}

// moreCalls are how many calls bytes are about, beside those that the body usually makes: some come only because of a fault.
const moreCalls = 4

// try makes the run that bytes decide, and tells what is wrong with it, "" if nothing. It makes none where the run is known to hold.
func (f *fuzzed) try(t *testing.T, data []byte, body func(*T) error, opts []Option) (text string, skip bool) {
	base, text, skip := f.learn(t, body, opts)
	if base == nil {
		return text, skip
	}
	dice := newDice(data, len(base.base)+moreCalls)
	if len(data) > maxBytes || f.held.has(dice) {
		return "", false
	}
	x, err := newRunner(t, body, opts)
	if err != nil {
		return "scenario.Fuzz: " + err.Error(), false
	}
	x.base, x.version, x.oneCaller = base.base, base.version, base.oneCaller
	x.careful.Store(base.careful.Load())

	r := x.run(trial{dice: dice})
	switch {
	case r.skipped:
		return "", true
	case !r.broken():
		f.held.add(dice)
		return "", false
	}
	if len(r.struck) > 0 {
		if least := x.shrink(r); least != nil {
			return x.story(least), false
		}
	}
	return r.story() + timelineOf(r) + x.pictureLine(r), false
}

// learn returns the runner that knows what the body does without faults. Where there is none, it tells why, or that the test is to be
// skipped.
func (f *fuzzed) learn(t *testing.T, body func(*T) error, opts []Option) (base *runner, wrong string, skip bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.base != nil {
		return f.base, "", false
	}
	x, err := newRunner(t, body, opts)
	if err != nil {
		return nil, "scenario.Fuzz: " + err.Error(), false
	}
	if x.pairs > 0 || x.orders > 0 || x.on != nil || x.expected != nil {
		return nil, "scenario.Fuzz: bytes decide what happens: Pairs, Orders, On and Expect are for Explore", false
	}
	for _, k := range x.kinds {
		if k.lasts.times > 0 {
			return nil, fmt.Sprintf("scenario.Fuzz: the kind %q counts calls, and bytes decide for each call by itself: leave Times out, or name For or Onwards", k.Name), false
		}
	}
	first, err := x.learn()
	switch {
	case err != nil:
		return nil, "scenario.Fuzz: " + err.Error(), false
	case first.skipped:
		return nil, "", true
	}
	f.base = x
	return x, "", false
}

// throw injects every kind, for the calls that the dice give it.
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
				begins := r.dice.of(request, func() []string { return r.fitting(of) }) == k.label(late) && (!k.final || of.usual && !r.metFinal())
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

// fitting returns the kinds that can happen to a call.
func (r *run) fitting(s seen) []string {
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
	return fitting
}
