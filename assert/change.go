package assert

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/protobuf/proto"
)

// Unchanged checks that the state of the server is what it was: images, access bindings, operations, idempotency keys, ids used up.
// A request that was refused, or only read, changes nothing; a poll that moves an operation does.
//
//	before := cloud.Snapshot()
//	…
//	assert.Unchanged(t, cloud, before)
func Unchanged(t fake.TB, s *fake.Server, since *fake.State) bool {
	t.Helper()
	if !givenState(t, "Unchanged", s, since) {
		return false
	}
	now := s.Snapshot()
	if now.String() == since.String() {
		return true
	}
	var lines []string
	for _, c := range changesOf(since.Images(), now.Images()) {
		lines = append(lines, under("image "+c.id(), c.lines())...)
	}
	lines = append(lines, operationChanges(since.Operations(), now.Operations())...)
	about := "binding " // bindings are no part of the messages
	if lines == nil {
		about = "" // nor are counts of polls and ids used up
	}
	rest := lineChanges(since.String(), now.String(), about)
	return failed(t, s, "Unchanged", "expected the state to be what it was. It has changed",
		block("it differs", cut(lines)...), block("lines of its text that differ", cut(rest)...))
}

// Changed checks that exactly these images have changed, appeared or gone since a state was taken, and how: each passes its checks
// now, [Gone] for one that was removed. An empty map stands for none: no image has changed. An image is named by its id or, if none has this id, by its name. Where checks are given for
// an image that was there before, they must be about every field that has changed; without checks any change is fine.
//
//	before := cloud.Snapshot()
//	…
//	assert.Changed(t, cloud, before, map[string][]assert.Check{id: {assert.Labels(map[string]string{"stage": "test"})}})
//
// It looks at images alone: not at access bindings, nor at operations, for which there are [Unchanged] and [NothingLeft].
func Changed(t fake.TB, s *fake.Server, since *fake.State, images map[string][]Check) bool {
	t.Helper()
	if !givenState(t, "Changed", s, since) {
		return false
	}
	if broken := brokenImages(images); broken != "" {
		return failed(t, s, "Changed", broken)
	}
	now := s.Snapshot()
	changed := make(map[string]change)
	var lines []string
	for _, c := range changesOf(since.Images(), now.Images()) {
		key := c.key(images)
		if _, expected := images[key]; !expected {
			lines = append(lines, under(key, c.lines())...)
			continue
		}
		changed[key] = c
	}
	for _, key := range names(images, changed) {
		c, is := changed[key]
		checks := images[key]
		switch {
		case !is:
			lines = append(lines, under(key, []string{"want it changed, " + unchangedOr(now, key)})...)
		case c.after == nil && !wantsGone(checks):
			lines = append(lines, under(key, []string{"want it there, got nothing: it has gone"})...)
		default:
			lines = append(lines, under(key, differences(c.now(), checks))...)
			lines = append(lines, under(key, c.uncovered(checks))...)
		}
	}
	if lines == nil {
		return true
	}
	expected := "expected no image to have changed"
	if len(images) > 0 {
		expected = "expected exactly these images to have changed: " + strings.Join(slices.Sorted(maps.Keys(images)), ", ")
	}
	return failed(t, s, "Changed", expected, block("it differs", cut(lines)...))
}

// NothingLeft checks that what the code under test made is gone and what it started has ended: there is no image that was not there
// when a state was taken, whatever its status, and no operation that was not there then and is not done.
//
//	before := cloud.Snapshot()
//	…
//	assert.NothingLeft(t, cloud, before)
func NothingLeft(t fake.TB, s *fake.Server, since *fake.State) bool {
	t.Helper()
	if !givenState(t, "NothingLeft", s, since) {
		return false
	}
	var lines []string
	for _, im := range s.Images() {
		if since.Image(im.Id) == nil {
			lines = append(lines, fmt.Sprintf("image %s: %s", plain.Line(im.Id), imageLine(im)))
		}
	}
	had := make(map[string]bool)
	for _, op := range since.Operations() {
		had[op.Id] = true
	}
	for _, op := range s.Operations() {
		if !had[op.ID()] && !op.Done() {
			lines = append(lines, op.String())
		}
	}
	if lines == nil {
		return true
	}
	return failed(t, s, "NothingLeft",
		fmt.Sprintf("expected no image and no running operation that was not there before. There %s %d", is(len(lines)), len(lines)),
		block("left", cut(lines)...))
}

