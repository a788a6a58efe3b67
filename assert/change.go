package assert

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/protobuf/proto"
)

// Unchanged checks that the state of the server is what it was: images and other resources, access bindings, operations, idempotency
// keys, ids used up. A request that was refused, or only read, changes nothing; a poll that moves an operation does.
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
	for _, c := range changesOf(since.Resources(), now.Resources()) {
		lines = append(lines, under(c.noun()+" "+c.id(), c.lines())...)
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

// Changed checks that exactly these resources, images or others, have changed, appeared or gone since a state was taken, and how: each
// passes its checks now, [Gone] for one that was removed. An empty map stands for none: nothing has changed. A resource is named by its
// id or, if none has this id, by its name; where two that have changed bear one name, by their ids. Where checks are given for one that
// was there before, they must be about every field that has changed; without checks any change is fine.
//
//	before := cloud.Snapshot()
//	…
//	assert.Changed(t, cloud, before, map[string][]assert.Check{id: {assert.Labels(map[string]string{"stage": "test"})}})
//
// It looks at resources alone: not at access bindings, nor at operations, for which there are [Unchanged] and [NothingLeft].
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
	for _, c := range changesOf(since.Resources(), now.Resources()) {
		key := c.key(images)
		if _, expected := images[key]; !expected {
			lines = append(lines, under(key, c.lines())...)
			continue
		}
		if other, clash := changed[key]; clash {
			lines = append(lines, under(key, []string{fmt.Sprintf("want one, got two that have changed, %s %s and %s %s: name them by their ids",
				other.noun(), other.id(), c.noun(), c.id())})...)
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
			lines = append(lines, under(key, differences(c.after, checks))...)
			lines = append(lines, under(key, c.uncovered(checks))...)
		}
	}
	if lines == nil {
		return true
	}
	expected := "expected no resource to have changed"
	if len(images) > 0 {
		expected = "expected exactly these resources to have changed: " + strings.Join(slices.Sorted(maps.Keys(images)), ", ")
	}
	return failed(t, s, "Changed", expected, block("it differs", cut(lines)...))
}

// NothingLeft checks that what the code under test made is gone and what it started has ended: there is no image, and no other
// resource, that was not there when a state was taken, whatever its status, and no operation that was not there then and is not done.
// What a rival of package scenario made, which has the description [plain.MadeByAnother], is nobody's to clean up.
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
	for _, m := range s.Resources() {
		if since.Resource(idOf(m)) == nil && textIn(m, "description") != plain.MadeByAnother {
			lines = append(lines, fmt.Sprintf("%s %s: %s", nounOf(m), plain.Line(idOf(m)), resourceLine(m)))
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
		fmt.Sprintf("expected no resource and no running operation that was not there before. There %s %d", is(len(lines)), len(lines)),
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

// change is one resource before and after; nil where it was not there.
type change struct{ before, after proto.Message }

// changesOf returns the resources that differ, in order of creation.
func changesOf(before, after []proto.Message) []change {
	now := make(map[string]proto.Message)
	for _, m := range after {
		now[idOf(m)] = m
	}
	was := make(map[string]bool)
	var changes []change
	for _, m := range before {
		is := now[idOf(m)]
		was[idOf(m)] = true
		if is == nil || plain.Differences(m, is) != nil {
			changes = append(changes, change{m, is})
		}
	}
	for _, m := range after {
		if !was[idOf(m)] {
			changes = append(changes, change{nil, m})
		}
	}
	return changes
}

// either returns the resource as it is, or as it was where it is not there.
func (c change) either() proto.Message {
	if c.after != nil {
		return c.after
	}
	return c.before
}

func (c change) id() string   { return idOf(c.either()) }
func (c change) noun() string { return nounOf(c.either()) }

// key returns what a test calls the resource: its id or, if wanted has that, its name before or after; else the id.
func (c change) key(wanted map[string][]Check) string {
	keys := []string{c.id(), textIn(c.before, "name"), textIn(c.after, "name")}
	for _, key := range keys {
		if _, is := wanted[key]; is {
			return key
		}
	}
	return c.id()
}

// lines tells what changed.
func (c change) lines() []string {
	switch {
	case c.before == nil:
		return []string{"want nothing, got a new one: " + resourceLine(c.after)}
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

// unchangedOr tells how the resource that a test calls key stands, if it has not changed.
func unchangedOr(now *fake.State, key string) string {
	for _, m := range now.Resources() {
		if idOf(m) == key || textIn(m, "name") == key {
			return "got it as before: " + resourceLine(m)
		}
	}
	return "got nothing: no resource has this id or name, now or then"
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
