package store

import (
	"cmp"
	"iter"
	"strings"
)

// A hold is a name that a running operation has been promised for an image which does not bear it yet.
type hold struct{ folder, name, operation, image string }

func byHold(a, b hold) int {
	return cmp.Or(strings.Compare(a.folder, b.folder), strings.Compare(a.name, b.name), strings.Compare(a.operation, b.operation))
}

// Hold promises a name to an image until Release, so that no other image takes it meanwhile. The empty name needs no promise.
func (s *Images) Hold(folder, name, operation, image string) {
	if name != "" {
		setsOf(s).holds.Set(hold{folder, name, operation, image})
	}
}

// Release ends the promise that Hold made for an operation.
func (s *Images) Release(folder, name, operation string) {
	setsOf(s).holds.Delete(hold{folder: folder, name: name, operation: operation})
}

// Taken tells whether an image other than except bears a name in a folder or has been promised it.
func (s *Images) Taken(folder, name, except string) bool {
	if name == "" {
		return false
	}
	if im := s.Named(folder, name); im != nil && im.Id != except {
		return true
	}
	for h := range s.holdsOf(folder, name) {
		if h.image != except {
			return true
		}
	}
	return false
}

func (s *Images) holdsOf(folder, name string) iter.Seq[hold] {
	return func(yield func(hold) bool) {
		setsOf(s).holds.Ascend(hold{folder: folder, name: name}, func(h hold) bool {
			return h.folder == folder && h.name == name && yield(h)
		})
	}
}

// Holds yields the promised names as text, in order.
func (s *Images) Holds() iter.Seq[string] {
	return func(yield func(string) bool) {
		setsOf(s).holds.Scan(func(h hold) bool { return yield(h.folder + "/" + h.name + " by " + h.operation + " for " + h.image) })
	}
}
