// Mutants breaks the code in ways that a user would notice, one after the other, and tells whether the tests do.
//
// The ways are in lists, see readList. They are compiled with -overlay: no file of the repository changes. It fails if a mutation does
// not apply or does not compile, if one survives its tests that is not listed as equal, and if one is noticed that is. It is to be run in
// the root of the repository:
//
//	mutants [-check] [-run regexp] [-some n] [-parallel n] LIST…
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

func main() {
	check := flag.Bool("check", false, "only see whether every mutation applies")
	names := flag.String("run", "", "try the mutations whose names match this `regexp`")
	some := flag.Int("some", 0, "try `n` mutations, spread over the list; 0: all")
	parallel := flag.Int("parallel", 2, "try `n` at once")
	flag.Parse()
	if err := run(flag.Args(), *check, *names, *some, *parallel); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(lists []string, check bool, names string, some, parallel int) error {
	all, err := readLists(lists)
	if err != nil {
		return err
	}
	var broken error
	for _, m := range all {
		_, err := m.applied()
		broken = errors.Join(broken, err)
	}
	if broken != nil || check {
		fmt.Printf("%d mutations\n", len(all))
		return broken
	}
	picked, err := pick(all, names, some)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	outcomes, err := tryAll(picked, work, parallel)
	if err != nil {
		return err
	}
	return report(picked, outcomes)
}

// pick returns the mutations to try.
func pick(all []mutation, names string, some int) ([]mutation, error) {
	pattern, err := regexp.Compile(names)
	if err != nil {
		return nil, err
	}
	var picked []mutation
	for _, m := range all {
		if pattern.MatchString(m.name) {
			picked = append(picked, m)
		}
	}
	if len(picked) == 0 {
		return nil, fmt.Errorf("no mutation has a name that matches %q", names)
	}
	if some <= 0 || some >= len(picked) {
		return picked, nil
	}
	spread := make([]mutation, some)
	for i := range spread {
		spread[i] = picked[i*len(picked)/some]
	}
	return spread, nil
}

// outcome is what became of one mutation.
type outcome struct {
	by   string // the test that noticed it; "": none did
	took time.Duration
	err  error // it could not be tried
}

// tryAll tries mutations, so many at once.
func tryAll(all []mutation, work string, parallel int) ([]outcome, error) {
	woven, err := weaveAll(all, work)
	if err != nil {
		return nil, err
	}
	outcomes := make([]outcome, len(all))
	places := make(chan struct{}, max(1, parallel))
	var tries sync.WaitGroup
	for i, m := range all {
		places <- struct{}{}
		tries.Go(func() {
			defer func() { <-places }()
			began := time.Now()
			o := &outcomes[i]
			if woven.has(i) {
				o.by, o.err = woven.try(i, m)
			} else {
				o.by, o.err = tryAlone(m, filepath.Join(work, fmt.Sprint(i)))
			}
			o.took = time.Since(began).Round(time.Second / 10)
			fmt.Println(o.tell(m))
		})
	}
	tries.Wait()
	return outcomes, nil
}

// tell returns the outcome for people, in a line.
func (o outcome) tell(m mutation) string {
	switch {
	case o.err != nil:
		return fmt.Sprintf("BROKEN    %s: %v", m.name, o.err)
	case o.by != "":
		return fmt.Sprintf("killed    %s: by %s in %v", m.name, o.by, o.took)
	case m.equal != "":
		return fmt.Sprintf("equal     %s: %s", m.name, m.equal)
	}
	return fmt.Sprintf("SURVIVED  %s, in %v", m.name, o.took)
}

// report sums up, and returns an error unless all is as it should be.
func report(all []mutation, outcomes []outcome) error {
	killed, equal := 0, 0
	var wrong error
	for i, o := range outcomes {
		m := all[i]
		switch {
		case o.err != nil:
			wrong = errors.Join(wrong, fmt.Errorf("%s: could not be tried", m.name))
		case o.by != "" && m.equal != "":
			wrong = errors.Join(wrong, fmt.Errorf("%s: is listed as equal, and %s notices it: take the reason out", m.name, o.by))
		case o.by != "":
			killed++
		case m.equal != "":
			equal++
		default:
			wrong = errors.Join(wrong, fmt.Errorf("%s: survived; write the test that notices it, or say why nobody can", m.name))
		}
	}
	fmt.Printf("%d mutations: %d killed, %d equal, %d neither\n", len(all), killed, equal, len(all)-killed-equal)
	return wrong
}
