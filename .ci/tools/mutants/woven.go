package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// fabric is test binaries with many mutations in each. See weave.
type fabric struct {
	in       map[int]bool      // the mutations, by number
	binaries map[string]string // by directory of the tests
}

func (f *fabric) has(n int) bool { return f.in[n] }

// weaveAll compiles the tests of mutations with all those in it that can be woven, and sees that they pass as long as none is chosen.
func weaveAll(all []mutation, work string) (*fabric, error) {
	f := &fabric{in: make(map[int]bool), binaries: make(map[string]string)}
	work = filepath.Join(work, "woven")
	if err := os.Mkdir(work, 0o777); err != nil {
		return nil, err
	}
	byFile := make(map[string]map[int]mutation)
	for n, m := range all {
		if len(m.tests) == 0 {
			continue
		}
		if byFile[m.file] == nil {
			byFile[m.file] = make(map[int]mutation)
		}
		byFile[m.file][n] = m
	}
	overlay := make(map[string]string)
	for _, file := range slices.Sorted(maps.Keys(byFile)) {
		if err := f.weaveFile(file, byFile[file], work, overlay); err != nil {
			return nil, err
		}
	}
	if len(f.in) < 3 { // each alone is as fast
		f.in = nil
		return f, nil
	}
	return f, f.build(all, work, overlay)
}

func (f *fabric) weaveFile(file string, mutations map[int]mutation, work string, overlay map[string]string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	woven, in, err := weave(file, string(text), mutations)
	if err != nil {
		return err
	}
	if len(in) == 0 {
		return nil
	}
	for _, n := range in {
		f.in[n] = true
	}
	name, err := packageName(string(text))
	if err != nil {
		return err
	}
	at := filepath.Join(work, fmt.Sprintf("%d.go", len(overlay)))
	overlay[file] = at
	if err := os.WriteFile(at, []byte(woven), 0o666); err != nil {
		return err
	}
	if overlay[chooserFile(file)] != "" {
		return nil
	}
	at = filepath.Join(work, fmt.Sprintf("%d.go", len(overlay)))
	overlay[chooserFile(file)] = at
	return os.WriteFile(at, []byte(chooser(name)), 0o666)
}

// build compiles the tests of all directories, and runs them once as they are.
func (f *fabric) build(all []mutation, work string, files map[string]string) error {
	overlay, err := writeOverlay(work, files)
	if err != nil {
		return err
	}
	patterns := make(map[string][]string)
	for n, m := range all {
		for _, t := range m.tests {
			if f.in[n] && !slices.Contains(patterns[t.dir], t.pattern) {
				patterns[t.dir] = append(patterns[t.dir], t.pattern)
			}
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(patterns)) {
		f.binaries[dir] = filepath.Join(work, strings.ReplaceAll(dir, "/", "_")+".test")
		if out, err := exec.Command("go", "test", "-c", "-overlay", overlay, "-vet=off", "-o", f.binaries[dir], dir).CombinedOutput(); err != nil {
			return fmt.Errorf("the mutations do not compile; the first that is named is in the func that begins with mutant and its number:\n%s", out)
		}
		whole := tests{dir, "(" + strings.Join(patterns[dir], ")|(") + ")"}
		if slices.Contains(patterns[dir], "") {
			whole.pattern = ""
		}
		by, err := f.run(whole, "")
		if by != "" {
			err = errors.Join(err, fmt.Errorf("%s: %s fails though no mutation is in force", dir, by))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// run runs tests with a mutation in force, none for "".
func (f *fabric) run(t tests, mutation string) (by string, err error) {
	c := exec.Command(f.binaries[t.dir], "-test.run", t.pattern, "-test.failfast", "-test.timeout", timeLimit)
	c.Dir = t.dir
	c.Env = append(os.Environ(), chosen+"="+mutation)
	out, err := c.CombinedOutput()
	return t.noticed(string(out), err)
}

// try returns the test that notices a mutation, "" if none does.
func (f *fabric) try(n int, m mutation) (by string, err error) {
	for _, t := range m.tests {
		if by, err = f.run(t, fmt.Sprint(n)); by != "" || err != nil {
			return by, err
		}
	}
	return "", nil
}
