package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/imagefake/imagefake/fake"
)

// Option configures [Explore] and [Chaos]. Options are values. Of two that set the same thing the later one wins; OnServer and Setup
// add up.
type Option interface{ apply(*config) error }

type option func(*config) error

func (o option) apply(c *config) error { return o(c) }

// config is what options write.
type config struct {
	server      []fake.Option
	setup       []func(*fake.Server)
	kinds       []Kind
	asked       bool // kinds are the user's choice
	rivals      []Kind
	expected    []expectation
	on          []fake.Matcher
	pairs       int
	orders      int  // 0: the usual one only
	commitsOnly bool // of tests: neither answers nor time on the way
	unreduced   bool // of tests: orders that can only repeat others are tried, too
	time        time.Duration
	calls       int
	bubbles     int // runs at a time; 0: on real time, outside of a bubble
	watchdog    time.Duration
}

const (
	defaultTime     = 24 * time.Hour
	defaultRealTime = 30 * time.Second
	defaultCalls    = 1000
	defaultWatchdog = 10 * time.Second
)

func newConfig(opts []Option) (config, error) {
	c := config{kinds: defaultKinds(), calls: defaultCalls, bubbles: 1, watchdog: defaultWatchdog}
	for _, o := range opts {
		if o == nil {
			return c, errors.New("one of the options is nil")
		}
		if err := o.apply(&c); err != nil {
			return c, err
		}
	}
	c.kinds = append(c.kinds[:len(c.kinds):len(c.kinds)], c.rivals...)
	if err := checkKinds(c.kinds); err != nil {
		return c, err
	}
	if c.orders > 0 && c.bubbles == 0 {
		return c, errors.New("Orders and RealTime: which call goes first can only be decided in a bubble; leave one of them out")
	}
	if c.time == 0 {
		c.time = defaultTime
		if c.bubbles == 0 {
			c.time = defaultRealTime
		}
	}
	return c, nil
}

// OnServer sets how the server of each run is made. Options add up.
func OnServer(opts ...fake.Option) Option {
	return option(func(c *config) error {
		c.server = append(c.server[:len(c.server):len(c.server)], opts...)
		return nil
	})
}

// Setup lets f prepare the server of each run, before the body and without faults. Calls that it makes are not explored. Options add
// up, in order.
func Setup(f func(*fake.Server)) Option {
	return option(func(c *config) error {
		if f == nil {
			return errors.New("Setup(nil): give it a func that prepares a server")
		}
		c.setup = append(c.setup[:len(c.setup):len(c.setup)], f)
		return nil
	})
}

var kindName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Faults sets the kinds of fault. Default: all that this package names, but [Silence].
func Faults(kinds ...Kind) Option {
	return option(func(c *config) error {
		if len(kinds) == 0 {
			return errors.New("Faults(): name at least one kind")
		}
		c.kinds, c.asked = kinds, true
		return nil
	})
}

// Rivals adds kinds of what other clients and the cloud do between any two calls, beside the kinds of fault: those given, or all of
// this package, [ImageDeleted] and so on. Options add up. Default: none.
//
// What they make has the description plain.MadeByAnother, and assert.NothingLeft does not take it for the body's.
func Rivals(kinds ...Kind) Option {
	return option(func(c *config) error {
		if len(kinds) == 0 {
			kinds = allRivals()
		}
		c.rivals = append(c.rivals[:len(c.rivals):len(c.rivals)], kinds...)
		return nil
	})
}

