package scenario

import (
	"fmt"
	"maps"
	"runtime"
	"strings"
	"sync"

	"github.com/google/go-cmp/cmp"
	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

// Check fails the run if a promise is broken. The promise is a short sentence that holds for every run, such as "failure leaves
// nothing behind". The run goes on, so that all broken promises are seen. values are printed behind it, each with what it is:
//
//	t.Check("the newest are kept", slices.Equal(kept, newest), "kept", kept, "newest", newest)
func (t *T) Check(promise string, ok bool, values ...any) {
	t.checks.Store(true)
	if ok {
		return
	}
	t.Helper()
	text := "broken promise: " + promise
	for i, value := range values {
		switch {
		case i%2 == 1:
			text += ": " + shown(value)
		case i == len(values)-1:
			text += "\n\t" + shown(value)
		default:
			text += fmt.Sprintf("\n\t%v", value)
		}
	}
	t.fail(text)
}

// CheckEqual is [T.Check] that got is want. Where they differ it shows how: messages field by field, all else as both are.
func (t *T) CheckEqual(promise string, want, got any) {
	t.checks.Store(true)
	if differs := difference(want, got); differs != "" {
		t.Helper()
		t.fail("broken promise: " + promise + "\n" + indent(differs, "\t"))
	}
}

// Sometimes notes whether something that need not happen in every run has happened in this one. [Explore] and [Chaos] fail, and name
// the promise, if it has happened in none: a test that means to see a rollback, and never comes to one, shows nothing.
func (t *T) Sometimes(promise string, happened bool) {
	t.checks.Store(true)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sometimes == nil {
		t.sometimes = make(map[string]bool)
	}
	t.sometimes[promise] = t.sometimes[promise] || happened
}

// happened returns what Sometimes was told.
func (t *T) happened() map[string]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.sometimes)
}

// asserts tells whether the body has checked anything: with its T, or with something that calls Helper, as testify and package assert
// do.
func (t *T) asserts() bool {
	if t.checks.Load() {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed {
		return true
	}
	for pc := range t.helpers {
		if !ofKit(pc) {
			return true
		}
	}
	return false
}

// kitHelpers is which funcs that call Helper are the kit's, by where they do: looking that up takes as long as a call.
var kitHelpers sync.Map // uintptr → bool

func ofKit(pc uintptr) bool {
	if known, ok := kitHelpers.Load(pc); ok {
		return known.(bool)
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	ours := kitCode(frame.Function, frame.File)
	kitHelpers.Store(pc, ours)
	return ours
}

// shown returns a value as a broken promise shows it.
func shown(value any) string {
	if m, is := value.(proto.Message); is {
		return plain.Redacted(m)
	}
	return plain.Line(fmt.Sprintf("%v", value))
}

// difference tells how two values differ, "" if they do not.
func difference(want, got any) (text string) {
	a, message := want.(proto.Message)
	b, other := got.(proto.Message)
	if message && other && a.ProtoReflect().Descriptor() == b.ProtoReflect().Descriptor() {
		var lines []string
		for _, d := range plain.Differences(a, b) {
			lines = append(lines, d.String())
		}
		return strings.Join(lines, "\n")
	}
	defer func() {
		if p := recover(); p != nil { // go-cmp does so where it may not look into a struct
			text = fmt.Sprintf("the two cannot be compared: %v", p)
		}
	}()
	if cmp.Equal(want, got, protocmp.Transform()) {
		return ""
	}
	return fmt.Sprintf("want %s\ngot  %s", shown(want), shown(got))
}
