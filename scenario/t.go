package scenario

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/imagefake/imagefake/fake"
)

// T is the testing.TB of one run of a body. Failures, logs, Cleanup, Context and TempDir are the run's own: a body that fails with
// it, FailNow included, ends its run and nothing else. It fits wherever a testing.TB does, testify included, and may be used from
// any goroutine of the body; FailNow and Skip must be called from the goroutine of the body.
//
// A panic of the body is a failure of the run. One in a goroutine that the body started ends the test binary, as it always does.
type T struct {
	// Only for its unexported method, without which nothing is a testing.TB. Everything else is overridden: in a bubble the
	// enclosing test must not be touched.
	testing.TB

	name  string
	cloud *fake.Server
	ctx   context.Context

	checks atomic.Bool // a promise was checked

	mu        sync.Mutex // guards what follows
	sometimes map[string]bool
	failures  []string
	logs      []string
	failed    bool
	skipped   bool
	quiet     bool             // the server is closing, and need not draw what it saw: the run does, once, if somebody asks
	helpers   map[uintptr]bool // where helpers said that they are
	cleanups  []func()
	temp      string // parent of the TempDirs, "" before the first
}

var _ testing.TB = (*T)(nil)

// Cloud returns the server of the run. It closes after the run's cleanups.
func (t *T) Cloud() *fake.Server { return t.cloud }

// Context returns the context of the run. It is cancelled before the cleanups run, and when the run comes to one of its limits (see
// [Limit]). A body that goes on calling long after that, without pause, is ended by it: its goroutine exits.
func (t *T) Context() context.Context { return t.ctx }

// Name returns the name of the enclosing test and of the faults of the run: "TestBake/ImageCreate#1/lost-reply".
func (t *T) Name() string { return t.name }

// Helper marks the calling func as a helper: failures are reported at the line of its caller.
func (t *T) Helper() {
	var pc [1]uintptr
	if runtime.Callers(2, pc[:]) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.helpers == nil {
		t.helpers = make(map[uintptr]bool)
	}
	t.helpers[pc[0]] = true // its name is only looked up if there is something to report
}

// helperNames returns the names of the funcs that are helpers. The caller holds the lock.
func (t *T) helperNames() map[string]bool {
	names := make(map[string]bool, len(t.helpers))
	for pc := range t.helpers {
		frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
		names[frame.Function] = true
	}
	return names
}

// line returns where the test calls from, "bake_test.go:12: ": the nearest frame that is neither the kit's nor a helper; "" if there
// is none. The caller holds the lock.
func (t *T) line() string {
	helpers := t.helperNames()
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "runtime.") {
			return ""
		}
		if !helpers[frame.Function] && !kitCode(frame.Function, frame.File) {
			return fmt.Sprintf("%s:%d: ", filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return ""
		}
	}
}

func (t *T) fail(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = true
	t.failures = append(t.failures, t.line()+strings.TrimSpace(text))
}

func (t *T) log(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.quiet {
		t.logs = append(t.logs, t.line()+strings.TrimSpace(text))
	}
}

// Error is Errorf without a format.
func (t *T) Error(args ...any) { t.fail(fmt.Sprintln(args...)) }

// Errorf fails the run, which goes on.
func (t *T) Errorf(format string, args ...any) { t.fail(fmt.Sprintf(format, args...)) }

// Fatal is Error, then FailNow.
func (t *T) Fatal(args ...any) { t.fail(fmt.Sprintln(args...)); runtime.Goexit() }

// Fatalf is Errorf, then FailNow.
func (t *T) Fatalf(format string, args ...any) {
	t.fail(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

// Fail fails the run, which goes on.
func (t *T) Fail() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = true
}

// FailNow fails the run and ends the goroutine that calls it, which must be that of the body.
func (t *T) FailNow() { t.Fail(); runtime.Goexit() }

// Failed tells whether the run has failed.
func (t *T) Failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed && !t.quiet
}

// Log keeps a text for the report of the run, if it breaks.
func (t *T) Log(args ...any) { t.log(fmt.Sprintln(args...)) }

// Logf is Log with a format.
func (t *T) Logf(format string, args ...any) { t.log(fmt.Sprintf(format, args...)) }

// Output returns a writer for the logs of the run.
func (t *T) Output() io.Writer { return output{t} }

type output struct{ t *T }

func (o output) Write(p []byte) (int, error) {
	o.t.mu.Lock()
	defer o.t.mu.Unlock()
	o.t.logs = append(o.t.logs, strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

// Attr keeps an attribute among the logs of the run.
func (t *T) Attr(key, value string) { t.Logf("%s=%s", key, value) }

// Skip ends the run without a verdict. A run without faults that is skipped skips the test.
func (t *T) Skip(args ...any) { t.log(fmt.Sprintln(args...)); t.SkipNow() }

// Skipf is Skip with a format.
func (t *T) Skipf(format string, args ...any) { t.log(fmt.Sprintf(format, args...)); t.SkipNow() }

// SkipNow is Skip without a text.
func (t *T) SkipNow() {
	t.mu.Lock()
	t.skipped = true
	t.mu.Unlock()
	runtime.Goexit()
}

// Skipped tells whether the run was skipped.
func (t *T) Skipped() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.skipped
}

// Cleanup registers a func that runs after the body, the last registered first.
func (t *T) Cleanup(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, f)
}

// takeCleanup returns the cleanup that is to run next, nil if none is left.
func (t *T) takeCleanup() func() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.cleanups) == 0 {
		return nil
	}
	last := len(t.cleanups) - 1
	next := t.cleanups[last]
	t.cleanups = t.cleanups[:last]
	return next
}

// TempDir returns a new directory, which is removed when the run ends.
func (t *T) TempDir() string {
	t.mu.Lock()
	if t.temp == "" {
		parent, err := os.MkdirTemp("", "imagefake-run-")
		if err != nil {
			t.mu.Unlock()
			t.Fatalf("TempDir: %v", err)
		}
		t.temp = parent
		t.cleanups = slices.Insert(t.cleanups, 0, func() {
			if err := os.RemoveAll(parent); err != nil {
				t.Errorf("TempDir: %v", err)
			}
		})
	}
	parent := t.temp
	t.mu.Unlock()
	dir, err := os.MkdirTemp(parent, "")
	if err != nil {
		t.Fatalf("TempDir: %v", err)
	}
	return dir
}

// ArtifactDir is TempDir: there are too many runs to keep the artifacts of each.
func (t *T) ArtifactDir() string { return t.TempDir() }

// Setenv fails the run: the environment belongs to the process. Set it on the enclosing test.
func (t *T) Setenv(key, _ string) {
	t.Fatalf("Setenv(%q): a run cannot change the environment of the process: set it on the test that explores", key)
}

// Chdir fails the run: the working directory belongs to the process. Change it on the enclosing test.
func (t *T) Chdir(dir string) {
	t.Fatalf("Chdir(%q): a run cannot change the directory of the process: change it on the test that explores", dir)
}
