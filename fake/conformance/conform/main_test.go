package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/conformance"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// mark makes this binary the program.
const mark = "IMAGEFAKE_TEST_IS_CONFORM"

func TestMain(m *testing.M) {
	if os.Getenv(mark) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// conform runs the program and returns what it prints and its status.
func conform(t *testing.T, env []string, args ...string) (string, int) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(append(cmd.Environ(), mark+"=1", "IMAGEFAKE_REAL_TOKEN=", "IMAGEFAKE_REAL_FOLDER=", "IMAGEFAKE_REAL_RECORDING="), env...)
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// recorded writes what a target answers to a few cases to a file.
func recorded(t *testing.T, path string, cases []conformance.Case, opts ...fake.Option) string {
	cloud := fake.New(t, append(opts, fake.WithStandardImages())...)
	target := conformance.Target{Compute: cloud.Conn(), Operation: cloud.Conn(), Folder: "f", Recording: new(conformance.Recording)}
	for _, c := range cases {
		_ = conformance.Check(t.Context(), target, c) // what comes otherwise is recorded as well
	}
	require.NoError(t, target.Recording.Save(path))
	return path
}

func TestWhatNeedsNoService(t *testing.T) {
	cases := conformance.Cases()[:8]
	old := recorded(t, filepath.Join(t.TempDir(), "old.json"), cases)
	equal := recorded(t, filepath.Join(t.TempDir(), "equal.json"), cases, fake.WithSeed(5))
	other := recorded(t, filepath.Join(t.TempDir(), "other.json"), cases, fake.WithForbiddenFolders("f"))
	broken := filepath.Join(t.TempDir(), "broken.json")
	require.NoError(t, os.WriteFile(broken, []byte("{"), 0o666))
	for _, tt := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"cases"}, 0, "an unknown image is NotFound"},
		{[]string{"dry-run"}, 0, "made in the folder of the target, at most"},
		{[]string{"compare", old, equal}, 0, "0 of 8 cases differ"},
		{[]string{"compare", old, broken}, 2, "is no recording"},
		{[]string{"compare", old, filepath.Join(t.TempDir(), "none.json")}, 2, "none.json"},
		{[]string{"compare", old}, 2, "usage"},
		{[]string{"sweep"}, 2, "the environment names no real service: set IMAGEFAKE_REAL_TOKEN"},
		{nil, 2, "usage"},
	} {
		out, status := conform(t, nil, tt.args...)
		require.Contains(t, out, tt.says)
		require.Equal(t, tt.status, status, "%v: %s", tt.args, out)
	}
	out, status := conform(t, nil, "compare", old, other)
	t.Log(out)
	require.Equal(t, 1, status, out)
	require.Contains(t, out, "PermissionDenied")
	require.NotContains(t, out, "\n\n")
}

// The program reaches a service that it knows by its own name alone: its environment sends it to the fake, and nothing asks DNS.
func TestWhatIsLeftIsSwept(t *testing.T) {
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		t.Skip("Go ignores SSL_CERT_FILE here")
	}
	cloud := fake.New(t)
	left := cloud.AddImage(&compute.Image{FolderId: "f", Name: "left", Labels: map[string]string{"imagefake-run": "x"}})
	kept := cloud.AddImage(&compute.Image{FolderId: "f", Name: "kept"})
	recording := recorded(t, filepath.Join(t.TempDir(), "kept.json"), conformance.Cases()[:1])
	before, err := os.ReadFile(recording)
	require.NoError(t, err)
	env := append(cloud.Environ(), "IMAGEFAKE_REAL_TOKEN=t1.a.b", "IMAGEFAKE_REAL_FOLDER=f", "IMAGEFAKE_REAL_RECORDING="+recording)
	for _, tt := range []struct {
		command string
		status  int
		says    string
	}{
		{"dry-run", 0, `made in the folder "f"`},
		{"left", 1, "left: " + left.Id + " (left)"},
		{"sweep", 0, "deleted: " + left.Id + " (left)"},
		{"left", 0, "nothing is left"},
		{"sweep", 0, "nothing is left"},
	} {
		out, status := conform(t, env, tt.command)
		require.Contains(t, out, tt.says)
		require.Equal(t, tt.status, status, "%s: %s", tt.command, out)
	}
	require.Equal(t, kept, cloud.Image(kept.Id))
	after, err := os.ReadFile(recording)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "these commands record nothing, and leave recordings alone")
}
