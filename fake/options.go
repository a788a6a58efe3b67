package fake

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/world"
	"google.golang.org/grpc"
)

// Option configures a server. Options are values: one may be used for many servers. Of two options that set the same thing the
// later one wins; the doc comment says so where they add up instead.
type Option interface{ apply(*settings) error }

type option func(*settings) error

func (o option) apply(s *settings) error { return o(s) }

// settings are what options write. They are not changed once the server runs, so that a fork can start from them.
type settings struct {
	leakCheck    bool
	clock        Clock
	world        world.Settings
	plans        []plannedCalls
	pollInterval time.Duration // 0: polls are held
	standard     bool
	auth         bool
	tokens       []string
	sources      []Source
	onlySources  bool // no others exist
	keep         int  // events of the record
	services     []func(grpc.ServiceRegistrar, *Server)
	neighbours   neighbours
	handlers     map[Method]grpc.UnaryHandler
	gate         Gate // nil: none
	remote       bool // listeners may be reached from other machines
}

// set applies options, in order.
func (s *settings) set(opts []Option) error {
	for _, o := range opts {
		if o == nil {
			return errors.New("one of the options is nil")
		}
		if err := o.apply(s); err != nil {
			return err
		}
	}
	return nil
}

// plannedCalls is a plan for the operations that matching calls start.
type plannedCalls struct {
	on   judging
	plan *lro.Plan
}

func defaults() settings {
	plan, _ := Finish(Polls(1)).compile()
	return settings{
		clock: realClock{},
		world: world.Settings{Seed: defaultSeed, DefaultOperation: plan},
		keep:  defaultKeep,
	}
}

const (
	defaultSeed = 1
	defaultKeep = 10_000
)

// WithClock makes the server read time from c. Default: the time package.
func WithClock(c Clock) Option {
	return option(func(s *settings) error {
		if isNil(c) {
			return errors.New("WithClock(nil): leave the option out to use the time package")
		}
		s.clock = c
		return nil
	})
}

// WithSeed sets what ids, request ids and chances are derived from. Default: 1. Servers with equal seeds give equal ids to equal
// calls.
func WithSeed(seed uint64) Option {
	return option(func(s *settings) error {
		s.world.Seed = seed
		return nil
	})
}

// WithPlan sets how operations move: those started by calls that one of the matchers picks, all of them if there is none. Options
// add up; of several plans for one call the last wins. Default: Finish(Polls(1)).
func WithPlan(p Plan, on ...Matcher) Option {
	return option(func(s *settings) error {
		plan, err := p.compile()
		if err != nil {
			return fmt.Errorf("WithPlan: %w", err)
		}
		if len(on) == 0 {
			s.plans, s.world.DefaultOperation = nil, plan
			return nil
		}
		picked := AnyOf(on...).judging()
		if picked.wrong != "" {
			return fmt.Errorf("WithPlan: %s", picked.wrong)
		}
		idle := func(m Method) bool { return m.facts() != nil && !m.Starts() }
		for _, m := range picked.named {
			if idle(m) {
				return fmt.Errorf("WithPlan: %v starts no operation", m)
			}
		}
		if picked.only != nil && len(picked.only) == 0 {
			return errors.New("WithPlan: no method takes such a request, so it could never pick a call")
		}
		if picked.only != nil && !slices.ContainsFunc(picked.only, func(m Method) bool { return !idle(m) }) {
			return fmt.Errorf("WithPlan: %v starts no operation", picked.only[0])
		}
		s.plans = append(s.plans[:len(s.plans):len(s.plans)], plannedCalls{picked, plan})
		return nil
	})
}

// WithPollInterval paces the polls of SDKs as the real service does: polls are answered at once, and tell the SDK in the header
// x-operation-poll-interval to wait d before the next. d is a whole number of seconds, at least one. Without it the header says 0,
// and the poll of an unfinished operation is held until the operation changes, if its caller comes back at once: at most 250 ms after
// the answer to its last poll of that operation, in a testing/synctest bubble and on a [ManualClock] at the same moment. So SDKs
// neither sleep nor spin while they wait, and a client that sleeps between its polls is never held. A hold lasts 20 seconds at most and
// ends 250 ms before the caller's deadline, or by a tenth of what that leaves; a caller that leaves less is answered at once. Not held
// either are polls that count themselves, see [Polls].
func WithPollInterval(d time.Duration) Option {
	return option(func(s *settings) error {
		if d < time.Second || d%time.Second != 0 {
			return fmt.Errorf("WithPollInterval(%v): the header can only say whole seconds, from 1", d)
		}
		s.pollInterval = d
		return nil
	})
}

// WithUnheldPolls never holds a poll: it is answered at once, and SDKs are told to wait a second before the next, the shortest pause
// that the header can name. It is WithPollInterval(time.Second).
func WithUnheldPolls() Option { return WithPollInterval(time.Second) }

// Rules is a set of validation rules.
type Rules int

const (
	Published Rules = iota // the published reference [ref]
	Current                // the newer, looser API: one-character names, underscores, more characters in labels [proto]
)

// WithRules selects the validation rules. Default: Published.
func WithRules(r Rules) Option {
	return option(func(s *settings) error {
		switch r {
		case Published:
			s.world.Rules = contract.Published
		case Current:
			s.world.Rules = contract.Current
		default:
			return fmt.Errorf("WithRules(%d): use fake.Published or fake.Current", r)
		}
		return nil
	})
}

