package histories

import "google.golang.org/grpc/codes"

// key is the model of one idempotency key of one caller: the first call with it that starts an operation gives the key to that, and
// every later one is answered with it and starts nothing [guide]. A call that is refused leaves the key unused.
type key struct{ operation string }

func (k key) String() string {
	if k.operation == "" {
		return "not used"
	}
	return "of operation " + k.operation
}

func (k key) step(m moment) (key, bool) {
	switch {
	case m.contradicts():
		return k, false
	case m.work != nil:
		used := k.operation != ""
		k.operation = m.work.id
		return k, !used && (m.unknown || m.answered().GetId() == m.work.id)
	case m.code() != codes.OK:
		return k, k.operation == "" // what the key stands for was taken once, and is not refused later
	}
	return k, k.operation != "" && m.repeated() == k.operation
}
