package model_test

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/internal/model"
	"pgregory.net/rapid"
)

// stepsVariable is the environment variable that says how many steps the machine takes in all, instead of a few thousand:
//
//	IMAGEFAKE_MODEL_STEPS=250000 go test ./fake/internal/model -timeout 1h
const stepsVariable = "IMAGEFAKE_MODEL_STEPS"

// A run of the machine has this many steps on average; the settings share all the runs.
const stepsPerRun = 60

func TestMain(m *testing.M) {
	flag.Parse()
	total := 12_000
	if text := os.Getenv(stepsVariable); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			fmt.Fprintf(os.Stderr, "%s is %q: it has to be a number of steps, such as 250000\n", stepsVariable, text)
			os.Exit(2)
		}
		total = n
	}
	given := make(map[string]bool)
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, n := range map[string]int{"rapid.steps": stepsPerRun, "rapid.checks": max(1, total/stepsPerRun/len(settings))} {
		if !given[name] {
			flag.Set(name, strconv.Itoa(n))
		}
	}
	os.Exit(m.Run())
}

// setting is one way to use a server.
type setting struct {
	loose  bool // the newer rules
	bubble bool // in a testing/synctest bubble, where polls are held
	manual bool // on a ManualClock
	closed bool // no sources but those registered
	quota  fake.Quota
}

var settings = map[string]setting{
	"published, manual clock":            {manual: true},
	"current, manual clock, quota":       {manual: true, loose: true, quota: fake.Quota{Images: 6, ActiveOperations: 4}},
	"published, bubble":                  {bubble: true, quota: fake.Quota{ActiveOperations: 5}},
	"current, bubble, closed sources":    {bubble: true, loose: true, closed: true},
	"published, manual clock, in bubble": {bubble: true, manual: true},
}

// TestModel lets the server and the model answer the same random calls and compares every answer, and the whole state after each.
func TestModel(t *testing.T) {
	for name, s := range settings {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				if s.bubble {
					rapid.SyncTest(rt, s.run)
				} else {
					s.run(rt)
				}
			})
		})
	}
}

func (s setting) run(rt *rapid.T) {
	m := newMachine(rt, s)
	rt.Repeat(map[string]func(*rapid.T){
		"":                  m.compare,
		"create":            m.create,
		"create another":    m.create,
		"create something":  m.createOdd,
		"update":            m.update,
		"delete":            m.remove,
		"get":               m.get,
		"latest by family":  m.latest,
		"list":              m.list,
		"list on":           m.listOn,
		"list oddly":        m.listOdd,
		"list operations":   m.listOperations,
		"set bindings":      m.setBindings,
		"update bindings":   m.updateBindings,
		"list bindings":     m.listBindings,
		"poll":              m.poll,
		"poll again":        m.pollAgain,
		"cancel":            m.cancel,
		"bad request":       m.bad,
		"step by hand":      m.step,
		"complete by hand":  m.complete,
		"fail by hand":      m.fail,
		"roll back by hand": m.rollBack,
		"cancel by hand":    m.cancelByHand,
		"let time pass":     m.wait,
		"seed":              m.seed,
		"take out":          m.takeOut,
		"set status":        m.setStatus,
		"snapshot":          m.snapshot,
		"restore":           m.restore,
		"fork":              m.fork,
		"go to another":     m.goTo,
		"fault":             m.fault,
		"call with a fault": m.faulted,
		"lag":               m.lag,
		"lag again":         m.lag,
	})
	m.finish()
}

// machine drives servers and their models.
type machine struct {
	*rapid.T
	setting
	clock     *fake.ManualClock // nil: the time package
	at        *side             // that is driven now
	sides     []*side
	snapshots []snapshot
	given     []given
	bench     *bench
	polling   sync.WaitGroup // goroutines of polls, which may be held
	marks     int
	mark      string  // of the next call
	marking   *effect // that it meets
}

// side is a server and its model.
type side struct {
	server *fake.Server
	cloud  *model.Cloud
	held   []*held
	told   map[told]moment
	called bool // there has been a call
	faults []*fault
}

// snapshot is a state of both.
type snapshot struct {
	state *fake.State
	cloud *model.Cloud
}

// The size of a source that nobody registered. No page says it; the servers were asked.
const assumed, stored = 4 * gib, gib