// checkKinds tells what is wrong with kinds of fault.
func checkKinds(kinds []Kind) error {
	names := make(map[string]bool)
	for _, k := range kinds {
		switch {
		case k.wrong != "":
			return fmt.Errorf("Faults: the kind %q: %s", k.Name, k.wrong)
		case !kindName.MatchString(k.Name):
			return fmt.Errorf("Faults: the kind name %q: use lower-case letters, digits and dashes, such as slow-disk", k.Name)
		case k.make == nil && k.Act == nil && k.Do.String() == "":
			return fmt.Errorf("Faults: the kind %q does nothing: set Do, to fake.Return(codes.Unavailable) for example, or Act", k.Name)
		}
		for _, name := range []string{k.Name, k.label(true)} {
			if names[name] {
				return fmt.Errorf("Faults: two kinds are called %q: reports could not tell them apart", name)
			}
		}
		names[k.Name] = true
		if k.lateToo {
			names[k.label(true)] = true
		}
	}
	return nil
}

// On sets the calls that faults happen to: those that one of the matchers picks. Default: all calls.
func On(m ...fake.Matcher) Option {
	return option(func(c *config) error {
		c.on = m
		return nil
	})
}

// Pairs makes [Explore] try two faults at once, at two calls that the body makes anyway, in at most so many runs. Default: none. A
// second fault at a call that comes only because of the first (a retry, a cleanup) is always tried, and costs nothing of this.
func Pairs(budget int) Option {
	return option(func(c *config) error {
		if budget < 0 {
			return fmt.Errorf("Pairs(%d): name the number of runs that pairs may take; 0 for none", budget)
		}
		c.pairs = budget
		return nil
	})
}

// Orders makes [Explore] try the orders in which calls that are under way at the same time take effect, in at most budget runs. In
// as many runs again, calls are on their way for up to a second, so that later ones overtake them; and in as many again the order of
// their answers is tried, too. Default: the usual order alone, the same in every run: of the calls that wait the first by caller,
// method and request.
//
// All three are tried without faults, and then under one fault: each that happens where calls wait side by side and that body holds
// under in the usual order. A budget of its own for each of the three is spread evenly over the faults, and goes first to the orders of
// the call that the fault happens to, and of what comes of it.
//
// What can only repeat what other orders show is left out: reads change places freely, and so do calls on different images, names,
// families and folders. Whether it is the same to the body is tried once for each two calls. The report says how many orders there
// are, and what was left out. A breaking order is reported with the fewest departures from the usual one, as a call of
// [fake.Server.Order] that makes it happen on any server, and the fault, if it takes one.
//
// Two calls of one caller with equal requests that are under way at once are told apart by which came first, which the Go scheduler
// decides. Every outcome is found all the same; the number of runs may differ by one or two from exploration to exploration, and does
// not where each goroutine is a caller of its own ([fake.Server.ConnAs]).
func Orders(budget int) Option {
	return option(func(c *config) error {
		if budget < 1 {
			return fmt.Errorf("Orders(%d): name the number of runs that orders may take, from 1; for none leave the option out", budget)
		}
		c.orders = budget
		return nil
	})
}

// Limit sets what one run may take: time on its virtual clock, and calls. A run beyond that is broken: it hangs. Default: a day and
// 1,000 calls. Zero leaves the default.
func Limit(virtual time.Duration, calls int) Option {
	return option(func(c *config) error {
		if virtual < 0 || calls < 0 {
			return fmt.Errorf("Limit(%v, %d): a limit cannot be negative", virtual, calls)
		}
		if virtual > 0 {
			c.time = virtual
		}
		if calls > 0 {
			c.calls = calls
		}
		return nil
	})
}

// Parallel lets n runs go on at once. The body must then bear being run by several goroutines: what it shares with its test needs a
// lock. Default: 1.
func Parallel(n int) Option {
	return option(func(c *config) error {
		if n < 1 {
			return fmt.Errorf("Parallel(%d): name how many runs may go on at once, from 1", n)
		}
		c.bubbles = n
		return nil
	})
}

// RealTime runs the body outside of testing/synctest bubbles, one run after the other, for bodies that cannot live in one: real
// networks, cgo, channels made outside. Waits then cost what they say, Limit counts real time (default: 30 s), and goroutines that
// a run leaves behind are not noticed.
func RealTime() Option {
	return option(func(c *config) error {
		c.bubbles = 0
		return nil
	})
}