// WithStandardImages fills the folder "standard-images" with a catalogue of public images: several, named like the real ones and
// pooled, for each family that public code uses. Those are ubuntu-1604-lts, -1804-lts, -2004-lts, -2004-lts-gpu, -2204-lts,
// -2204-lts-oslogin, -2404-lts and -2404-lts-oslogin; debian-10, -11 and -12; centos-7, centos-stream-8, centos-stream-9-oslogin,
// almalinux-8, almalinux-9, rocky-9-oslogin, fedora-35, fedora-37, opensuse-15-3; container-optimized-image, nat-instance-ubuntu,
// nat-instance-ubuntu-2204, lemp, lamp, gitlab, toolbox; and windows-2022-dc-gvlk.
func WithStandardImages() Option {
	return option(func(s *settings) error {
		s.standard = true
		s.world.PublicFolder = StandardImages
		return nil
	})
}

// WithAuth makes callers need a token: one of these, or one that the IAM service on the same server gave. Options add up. Default:
// any caller is welcome and counts as the same user. A token comes in the header "authorization: Bearer <token>": one that no header
// can carry, such as an empty one, is refused. The endpoint and token services, health and reflection never need one.
func WithAuth(tokens ...string) Option {
	return option(func(s *settings) error {
		for i, token := range tokens {
			switch {
			case token == "":
				return fmt.Errorf("WithAuth: token %d of %d is empty, and would let in whoever sends none: was it read from where there is none?", i+1, len(tokens))
			case strings.TrimSpace(token) != token || strings.ContainsFunc(token, func(r rune) bool { return r < ' ' || r > '~' }):
				return fmt.Errorf("WithAuth: token %d of %d is not what a header carries: trim it of blanks and line breaks", i+1, len(tokens))
			}
		}
		s.auth = true
		s.tokens = append(s.tokens[:len(s.tokens):len(s.tokens)], tokens...)
		return nil
	})
}

// Quota limits what the cloud takes. Zero fields set no limit; [NoneAllowed] is a limit of zero, which a new cloud has for pooled
// images [docs].
type Quota struct {
	Images           int   // that exist, in any status, outside the public catalogue
	PooledImages     int   // those of them that are pooled
	TotalSize        int64 // bytes that their storage_size adds up to [choice]
	ActiveOperations int   // not done
}

// NoneAllowed is the limit in a [Quota] that leaves room for nothing.
const NoneAllowed = -1

// WithQuota sets limits; Create and the like are refused with ResourceExhausted beyond them. Default: none.
func WithQuota(q Quota) Option {
	return option(func(s *settings) error {
		if min(int64(q.Images), int64(q.PooledImages), q.TotalSize, int64(q.ActiveOperations)) < NoneAllowed {
			return fmt.Errorf("WithQuota(%+v): a limit cannot be negative; 0 sets none, NoneAllowed leaves no room", q)
		}
		s.world.MaxImages, s.world.MaxPooled, s.world.MaxSize, s.world.MaxActive = q.Images, q.PooledImages, q.TotalSize, q.ActiveOperations
		return nil
	})
}

// WithFolders declares that no other folders exist. Create in any other is refused with FailedPrecondition, Folder "…" not found [seen];
// all else that goes there, also through an image id, with PermissionDenied, because who may not know what exists is told that
// [choice]. The public catalogue stays readable. Options add up; WithFolders() leaves none. Default: every folder id exists.
func WithFolders(ids ...string) Option {
	return option(func(s *settings) (err error) {
		s.world.Folders, err = withIDs("WithFolders", s.world.Folders, ids)
		return err
	})
}

// WithForbiddenFolders declares folders that exist and are denied to the caller: calls into them, also through an image id, are
// answered with PermissionDenied [seen]. A folder that [WithFolders] names as well is forbidden. Options add up. Default: none is.
func WithForbiddenFolders(ids ...string) Option {
	return option(func(s *settings) (err error) {
		s.world.Forbidden, err = withIDs("WithForbiddenFolders", s.world.Forbidden, ids)
		return err
	})
}

// withIDs returns a set with more ids in it. Options are values: the one that was there may be another server's.
func withIDs(option string, set map[string]bool, ids []string) (map[string]bool, error) {
	more := make(map[string]bool, len(set)+len(ids))
	maps.Copy(more, set)
	for _, id := range ids {
		if id == "" {
			return nil, fmt.Errorf("%s: a folder id is empty", option)
		}
		more[id] = true
	}
	return more, nil
}

// WithRecord bounds the record: the latest n events are kept, calls among them; 0 keeps none, and then nothing can be asked or
// asserted about calls. Default: 10,000, at about 1 KB for a simple call.
func WithRecord(n int) Option {
	return option(func(s *settings) error {
		if n < 0 {
			return fmt.Errorf("WithRecord(%d): name the number of events to keep; 0 keeps none", n)
		}
		s.keep = n
		return nil
	})
}

// WithService adds a neighbour whose handlers the test has written: another service on the same server, whose calls walk the same road
// (recorded, faulted, authenticated). For a service of the cloud [WithNeighbours] needs no handlers, and [WithHandler] is for a single
// method. A handler learns whose call it answers from [Serving], and starts operations with [Server.StartOperation]. register gets the
// registrar, as a generated RegisterXServer func takes it, and the server, which it may keep but not use before New or Start has
// returned. Options add up.
func WithService(register func(grpc.ServiceRegistrar, *Server)) Option {
	return option(func(s *settings) error {
		if register == nil {
			return errors.New("WithService(nil): give it a func that registers the service")
		}
		s.services = append(s.services[:len(s.services):len(s.services)], register)
		return nil
	})
}

// isNil tells whether nothing was given: nil, or a nil pointer in the interface, which would panic at its first use.
func isNil(given any) bool {
	v := reflect.ValueOf(given)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}
