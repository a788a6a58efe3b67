// Package ordered has sets that keep their items in an order and are copied in constant time.
//
// A set is an interface, and its trees are made here: the compiler translates the methods of a generic type in every package whose
// types reach it, so that a tree in a field of a server would be translated again in each test that mentions the server.
package ordered

import "github.com/tidwall/btree"

// Set holds items of which no two compare equal. Not even reading it is safe for concurrent use; a copy belongs to whoever made it.
// The funcs given to Scan, Ascend and Descend must not change the set; they return false to end the walk.
type Set[T any] interface {
	Len() int
	Get(like T) (item T, found bool)
	Min() (item T, found bool)

	Set(item T) (replaced T, was bool)
	Delete(like T) (deleted T, was bool)

	Scan(yield func(T) bool)            // all, in order
	Ascend(from T, yield func(T) bool)  // those that are not before from, in order
	Descend(from T, yield func(T) bool) // those that are not behind from, in the opposite order
	Copy() Set[T]                       // costs the same for one item as for a million
}

// New returns an empty set in the order that compare tells.
func New[T any](compare func(a, b T) int) Set[T] {
	less := func(a, b T) bool { return compare(a, b) < 0 }
	return tree[T]{btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})}
}

type tree[T any] struct{ *btree.BTreeG[T] }

func (t tree[T]) Copy() Set[T] { return tree[T]{t.BTreeG.Copy()} }
