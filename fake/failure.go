package fake

import (
	"slices"
	"sync"

	"github.com/imagefake/imagefake/fake/internal/timeline"
)

// NoteFailure notes what a check of the test found wrong, and the numbers ([Call].Seq) of the calls that are at fault: the pictures of
// the failed test mark those calls, and its page begins with the text. It fails nothing. Package assert notes what its checks find; a
// check of one's own, which knows better than a line of a log where it went wrong, may do so too.
//
// A text that is part of another one is not shown a second time. Numbers of no call are fine, and so is any time before the end of
// the test. The first hundred are kept.
func (s *Server) NoteFailure(text string, calls ...int) { s.findings.note(text, calls) }

// maxFindings is how many failures are kept: a page shows no more.
const maxFindings = 100

// findings are what checks found wrong. The zero value has none.
type findings struct {
	mu  sync.Mutex
	all []timeline.Failure
}

func (f *findings) note(text string, calls []int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.all) < maxFindings {
		f.all = append(f.all, timeline.Failure{Text: text, Calls: slices.Clone(calls)})
	}
}

func (f *findings) list() []timeline.Failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.all)
}
