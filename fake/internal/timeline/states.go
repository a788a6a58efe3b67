package timeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
)

// things makes lanes for the operations and resources that something happens to, and a bar for each of their states.
func (d *draftsman) things() {
	var order []*thing
	known := make(map[string]*thing)
	for i, r := range d.rows {
		for _, e := range r.events {
			id := e.Operation
			switch e.Kind {
			case Image:
				id = e.Image
			case Operation:
			default:
				id = ""
			}
			if id == "" {
				if e.Kind != Fault {
					d.Marks = append(d.Marks, bar{X: i, Y: -1, Title: r.text, Link: key(r), Class: "note"})
				}
				continue
			}
			th := known[id]
			if th == nil {
				th = &thing{id: id, kind: e.Kind, name: plain.Line(d.names.of(id))}
				if e.Kind == Image {
					th.name = d.names.resource(id)
				}
				known[id] = th
				order = append(order, th)
			}
			if len(th.spans) > 0 && !th.over {
				th.spans[len(th.spans)-1].to = i - 1
			}
			th.over = e.Over
			state := plain.Line(d.names.in(e.Text))
			class := e.Kind.String() + " state"
			switch {
			case e.Bad:
				class += " bad"
			case e.Over && e.Kind == Image:
				class += " gone"
			case e.Over || strings.HasSuffix(state, "READY"):
				class += " settled"
			}
			next := span{from: i, to: len(d.rows) - 1, bar: bar{
				Label: d.state(e, state), Class: class, Link: key(r),
				Title: fmt.Sprintf("#%d %s %s\nat %s", e.Seq, d.names.of(id), state, offset(e.At.Sub(d.start()))),
			}}
			if e.Over {
				next.to = i
			}
			th.spans = append(th.spans, next)
		}
	}
	for _, kind := range []Kind{Operation, Image} {
		var some []*thing
		for _, th := range order {
			if th.kind == kind {
				some = append(some, th)
			}
		}
		if len(some) <= mostLanes {
			d.lane(some)
		} else {
			d.pack(d.plural(kind, some), some)
		}
	}
}

// plural returns what many things are called.
func (d *draftsman) plural(kind Kind, all []*thing) string {
	if kind == Operation {
		return "operations"
	}
	nouns := make(map[string]bool)
	for _, th := range all {
		nouns[d.names.noun(th.id)] = true
	}
	if len(nouns) > 1 {
		return "resources"
	}
	for noun := range nouns {
		return noun + "s"
	}
	return ""
}

// A thing is an operation or a resource, and what became of it.
type thing struct {
	id    string
	name  string
	kind  Kind
	spans []span
	over  bool
}

// lane gives each thing a lane of its own.
func (d *draftsman) lane(things []*thing) {
	for _, th := range things {
		y := d.Height + lanePadding
		d.band(th.name, th.kind.String(), 1)
		d.put(th.spans, y)
	}
}

// pack puts many things on one lane, on as many tracks as are busy at one time. What has settled ends there.
func (d *draftsman) pack(label string, things []*thing) {
	var until []int // the last slot of each track
	top := d.Height + lanePadding
	for _, th := range things {
		last := &th.spans[len(th.spans)-1]
		if strings.Contains(last.Class, "settled") {
			last.to = last.from
		}
		th.spans[0].Label = th.name + " " + th.spans[0].Label
		track := slices.IndexFunc(until, func(busy int) bool { return busy < th.spans[0].from })
		if track < 0 && len(until) == mostTracks {
			d.More++
			continue
		}
		if track < 0 {
			track = len(until)
			until = append(until, 0)
		}
		until[track] = last.to
		d.put(th.spans, top+track*trackHeight)
	}
	d.band(label, "packed", len(until))
}

func (d *draftsman) put(spans []span, y int) {
	for _, s := range spans {
		s.y = y
		d.spans = append(d.spans, s)
	}
}

// state returns the label of a state: what an operation does from then on, and without the message that the tooltip has.
func (d *draftsman) state(e *Event, text string) string {
	if e.Kind != Operation {
		return text
	}
	text, _, _ = strings.Cut(text, ":")
	switch {
	case text == "started":
		return "running"
	case strings.HasPrefix(text, "stands at "):
		return strings.TrimPrefix(text, "stands at ")
	}
	return text
}
