package model_test

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/internal/model"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"pgregory.net/rapid"
)

// effect is what a fault does, as the model sees it.
type effect struct {
	place string // "early", "before" the commit, or "late"
	code  codes.Code
	text  string
	back  int // changes that a replica lags behind, instead of all that
}

// of answers a call that meets the effect; the nil effect does nothing.
func (e *effect) of(c *model.Cloud, call model.Call) model.Answer {
	if e == nil {
		return c.Do(call)
	}
	lost := model.Answer{Refusals: []model.Refusal{{Code: e.code, Text: e.text, Rest: e.text == ""}}}
	if e.place == "early" {
		return lost
	}
	if a := c.Refuse(call); len(a.Refusals) > 0 {
		return a
	}
	if e.back > 0 {
		return c.See(call, e.back)
	}
	handles := c
	if e.place == "before" {
		handles = c.Clone()
	}
	// A filter, an order or a token that means nothing may be found out on either side of the fault.
	for _, r := range handles.Do(call).Refusals {
		if r.Code == codes.InvalidArgument && r.Text == "" {
			lost.Refusals = append(lost.Refusals, r)
		}
	}
	return lost
}

// fault is a fault that stays.
type fault struct {
	method   string
	when     fake.Trigger
	kind     string
	n        int
	injected time.Time
	counts   map[string]int
	effect   effect
}

// fires counts a call and tells whether it meets the fault.
func (f *fault) fires(caller, method string, now time.Time) bool {
	if method != f.method {
		return false
	}
	f.counts[caller]++
	switch i, passed := f.counts[caller], now.Sub(f.injected); f.kind {
	case "first":
		return i <= f.n
	case "nth":
		return i == f.n
	case "every":
		return i%f.n == 0
	case "until":
		return passed < time.Duration(f.n)*time.Second
	default:
		return passed >= time.Duration(f.n)*time.Second
	}
}

var methods = map[string]fake.Matcher{
	"Create": fake.ImageCreate, "Update": fake.ImageUpdate, "Delete": fake.ImageDelete, "List": fake.ImageList, "OperationGet": fake.OperationGet,
}

// fault makes something go wrong with one method from now on.
func (m *machine) fault(rt *rapid.T) {
	if len(m.at.faults) == 2 {
		return
	}
	f := &fault{method: sample(rt, "method", "Create", "Update", "Delete", "List", "OperationGet"), n: rapid.IntRange(1, 4).Draw(rt, "n"),
		kind: sample(rt, "when", "first", "nth", "every", "until", "after"), injected: m.now(), counts: make(map[string]int),
		effect: effect{place: "before", code: codes.Aborted, text: fmt.Sprintf("fault %d", len(m.at.faults))}}
	seconds := time.Duration(f.n) * time.Second
	f.when = map[string]fake.Trigger{"first": fake.First(f.n), "nth": fake.Nth(f.n), "every": fake.Every(f.n),
		"until": fake.Until(seconds), "after": fake.After(seconds)}[f.kind]
	m.at.server.Inject(fake.Fault{On: methods[f.method], When: f.when, Do: fake.Return(f.effect.code).Text(f.effect.text), Optional: true})
	m.at.faults = append(m.at.faults, f)
}

// faulted injects a fault for the next call alone.
func (m *machine) faulted(rt *rapid.T) {
	mark := strconv.Itoa(m.marks)
	m.marks++
	e := &effect{place: sample(rt, "place", "early", "before", "late", "lost")}
	var do fake.Effect
	switch e.place {
	case "lost":
		e.place, e.code = "late", codes.Unavailable
		do = fake.LoseReply()
	default:
		e.code, e.text = codes.DataLoss, "marked "+mark
		do = fake.Return(e.code).Text(e.text)
		if e.place == "early" {
			do = do.Early()
		} else if e.place == "late" {
			do = do.Late()
		}
	}
	injected := m.at.server.Inject(fake.Fault{On: fake.ByHeader("mark", "<"+mark+">"), Do: do, Optional: true})
	m.mark, m.marking = "<"+mark+">", e
	sample(rt, "call", m.create, m.update, m.remove, m.get, m.list, m.cancel, m.setBindings)(rt)
	m.mark, m.marking = "", nil
	injected.Remove()
}

// lag lets a replica that lags behind answer the next read.
func (m *machine) lag(rt *rapid.T) {
	mark := "<" + strconv.Itoa(m.marks) + ">"
	m.marks++
	e := &effect{place: "before", back: sample(rt, "back", 1, 1, 2, 3, 5)}
	injected := m.at.server.Inject(fake.Fault{On: fake.ByHeader("mark", mark), Do: fake.Lag(e.back), Optional: true})
	m.mark, m.marking = mark, e
	reads := []func(*rapid.T){m.get, m.latest, m.list, m.listOperations, m.listBindings}
	if !m.bubble {
		reads = append(reads, m.poll) // in a bubble one that does not lag may be held
	}
	rapid.SampledFrom(reads).Draw(rt, "read")(rt)
	m.mark, m.marking = "", nil
	injected.Remove()
}

// marked adds to a call what the fault for it alone looks for.
func (m *machine) marked(ctx context.Context) context.Context {
	if m.mark == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "mark", m.mark)
}

// meets returns the effect that a call meets, nil if none: faults count all calls that they pick, and the first that fires decides.
func (m *machine) meets(caller, method string) (met *effect) {
	for _, f := range m.at.faults {
		if f.fires(caller, method, m.now()) && met == nil {
			met = &f.effect
		}
	}
	if e := m.marking; e != nil && (met == nil || e.place == "early") {
		met = e
	}
	return met
}
