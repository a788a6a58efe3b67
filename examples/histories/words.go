package histories

import (
	"fmt"
	"strings"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// String returns the moment in a line, with what was answered.
func (m moment) String() string {
	switch {
	case m.event != nil:
		return m.event.String()
	case m.unknown:
		return fmt.Sprintf("%s → nobody knows; if it happened, operation %s", asked(m.call), m.work.id)
	case m.code() != codes.OK:
		return fmt.Sprintf("%s → %v: %s", asked(m.call), m.code(), m.call.Status.Message())
	}
	return fmt.Sprintf("%s → %s", asked(m.call), told(m.call.Reply))
}

func asked(c *fake.Call) string {
	key := ""
	if c.Key != "" {
		key = " with key " + c.Key
	}
	return fmt.Sprintf("%v %s%s", c, plain.Redacted(c.Request), key)
}

// told returns of an answer what the models look at.
func told(reply proto.Message) string {
	var words []string
	switch r := reply.(type) {
	case *compute.Image:
		shown := traitsOf(r)
		return fmt.Sprintf("image %s %v %q of family %q, described %q, labels {%s}", r.Id, r.Status, shown.name, shown.family, shown.description, shown.labels)
	case *operation.Operation:
		return toldOf(r)
	case *compute.ListImagesResponse:
		for _, im := range r.Images {
			words = append(words, fmt.Sprintf("%s %v %q", im.Id, im.Status, im.Name))
		}
	case *compute.ListImageOperationsResponse:
		for _, op := range r.Operations {
			words = append(words, toldOf(op))
		}
	default:
		return plain.Redacted(reply)
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

func toldOf(op *operation.Operation) string {
	state := "running"
	switch {
	case op.Done && op.GetError() != nil:
		state = fmt.Sprintf("failed with %v", codes.Code(op.GetError().Code))
	case op.Done:
		state = "done"
	case op.GetError() != nil:
		state = fmt.Sprintf("rolling back with %v", codes.Code(op.GetError().Code))
	}
	return fmt.Sprintf("operation %s %s", op.Id, state)
}
