package timeline

import "time"

// chainAt is from how many equal calls in a row on they are drawn as one.
const chainAt = 3

// A chain is a caller's calls that ask the same one after the other and hear the same, as polls do. It is drawn as one call, from
// the start of the first to the end of the last.
type chain struct {
	times int
	last  int           // number of the last call
	every time.Duration // from start to start, on average
	even  bool          // every one of them
}

// chained returns the calls of a story with each chain in one, and what the chains stand for, by the number of the first call.
// Calls that failed, that ask for a change, that met a fault or are at fault stay by themselves: each of them matters.
func chained(s Story) (calls []Call, chains map[int]chain) {
	type question struct {
		lane            int
		method, request string
	}
	alone := make(map[int]bool)
	for _, e := range s.Events {
		if e.Kind == Fault {
			alone[e.Call] = true
		}
	}
	for _, f := range s.Failures {
		for _, seq := range f.Calls {
			alone[seq] = true
		}
	}
	links := make(map[question][]int) // of the chain that is being followed, the indices of its calls
	member := make([]int, len(s.Calls))
	lists := make(map[int][]int) // the same, by the index of the first
	for i := range s.Calls {
		c := &s.Calls[i]
		member[i] = i
		q := question{c.Lane, c.Method, c.Request}
		if alone[c.Seq] || c.Changes || c.Error != "" || c.Attempt > 1 || c.Running() {
			delete(links, q)
			continue
		}
		if links := links[q]; len(links) > 0 {
			previous := &s.Calls[links[len(links)-1]]
			if previous.Result == c.Result && !c.Start.Before(previous.End) && (previous.Last == 0 || previous.Last < c.Seq) {
				member[i] = links[0]
			}
		}
		if member[i] == i {
			links[q] = nil
		}
		links[q] = append(links[q], i)
		lists[member[i]] = links[q]
	}

	chains = make(map[int]chain)
	for i := range s.Calls {
		c := s.Calls[i]
		list := lists[member[i]]
		switch {
		case len(list) < chainAt:
			calls = append(calls, c)
		case member[i] == i:
			last := s.Calls[list[len(list)-1]]
			links := chain{times: len(list), last: last.Seq, every: last.Start.Sub(c.Start) / time.Duration(len(list)-1), even: true}
			for n := range list[1:] {
				links.even = links.even && s.Calls[list[n+1]].Start.Sub(s.Calls[list[n]].Start) == links.every
			}
			chains[c.Seq] = links
			c.End, c.Last = last.End, last.Last
			calls = append(calls, c)
		}
	}
	return calls, chains
}
