package timeline

import (
	"strings"
	"time"
)

// offset returns a time since the start as short as it can be told without losing what matters: the finer a time, the finer its
// unit. Times of a virtual clock are whole and stay exact down to the millisecond.
func offset(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		d = d.Round(time.Microsecond)
	case d < 10*time.Millisecond:
		d = d.Round(10 * time.Microsecond)
	case d < 100*time.Millisecond:
		d = d.Round(100 * time.Microsecond)
	default:
		d = d.Round(time.Millisecond)
	}
	return brief(d)
}

// lapse returns how long something took, in three digits or so.
func lapse(d time.Duration) string {
	for unit := time.Microsecond; unit < time.Minute; unit *= 10 {
		if d < 100*unit {
			return brief(d.Round(unit / 10))
		}
	}
	return brief(d.Round(time.Second))
}

// brief returns a duration without the zeros at its end: 20m, not 20m0s.
func brief(d time.Duration) string {
	text := d.String()
	if rest, whole := strings.CutSuffix(text, "m0s"); whole {
		text = rest + "m"
		if rest, whole := strings.CutSuffix(text, "h0m"); whole {
			text = rest + "h"
		}
	}
	return text
}

// date returns the time at which a story starts.
func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999 UTC") }
