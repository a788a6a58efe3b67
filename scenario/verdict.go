package scenario

import (
	"fmt"
	"strings"
)

// What the run does with its T.

// firstCleanup takes out the cleanup that was registered first, that of the server: it runs last.
func (t *T) firstCleanup() func() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cloud == nil || len(t.cleanups) == 0 {
		return nil
	}
	at := 0
	if t.temp != "" { // its removal was put in front: the server comes right after it
		at = 1
	}
	first := t.cleanups[at]
	t.cleanups = append(t.cleanups[:at:at], t.cleanups[at+1:]...)
	return first
}

// mute drops what is logged from now on.
func (t *T) mute() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.quiet = true
}

// verdict returns what was reported. A run that failed without a word did so by Fail or FailNow.
func (t *T) verdict() (failures, logs []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	failures = append(failures, t.failures...)
	if t.failed && len(failures) == 0 {
		failures = []string{"failed by Fail or FailNow, without a text"}
	}
	return failures, append(logs, t.logs...)
}

// add reports a failure that belongs to no line of the test.
func (t *T) add(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = true
	t.failures = append(t.failures, text)
}

// panicked reports a panic at the line of the body that it came from.
func (t *T) panicked(p any, stack string) {
	if fmt.Sprint(p) == waitIsTaken {
		t.add(usesWait)
		return
	}
	// The frames above the call of panic are those of the recovery.
	if _, below, found := strings.Cut(stack, "\npanic("); found {
		_, below, _ = strings.Cut(below, "\n") // the arguments
		_, stack, _ = strings.Cut(below, "\n") // the file
	}
	at := userPlace(stack)
	if at == "" {
		at = "no line of the body"
	}
	t.add(fmt.Sprintf("panic: %v: at %s", p, at))
}
