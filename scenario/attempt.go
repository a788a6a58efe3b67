package scenario

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake/plain"
)

// run executes the body once. It always returns: after the limits of the run, or, where no virtual time can pass, after the watchdog
// has seen no call for too long.
func (x *runner) run(tr trial) *result {
	r := x.patiently(tr)
	x.gauge.read(r)
	return r
}

// patiently makes runs until the faults have happened, where a body wavers.
func (x *runner) patiently(tr trial) *result {
	r := x.once(tr)
	if !x.wavers || len(tr.schedule) == 0 {
		return r
	}
	// The faults may be meant for calls that come in another order of what no call decides: let that come.
	for again := 0; again < waverings && !r.broken() && !r.happened(); again++ {
		r = x.once(tr)
	}
	return r
}

// once makes one run, with the keeper that it needs.
func (x *runner) once(tr trial) *result {
	tr.careful = tr.careful || x.careful.Load()
	if r := x.attempt(tr); r != nil {
		return r
	}
	x.careful.Store(true)
	x.givenUp.Add(1)
	tr.careful = true
	return x.attempt(tr)
}

// attempt executes the body once; nil if only the careful keeper can do it.
func (x *runner) attempt(tr trial) *result {
	r := newRun(x, tr)
	ended := make(chan struct{})
	if x.bubbles > 0 && tr.careful {
		rested := make(chan struct{})
		r.comeToRest = func() {
			r.leaving.Store(true)
			r.gate.ring()
			<-rested
		}
		go r.keepCarefully(ended, rested)
	}
	go func() {
		defer close(ended)
		defer func() {
			if p := recover(); p != nil {
				r.deadlocked(p)
			}
		}()
		if x.bubbles == 0 {
			r.main()
			return
		}
		synctest.Test(x.t, func(*testing.T) { r.main() })
	}()

	// It looks in between, so that a run is given up so long after its last call, and not up to twice as long. Looks are counted, and not
	// time, which also passes where the machine has none for this process.
	watchdog := time.NewTicker(x.watchdog / looks)
	defer watchdog.Stop()
	quiet := 0 // looks since the latest call
	pause := firstLook
	look := time.NewTimer(pause)
	defer look.Stop()
	still := standstill{run: r}
	for calls := int64(0); ; {
		select {
		case <-ended:
			if r.result.lost {
				x.left.Add(1)
			}
			if r.locks.Load() {
				x.careful.Store(true)
			}
			return r.result
		case <-look.C:
			if x.bubbles > 0 && !tr.careful && r.stuck() {
				r.abandoned.Store(true)
				return nil
			}
			if x.bubbles > 0 && tr.careful && still.goesOn() {
				r.abandoned.Store(true)
				if x.still.Add(1) > maxStill {
					x.left.Add(1)
				}
				return &result{trial: r.trial, failures: []string{still.text}, lost: true, spun: true, still: true}
			}
			pause = min(2*pause, time.Second)
			look.Reset(pause)
		case <-watchdog.C:
			now := r.gate.come.Load()
			if now != calls && x.bubbles > 0 || x.bubbles == 0 && !r.overtime.Load() { // on real time the run's own limit comes first
				calls, quiet = now, 0
			}
			if quiet++; quiet <= looks {
				continue
			}
			x.left.Add(1)
			r.abandoned.Store(true)
			return r.spinning()
		}
	}
}

// looks is how often the watchdog looks for a call before it gives a run up.
const looks = 16

// firstLook is after how much real time it is first looked whether a run is stuck with its keeper. Most are over by then.
const firstLook = 20 * time.Millisecond

// deadlocked takes down the panic with which a bubble ends that cannot end: goroutines were left in it.
func (r *run) deadlocked(p any) {
	text := fmt.Sprint(p)
	if !strings.HasPrefix(text, "deadlock:") {
		r.result.failures = append(r.result.failures, "panic outside of the body: "+text)
		r.result.lost = true
		return
	}
	if r.result.lost {
		return // the body itself: known
	}
	bubble := r.bubble.Load()
	left := goroutines(func(g plain.Goroutine) bool { return g.Bubble != "" && g.Bubble == bubble })
	r.result.failures = append(r.result.failures, "leaves goroutines behind: "+whereabouts(left))
	r.result.lost = true
}

// spinning is the result of a run that makes no calls and lets no time pass: it cannot be stopped. Nothing of it may be touched but
// what is atomic.
func (r *run) spinning() *result {
	id, _ := r.goroutine.Load().(string)
	bubble, _ := r.bubble.Load().(string)
	at := whereabouts(goroutines(func(g plain.Goroutine) bool {
		return g.ID == id || g.Bubble != "" && g.Bubble == bubble && strings.HasPrefix(g.State, "run")
	}))
	text := fmt.Sprintf("hangs: no call for %v of real time, and no virtual time passes: %s", r.watchdog, at)
	return &result{trial: r.trial, failures: []string{text}, lost: true, spun: true}
}