func newMachine(rt *rapid.T, s setting) *machine {
	m := &machine{T: rt, setting: s, bench: &bench{T: rt}}
	options := []fake.Option{fake.WithRecord(200), fake.WithSources(registered...), fake.WithQuota(s.quota)}
	for name, p := range plans {
		options = append(options, fake.WithPlan(p.fake(), fake.ByHeader("plan", name)))
	}
	if s.loose {
		options = append(options, fake.WithRules(fake.Current))
	}
	if s.closed {
		options = append(options, fake.WithOnlySources())
	}
	if s.manual {
		m.clock = fake.NewClock(time.Date(2026, 3, 4, 5, 6, 7, 891, time.UTC))
		options = append(options, fake.WithClock(m.clock))
	}
	if !s.bubble {
		options = append(options, fake.WithPollInterval(7*time.Second))
	}
	cloud := model.New(model.Setup{
		Loose: s.loose, Sources: sources(), Closed: s.closed, Images: s.quota.Images, Operations: s.quota.ActiveOperations, Assumed: assumed, Stored: stored})
	m.at = &side{server: fake.New(m.bench, options...), cloud: cloud, told: make(map[told]moment)}
	m.sides = []*side{m.at}
	rt.Cleanup(m.letGo)
	return m
}

func (m *machine) now() time.Time {
	if m.clock != nil {
		return m.clock.Now()
	}
	return time.Now()
}

// wait moves the time, by a second or to the next thing that is due.
func (m *machine) wait(rt *rapid.T) {
	d := rapid.SampledFrom([]time.Duration{0, time.Second, time.Second, 10 * time.Second, time.Minute}).Draw(rt, "d")
	if d == 0 {
		d = m.at.cloud.Due() + time.Duration(rapid.IntRange(-1, 1).Draw(rt, "beside"))
	}
	if d <= 0 {
		return
	}
	if m.clock != nil {
		m.clock.Advance(d)
	} else {
		time.Sleep(d)
	}
	for _, s := range m.sides {
		s.cloud.Tell(m.now())
	}
}

func (m *machine) seed(rt *rapid.T) {
	im := m.drawSeed(rt)
	added := m.at.server.AddImages(im)
	taken := im.Name != "" && m.at.cloud.Taken(im.FolderId, im.Name)
	if m.misuse(rt, taken, "AddImages of %v", im) {
		return
	}
	if len(added) != 1 {
		rt.Fatalf("AddImages stored %d images", len(added))
	}
	for _, kept := range []bool{added[0].Name == im.Name, added[0].Family == im.Family, added[0].FolderId == im.FolderId,
		im.Status == 0 || added[0].Status == im.Status, im.MinDiskSize == 0 || added[0].MinDiskSize == im.MinDiskSize,
		added[0].Os != nil, added[0].Id != "", added[0].HardwareGeneration != nil} {
		if !kept {
			rt.Fatalf("seeded %v, stored %v", im, added[0])
		}
	}
	m.at.cloud.Seed(added[0], m.at.called)
}

func (m *machine) takeOut(rt *rapid.T) {
	if id := m.idle(rt); id != "" {
		m.at.server.RemoveImage(id)
		m.at.cloud.Remove(id)
	}
}

func (m *machine) setStatus(rt *rapid.T) {
	if id := m.idle(rt); id != "" {
		status := rapid.SampledFrom(statuses).Draw(rt, "status")
		m.at.server.SetImageStatus(id, status)
		m.at.cloud.SetStatus(id, status)
	}
}

func (m *machine) snapshot(*rapid.T) {
	m.snapshots = append(m.snapshots, snapshot{m.at.server.Snapshot(), m.at.cloud.Clone()})
}

func (m *machine) restore(rt *rapid.T) {
	if len(m.snapshots) == 0 {
		return
	}
	s := rapid.SampledFrom(m.snapshots).Draw(rt, "snapshot")
	m.at.server.Restore(s.state)
	m.at.cloud = s.cloud.Clone()
	m.at.cloud.Forget()
	m.at.cloud.Tell(m.now())
	clear(m.at.told)
	for _, h := range m.at.held {
		h.restored = true
	}
}

func (m *machine) fork(rt *rapid.T) {
	if len(m.sides) == 3 {
		return
	}
	m.at = &side{server: m.at.server.Fork(m.bench), cloud: m.at.cloud.Clone(), told: make(map[told]moment)}
	m.at.cloud.Forget()
	m.sides = append(m.sides, m.at)
}

func (m *machine) goTo(rt *rapid.T) { m.at = rapid.SampledFrom(m.sides).Draw(rt, "side") }

// finish looks at the other servers too: nothing that was done to one has reached another.
func (m *machine) finish() {
	for _, m.at = range m.sides {
		m.compare(m.T)
	}
}

// letGo ends the polls that are still held and waits for their goroutines: these read the record.
func (m *machine) letGo() {
	for _, s := range m.sides {
		for _, h := range s.held {
			h.cancel()
		}
	}
	m.polling.Wait()
}

// settle lets all goroutines of a bubble run until they wait.
func (m *machine) settle() {
	if m.bubble {
		synctest.Wait()
	}
}
