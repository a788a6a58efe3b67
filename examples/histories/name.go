package histories

import (
	"fmt"
	"slices"
	"strings"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
)

// name is the model of one name in a folder: one image bears it, from Create until it is gone or has another one, and nobody else may
// take it. An Update promises it to an image when it starts, and gives it when it ends.
type name struct {
	folder, name string
	bearer       string // id of the image, "" if it is free
	promises     []promise
}

// promise is the claim of an Update that has not ended.
type promise struct{ operation, image string }

func (n name) String() string {
	return fmt.Sprintf("borne by %q, promised to %v", n.bearer, n.promises)
}

func (n name) step(m moment) (name, bool) {
	switch {
	case m.contradicts():
		return n, false
	case m.seed() != nil:
		fits := m.seed().Name != n.name || n.bearer == ""
		if m.seed().Name == n.name {
			n.bearer = m.seed().Id
		}
		return n, fits
	case m.event != nil:
		return n.move(m), true
	case m.work != nil && nameIn(m.call.Request) != n.name:
		return n, true // it gives the image another one, or none
	case m.work != nil:
		return n.take(m.work)
	}
	return n, n.tells(m)
}

// take is what the start of a Create or an Update with the name does.
func (n name) take(w *work) (name, bool) {
	fits := !n.taken(w.image)
	if _, creates := w.request.(*compute.CreateImageRequest); creates {
		n.bearer = w.image
	} else {
		n.promises = append(slices.Clone(n.promises), promise{w.id, w.image})
		slices.SortFunc(n.promises, func(a, b promise) int { return strings.Compare(a.operation, b.operation) })
	}
	return n, fits
}

// taken tells whether an image other than one bears the name, or is to have it.
func (n name) taken(except string) bool {
	return n.bearer != "" && n.bearer != except ||
		slices.ContainsFunc(n.promises, func(p promise) bool { return p.image != except })
}

// move is what the end of an operation on an image that ever had, or was to have, the name does.
func (n name) move(m moment) name {
	code, ended := m.ended()
	if !ended || m.work == nil {
		return n
	}
	n.promises = slices.DeleteFunc(slices.Clone(n.promises), func(p promise) bool { return p.operation == m.work.id })
	switch r := m.work.request.(type) {
	case *compute.CreateImageRequest:
		if code != codes.OK && n.bearer == m.work.image {
			n.bearer = ""
		}
	case *compute.DeleteImageRequest:
		if code == codes.OK && n.bearer == m.work.image {
			n.bearer = ""
		}
	case *compute.UpdateImageRequest:
		switch {
		case code != codes.OK || !writes(r, "name"):
		case r.Name == n.name:
			n.bearer = m.work.image
		case n.bearer == m.work.image:
			n.bearer = ""
		}
	}
	return n
}

// tells tells whether a call that took nothing could be answered so now.
func (n name) tells(m moment) bool {
	switch r := m.call.Request.(type) {
	case *compute.ListImagesRequest:
		reply, is := m.call.Reply.(*compute.ListImagesResponse)
		switch {
		case !is || r.PageToken != "":
			return true
		case n.bearer == "":
			return len(reply.Images) == 0
		}
		return len(reply.Images) == 1 && reply.Images[0].Id == n.bearer && reply.Images[0].Name == n.name
	case *compute.UpdateImageRequest:
		return m.code() != codes.AlreadyExists || n.taken(r.ImageId)
	}
	return m.code() != codes.AlreadyExists || n.taken("")
}
