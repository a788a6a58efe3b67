package histories

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
)

// subject is what a part of a history is about.
type subject struct {
	kind   string // "image", "name", "folder", "operation", "key"
	folder string // of a name
	id     string // or the name; of a key, whose it is as well
}

func (s subject) String() string {
	if s.folder != "" {
		return fmt.Sprintf("%s %q in folder %s", s.kind, s.id, s.folder)
	}
	return s.kind + " " + s.id
}

// part is all of a history that matters to one subject, in order of arrival.
type part struct {
	subject
	moments []moment
	model   porcupine.Model
}

// parts cuts the history.
func (h *History) parts() []part {
	about := make(map[subject][]moment)
	for _, m := range h.moments {
		for _, s := range h.subjects(m) {
			about[s] = append(about[s], m)
		}
	}
	var parts []part
	for s, moments := range about {
		parts = append(parts, part{subject: s, moments: moments, model: s.model()})
	}
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.folder, b.folder), cmp.Compare(a.id, b.id))
	})
	return parts
}

// model returns what decides about a subject.
func (s subject) model() porcupine.Model {
	switch s.kind {
	case "image":
		return modelOf(image{id: s.id}, image.step)
	case "name":
		return modelOf(name{folder: s.folder, name: s.id}, name.step)
	case "folder":
		return modelOf(folder{id: s.id}, folder.step)
	case "operation":
		return modelOf(running{}, running.step)
	}
	return modelOf(key{}, key.step)
}

// modelOf makes a model of a state and its steps. A step returns the next state, and whether the moment fits the present one; it must
// not change the state that it is given. States are equal if they read the same.
func modelOf[S fmt.Stringer](start S, step func(S, moment) (S, bool)) porcupine.Model {
	return (&porcupine.NondeterministicModel{
		Init: func() []any { return []any{start} },
		Step: func(state, input, _ any) []any {
			m := input.(moment)
			next, fits := step(state.(S), m)
			switch {
			case m.unknown && fits:
				return []any{state, next}
			case m.unknown:
				return []any{state} // it cannot have happened: not yet, or never
			case fits:
				return []any{next}
			}
			return nil
		},
		Equal:             func(a, b any) bool { return a.(S).String() == b.(S).String() },
		DescribeOperation: func(input, _ any) string { return input.(moment).String() },
		DescribeState:     func(state any) string { return state.(S).String() },
	}).ToModel()
}

// subjects returns what a moment matters to.
func (h *History) subjects(m moment) []subject {
	about := make(map[subject]bool)
	op, image, in := h.concerns(m)
	if op != "" {
		about[subject{kind: "operation", id: op}] = true
	}
	if image != "" {
		about[subject{kind: "image", id: image}] = true
	}
	moves := m.work != nil || m.seed() != nil
	if moves && in != "" {
		about[subject{kind: "folder", id: in}] = true
		for _, name := range h.names[image] {
			about[subject{kind: "name", folder: in, id: name}] = true
		}
	}
	if c := m.call; c != nil {
		if c.Key != "" && c.Method.Starts() {
			about[subject{kind: "key", id: c.Caller + " " + c.Key}] = true
		}
		if name := nameIn(c.Request); name != "" && in != "" {
			about[subject{kind: "name", folder: in, id: name}] = true
		}
		switch r := c.Request.(type) {
		case *compute.CreateImageRequest:
			if r.GetImageId() != "" {
				about[subject{kind: "image", id: r.GetImageId()}] = true // its source
			}
		case *compute.ListImagesRequest:
			if asked, one := oneName(r); one {
				about[subject{kind: "name", folder: in, id: asked}] = true
			} else if whole(r, c) {
				about[subject{kind: "folder", id: in}] = true
			}
		case *compute.GetImageLatestByFamilyRequest:
			about[subject{kind: "folder", id: in}] = true
		}
	}
	return slices.Collect(maps.Keys(about))
}

// concerns returns the operation, the image and the folder that a moment concerns, "" for none.
func (h *History) concerns(m moment) (op, image, in string) {
	switch {
	case m.seed() != nil:
		image = m.seed().Id
	case m.work != nil:
		op, image = m.work.id, m.work.image
	case m.event != nil: // of an operation that no call here has started: no model takes that
		op, image = m.event.OperationID, m.event.ResourceID
	case m.repeated() != "":
		op = m.repeated()
		if w := h.works[op]; w != nil {
			image = w.image
		}
	default:
		switch r := m.call.Request.(type) {
		case *compute.CreateImageRequest:
			in = r.FolderId
		case *compute.ListImagesRequest:
			in = r.FolderId
		case *compute.GetImageLatestByFamilyRequest:
			in = r.FolderId
		case *compute.GetImageRequest:
			image = r.ImageId
		case *compute.UpdateImageRequest:
			image = r.ImageId
		case *compute.DeleteImageRequest:
			image = r.ImageId
		case *compute.ListImageOperationsRequest:
			image = r.ImageId
		case *operation.GetOperationRequest:
			op = r.OperationId
		case *operation.CancelOperationRequest:
			op = r.OperationId
		}
	}
	if in == "" && image != "" {
		in = h.folder(image)
	}
	return op, image, in
}

var nameFilter = regexp.MustCompile(`^name\s*=\s*("[a-z][-a-z0-9]*")$`)

// oneName returns the name that a list asks for, and whether it asks for one name.
func oneName(r *compute.ListImagesRequest) (name string, one bool) {
	found := nameFilter.FindStringSubmatch(r.Filter)
	if found == nil {
		return "", false
	}
	name, err := strconv.Unquote(found[1])
	return name, err == nil
}

// whole tells whether a list was asked for, and answered with, all of a folder at once: pages are calls of their own, and images may
// come and go between them.
func whole(r *compute.ListImagesRequest, c *fake.Call) bool {
	reply, answered := c.Reply.(*compute.ListImagesResponse)
	return answered && r.Filter == "" && r.OrderBy == "" && r.PageToken == "" && reply.NextPageToken == ""
}

// lanes gives each caller a number, and the cloud the first.
func (p part) lanes() map[string]int {
	lanes := map[string]int{"": 0}
	for _, m := range p.moments {
		if m.call == nil {
			continue
		}
		if _, known := lanes[m.call.Caller]; !known {
			lanes[m.call.Caller] = len(lanes)
		}
	}
	return lanes
}

// check looks for an order that explains the part. It returns nil if there is one.
func (p part) check(limit time.Duration) *Refused {
	lanes := p.lanes()
	history := make([]porcupine.Operation, len(p.moments))
	for i, m := range p.moments {
		lane := 0
		if m.call != nil {
			lane = lanes[m.call.Caller]
		}
		from, to := m.span()
		history[i] = porcupine.Operation{ClientId: lane, Input: m, Call: from, Return: to}
	}
	if porcupine.CheckOperationsTimeout(p.model, history, limit) == porcupine.Ok {
		return nil
	}
	result, info := porcupine.CheckOperationsVerbose(p.model, history, limit)
	return &Refused{part: p, gaveUp: result == porcupine.Unknown, limit: limit, info: info}
}
