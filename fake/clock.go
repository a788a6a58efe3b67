package fake

import "time"

// Clock is what a server reads time from: the creation times of what it makes, the plans of operations, the delays of faults, the
// times in the record. The fakes of clockwork, k8s.io/utils/clock and benbjohnson/clock are Clocks as they are.
//
// Now must not use the server: it would be asked for the time again. A Now that does, that panics, ends its goroutine or does not
// return for five seconds, is misuse, said once; the last time it told stands, and nothing is held up. Without [WithClock] the clock
// is the time package, which is virtual inside a testing/synctest bubble.
//
// State is computed from Now when it is asked for: every call that starts after a clock was moved sees the state of the new time.
// Only a [ManualClock] tells its servers that it has moved; with another, what waits wakes by After.
//
// Two things go by the wall clock whatever the server's clock says: the expiry of IAM tokens, because SDKs compare it with
// time.Now [sdk], and the 20 seconds for which the poll of an unfinished operation is held.
type Clock interface {
	Now() time.Time
	After(time.Duration) <-chan time.Time
}

// realClock is the time package.
type realClock struct{}

func (realClock) Now() time.Time                         { return time.Now() }
func (realClock) After(d time.Duration) <-chan time.Time { return time.After(d) }
