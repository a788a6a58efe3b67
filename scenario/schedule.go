package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/imagefake/imagefake/fake"
	"google.golang.org/protobuf/proto"
)

// A schedule is what goes wrong in one run, in the order in which it is injected. The empty one is the run without faults.
type schedule []hit

// String returns the schedule as the name of a subtest.
func (s schedule) String() string { return s.join(hit.String) }

// exact returns the schedule as tokens have it: what is asked again and again, and meets the same each time, once.
func (s schedule) exact() string {
	if len(s) == 0 {
		return noFault
	}
	var texts []string
	for from := 0; from < len(s); {
		to := from + 1
		for to < len(s) && s[from].repeatedBy(s[to], to-from) {
			to++
		}
		text := s[from].exact()
		if to-from > 1 {
			text += fmt.Sprintf("*%d", to-from)
		}
		texts = append(texts, text)
		from = to
	}
	return strings.Join(texts, "+")
}

// repeatedBy tells whether another hit is this one so many calls later.
func (h hit) repeatedBy(other hit, later int) bool {
	return h.ask == other.ask && h.kind == other.kind && h.late == other.late && h.n+later == other.n && h.number+later == other.number
}

func (s schedule) join(text func(hit) string) string {
	if len(s) == 0 {
		return noFault
	}
	texts := make([]string, len(s))
	for i, h := range s {
		texts[i] = text(h)
	}
	return strings.Join(texts, "+")
}

// final tells whether one of the hits is of a kind that the body does not get over.
func (s schedule) final() bool {
	return slices.ContainsFunc(s, func(h hit) bool { return h.kind.final })
}

// canonical returns a text that is the same for the same faults in another order.
func (s schedule) canonical() string {
	texts := make([]string, len(s))
	for i, h := range s {
		texts[i] = h.identity()
	}
	slices.Sort(texts)
	return strings.Join(texts, "\x01")
}

// maxCalls is how many calls of a run a token can name: far more than a run makes, and few enough that a damaged token takes no memory
// to speak of.
const maxCalls = 1 << 20

// parseSchedule is the inverse of String and of exact.
func parseSchedule(text string, kinds []Kind) (schedule, error) {
	if text == "" || text == noFault {
		return nil, nil
	}
	var s schedule
	for part := range strings.SplitSeq(text, "+") {
		one, times, repeated := strings.Cut(part, "*")
		h, err := parseHit(one, kinds)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", part, err)
		}
		n := 1
		if repeated {
			if n, err = strconv.Atoi(times); err != nil || n < 1 || n > maxCalls {
				return nil, fmt.Errorf("%q: the number of times, %q, is none", part, times)
			}
		}
		if max(h.n, h.number, len(s)+1) > maxCalls-n+1 {
			return nil, fmt.Errorf("%q: a run does not make that many calls", part)
		}
		for range n {
			s = append(s, h)
			h.n++
			h.number++
		}
	}
	return s, nil
}

// resolve finds the places of hits that were given by their names: each is a call of the run under the hits before it.
func (x *runner) resolve(s schedule) (schedule, error) {
	s = slices.Clone(s)
	for i, h := range s {
		if h.request != "" {
			continue
		}
		calls := x.run(trial{schedule: s[:i]}).trace
		at := slices.IndexFunc(calls, func(c seen) bool { return c.name() == h.name() })
		if at < 0 {
			return nil, fmt.Errorf("there is no call %v under %v; the body calls %s", h.name(), s[:i], calls.summary())
		}
		s[i].place = calls[at].place
	}
	return s, nil
}

// fault returns what is injected for a hit on the server of a run.
func (h hit) fault(r *run) fake.Fault {
	strike := &strike{hit: h, diary: r.diary}
	on := []fake.Matcher{fake.Match(strike.picks)}
	if !h.kind.wide {
		on = append(on, h.method)
	}
	if h.kind.On != nil {
		on = append(on, h.kind.On)
	}
	f := fake.Fault{
		On:       fake.AllOf(on...),
		Do:       h.kind.effect(r.test.cloud, h.late),
		Optional: true, // a fault that does not happen is a result of the exploration, not an error
	}
	if h.kind.lasts.times > 0 {
		f.When = fake.First(h.kind.lasts.times)
	}
	return f
}

// A strike is a hit in a run: it decides which calls the fault happens to.
type strike struct {
	hit
	diary *diary

	mu    sync.Mutex // guards what follows
	begun time.Time  // zero: it has not come to its place
}

// picks tells whether the fault is to happen to the call with that request.
func (k *strike) picks(request proto.Message) bool {
	s, known := k.diary.of(request)
	if !known || s.caller != k.caller {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if s.place == k.place && (!k.kind.final || s.usual) {
		k.begun = time.Now()
		return true
	}
	return !k.begun.IsZero() && k.kind.lasts.stillAt(time.Since(k.begun))
}
