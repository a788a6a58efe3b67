package scenario_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// With -cover, the report tells which runs came to code that none before had come to. Where several go on at once, nobody can tell.
func TestWhichRunsRaiseTheCoverage(t *testing.T) {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command")
	}
	explored := func(workers string) string {
		command := exec.CommandContext(t.Context(), goCommand, "test", "-cover", "-v", "./testdata/covered")
		command.Env = append(os.Environ(), "WORKERS="+workers)
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	one := explored("1")
	require.Regexp(t, `covered: \d+\.\d% of the code that -cover counts without faults, (\d+\.\d%) in the end; raised by ImageGet#1/denied to \d+\.\d%\n`, one)
	require.Regexp(t, `ImageGet#1 held: unavailable, denied \(\+\d+\.\d% covered\), throttled\n`, one)
	require.Contains(t, one, "\tImageGet#2 held: unavailable, denied, throttled\n", "the end of a second call is nothing new")
	require.NotContains(t, explored("2"), "covered:")
}
