package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// tryAlone compiles a mutation by itself, in a directory of its own, and returns the test that notices it, "" if none does.
func tryAlone(m mutation, work string) (by string, err error) {
	text, err := m.applied()
	if err != nil {
		return "", err
	}
	if err := os.Mkdir(work, 0o777); err != nil {
		return "", err
	}
	mutant := filepath.Join(work, filepath.Base(m.file))
	if err := os.WriteFile(mutant, []byte(text), 0o666); err != nil {
		return "", err
	}
	overlay, err := writeOverlay(work, map[string]string{m.file: mutant})
	if err != nil {
		return "", err
	}
	if len(m.tests) == 0 { // it is equal: all that can be seen is whether it compiles
		out, err := exec.Command("go", "build", "-overlay", overlay, "./"+filepath.Dir(m.file)).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("it does not compile:\n%s", out)
		}
	}
	for _, t := range m.tests {
		out, err := exec.Command("go", "test", "-overlay", overlay, "-vet=off", "-failfast", "-timeout", timeLimit, "-run", t.pattern, t.dir).CombinedOutput()
		if by, err := t.noticed(string(out), err); by != "" || err != nil {
			return by, err
		}
	}
	return "", nil
}

// timeLimit is how long the tests of one package may take: a mutation may well let one hang.
const timeLimit = "2m"

// writeOverlay writes what go's -overlay wants: which file takes the place of which of the repository.
func writeOverlay(work string, files map[string]string) (name string, err error) {
	replace := make(map[string]string)
	for original, mutant := range files {
		if original, err = filepath.Abs(original); err != nil {
			return "", err
		}
		replace[original] = mutant
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	name = filepath.Join(work, "overlay.json")
	return name, errors.Join(err, os.WriteFile(name, text, 0o666))
}

var failed = regexp.MustCompile(`--- FAIL: (\S+)`)

// noticed returns the first test that failed, by what the tests of a package printed and how they ended; "" if none did.
func (t tests) noticed(out string, err error) (by string, broken error) {
	switch {
	case err == nil && strings.Contains(out, "no tests to run"):
		return "", fmt.Errorf("%s has no test that matches %q", t.dir, t.pattern)
	case err == nil:
		return "", nil
	case strings.Contains(out, "[build failed]"), strings.Contains(out, "[setup failed]"):
		return "", fmt.Errorf("it does not compile:\n%s", out)
	case strings.Contains(out, "panic: test timed out"):
		return "the time limit", nil
	}
	if found := failed.FindStringSubmatch(out); found != nil {
		return found[1], nil
	}
	return "a process that died", nil
}
