package conformance

import (
	"strings"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// ruleCases are the field rules: each refused value has a neighbour that passes.
func ruleCases() []Case {
	with := func(change func(*compute.CreateImageRequest)) proto.Message {
		return image("{name}", from("{nowhere}"), change) // what passes the rules meets the missing source, and makes nothing
	}
	refused := func(field, text string) Want { return Want{Code: codes.InvalidArgument, Field: field, Text: text} }
	passes := Want{Code: codes.FailedPrecondition}
	named := func(name string) proto.Message {
		return with(func(r *compute.CreateImageRequest) { r.Name = name })
	}
	labelled := func(key, value string) proto.Message {
		return with(func(r *compute.CreateImageRequest) { r.Labels = map[string]string{key: value} })
	}
	badName := "Request validation error: Name: invalid resource name"
	return []Case{
		{ID: "rule/name", Shows: "a name has 3 to 63 characters, begins with a letter, and has lower-case letters, digits and dashes", Row: "rules.name-text", Steps: []Step{
			{Do: named("Web"), Want: refused("name", badName)},
			{Do: named("1web"), Want: refused("name", badName)},
			{Do: named("web-"), Want: refused("name", badName)},
			{Do: named("we b"), Want: refused("name", badName)},
			{Do: named(strings.Repeat("a", 64)), Want: refused("name", badName)},
			{Do: named(strings.Repeat("a", 63)), Want: passes},
			{Do: named("web"), Want: passes},
		}},
		{ID: "rule/description", Shows: "a description has at most 256 characters, not bytes", Row: "rules.runes", Steps: []Step{
			{Do: with(func(r *compute.CreateImageRequest) { r.Description = strings.Repeat("д", 257) }), Want: refused("description", "")},
			{Do: with(func(r *compute.CreateImageRequest) { r.Description = strings.Repeat("д", 256) }), Want: passes},
		}},
		{ID: "rule/label-value", Shows: "a label value that is not allowed is named", Row: "rules.label-text", Steps: []Step{
			{Do: labelled("stage", "Test"), Want: refused("", `Request validation error: Labels: invalid label value "Test"`)},
			{Do: labelled("stage", "test"), Want: passes},
		}},
		{ID: "rule/label-key", Shows: "a label key has lower-case letters, digits, dashes and underscores", Row: "rules.details", Steps: []Step{
			{Do: labelled("Stage", "test"), Want: refused(`labels["Stage"]`, "")},
			{Do: labelled("stage_1", "test"), Want: passes},
		}},
		{ID: "rule/folder", Shows: "a folder is required", Row: "rules.text", Steps: []Step{
			{Do: with(func(r *compute.CreateImageRequest) { r.FolderId = "" }), Want: refused("folder_id", "Request validation error: FolderId: missing required field")},
			{Do: &compute.ListImagesRequest{}, Want: refused("folder_id", "Request validation error: FolderId: missing required field")},
		}},
		{ID: "rule/image-id", Shows: "an image id is required, and has at most 50 characters", Row: "rules.fields", Steps: []Step{
			{Do: get(""), Want: refused("image_id", "")},
			{Do: get(strings.Repeat("a", 51)), Want: refused("image_id", "")},
			{Do: get(strings.Repeat("a", 50)), Want: Want{Code: codes.NotFound}},
		}},
		{ID: "rule/source", Shows: "an image has a source", Row: "rules.source", Steps: []Step{
			{Do: with(func(r *compute.CreateImageRequest) { r.Source = nil }), Want: Want{Code: codes.InvalidArgument}},
			{Do: image("{name}", from("")), Want: Want{Code: codes.InvalidArgument}},
		}},
		{ID: "rule/min-disk-size", Shows: "a min_disk_size is 4 MiB to 4 TiB", Row: "rules.fields", Steps: []Step{
			{Do: with(func(r *compute.CreateImageRequest) { r.MinDiskSize = unit - 1 }), Want: refused("min_disk_size", "")},
			{Do: with(func(r *compute.CreateImageRequest) { r.MinDiskSize = 4<<40 + 1 }), Want: refused("min_disk_size", "")},
			{Do: with(func(r *compute.CreateImageRequest) { r.MinDiskSize = 4 << 40 }), Want: passes},
		}},
		{ID: "rule/first", Shows: "of two wrong fields the first in field order is named", Row: "rules.first", Steps: []Step{
			{Do: with(func(r *compute.CreateImageRequest) { r.Description, r.Name = strings.Repeat("d", 257), "Web" }), Want: refused("name", badName)},
		}},
		{ID: "rule/before-state", Shows: "what is wrong with a request is found before what the state forbids", Row: "rules.fields", Steps: []Step{
			{Do: update(&compute.UpdateImageRequest{ImageId: "{nowhere}", Name: "Web"}, "name"), Want: Want{Code: codes.InvalidArgument}},
		}},
	}
}
