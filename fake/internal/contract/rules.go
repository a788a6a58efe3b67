// Package contract is what the served ImageService refuses and how it says so: the rules for its requests, the fields of them that
// are modelled, and the texts of its errors. It is pure: it knows no state, no server and no clock.
//
// The marks [ref], [proto], [seen] and [choice] name where a behaviour comes from: the published reference, the options of the API
// definitions, production output, or a decision of this project.
package contract

import (
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Rules is one of the two sets of rules that requests are checked by. The zero value is Published; the methods panic for any value but
// the two.
type Rules int

const (
	Published Rules = iota // the published reference [ref]
	Current                // the newer and looser API [proto]
)

// String returns "published" or "current". It never panics.
func (r Rules) String() string {
	switch r {
	case Published:
		return "published"
	case Current:
		return "current"
	}
	return fmt.Sprintf("Rules(%d)", int(r))
}

// A field is one field, or one oneof, of a message, with its constraint under each of the Rules.
type field struct {
	name  protoreflect.Name
	rules [2]constraint
}

// A constraint is what one value must satisfy. The zero value allows everything.
type constraint struct {
	required        bool
	length          span   // in characters, not bytes; of each element, for a list
	pattern         string // matches the whole value
	misfit          string // the reason given for a value that the pattern does not match; empty: one that quotes both
	between         span
	zeroMeansAbsent bool
	minItems        int
	maxItems        int // 0 means any number
	keys, values    *constraint
	each            *constraint
	exactlyOneOf    []protoreflect.Name // of a oneof: exactly one member is given, and is not empty
	declared        bool                // an enum value that the API declares
}

// A span is a closed interval. The zero value sets no limits.
type span struct{ min, max int64 }

func (s span) unset() bool { return s == span{} }

func free(name protoreflect.Name) field { return field{name: name} }

func same(name protoreflect.Name, c constraint) field {
	return field{name: name, rules: [2]constraint{Published: c, Current: c}}
}

func differ(name protoreflect.Name, published, current constraint) field {
	return field{name: name, rules: [2]constraint{Published: published, Current: current}}
}

// badName is the reason that the service gives for a bad name or family [seen].
const badName = "invalid resource name"

// MissingField is the reason that the service gives for a required field that is absent or empty [seen].
const MissingField = "missing required field"

var (
	present  = constraint{required: true}
	id       = constraint{required: true, length: span{0, 50}}
	sourceID = constraint{length: span{0, 50}}

	name        = constraint{pattern: `|[a-z][-a-z0-9]{1,61}[a-z0-9]`, misfit: badName}
	currentName = constraint{pattern: `|[a-z]([-_a-z0-9]{0,61}[a-z0-9])?`, misfit: badName}

	description = constraint{length: span{0, 256}}
	minDiskSize = constraint{between: span{4 << 20, 4 << 40}, zeroMeansAbsent: true}
	notNegative = constraint{between: span{0, math.MaxInt64}}

	labels = constraint{
		maxItems: 64,
		keys:     &constraint{length: span{1, 63}, pattern: `[a-z][-_0-9a-z]*`},
		values:   &constraint{length: span{0, 63}, pattern: `[-_0-9a-z]*`},
	}
	currentLabels = constraint{
		maxItems: 64,
		keys:     &constraint{length: span{1, 63}, pattern: `[a-z][-_./\@0-9a-z]*`},
		values:   &constraint{length: span{0, 63}, pattern: `[-_./\@0-9a-z]*`},
	}

	pageSize  = constraint{between: span{0, 1000}}
	pageToken = constraint{length: span{0, 100}}

	resourceID = constraint{required: true, length: span{0, 64}}
	subjectID  = constraint{required: true, length: span{0, 100}}
)

// table has every field that go-genproto v0.118.0 declares in the requests of the served methods and in the messages within them:
// those with a rule, and those that are free. A field that is not here is not modelled.
var table = map[protoreflect.FullName][]field{
	"yandex.cloud.compute.v1.GetImageRequest": {
		same("image_id", id),
	},
	"yandex.cloud.compute.v1.GetImageLatestByFamilyRequest": {
		same("folder_id", id),
		same("family", name), // names got looser, families did not
	},
	"yandex.cloud.compute.v1.ListImagesRequest": {
		same("folder_id", id),
		same("page_size", pageSize),
		same("page_token", pageToken),
		same("filter", constraint{length: span{0, 1000}}),
		same("order_by", constraint{length: span{0, 100}}),
	},
	"yandex.cloud.compute.v1.CreateImageRequest": {
		same("folder_id", id),
		differ("name", name, currentName),
		same("description", description),
		differ("labels", labels, currentLabels),
		same("family", name),
		same("min_disk_size", minDiskSize),
		same("product_ids", constraint{each: &constraint{length: span{0, 50}}}),
		same("source", constraint{exactlyOneOf: []protoreflect.Name{"image_id", "disk_id", "snapshot_id", "uri"}}),
		same("image_id", sourceID),
		same("disk_id", sourceID),
		same("snapshot_id", sourceID),
		free("uri"),
		free("os"),
		free("pooled"),
		free("hardware_generation"),
	},
	"yandex.cloud.compute.v1.UpdateImageRequest": {
		same("image_id", id),
		free("update_mask"),
		differ("name", name, currentName),
		same("description", description),
		same("min_disk_size", minDiskSize),
		differ("labels", labels, currentLabels),
	},
	"yandex.cloud.compute.v1.DeleteImageRequest": {
		same("image_id", id),
	},
	"yandex.cloud.compute.v1.ListImageOperationsRequest": {
		same("image_id", id),
		same("page_size", pageSize),
		same("page_token", pageToken),
	},
	"yandex.cloud.access.ListAccessBindingsRequest": {
		same("resource_id", resourceID),
		same("page_size", pageSize),
		same("page_token", pageToken),
	},
	"yandex.cloud.access.SetAccessBindingsRequest": {
		same("resource_id", resourceID),
		same("access_bindings", constraint{maxItems: 1000}),
	},
	"yandex.cloud.access.UpdateAccessBindingsRequest": {
		same("resource_id", resourceID),
		same("access_binding_deltas", constraint{minItems: 1, maxItems: 1000}),
	},
	"yandex.cloud.operation.GetOperationRequest":    {same("operation_id", present)},
	"yandex.cloud.operation.CancelOperationRequest": {same("operation_id", present)},

	"yandex.cloud.endpoint.GetApiEndpointRequest":                {free("api_endpoint_id")},
	"yandex.cloud.endpoint.ListApiEndpointsRequest":              {free("page_size"), free("page_token")},
	"yandex.cloud.iam.v1.CreateIamTokenRequest":                  {free("yandex_passport_oauth_token"), free("jwt")},
	"yandex.cloud.iam.v1.CreateIamTokenForServiceAccountRequest": {free("service_account_id")},

	"yandex.cloud.access.AccessBindingDelta": {same("action", present), same("access_binding", present)},
	"yandex.cloud.access.AccessBinding":      {same("role_id", resourceID), same("subject", present)},
	"yandex.cloud.access.Subject":            {same("id", subjectID), same("type", subjectID)},

	"yandex.cloud.compute.v1.Os":                          {free("type"), free("nvidia")},
	"yandex.cloud.compute.v1.Nvidia":                      {free("driver")},
	"yandex.cloud.compute.v1.HardwareGeneration":          {free("legacy_features"), free("generation2_features")},
	"yandex.cloud.compute.v1.LegacyHardwareFeatures":      {free("pci_topology")},
	"yandex.cloud.compute.v1.Generation2HardwareFeatures": {free("secure_boot_template_id"), free("vtpm_enabled")},
	"google.protobuf.FieldMask":                           {free("paths")},
}

// createFields are the rules for what Create takes.
var createFields = table["yandex.cloud.compute.v1.CreateImageRequest"]

// imageFields are the rules for an image that a test puts in: those of Create for what both messages have, and what goes without
// saying for the rest [choice].
var imageFields = func() []field {
	fields := []field{
		same("id", constraint{length: span{0, 50}}),
		same("size", notNegative),
		same("storage_size", notNegative),
		same("status", constraint{declared: true}),
	}
	for _, f := range createFields {
		switch f.name {
		case "folder_id", "name", "description", "labels", "family", "min_disk_size", "product_ids":
			fields = append(fields, f)
		}
	}
	return fields
}()

// imageName is the rule for a name by itself.
var imageName = createFields[slices.IndexFunc(createFields, func(f field) bool { return f.name == "name" })]

// filterValue is the rule for a value in a filter of List [ref]. The page writes {,61}, which Go would take literally.
var filterValue = differ("value",
	constraint{length: span{3, 63}, pattern: `[a-z]([-a-z0-9]{0,61}[a-z0-9])?`},
	constraint{length: span{1, 63}, pattern: currentName.pattern})
