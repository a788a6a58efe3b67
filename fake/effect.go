package fake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
)

// Effect is what a fault does to a call. Effects are values; [Effect.Then] chains them. The zero Effect does nothing and is refused
// by [Server.Inject].
//
// An effect acts at one of three places on the road of a call. The default is before the commit: the request has passed validation
// and nothing has changed. [Effect.Early] puts it before validation and authentication, [Effect.Late] behind the handler, whatever
// that answered: the state may have changed, and a [Return] there keeps the caller from learning of it.
//
// Whatever would change nothing is refused by Inject as well, and the reason given: a place for an effect that has its own, a
// trailer for one that answers nothing, a second text.
type Effect struct {
	links []link
	wrong string // what is wrong with how it was put together, "" if nothing
}

// A link is one action of an effect, at its place.
type link struct {
	action
	at    place
	moved bool // there by Early or Late
}

// action is what one link of an effect does. There is one type a constructor; each knows all that is to be known of it.
type action interface {
	String() string

	home() (at place, fixed bool) // where it acts if nothing is said; fixed: Early and Late do not apply
	ends() bool                   // whether the call ends there, so that nothing can follow
	wrong() string                // what is wrong with its numbers, messages and funcs, "" if nothing
	misfit(Method) string         // why it finds nothing to do at any call of the method, "" if it may

	// act does it to a call, and says so by encounter.happens as soon as it has found something to do. It returns the answer if
	// that ends the call, else nil.
	act(*encounter) *answer
}

// usual is what most actions have in common: a place that can be chosen, no end of the call, nothing to be wrong, all methods.
type usual struct{}

func (usual) home() (at place, fixed bool) { return beforeCommit, false }
func (usual) ends() bool                   { return false }
func (usual) wrong() string                { return "" }
func (usual) misfit(Method) string         { return "" }

type place int

// In the order of the road.
const (
	early place = iota - 1
	beforeCommit
	late
)

func (p place) String() string {
	return [...]string{"before validation", "before the commit", "after the commit"}[p-early]
}

func effect(a action) Effect {
	at, _ := a.home()
	return Effect{links: []link{{action: a, at: at}}}
}

// Then returns an effect that does what e does, then what next does.
func (e Effect) Then(next Effect) Effect {
	both := Effect{links: slices.Concat(e.links, next.links), wrong: e.wrong}
	both.blame(next.wrong)
	if len(next.links) == 0 {
		both.blame("Then was given an effect that does nothing: leave it out")
	}
	return both
}

// Early moves the effect, all that was chained so far, before validation and authentication, where a proxy would act.
func (e Effect) Early() Effect { return e.to(early, "Early") }

// Late moves the effect, all that was chained so far, behind the handler: the state has changed if the call changes it.
func (e Effect) Late() Effect { return e.to(late, "Late") }

func (e Effect) to(p place, by string) Effect {
	return e.edit(func(l *link) (changes bool, why string) {
		switch at, fixed := l.home(); {
		case fixed:
			why = fmt.Sprintf("%q acts where it does, %v: leave Early and Late out", l, at)
			if at != p {
				return true, why
			}
			return false, why
		case l.moved && l.at != p:
			return true, fmt.Sprintf("%q was moved before, and %s moves it away from there: leave one of Early and Late out", l, by)
		case l.moved:
			return false, fmt.Sprintf("%q is %v already: leave the second %s out", l, p, by)
		}
		l.at, l.moved = p, true
		return true, ""
	})
}

// Named gives the funcs of the effect, those of [Run] and [Alter], words for the record in the place of "run a func": what a rival does,
// say. It is for effects with exactly one func.
func (e Effect) Named(words string) Effect {
	funcs := 0
	for _, l := range e.links {
		if _, is := l.action.(nameable); is {
			funcs++
		}
	}
	return e.edit(func(l *link) (changes bool, why string) {
		f, is := l.action.(nameable)
		switch {
		case !is:
			return false, fmt.Sprintf("%q has no func to name: leave Named out", l)
		case words == "":
			return true, "Named(\"\") names nothing: give it words for the record, or leave it out"
		case funcs > 1:
			return true, "Named is for one func, and the effect has several: name each before Then"
		}
		l.action = f.named(words)
		return true, ""
	})
}

// nameable is an action that is a func of the test, and can have a name.
type nameable interface{ named(words string) action }

// edit returns the effect with its links changed. A link that stays as it is tells why; only if all do, that is a mistake. One that
// changes and still tells why is a mistake in any case.
func (e Effect) edit(change func(*link) (changes bool, why string)) Effect {
	edited := Effect{links: slices.Clone(e.links), wrong: e.wrong}
	useless := ""
	changed := false
	for i := range edited.links {
		changes, why := change(&edited.links[i])
		if changes {
			edited.blame(why)
		} else if useless == "" {
			useless = why
		}
		changed = changed || changes
	}
	if !changed {
		edited.blame(useless)
	}
	return edited
}

// blame notes what is wrong with an effect; the first that is said stays.
func (e *Effect) blame(why string) {
	if e.wrong == "" {
		e.wrong = why
	}
}

// String returns the effect in words, as the record shows it.
func (e Effect) String() string {
	var texts []string
	for _, l := range e.links {
		text := l.String()
		if _, fixed := l.home(); l.at != beforeCommit && !fixed {
			text += " " + l.at.String()
		}
		texts = append(texts, text)
	}
	return plain.Line(strings.Join(texts, ", then "))
}

// broken returns why an effect makes no sense at calls of the methods, nil for all, "" if it does.
func (e Effect) broken(methods []Method) string {
	if len(e.links) == 0 {
		return "it does nothing: set Do, to Return(codes.Unavailable) for example"
	}
	if e.wrong != "" {
		return e.wrong
	}
	// Along the road, whatever comes behind an end never happens.
	road := slices.Clone(e.links)
	slices.SortStableFunc(road, func(a, b link) int { return int(a.at - b.at) })
	for i, l := range road {
		if l.ends() && i+1 < len(road) {
			return fmt.Sprintf("%q ends the call, so %q could never happen: leave one of them out, or inject two faults", l, road[i+1])
		}
		if wrong := l.wrong(); wrong != "" {
			return wrong
		}
		fits := func(m Method) bool { return l.misfit(m) == "" }
		if len(methods) > 0 && !slices.ContainsFunc(methods, fits) {
			return l.misfit(methods[0])
		}
	}
	return ""
}
