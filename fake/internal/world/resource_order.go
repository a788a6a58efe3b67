package world

import (
	"cmp"
	"encoding/binary"
	"strings"

	"github.com/imagefake/imagefake/fake/internal/store"
)

// A spot is the place of a resource in every order of a list. It outlives the resource: a page can start behind one that was deleted
// meanwhile.
type spot struct {
	id, name string
	seconds  int64
	nanos    int32
	seq      int64
}

func spotOf(r *store.Resource) spot {
	at := typeIn(r).CreatedAt(r.Message)
	return spot{id: r.ID, name: r.Name, seconds: at.GetSeconds(), nanos: at.GetNanos(), seq: r.Seq}
}

// compare returns how the order of a query tells which of two spots comes first: ties of time by order of creation, resources without a
// name by id. desc turns it round, ties included.
func (q *ResourceQuery) compare() func(a, b spot) int {
	compare := func(a, b spot) int { return strings.Compare(a.id, b.id) }
	switch q.Order.Field {
	case "name":
		compare = func(a, b spot) int {
			if a.name != "" || b.name != "" {
				return strings.Compare(a.name, b.name)
			}
			return strings.Compare(a.id, b.id)
		}
	case "created_at":
		compare = func(a, b spot) int {
			return cmp.Or(cmp.Compare(a.seconds, b.seconds), cmp.Compare(a.nanos, b.nanos), cmp.Compare(a.seq, b.seq))
		}
	}
	if !q.Order.Desc {
		return compare
	}
	return func(a, b spot) int { return compare(b, a) }
}

const (
	named   = 'n'
	unnamed = 'i'
)

// key returns a spot in an order as bytes for a page token.
func (s spot) key(by string) []byte {
	switch {
	case by == "created_at":
		key := binary.BigEndian.AppendUint64(nil, uint64(s.seconds))
		key = binary.BigEndian.AppendUint32(key, uint32(s.nanos))
		return binary.BigEndian.AppendUint64(key, uint64(s.seq))
	case by == "name" && s.name != "":
		return append([]byte{named}, s.name...)
	case by == "name":
		return append([]byte{unnamed}, s.id...)
	}
	return []byte(s.id)
}

// spotAt returns the spot that a key stands for. The key fits the order and is not empty.
func spotAt(by string, key []byte) spot {
	switch {
	case by == "created_at":
		return spot{
			seconds: int64(binary.BigEndian.Uint64(key)), nanos: int32(binary.BigEndian.Uint32(key[8:])), seq: int64(binary.BigEndian.Uint64(key[12:])),
		}
	case by == "name" && key[0] == named:
		return spot{name: string(key[1:])}
	case by == "name":
		return spot{id: string(key[1:])}
	}
	return spot{id: string(key)}
}