func givenState(t fake.TB, check string, s *fake.Server, since *fake.State) bool {
	t.Helper()
	if !given(t, check, s) {
		return false
	}
	if since == nil {
		return failed(t, s, check, "there is no earlier state to compare with: take one with Snapshot before the code under test runs")
	}
	return true
}

// change is one image before and after; nil where it was not there.
type change struct{ before, after *compute.Image }

// changesOf returns the images that differ, in order of creation.
func changesOf(before, after []*compute.Image) []change {
	now := make(map[string]*compute.Image)
	for _, im := range after {
		now[im.Id] = im
	}
	was := make(map[string]bool)
	var changes []change
	for _, im := range before {
		was[im.Id] = true
		if now[im.Id] == nil || plain.Differences(im, now[im.Id]) != nil {
			changes = append(changes, change{im, now[im.Id]})
		}
	}
	for _, im := range after {
		if !was[im.Id] {
			changes = append(changes, change{nil, im})
		}
	}
	return changes
}

// now returns the image as it is, nil where it is not there.
func (c change) now() proto.Message {
	if c.after == nil {
		return nil
	}
	return c.after
}

func (c change) id() string {
	if c.before != nil {
		return c.before.Id
	}
	return c.after.Id
}

// key returns what a test calls the image: its id or, if images has that, its name before or after; else the id.
func (c change) key(images map[string][]Check) string {
	keys := []string{c.id(), c.before.GetName(), c.after.GetName()}
	for _, key := range keys {
		if _, is := images[key]; is {
			return key
		}
	}
	return c.id()
}

// lines tells what changed.
func (c change) lines() []string {
	switch {
	case c.before == nil:
		return []string{"want nothing, got a new one: " + imageLine(c.after)}
	case c.after == nil:
		return []string{"want it there as before, got nothing: it has gone"}
	}
	var lines []string
	for _, d := range plain.Differences(c.before, c.after) {
		lines = append(lines, d.String())
	}
	return lines
}

// uncovered tells which fields have changed that no check is about.
func (c change) uncovered(checks []Check) []string {
	if c.before == nil || c.after == nil || len(checks) == 0 {
		return nil
	}
	var lines []string
	for _, d := range plain.Differences(c.before, c.after) {
		field := d.Path
		if end := strings.IndexAny(field, ".["); end >= 0 {
			field = field[:end]
		}
		if !slices.ContainsFunc(checks, func(check Check) bool { return check.covers(field) }) {
			lines = append(lines, d.String()+", and no check is about that field")
		}
	}
	return lines
}

// unchangedOr tells how the image that a test calls key stands, if it has not changed.
func unchangedOr(now *fake.State, key string) string {
	for _, im := range now.Images() {
		if im.Id == key || im.Name == key {
			return "got it as before: " + imageLine(im)
		}
	}
	return "got nothing: no image has this id or name, now or then"
}

// operationChanges tells which operations are new, changed or no longer there.
func operationChanges(before, after []*operation.Operation) []string {
	was := make(map[string]*operation.Operation)
	for _, op := range before {
		was[op.Id] = op
	}
	var lines []string
	for _, op := range after {
		name := fmt.Sprintf("operation %s (%s)", op.Id, op.Description)
		old := was[op.Id]
		delete(was, op.Id)
		if old == nil {
			lines = append(lines, name+": want none, got a new one")
			continue
		}
		for _, d := range plain.Differences(old, op) {
			lines = append(lines, name+": "+d.String())
		}
	}
	for _, op := range before {
		if was[op.Id] != nil {
			lines = append(lines, fmt.Sprintf("operation %s (%s): want it there as before, got nothing", op.Id, op.Description))
		}
	}
	return lines
}

// lineChanges returns the lines that only one of two texts has, of those that begin with about.
func lineChanges(before, after, about string) []string {
	was, now := strings.Split(before, "\n"), strings.Split(after, "\n")
	var lines []string
	note := func(what string, in, out []string) {
		for _, line := range in {
			if text := strings.TrimSpace(line); strings.HasPrefix(text, about) && !slices.Contains(out, line) {
				lines = append(lines, what+text)
			}
		}
	}
	note("want: ", was, now)
	note("got:  ", now, was)
	return lines
}
