package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// A streak is hits of one kind at calls that follow one another: of one caller and one method, from the number of the first on.
type streak struct {
	hit
	times int
}

// streaks returns a schedule with what follows one another in one: a thousand equal faults read as one.
func (s schedule) streaks() []streak {
	var all []streak
	for _, h := range s {
		at := slices.IndexFunc(all, func(have streak) bool {
			return have.kind == h.kind && have.late == h.late && have.caller == h.caller && have.method == h.method &&
				have.number+have.times == h.number && h.kind.lasts == lasting{}
		})
		if at >= 0 {
			all[at].times++
		} else {
			all = append(all, streak{h, 1})
		}
	}
	return all
}

// brief returns the schedule for people, in a line.
func (s schedule) brief() string {
	var texts []string
	for _, k := range s.streaks() {
		text := k.String()
		if k.times > 1 {
			text = fmt.Sprintf("%v to #%d/%s", k.name(), k.number+k.times-1, k.kind.label(k.late))
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "+")
}
