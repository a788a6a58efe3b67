package fake_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
)

// A witness is the TB of a server that is meant to complain: it remembers what was reported and, as testing.T does, at which line.
type witness struct {
	name string

	mu       sync.Mutex
	helpers  map[string]bool
	errors   []complaint
	logs     []string
	cleanups []func()
	over     bool // the cleanups have run: whoever complains now would make testing.T panic
}

type complaint struct {
	line string // file:line of the nearest caller that is no helper
	text string
	late bool
}

func (c complaint) String() string { return c.line + ": " + c.text }

// witnessed runs f as a test of its own: on its own goroutine, so that FailNow ends it, with its cleanups behind it.
func witnessed(t *testing.T, f func(w *witness)) *witness {
	w := newWitness(t)
	w.attend(func() { f(w) })
	return w
}

func newWitness(t *testing.T) *witness {
	return &witness{name: t.Name(), helpers: make(map[string]bool)}
}

func (w *witness) attend(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer w.end()
		f()
	}()
	<-done
}

func (w *witness) end() {
	for {
		w.mu.Lock()
		if len(w.cleanups) == 0 {
			w.over = true
			w.mu.Unlock()
			return
		}
		last := w.cleanups[len(w.cleanups)-1]
		w.cleanups = w.cleanups[:len(w.cleanups)-1]
		w.mu.Unlock()
		last()
	}
}

func (w *witness) Name() string { return w.name }

func (w *witness) Helper() {
	pc, _, _, _ := runtime.Caller(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.helpers[runtime.FuncForPC(pc).Name()] = true
}

func (w *witness) Logf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logs = append(w.logs, fmt.Sprintf(format, args...))
}

func (w *witness) Errorf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	frame, more := frames.Next()
	for more && w.helpers[frame.Function] {
		frame, more = frames.Next()
	}
	line := fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
	w.errors = append(w.errors, complaint{line, fmt.Sprintf(format, args...), w.over})
}

func (w *witness) FailNow() {
	w.mu.Lock()
	if len(w.errors) == 0 {
		w.errors = append(w.errors, complaint{"", "FailNow", w.over})
	}
	w.mu.Unlock()
	runtime.Goexit()
}

func (w *witness) Failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.errors) > 0
}

func (w *witness) Cleanup(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cleanups = append(w.cleanups, f)
}

// complaints returns what was reported so far.
func (w *witness) complaints() []complaint {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.errors)
}

// text returns all that was reported, a paragraph each.
func (w *witness) text() string {
	var b strings.Builder
	for _, c := range w.complaints() {
		fmt.Fprintln(&b, c)
	}
	return b.String()
}

// here returns file:line of its caller, below by that many lines.
func here(below int) string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", filepath.Base(file), line+below)
}

// disks is a neighbour: a DiskService whose Get is what a test makes of it.
type disks struct {
	compute.UnimplementedDiskServiceServer
	get diskGetter
}

type diskGetter func(context.Context, *compute.GetDiskRequest) (*compute.Disk, error)

func (d disks) Get(ctx context.Context, r *compute.GetDiskRequest) (*compute.Disk, error) {
	return d.get(ctx, r)
}

var diskGet = fake.Method(compute.DiskService_Get_FullMethodName)

func withDisks(get diskGetter) fake.Option {
	return fake.WithService(func(r grpc.ServiceRegistrar, _ *fake.Server) {
		compute.RegisterDiskServiceServer(r, disks{get: get})
	})
}
