package scenario

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// keepVariable is the environment variable that makes [Explore] keep what breaks a body, in testdata/imagefake beside the test. What is
// kept there is tried first the next time, whether the variable is set or not: what broke once comes to light at once, and a new
// budget of pairs or orders does not lose it.
const keepVariable = "IMAGEFAKE_KEEP"

// keptDirectory is where broken schedules are kept, in the directory of the package that is tested.
var keptDirectory = filepath.Join("testdata", "imagefake")

// keptHead is the first line of a file of kept schedules: what it is, and in which form.
const keptHead = "imagefake: schedules that broke this test, one a line; form " + tokenFormat

// keptFile returns the file of a test's kept schedules.
func keptFile(test string) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r) {
			return r
		}
		return '_'
	}, test)
	return filepath.Join(keptDirectory, name+".txt")
}

// loadKept returns the kept schedules of a test, none where there is no file.
func loadKept(test string) ([]string, error) {
	path := keptFile(test)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if lines[0] != keptHead {
		return nil, fmt.Errorf("%s was written by another version: it begins with %q; delete it, or write it anew with %s=1", path, lines[0], keepVariable)
	}
	return lines[1:], nil
}

// retryKept runs what is kept, before all else. What it finds broken counts as found; what holds now, and what the body no longer comes
// to, is told.
func (e *exploration) retryKept() error {
	kept, err := loadKept(e.t.Name())
	if err != nil {
		return err
	}
	for _, text := range kept {
		tr, err := e.trialOf(text)
		if err != nil {
			e.stale = append(e.stale, fmt.Sprintf("%s: %v", text, err))
			continue
		}
		if len(tr.order) == 0 {
			e.tried[tr.schedule.canonical()] = true
		}
		r := e.run(tr)
		e.take(r)
		if !r.broken() {
			e.mended++
		}
	}
	return nil
}

// keep writes down what broke the body, one schedule of each group, or takes the file away where nothing did.
func (e *exploration) keep() error {
	if os.Getenv(keepVariable) == "" {
		return nil
	}
	path := keptFile(e.t.Name())
	groups := e.groups()
	if len(groups) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	lines := []string{keptHead}
	for _, g := range groups {
		lines = append(lines, e.tokenOf(g.runs[0]).String())
	}
	if err := os.MkdirAll(keptDirectory, 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o666)
}
