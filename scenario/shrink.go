package scenario

import (
	"slices"
	"time"
)

// A run that meets a thousand faults could be shrunk for hours.
const (
	shrinkRuns = 600
	shrinkTime = 10 * time.Second // of real time
)

// pairsUpTo is the number of faults up to which all pairs of them are tried when shrinking.
const pairsUpTo = 24

// maxMoves is to how many earlier places a fault is moved when shrinking.
const maxMoves = 10

// shrink returns the run with the fewest of the faults that struck another and that still breaks the body: one, if any of them is
// enough, at its place or an earlier one, where it comes to stand without the retries that others caused; two, if any two of at most
// pairsUpTo are; else some from which no single one can be left out. It is nil if even all of them do not break it.
//
// It makes shrinkRuns runs at most, and begins none after shrinkTime: then it returns the best so far.
func (x *runner) shrink(r *result) *result {
	runs, end := 0, time.Now().Add(shrinkTime)
	attempt := func(s schedule) *result {
		if runs++; runs > shrinkRuns || x.left.Load() >= maxLeft || time.Now().After(end) {
			return nil
		}
		if again := x.run(trial{schedule: s, seed: r.seed, keep: true}); again.broken() {
			return again
		}
		return nil
	}
	all := r.struck
	if len(all) > manyFaults {
		return x.shrinkMany(r, attempt)
	}
	tried := make(map[string]bool)
	for _, h := range all {
		for first := max(1, h.n-maxMoves); h.n >= first; h.n-- {
			if alone := (schedule{h}); !tried[h.identity()] {
				tried[h.identity()] = true
				if one := attempt(alone); one != nil {
					return one
				}
			}
		}
	}
	if len(all) <= pairsUpTo {
		for i := range all {
			for j := i + 1; j < len(all); j++ {
				if two := attempt(schedule{all[i], all[j]}); two != nil {
					return two
				}
			}
		}
	}
	least := attempt(all)
	if least == nil {
		return nil
	}
	return x.shorten(least, attempt)
}

// manyFaults is from how many on faults are not tried one by one.
const manyFaults = 100

// shrinkMany shrinks a run under so many faults that one by one would take too long: by halves first, each time the earlier half.
func (x *runner) shrinkMany(r *result, attempt func(schedule) *result) *result {
	least := attempt(r.struck)
	if least == nil {
		return nil
	}
	for len(least.schedule) > 1 {
		half := attempt(slices.Clone(least.schedule[:(len(least.schedule)+1)/2]))
		if half == nil {
			break
		}
		least = half
	}
	return x.shorten(least, attempt)
}

// shorten leaves out of a run what it can.
func (x *runner) shorten(least *result, attempt func(schedule) *result) *result {
	for size := max(1, len(least.schedule)/2); size >= 1; {
		smaller := x.without(least.schedule, size, attempt)
		if smaller != nil {
			least = smaller
			size = min(size, max(1, len(least.schedule)/2))
		} else {
			size /= 2
		}
	}
	return least
}

// without tries a schedule without each of its stretches of that many faults.
func (x *runner) without(s schedule, size int, attempt func(schedule) *result) *result {
	if len(s) <= size {
		return nil
	}
	for from := 0; from < len(s); from += size {
		rest := slices.Delete(slices.Clone(s), from, min(from+size, len(s)))
		if r := attempt(rest); r != nil {
			return r
		}
	}
	return nil
}
