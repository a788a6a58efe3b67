package assert_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files of failure texts anew")

// A trial is checks on one scene: what must pass, and what must fail with the text in testdata/<name>.golden.
type trial struct {
	name  string
	scene func(*testing.T) *scene
	pass  []check
	fail  check
}

type check func(t fake.TB, s *scene) bool

// TestChecks proves of every check that it passes where it should and fails where it must, with the text that was reviewed.
func TestChecks(t *testing.T) {
	seen := make(map[string]bool)
	for _, trial := range trials() {
		require.False(t, seen[trial.name], "two trials are called %s", trial.name)
		seen[trial.name] = true
		t.Run(trial.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { trial.run(t) })
		})
	}
	t.Run("no stale golden files", func(t *testing.T) {
		files, err := filepath.Glob("testdata/*.golden")
		require.NoError(t, err)
		for _, file := range files {
			require.True(t, seen[strings.TrimSuffix(filepath.Base(file), ".golden")], "%s belongs to no trial", file)
		}
	})
}

func (c trial) run(t *testing.T) {
	s := c.scene(t)
	for i, passes := range c.pass {
		r := new(recorder)
		require.True(t, passes(r, s), "check %d that should pass: %s", i+1, strings.Join(r.failures, "\n"))
		require.Empty(t, r.failures, "it returned true and failed the test")
	}
	if c.fail == nil {
		return
	}
	r := new(recorder)
	require.False(t, c.fail(r, s), "it should fail")
	require.Len(t, r.failures, 1, "one check is one failure")
	require.Zero(t, r.stopped, "a check does not stop the test")
	require.True(t, strings.Contains(r.lines[0], "trials_test.go:"), "the failure is reported at %s, not at the line of the test", r.lines[0])

	file := filepath.Join("testdata", c.name+".golden")
	text := r.failures[0] + "\n"
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "go test ./assert -run TestChecks -update writes it")
	require.Equal(t, string(want), text)
}
