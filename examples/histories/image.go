package histories

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
)

// image is the model of one image: CREATING once Create has taken it, DELETING once Delete has, and otherwise what the operations that
// have ended made of it.
type image struct {
	id         string
	status     compute.Image_Status // 0: there is none, not yet or no more
	former     compute.Image_Status // that a failed Delete gives back
	shown      traits
	operations []progress // the oldest first
}

// progress is an operation on an image, and whether it has ended.
type progress struct {
	id    string
	ended bool
}

// traits are what clients see of an image beside its status.
type traits struct{ folder, name, family, description, labels string }

func traitsOf(im *compute.Image) traits {
	return traits{im.FolderId, im.Name, im.Family, im.Description, labelsText(im.Labels)}
}

func labelsText(labels map[string]string) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, fmt.Sprintf("%s=%q", key, labels[key]))
	}
	return strings.Join(all, " ")
}

func (im image) String() string {
	return fmt.Sprintf("%v (before %v) %q, operations %v", im.status, im.former, im.shown, im.operations)
}

func (im image) step(m moment) (image, bool) {
	switch {
	case m.contradicts():
		return im, false
	case m.seed() != nil:
		fits := im.status == 0 && len(im.operations) == 0
		im.status, im.shown = m.seed().Status, traitsOf(m.seed())
		return im, fits
	case m.event != nil:
		return im.move(m)
	case m.work != nil && m.work.image == im.id:
		return im.begin(m.work)
	case m.repeated() != "" && im.concerned(m):
		return im, im.has(m.repeated())
	}
	return im, im.tells(m)
}

// begin is what the start of an operation does.
func (im image) begin(w *work) (image, bool) {
	im.operations = append(slices.Clone(im.operations), progress{id: w.id})
	var fits bool
	switch r := w.request.(type) {
	case *compute.CreateImageRequest:
		fits = im.status == 0 && len(im.operations) == 1 // an id is given out once
		im.status, im.shown = compute.Image_CREATING, traits{r.FolderId, r.Name, r.Family, r.Description, labelsText(r.Labels)}
	case *compute.UpdateImageRequest:
		fits = im.status == compute.Image_READY
	case *compute.DeleteImageRequest:
		fits = im.status == compute.Image_READY || im.status == compute.Image_ERROR
		im.former, im.status = im.status, compute.Image_DELETING
	default: // access bindings are no part of what is shown
		fits = im.status != 0
	}
	return im, fits
}

// move is what a step of an operation does: nothing before its end.
func (im image) move(m moment) (image, bool) {
	if m.work == nil || !im.has(m.work.id) {
		return im, false
	}
	code, ended := m.ended()
	if !ended {
		return im, true
	}
	im.operations = slices.Clone(im.operations)
	for i, op := range im.operations {
		if op.id == m.work.id && op.ended {
			return im, false // once is enough
		}
		im.operations[i].ended = op.ended || op.id == m.work.id
	}
	switch r := m.work.request.(type) {
	case *compute.CreateImageRequest:
		im.status = statusAfter(code, compute.Image_READY, 0)
	case *compute.DeleteImageRequest:
		im.status = statusAfter(code, 0, im.former)
	case *compute.UpdateImageRequest:
		switch {
		case code == codes.OK && im.status != compute.Image_READY:
			return im, false
		case code == codes.OK:
			im.shown = im.shown.updated(r)
		case code == codes.FailedPrecondition || code == codes.NotFound: // it has become another one meanwhile
			return im, im.status != compute.Image_READY
		}
	}
	return im, true
}

func statusAfter(code codes.Code, well, ill compute.Image_Status) compute.Image_Status {
	if code == codes.OK {
		return well
	}
	return ill
}

// updated returns what is shown after an update that ended well.
func (t traits) updated(r *compute.UpdateImageRequest) traits {
	if writes(r, "name") {
		t.name = r.Name
	}
	if writes(r, "description") {
		t.description = r.Description
	}
	if writes(r, "labels") {
		t.labels = labelsText(r.Labels)
	}
	return t
}

// tells tells whether a call that started nothing on the image could be answered so now.
func (im image) tells(m moment) bool {
	switch r := m.call.Request.(type) {
	case *compute.GetImageRequest:
		if m.code() == codes.OK {
			reply, is := m.call.Reply.(*compute.Image)
			return is && reply.Id == im.id && reply.Status == im.status && traitsOf(reply) == im.shown
		}
		return m.code() == codes.NotFound && im.status == 0
	case *compute.ListImageOperationsRequest:
		if m.code() == codes.NotFound {
			return len(im.operations) == 0 && im.status == 0
		}
		return im.lists(m)
	case *compute.CreateImageRequest: // from this one
		switch m.code() {
		case codes.OK: // it was asked whether the key is used before the source was looked at
			return m.repeated() != "" || im.status == compute.Image_READY
		case codes.NotFound, codes.FailedPrecondition:
			return r.GetImageId() != im.id || im.status != compute.Image_READY
		}
		return true
	}
	switch m.code() {
	case codes.NotFound:
		return im.status == 0
	case codes.AlreadyExists: // for the model of names
		return true
	}
	switch m.call.Method {
	case fake.ImageUpdate:
		return m.code() == codes.FailedPrecondition && im.status != 0 && im.status != compute.Image_READY
	case fake.ImageDelete:
		return m.code() == codes.FailedPrecondition && (im.status == compute.Image_CREATING || im.status == compute.Image_DELETING)
	}
	return m.code() != codes.OK
}

// lists tells whether a list of the operations says what is known: the newest first, and which have ended.
func (im image) lists(m moment) bool {
	reply, is := m.call.Reply.(*compute.ListImageOperationsResponse)
	if !is || m.call.Request.(*compute.ListImageOperationsRequest).PageToken != "" || reply.NextPageToken != "" {
		return is // pages are calls of their own
	}
	var listed []progress
	for _, op := range reply.Operations {
		listed = append(listed, progress{op.Id, op.Done})
	}
	slices.Reverse(listed)
	return slices.Equal(listed, im.operations)
}

// has tells whether an operation on the image has started.
func (im image) has(operation string) bool {
	return slices.ContainsFunc(im.operations, func(op progress) bool { return op.id == operation })
}

// concerned tells whether a call was answered with an operation on this image, rather than made from it.
func (im image) concerned(m moment) bool {
	create, creates := m.call.Request.(*compute.CreateImageRequest)
	return !creates || create.GetImageId() != im.id
}
