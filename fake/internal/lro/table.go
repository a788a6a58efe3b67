package lro

import (
	"cmp"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake/internal/ordered"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

// Operation is an operation as the table keeps it: replaced, never changed.
type Operation struct {
	*operation.Operation // as served; never changed once stored

	Run     Run
	Seq     int64  // order of creation
	Subject string // the id of the resource it works on
	Method  string // the full name of the RPC that started it
	By      any    // what started it: the same for all versions of one operation and for no other; the table does not look at it
	Work    any    // what its end does to the world; the table does not look at it

	Fails *status.Status // what it is known to end with, whatever the plan; nil: it goes by the plan
}

// Key is an idempotency key: the same word of another owner is another key.
type Key struct{ Owner, Word string }

// Use is what an idempotency key was used for.
type Use struct {
	Key
	Method    string        // the full name of the RPC
	Request   proto.Message // never changed
	Operation string        // the id of the operation that was started
}

// Table is a set of operations. The zero value is not usable: call NewTable.
type Table struct {
	sets   any // *sets: see setsOf
	active int
}

type sets struct {
	byID      ordered.Set[*Operation]
	bySubject ordered.Set[*Operation] // subject, seq
	byDue     ordered.Set[*Operation] // due, seq; those that time alone moves
	keys      ordered.Set[Use]
}

// setsOf returns the sets of t. They are not to be reached through the fields or methods of any type: what can be is translated again
// in every package that mentions a server. It is a func for that reason.
func setsOf(t *Table) *sets { return t.sets.(*sets) }

func byID(a, b *Operation) int { return strings.Compare(a.Id, b.Id) }

func bySubject(a, b *Operation) int {
	return cmp.Or(strings.Compare(a.Subject, b.Subject), cmp.Compare(a.Seq, b.Seq))
}

// byDue puts the earliest deadline first, equal ones in order of creation.
func byDue(a, b *Operation) int {
	aDue, _ := a.Run.Due()
	bDue, _ := b.Run.Due()
	return cmp.Or(aDue.Compare(bDue), cmp.Compare(a.Seq, b.Seq))
}

func byKey(a, b Use) int {
	return cmp.Or(strings.Compare(a.Owner, b.Owner), strings.Compare(a.Word, b.Word))
}

// NewTable returns an empty table.
func NewTable() *Table {
	return &Table{sets: &sets{
		byID:      ordered.New(byID),
		bySubject: ordered.New(bySubject),
		byDue:     ordered.New(byDue),
		keys:      ordered.New(byKey),
	}}
}

// Clone returns a table of its own with the same operations.
func (t *Table) Clone() *Table {
	from := setsOf(t)
	return &Table{active: t.active, sets: &sets{
		byID: from.byID.Copy(), bySubject: from.bySubject.Copy(), byDue: from.byDue.Copy(), keys: from.keys.Copy(),
	}}
}

// Len returns the number of operations, ended ones included.
func (t *Table) Len() int { return setsOf(t).byID.Len() }

// Active returns the number of operations that are not done.
func (t *Table) Active() int { return t.active }

// Get returns the operation with that id, nil if there is none.
func (t *Table) Get(id string) *Operation {
	op, _ := setsOf(t).byID.Get(&Operation{Operation: &operation.Operation{Id: id}})
	return op
}

// Put stores op, in the place of the one with its id if there is one. Seq and Subject of an operation never change.
func (t *Table) Put(op *Operation) {
	if old, replaced := setsOf(t).byID.Set(op); replaced {
		if !old.Run.Phase.Done() {
			t.active--
		}
		if _, due := old.Run.Due(); due {
			setsOf(t).byDue.Delete(old)
		}
	}
	if !op.Run.Phase.Done() {
		t.active++
	}
	setsOf(t).bySubject.Set(op)
	if _, due := op.Run.Due(); due {
		setsOf(t).byDue.Set(op)
	}
}

// Next returns the operation that time moves next and when, nil if there is none.
func (t *Table) Next() (op *Operation, at time.Time) {
	op, ok := setsOf(t).byDue.Min()
	if !ok {
		return nil, time.Time{}
	}
	at, _ = op.Run.Due()
	return op, at
}

// Scheduled yields the operations that time moves, the earliest first.
func (t *Table) Scheduled() iter.Seq[*Operation] {
	return func(yield func(*Operation) bool) { setsOf(t).byDue.Scan(yield) }
}

// Of yields the operations on a subject, newest first, starting behind the one with sequence number before; 0 starts at the newest.
func (t *Table) Of(subject string, before int64) iter.Seq[*Operation] {
	if before == 0 {
		before = math.MaxInt64
	}
	pivot := &Operation{Subject: subject, Seq: before - 1}
	return func(yield func(*Operation) bool) {
		setsOf(t).bySubject.Descend(pivot, func(op *Operation) bool { return op.Subject == subject && yield(op) })
	}
}

// All yields every operation in ascending order of id.
func (t *Table) All() iter.Seq[*Operation] {
	return func(yield func(*Operation) bool) { setsOf(t).byID.Scan(yield) }
}

// Used returns what an idempotency key was used for.
func (t *Table) Used(k Key) (Use, bool) { return setsOf(t).keys.Get(Use{Key: k}) }

// Use remembers what an idempotency key was used for.
func (t *Table) Use(u Use) { setsOf(t).keys.Set(u) }

// Uses yields every idempotency key in order.
func (t *Table) Uses() iter.Seq[Use] {
	return func(yield func(Use) bool) { setsOf(t).keys.Scan(yield) }
}

// Remove takes an operation out, as if it had never been started.
func (t *Table) Remove(id string) {
	op, ok := setsOf(t).byID.Delete(&Operation{Operation: &operation.Operation{Id: id}})
	if !ok {
		return
	}
	if !op.Run.Phase.Done() {
		t.active--
	}
	if _, due := op.Run.Due(); due {
		setsOf(t).byDue.Delete(op)
	}
	setsOf(t).bySubject.Delete(op)
}
