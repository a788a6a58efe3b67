package fake

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/world"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
)

// Option configures a server. Options are values: one may be used for many servers. Of two options that set the same thing the
// later one wins; the doc comment says so where they add up instead.
type Option interface{ apply(*settings) error }

type option func(*settings) error

func (o option) apply(s *settings) error { return o(s) }

// settings are what options write. They are not changed once the server runs, so that a fork can start from them.
type settings struct {
	clock        Clock
	world        world.Settings
	plans        []plannedCalls
	pollInterval time.Duration // 0: polls are held
	standard     bool
	auth         bool
	tokens       []string
	sources      []Source
	closeSources bool
	keep         int // events of the record
	services     []func(grpc.ServiceRegistrar, *Server)
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
		if c == nil {
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
// and a poll of an operation that does not stand at a Polls step is held until the operation changes: at most 20 seconds, and ending
// before the caller's deadline. Waiting then neither sleeps nor spins.
func WithPollInterval(d time.Duration) Option {
	return option(func(s *settings) error {
		if d < time.Second || d%time.Second != 0 {
			return fmt.Errorf("WithPollInterval(%v): the header can only say whole seconds, from 1", d)
		}
		s.pollInterval = d
		return nil
	})
}

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

// WithStandardImages fills the folder "standard-images" with a catalogue of public images: for each of the families
// ubuntu-1804-lts, ubuntu-2004-lts, ubuntu-2204-lts, ubuntu-2404-lts, debian-11, debian-12, centos-7, container-optimized-image
// and windows-2022-dc-gvlk several images, named like the real ones.
func WithStandardImages() Option {
	return option(func(s *settings) error {
		s.standard = true
		s.world.PublicFolder = StandardImages
		return nil
	})
}

// WithAuth makes callers need a token: one of these, or one that the IAM service on the same server gave. Options add up. Default:
// any caller is welcome and counts as the same user. A token comes in the header "authorization: Bearer <token>". The endpoint and token services, health and reflection never need one.
func WithAuth(tokens ...string) Option {
	return option(func(s *settings) error {
		s.auth = true
		s.tokens = append(s.tokens[:len(s.tokens):len(s.tokens)], tokens...)
		return nil
	})
}

// Quota limits what the cloud takes. Zero fields set no limit.
type Quota struct {
	Images           int // that exist, in any status, outside the public catalogue
	ActiveOperations int // not done
}

// WithQuota sets limits; Create and the like are refused with ResourceExhausted beyond them. Default: none.
func WithQuota(q Quota) Option {
	return option(func(s *settings) error {
		if q.Images < 0 || q.ActiveOperations < 0 {
			return fmt.Errorf("WithQuota(%+v): a limit cannot be negative; 0 means none", q)
		}
		s.world.MaxImages, s.world.MaxActive = q.Images, q.ActiveOperations
		return nil
	})
}

// WithFolders declares that no other folders exist: calls into any other are answered with PermissionDenied, also when they reach
// it through an image id. The public catalogue stays readable. Options add up. Default: every folder id exists.
func WithFolders(ids ...string) Option {
	return option(func(s *settings) error {
		folders := make(map[string]bool, len(ids))
		for id := range s.world.Folders {
			folders[id] = true
		}
		for _, id := range ids {
			if id == "" {
				return errors.New("WithFolders: a folder id is empty")
			}
			folders[id] = true
		}
		s.world.Folders = folders
		return nil
	})
}

// Source is a disk, a snapshot or an object in Object Storage that images are created from. The ImageService does not own them:
// a server takes any id without being told, and assumes a size.
type Source struct {
	Disk, Snapshot, Object string // exactly one: an id, or a URI
	Size, StorageSize      int64  // bytes, virtual and stored; 0: like the other, both 0: assumed
	OS                     *compute.Os
	ProductIDs             []string
	Hardware               *compute.HardwareGeneration
	Format                 string // objects: qcow2, vmdk …; "" passes
	Forbidden              bool   // objects: the operation fails with "url source forbidden"
}

// WithSources tells the server about sources. If closed, no others exist: creating from an unknown disk or snapshot is refused,
// from an unknown object fails in the operation. Options add up.
func WithSources(closed bool, sources ...Source) Option {
	return option(func(s *settings) error {
		for i, source := range sources {
			if err := source.check(); err != nil {
				return fmt.Errorf("WithSources: source %d: %w", i+1, err)
			}
		}
		s.closeSources = s.closeSources || closed
		s.sources = append(s.sources[:len(s.sources):len(s.sources)], sources...)
		return nil
	})
}

func (s Source) check() error {
	named := 0
	for _, id := range []string{s.Disk, s.Snapshot, s.Object} {
		if id != "" {
			named++
		}
	}
	switch {
	case named != 1:
		return errors.New("exactly one of Disk, Snapshot and Object must name it")
	case s.Size < 0 || s.StorageSize < 0:
		return fmt.Errorf("sizes %d and %d: a size cannot be negative", s.Size, s.StorageSize)
	case s.Object == "" && (s.Format != "" || s.Forbidden):
		return errors.New("only objects have Format and Forbidden")
	}
	return nil
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

// WithService adds a neighbour: another service on the same server, whose calls walk the same road (recorded, faulted,
// authenticated). register gets the registrar, as a generated RegisterXServer func takes it, and the server, which it may keep
// but not use before New or Start has returned. Options add up.
func WithService(register func(grpc.ServiceRegistrar, *Server)) Option {
	return option(func(s *settings) error {
		if register == nil {
			return errors.New("WithService(nil): give it a func that registers the service")
		}
		s.services = append(s.services[:len(s.services):len(s.services)], register)
		return nil
	})
}
