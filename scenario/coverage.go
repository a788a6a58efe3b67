package scenario

import (
	"fmt"
	"strings"
	"testing"
)

// A gauge tells which runs brought code to light that none before them had: by [testing.Coverage], the share of counted code that the
// process has come to, which moves within a test. It is one share for all that is counted, of blocks and not of statements. Where
// several runs go on at once nobody can tell whose it is, and nothing is read.
type gauge struct {
	reads bool
	share float64 // when it was last read
}

func gaugeFor(c config) gauge { return gauge{reads: testing.CoverMode() != "" && c.bubbles <= 1} }

// read takes down in a result by how much its run has raised the share, and to what.
func (g *gauge) read(r *result) {
	if !g.reads {
		return
	}
	now := testing.Coverage()
	r.raised, r.covered = now-g.share, now
	g.share = now
}

// maxRaised is how many of the runs that raised the share are named.
const maxRaised = 8

// covered tells what has come to be covered, and by which runs; "" where nothing is counted.
func (e *exploration) covered() string {
	if !e.gauge.reads {
		return ""
	}
	var b strings.Builder
	// Not "coverage: ": go test takes lines that begin so for its own.
	fmt.Fprintf(&b, "covered: %s of the code that -cover counts without faults, %s in the end", percent(e.base.covered), percent(e.gauge.share))
	if len(e.raised) > 0 {
		fmt.Fprintf(&b, "; raised by %s", strings.Join(e.raised[:min(len(e.raised), maxRaised)], ", "))
	}
	if more := len(e.raised) - maxRaised; more > 0 {
		fmt.Fprintf(&b, " and %s more", count(more, "run", "runs"))
	}
	return b.String()
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }
