package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// mutation is one way to break the code, and the tests that are to notice it.
type mutation struct {
	name     string // what a user would notice
	place    string // in a list, where it begins: "world.txt:12"
	file     string // below the root of the repository
	old, new string // old is in the file exactly once
	tests    []tests
	equal    string // why nobody can notice it; "": somebody can
}

// tests are the tests of one package.
type tests struct {
	dir     string // ./fake
	pattern string // for -run; "": all
}

// readLists reads the mutations of several lists.
func readLists(names []string) ([]mutation, error) {
	var all []mutation
	for _, name := range names {
		some, err := readList(name)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil, errors.New("no mutation is listed")
	}
	return all, complete(all)
}

// readList reads a list of mutations. Each begins with == and its name, and goes on with lines of
//
//	tests: ./fake TestWhatTheStateForbids
//	- the old text, a line after the other
//	+ the new text
//	equal: why it cannot be noticed
//
// of which + (the text is taken out) and equal may be left out, and tests be there several times. A line
//
//	file: fake/internal/world/sources.go
//
// says where the mutations behind it are, and tests behind that which tests notice those that name none. Lines that begin with # are for
// the reader.
func readList(name string) ([]mutation, error) {
	list, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer list.Close()
	var all []mutation
	var usual mutation
	var inherited [][]tests // of each mutation
	m := &usual             // what the present line is about
	lines := bufio.NewScanner(list)
	for line := 1; lines.Scan(); line++ {
		text := lines.Text()
		if text == "" || text[0] == '#' {
			continue
		}
		switch at, value, _ := strings.Cut(text, " "); at {
		case "file:":
			usual = mutation{file: value}
			m = &usual
		case "==":
			all = append(all, mutation{name: value, place: fmt.Sprintf("%s:%d", filepath.Base(name), line), file: usual.file})
			inherited = append(inherited, usual.tests)
			m = &all[len(all)-1]
		case "tests:":
			dir, pattern, _ := strings.Cut(value, " ")
			m.tests = append(m.tests, tests{dir, pattern})
		case "-":
			m.old = joined(m.old, value)
		case "+":
			m.new = joined(m.new, value)
		case "equal:":
			m.equal = value
		default:
			return nil, fmt.Errorf("%s:%d: %q begins with none of file:, ==, tests:, -, + and equal: as a line must", name, line, text)
		}
	}
	for i := range all {
		if all[i].tests == nil {
			all[i].tests = inherited[i]
		}
	}
	return all, lines.Err()
}

func joined(before, line string) string {
	if before == "" {
		return line
	}
	return before + "\n" + line
}

// complete returns an error if a mutation lacks something, or two have one name.
func complete(all []mutation) error {
	names := make(map[string]string)
	for _, m := range all {
		switch {
		case m.name == "" || m.file == "" || m.old == "" || len(m.tests) == 0 && m.equal == "":
			return fmt.Errorf("%s: a mutation needs a name, a file, a text to replace and tests, or a reason why none notices it", m.place)
		case names[m.name] != "":
			return fmt.Errorf("%s: there is a mutation of that name at %s", m.place, names[m.name])
		}
		names[m.name] = m.place
	}
	return nil
}

// applied returns the file of a mutation with it. The error tells why it cannot be applied: the code has moved on, and the list has to
// follow.
func (m mutation) applied() (string, error) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return "", fmt.Errorf("%s: %s: the text to replace is in %s %d times, and has to be there once:\n%s", m.place, m.name, m.file, n, m.old)
	}
	return strings.Replace(string(text), m.old, m.new, 1), nil
}
