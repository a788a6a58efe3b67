package scenario_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// probe makes the one call without which there is nothing to explore.
func probe(t *scenario.T) error {
	_, err := images(t).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
	return err
}

func helper(t testing.TB) {
	t.Helper()
	t.Errorf("from a helper")
}

func TestTFailures(t *testing.T) {
	for _, c := range []struct {
		name string
		body func(*scenario.T)
		want string // as a pattern
	}{
		{"Check", func(t *scenario.T) { t.Check("water is dry", false) }, `t_test.go:\d+: broken promise: water is dry`},
		{"Errorf", func(t *scenario.T) { t.Errorf("%d wrong", 2) }, `t_test.go:\d+: 2 wrong`},
		{"Error", func(t *scenario.T) { t.Error("a", 1) }, `t_test.go:\d+: a 1`},
		{"Fatal", func(t *scenario.T) { t.Fatal("stop"); panic("went on") }, `t_test.go:\d+: stop\n`},
		{"Fatalf", func(t *scenario.T) { t.Fatalf("%s", "stop"); panic("went on") }, `t_test.go:\d+: stop\n`},
		{"Fail", func(t *scenario.T) { t.Fail() }, `failed by Fail or FailNow, without a text`},
		{"FailNow", func(t *scenario.T) { t.FailNow(); panic("went on") }, `failed by Fail or FailNow, without a text`},
		{"testify", func(t *scenario.T) { require.Equal(t, 1, 2); panic("went on") }, `(?s)t_test.go:\d+: .*Not equal.*expected: 1`},
		{"panic", func(t *scenario.T) { panic("ouch") }, `panic: ouch: at t_test.go:\d+`},
		{"panic in a cleanup", func(t *scenario.T) { t.Cleanup(func() { panic("ouch") }) }, `panic: ouch: at t_test.go:\d+`},
		{"failure in a cleanup", func(t *scenario.T) { t.Cleanup(func() { t.Fatal("late") }) }, `t_test.go:\d+: late`},
		{"a cleanup that hangs", func(t *scenario.T) { t.Cleanup(func() { select {} }) }, `hangs: it did not end within 24h0m0s: at t_test.go:\d+`},
		{"a cleanup that hangs after its body", func(t *scenario.T) { t.Cleanup(func() { select {} }); <-t.Context().Done() },
			`(?s)hangs: it did not end within 24h0m0s: at t_test.go:\d+.*does not end when its context does: at t_test.go:\d+`},
		{"log", func(t *scenario.T) { t.Log("seen"); fmt.Fprintln(t.Output(), "written"); t.Attr("k", "v"); t.Fail() }, `(?s)it logged:\n.*t_test.go:\d+: seen\n.*written\n.*k=v`},
		{"Setenv", func(t *scenario.T) { t.Setenv("HOME", "x"); panic("went on") }, `a run cannot change the environment of the process`},
		{"Chdir", func(t *scenario.T) { t.Chdir("/"); panic("went on") }, `a run cannot change the directory of the process`},
		{"misuse of the server", func(t *scenario.T) { t.Cloud().RemoveImage("fd8none") }, `t_test.go:\d+: imagefake: .*fd8none`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := scenario.Find(t, func(t *scenario.T) error {
				err := probe(t)
				c.body(t)
				return err
			})
			require.ErrorContains(t, err, "breaks without any fault")
			require.Regexp(t, c.want, err.Error())
			require.NotContains(t, err.Error(), "went on")
		})
	}
}

func TestTReportsAtTheCallerOfAHelper(t *testing.T) {
	var line int
	_, err := scenario.Find(t, func(t *scenario.T) error {
		_, _, line, _ = runtime.Caller(0)
		helper(t)
		return probe(t)
	})
	require.ErrorContains(t, err, fmt.Sprintf("t_test.go:%d: from a helper", line+1))
}

func TestTIsOfItsRun(t *testing.T) {
	var dirs []string
	var order []string
	_, err := scenario.Find(t, func(rt *scenario.T) error {
		order = nil
		rt.Cleanup(func() {
			order = append(order, "first registered")
			if rt.Context().Err() == nil {
				rt.Errorf("the context outlives the body")
			}
			if err := probeAfter(rt); err != nil {
				rt.Errorf("the server is gone before the cleanups: %v", err)
			}
		})
		rt.Cleanup(func() { order = append(order, "last registered") })
		dir := rt.TempDir()
		dirs = append(dirs, dir)
		rt.Check("each directory is new", dir != rt.TempDir() && dir != rt.ArtifactDir())
		rt.Check("it exists", os.WriteFile(dir+"/f", nil, 0o600) == nil)
		rt.Check("the run's name says which", rt.Name() != t.Name())
		rt.Check("time is virtual", time.Now().Year() == 2000)
		deadline := time.Now().Add(time.Hour)
		time.Sleep(time.Until(deadline))
		return probe(rt)
	}, scenario.Faults(scenario.Unavailable))
	require.NoError(t, err)
	require.Equal(t, []string{"last registered", "first registered"}, order)
	require.Greater(t, len(dirs), 2)
	for _, dir := range dirs {
		require.NoDirExists(t, dir)
	}
	require.False(t, t.Failed())
}

// probeAfter makes a call on a context of its own.
func probeAfter(t *scenario.T) error {
	_, err := images(t).List(noEnd, &compute.ListImagesRequest{FolderId: "f"})
	return err
}

func TestSkippedRuns(t *testing.T) {
	found, err := scenario.Find(t, func(t *scenario.T) error {
		if err := probe(t); err != nil {
			t.Skip("not today")
		}
		return nil
	}, scenario.Faults(scenario.Unavailable, scenario.Denied))
	require.NoError(t, err)
	require.Contains(t, found.Summary, "4 runs: 2 ended ok, 2 with skipped")

	skipped := t.Run("skipped", func(t *testing.T) {
		scenario.Explore(t, func(t *scenario.T) error { t.Skipf("%s", "never"); return errors.New("unreachable") })
		t.Error("Explore went on")
	})
	require.True(t, skipped)
}
