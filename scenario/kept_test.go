package scenario_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
)

// What broke once is kept where somebody asks for it, tried first, reported stale when the body makes other calls, and gone when nothing
// breaks any more.
func TestWhatBrokeIsTriedFirst(t *testing.T) {
	t.Chdir(t.TempDir())
	file := filepath.Join("testdata", "imagefake", t.Name()+".txt")
	broken, calls := true, 1
	body := func(t *scenario.T) error {
		var err error
		for range calls {
			err = probe(t)
		}
		t.Check("no fault shows", err == nil || !broken)
		return err
	}
	opts := []scenario.Option{scenario.Faults(scenario.Denied)}

	_, err := scenario.Find(t, body, opts...)
	require.NoError(t, err)
	require.NoFileExists(t, file, "nobody asked to keep it")

	t.Setenv("IMAGEFAKE_KEEP", "1")
	_, err = scenario.Find(t, body, opts...)
	require.NoError(t, err)
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(kept), "ImageList#1")

	t.Setenv("IMAGEFAKE_KEEP", "")
	found, err := scenario.Find(t, body, opts...)
	require.NoError(t, err)
	require.Contains(t, found.Broken, "ImageList#1/denied")
	require.Equal(t, 3, found.Runs, "two to learn, and the kept one, which is not made again")

	calls = 2
	found, err = scenario.Find(t, body, opts...)
	require.NoError(t, err)
	require.Contains(t, found.Summary, "a kept schedule is stale")
	require.Contains(t, found.Summary, "another version of the body")

	calls, broken = 1, false
	found, err = scenario.Find(t, body, opts...)
	require.NoError(t, err)
	require.Contains(t, found.Summary, "1 kept schedule no longer breaks it")
	t.Setenv("IMAGEFAKE_KEEP", "1")
	_, err = scenario.Find(t, body, opts...)
	require.NoError(t, err)
	require.NoFileExists(t, file)

	require.NoError(t, os.WriteFile(file, []byte("garbage\n"), 0o666))
	_, err = scenario.Find(t, body, opts...)
	require.ErrorContains(t, err, "was written by another version")
}
