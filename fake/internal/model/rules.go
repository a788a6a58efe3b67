package model

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// Refusal is a status that had to come. Rest means that Text is only how the message begins.
type Refusal struct {
	Code codes.Code
	Text string
	Rest bool
}

func (r Refusal) String() string { return fmt.Sprintf("%s %q", r.Code, r.Text) }

// Fits tells whether a status is this refusal.
func (r Refusal) Fits(code codes.Code, text string) bool {
	return code == r.Code && (text == r.Text || r.Rest && text != "" && strings.HasPrefix(text, r.Text))
}

// check looks at one field after the other and keeps the first thing that is wrong.
type check struct{ first *Refusal }

func (c *check) wrong(field, reason string) {
	if c.first == nil {
		c.first = &Refusal{codes.InvalidArgument, "Request validation error: " + field + ": " + reason, reason == ""}
	}
}

func (c *check) text(field, value string, required bool, longest int) {
	if required && value == "" {
		c.wrong(field, "missing required field")
	}
	if utf8.RuneCountInString(value) > longest {
		c.wrong(field, "")
	}
}

func (c *check) page(size int64, token string) {
	if size < 0 || size > 1000 {
		c.wrong("PageSize", "")
	}
	c.text("PageToken", token, false, 100)
}

func (c *check) size(bytes int64) {
	if bytes != 0 && (bytes < 4<<20 || bytes > 4<<40) {
		c.wrong("MinDiskSize", "")
	}
}

func whole(pattern, text string) bool {
	return regexp.MustCompile(`\A(?:` + pattern + `)\z`).MatchString(text)
}

const (
	strictName = `|[a-z][-a-z0-9]{1,61}[a-z0-9]`
	looseName  = `|[a-z]([-_a-z0-9]{0,61}[a-z0-9])?`
)

func (s *Setup) name() string {
	if s.Loose {
		return looseName
	}
	return strictName
}

func (c *check) labels(s *Setup, labels map[string]string) {
	if len(labels) > 64 {
		c.wrong("Labels", "")
		return
	}
	key, value := `[a-z][-_0-9a-z]*`, `[-_0-9a-z]*`
	if s.Loose {
		key, value = `[a-z][-_./\\@0-9a-z]*`, `[-_./\\@0-9a-z]*`
	}
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if !whole(key, k) || len(k) > 63 {
			c.wrong("Labels", fmt.Sprintf("invalid label key %q", k))
		}
		if v := labels[k]; !whole(value, v) || len(v) > 63 {
			c.wrong("Labels", fmt.Sprintf("invalid label value %q", v))
		}
	}
}

func (c *check) binding(field string, b *access.AccessBinding) {
	if b == nil {
		c.wrong(field, "missing required field")
		return
	}
	c.text(field+": RoleId", b.RoleId, true, 64)
	if b.Subject == nil {
		c.wrong(field+": Subject", "missing required field")
		return
	}
	c.text(field+": Subject: Id", b.Subject.Id, true, 100)
	c.text(field+": Subject: Type", b.Subject.Type, true, 100)
}

// validate returns what is wrong with a request by itself, field by field; nil if nothing is.
func (s *Setup) validate(request proto.Message) *Refusal {
	c := new(check)
	switch r := request.(type) {
	case *compute.GetImageRequest:
		c.text("ImageId", r.ImageId, true, 50)
	case *compute.DeleteImageRequest:
		c.text("ImageId", r.ImageId, true, 50)
	case *compute.GetImageLatestByFamilyRequest:
		c.text("FolderId", r.FolderId, true, 50)
		if !whole(strictName, r.Family) {
			c.wrong("Family", "")
		}
	case *compute.ListImagesRequest:
		c.text("FolderId", r.FolderId, true, 50)
		c.page(r.PageSize, r.PageToken)
		c.text("Filter", r.Filter, false, 1000)
		c.text("OrderBy", r.OrderBy, false, 100)
	case *compute.CreateImageRequest:
		s.create(c, r)
	case *compute.UpdateImageRequest:
		c.text("ImageId", r.ImageId, true, 50)
		for _, path := range r.GetUpdateMask().GetPaths() {
			if !slices.Contains(updatable, path) {
				c.wrong("UpdateMask", "")
			}
		}
		if !whole(s.name(), r.Name) {
			c.wrong("Name", "invalid resource name")
		}
		c.text("Description", r.Description, false, 256)
		c.size(r.MinDiskSize)
		c.labels(s, r.Labels)
	case *compute.ListImageOperationsRequest:
		c.text("ImageId", r.ImageId, true, 50)
		c.page(r.PageSize, r.PageToken)
	case *access.ListAccessBindingsRequest:
		c.text("ResourceId", r.ResourceId, true, 64)
		c.page(r.PageSize, r.PageToken)
	case *access.SetAccessBindingsRequest:
		c.text("ResourceId", r.ResourceId, true, 64)
		if len(r.AccessBindings) > 1000 {
			c.wrong("AccessBindings", "")
		}
		for _, b := range r.AccessBindings {
			c.binding("AccessBindings", b)
		}
	case *access.UpdateAccessBindingsRequest:
		c.text("ResourceId", r.ResourceId, true, 64)
		if n := len(r.AccessBindingDeltas); n < 1 || n > 1000 {
			c.wrong("AccessBindingDeltas", "")
		}
		for _, d := range r.AccessBindingDeltas {
			if d.Action == access.AccessBindingAction_ACCESS_BINDING_ACTION_UNSPECIFIED {
				c.wrong("AccessBindingDeltas: Action", "missing required field")
			}
			c.binding("AccessBindingDeltas: AccessBinding", d.AccessBinding)
		}
	case *operation.GetOperationRequest:
		c.text("OperationId", r.OperationId, true, 1<<30)
	case *operation.CancelOperationRequest:
		c.text("OperationId", r.OperationId, true, 1<<30)
	default:
		panic(fmt.Sprintf("the model knows no %T", request))
	}
	return c.first
}

func (s *Setup) create(c *check, r *compute.CreateImageRequest) {
	c.text("FolderId", r.FolderId, true, 50)
	if !whole(s.name(), r.Name) {
		c.wrong("Name", "invalid resource name")
	}
	c.text("Description", r.Description, false, 256)
	c.labels(s, r.Labels)
	if !whole(strictName, r.Family) {
		c.wrong("Family", "")
	}
	c.size(r.MinDiskSize)
	for _, id := range r.ProductIds {
		c.text("ProductIds", id, false, 50)
	}
	switch id := r.GetImageId() + r.GetDiskId() + r.GetSnapshotId(); {
	case id+r.GetUri() == "":
		if r.Source == nil {
			c.wrong("Source", "")
		} else {
			c.wrong("", "") // under the name of the oneof or of the empty field: nobody knows
			c.first.Text = "Request validation error: "
		}
	case utf8.RuneCountInString(id) > 50:
		switch r.Source.(type) {
		case *compute.CreateImageRequest_ImageId:
			c.wrong("ImageId", "")
		case *compute.CreateImageRequest_DiskId:
			c.wrong("DiskId", "")
		default:
			c.wrong("SnapshotId", "")
		}
	}
}

var updatable = []string{"name", "description", "min_disk_size", "labels"}
