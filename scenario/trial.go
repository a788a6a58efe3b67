package scenario

// A trial is what one run is to go through.
type trial struct {
	schedule
	seed uint64  // of Chaos; 0: the server's own
	rate float64 // of Chaos; 0: only the schedule happens
	keep bool    // keep the timeline even if the run holds

	tale *Story // that is played; nil: none
	dice *dice  // of Fuzz; nil: none

	order   order       // where it departs from the usual one
	answers bool        // the order of answers is a choice too
	asleep  []candidate // what is left to other runs from the last departure on
	trail   []candidate // what goes on from there, as long as it is there
	rules   *rules      // of the exploration of orders; nil: the usual order, and nothing is written down of it
	follow  bool        // other faults are to come behind it: its calls are looked at
	careful bool        // let the careful keeper have it
}

// result is what became of a run.
type result struct {
	trial
	trace    trace
	err      error    // what the body returned
	returned bool     // it did: it neither panicked nor failed with FailNow
	failures []string // what broke it; none: it held
	logs     []string
	skipped  bool
	met      []int    // the expectations that it was about
	missing  []string // what of the story has not happened
	asserts  bool     // it checked something, whatever came of that

	sometimes map[string]bool // what was to happen in some run, and whether it has in this one
	fired     []bool          // by hit of the schedule: whether it happened
	struck    schedule        // what happened, as hits: of Chaos
	timeline  string          // if broken or asked for
	picture   *picture        // if asked for, and pages are; else nil
	raised    float64         // by how much it has raised the share of code that is covered; 0 where nothing counts that
	covered   float64         // to what
	spun      bool            // it was left to itself, and nothing is known of it
	still     bool            // because it stood still
	steps     []step          // if there are rules
	turns     []string        // where it departs from the usual order
	orderly   string          // the same order as Go code
	final     string          // the state at its end, if there are rules
	lost      bool            // something of the run goes on, or sits somewhere for ever
}

func (r *result) broken() bool { return len(r.failures) > 0 }

// happened tells whether all hits of the schedule did.
func (r *result) happened() bool {
	for _, fired := range r.fired {
		if !fired {
			return false
		}
	}
	return true
}
