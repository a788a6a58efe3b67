package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A word is one thing that a flag can say, with its value behind an equals sign if it has one.
type word[T any] struct {
	value string // an example of it; "": the word has none
	make  func(value string) (T, error)
}

// bare is a word without a value.
func bare[T any](what T) word[T] {
	return word[T]{make: func(string) (T, error) { return what, nil }}
}

// valued is a word with a value.
func valued[V, T any](example string, read func(string) (V, error), make func(V) T) word[T] {
	return word[T]{value: example, make: func(text string) (what T, err error) {
		value, err := read(text)
		if err != nil {
			return what, err
		}
		return make(value), nil
	}}
}

func chance(text string) (float64, error) { return strconv.ParseFloat(text, 64) }

var plans = map[string]word[fake.Plan]{
	"at-once": bare(fake.AtOnce()),
	"stuck":   bare(fake.Stuck()),
	"polls":   valued("3", strconv.Atoi, func(n int) fake.Plan { return fake.Finish(fake.Polls(n)) }),
	"after":   valued("30s", time.ParseDuration, func(d time.Duration) fake.Plan { return fake.Finish(fake.After(d)) }),
}

var effects = map[string]word[fake.Effect]{
	"cut":         bare(fake.Cut()),
	"hang":        bare(fake.Hang()),
	"lose-reply":  bare(fake.LoseReply()),
	"empty-page":  bare(fake.EmptyPage()),
	"repeat-page": bare(fake.RepeatPage()),
	"expire-page": bare(fake.ExpirePage()),
	"delay":       valued("2s", time.ParseDuration, fake.Delay),
	"throttle":    valued("1s", time.ParseDuration, fake.Throttle),
	"lag":         valued("1", strconv.Atoi, fake.Lag),
}

var triggers = map[string]word[fake.Trigger]{
	"once":   bare(fake.Once()),
	"first":  valued("2", strconv.Atoi, fake.First),
	"nth":    valued("2", strconv.Atoi, fake.Nth),
	"every":  valued("3", strconv.Atoi, fake.Every),
	"after":  valued("1m", time.ParseDuration, func(d time.Duration) fake.Trigger { return fake.After(d) }),
	"until":  valued("1m", time.ParseDuration, fake.Until),
	"chance": valued("0.1", chance, fake.Chance),
}

// words lists what can be said.
func words[T any](known map[string]word[T]) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if value := known[name].value; value != "" {
			name += "=" + value
		}
		list = append(list, name)
	}
	return strings.Join(list, ", ")
}

// say returns what a text means.
func say[T any](known map[string]word[T], text string) (what T, err error) {
	name, value, valued := strings.Cut(text, "=")
	w, ok := known[name]
	switch {
	case !ok:
		return what, fmt.Errorf("nothing is called %q: there are %s", name, words(known))
	case !valued && w.value != "":
		return what, fmt.Errorf("%s needs a value, as in %s=%s", name, name, w.value)
	case valued && w.value == "":
		return what, fmt.Errorf("%s takes no value, and %q is one", name, value)
	}
	if what, err = w.make(value); err != nil {
		return what, fmt.Errorf("%s=%s cannot be read, write it as in %s=%s: %w", name, value, name, w.value, err)
	}
	return what, nil
}

// parsePlan reads [METHOD:]HOW[:fails=CODE].
func parsePlan(text string) (fake.Option, error) {
	parts := strings.Split(text, ":")
	var on []fake.Matcher
	if _, isPlan := plans[strings.SplitN(parts[0], "=", 2)[0]]; !isPlan && len(parts) > 1 {
		m, err := method(parts[0])
		if err != nil {
			return nil, err
		}
		if m != nil {
			on = append(on, m)
		}
		parts = parts[1:]
	}
	p, err := say(plans, parts[0])
	switch {
	case err != nil:
		return nil, err
	case len(parts) > 2:
		return nil, fmt.Errorf("%q has too many parts: write [METHOD:]HOW[:fails=CODE]", text)
	case len(parts) == 2:
		name, fails := strings.CutPrefix(parts[1], "fails=")
		c, known := code(name)
		if !fails || !known {
			return nil, fmt.Errorf("%q does not say how it fails: write fails= and the name of a code, as in fails=Internal", parts[1])
		}
		p.Err = status.New(c, "the plan of -plan fails")
	}
	return fake.WithPlan(p, on...), nil
}

// parseFault reads METHOD:WHAT[:WHEN]. A fault of a flag may stay unfired: nobody is there whom that could tell anything.
func parseFault(text string) (f fake.Fault, err error) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return f, fmt.Errorf("%q has %d parts: write METHOD:WHAT[:WHEN], with * for any method", text, len(parts))
	}
	f.Optional = true
	if f.On, err = method(parts[0]); err != nil {
		return f, err
	}
	if c, known := code(parts[1]); known {
		f.Do = fake.Return(c)
	} else if f.Do, err = say(effects, parts[1]); err != nil {
		return f, fmt.Errorf("%w; or a code, such as Unavailable", err)
	}
	if len(parts) == 3 {
		f.When, err = say(triggers, parts[2])
	}
	return f, err
}

// method returns the method with a name; nil for *, which is all of them.
func method(name string) (fake.Matcher, error) {
	if name == "*" {
		return nil, nil
	}
	for _, m := range methods() {
		if m.String() == name {
			return m, nil
		}
	}
	var names []string // those of images: all would be too many
	for _, m := range fake.Methods() {
		names = append(names, m.String())
	}
	return nil, fmt.Errorf("no method is called %q: there are %s, those of other services, DiskCreate for example, and * for all", name, strings.Join(names, ", "))
}

// code returns the code of an error by its name.
func code(name string) (codes.Code, bool) {
	for c := codes.Canceled; c <= codes.Unauthenticated; c++ {
		if c.String() == name {
			return c, true
		}
	}
	return codes.OK, false
}
