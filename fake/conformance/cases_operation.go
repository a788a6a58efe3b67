package conformance

import (
	"fmt"
	"slices"

	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

func operationCases() []Case {
	return []Case{
		{ID: "operation/fields", Shows: "a new operation was created and modified at one moment, by somebody", Row: "operations.fields", Steps: []Step{
			{Do: image("{name}"), Save: "op", Want: Want{Check: func(reply proto.Message, _ func(string) string) string {
				op := reply.(*operation.Operation)
				if !proto.Equal(op.CreatedAt, op.ModifiedAt) || op.CreatedAt == nil || op.CreatedBy == "" {
					return fmt.Sprintf("want created_at and modified_at equal and created_by set, got %v", op)
				}
				return ""
			}}},
		}},
		{ID: "operation/get", Shows: "an operation is found by its id, with what started it", Row: "operations.metadata", Steps: []Step{
			{Do: image("{name}"), Save: "op"},
			{Do: poll("{op}"), Want: Want{Reply: &operation.Operation{Id: "{op}", Description: "Create image"},
				Check: func(reply proto.Message, known func(string) string) string {
					if got := resourceOf(reply.(*operation.Operation)); got != known("op.image") {
						return fmt.Sprintf("metadata: want the image %s, got %q", known("op.image"), got)
					}
					return ""
				}}},
		}},
		{ID: "operation/cancel", Shows: "a Create that is cancelled ends with CANCELLED, and the image is gone", Row: "operations.cancel", Steps: []Step{
			{Do: image("{name}"), Save: "op", Aside: true},
			{Do: cancel("{op}")},
			{Wait: "{op}", Want: Want{Code: codes.Canceled}},
			{Do: get("{op.image}"), Want: Want{Code: codes.NotFound}},
		}},
		{ID: "operation/cancel-done", Shows: "to cancel what is done changes nothing and is no error", Row: "operations.cancel-done", Steps: slices.Concat(
			ready("{name}", "op"), []Step{
				{Do: cancel("{op}"), Want: Want{Reply: &operation.Operation{Id: "{op}", Done: true}}},
				{Do: get("{op.image}"), Want: Want{Reply: &compute.Image{Status: compute.Image_READY}}},
			})},
		{ID: "history/newest-first", Shows: "the history of an image has the newest operation first", Row: "history.newest-first", Steps: slices.Concat(
			ready("{name}", "op"), []Step{
				{Do: update(&compute.UpdateImageRequest{ImageId: "{op.image}", Description: "x"}, "description"), Save: "up", Aside: true},
				{Wait: "{up}", Aside: true},
				{Do: history("{op.image}"), Want: Want{Check: operationsOf("Update image", "Create image")}},
			})},
		{ID: "history/gone", Shows: "the history of an image that is gone stays readable", Row: "history.gone", Steps: slices.Concat(
			ready("{name}", "op"), []Step{
				{Do: remove("{op.image}"), Save: "gone", Aside: true},
				{Wait: "{gone}", Aside: true},
				{Do: history("{op.image}"), Want: Want{Check: operationsOf("Delete image", "Create image")}},
			})},
	}
}

func keyCases() []Case {
	return []Case{
		{ID: "key/repeat", Shows: "a repeat with the same key answers the first operation, and makes no second image", Row: "keys.repeat", Steps: []Step{
			{Do: image("{name}"), Key: "{name}-key", Save: "op", Aside: true},
			{Do: image("{name}"), Key: "{name}-key", Want: Want{Check: sameOperation("op")}},
			{Wait: "{op}"},
			{Do: image("{name}"), Key: "{name}-key", Want: Want{Reply: &operation.Operation{Done: true}, Check: sameOperation("op")}},
		}},
		{ID: "key/other-request", Shows: "a used key answers its operation even if the request is another", Row: "keys.any-request", Steps: []Step{
			{Do: image("{name}-a"), Key: "{name}-key", Save: "op", Aside: true},
			{Do: image("{name}-b"), Key: "{name}-key", Want: Want{Check: sameOperation("op")}},
			{Do: list(`name = "{name}-b"`), Want: Want{Zero: []string{"images"}}},
		}},
		{ID: "key/other-method", Shows: "a used key answers its operation even if the method is another", Row: "keys.any-request", Steps: slices.Concat(
			ready("{name}", "made"), []Step{
				{Do: update(&compute.UpdateImageRequest{ImageId: "{made.image}", Description: "x"}, "description"), Key: "{name}-key", Save: "op", Aside: true},
				{Wait: "{op}", Aside: true},
				{Do: remove("{made.image}"), Key: "{name}-key", Want: Want{Check: sameOperation("op")}},
				{Do: get("{made.image}"), Want: Want{Reply: &compute.Image{Status: compute.Image_READY}}},
			})},
		{ID: "key/delete-repeat", Shows: "a repeated Delete answers its operation though the image is gone", Row: "keys.repeat", Steps: slices.Concat(
			ready("{name}", "made"), []Step{
				{Do: remove("{made.image}"), Key: "{name}-key", Save: "op", Aside: true},
				{Wait: "{op}", Aside: true},
				{Do: remove("{made.image}"), Key: "{name}-key", Want: Want{Reply: &operation.Operation{Done: true}, Check: sameOperation("op")}},
			})},
		{ID: "key/refused", Shows: "a key of a refused request may be tried again", Row: "keys.refused", Steps: []Step{
			{Do: image("{name}", from("{nowhere}")), Key: "{name}-key", Want: Want{Code: codes.FailedPrecondition}},
			{Do: image("{name}"), Key: "{name}-key", Save: "op", Want: Want{Reply: &operation.Operation{Description: "Create image"}}},
		}},
		{ID: "key/reads", Shows: "reads ignore keys", Row: "keys.reads", Steps: []Step{
			{Do: get("{base}"), Key: "{name}-key"},
			{Do: get("{nowhere}"), Key: "{name}-key", Want: Want{Code: codes.NotFound}},
		}},
	}
}

func bindingCases() []Case {
	binding := func(role string) *access.AccessBinding {
		return &access.AccessBinding{RoleId: role, Subject: &access.Subject{Id: "allAuthenticatedUsers", Type: "system"}}
	}
	delta := func(action access.AccessBindingAction, role string) *access.AccessBindingDelta {
		return &access.AccessBindingDelta{Action: action, AccessBinding: binding(role)}
	}
	return []Case{
		{ID: "bindings/set", Shows: "SetAccessBindings replaces all bindings", Row: "bindings.set", Steps: slices.Concat(
			ready("{name}", "op"), []Step{
				{Do: &access.SetAccessBindingsRequest{ResourceId: "{op.image}", AccessBindings: []*access.AccessBinding{binding("viewer")}}, Save: "set", Aside: true},
				{Wait: "{set}"},
				{Do: bindings("{op.image}"), Want: Want{Reply: &access.ListAccessBindingsResponse{AccessBindings: []*access.AccessBinding{binding("viewer")}}}},
				{Do: &access.SetAccessBindingsRequest{ResourceId: "{op.image}", AccessBindings: []*access.AccessBinding{binding("editor")}}, Save: "again", Aside: true},
				{Wait: "{again}"},
				{Do: bindings("{op.image}"), Want: Want{Reply: &access.ListAccessBindingsResponse{AccessBindings: []*access.AccessBinding{binding("editor")}}}},
			})},
		{ID: "bindings/update", Shows: "UpdateAccessBindings applies deltas", Row: "bindings.set", Steps: slices.Concat(
			ready("{name}", "op"), []Step{
				{Do: &access.UpdateAccessBindingsRequest{ResourceId: "{op.image}", AccessBindingDeltas: []*access.AccessBindingDelta{
					delta(access.AccessBindingAction_ADD, "viewer"), delta(access.AccessBindingAction_ADD, "editor")}}, Save: "add", Aside: true},
				{Wait: "{add}"},
				{Do: &access.UpdateAccessBindingsRequest{ResourceId: "{op.image}", AccessBindingDeltas: []*access.AccessBindingDelta{
					delta(access.AccessBindingAction_REMOVE, "viewer")}}, Save: "drop", Aside: true},
				{Wait: "{drop}"},
				{Do: bindings("{op.image}"), Want: Want{Reply: &access.ListAccessBindingsResponse{AccessBindings: []*access.AccessBinding{binding("editor")}}}},
			})},
		{ID: "bindings/result", Shows: "the response has the deltas that changed something", Row: "bindings.result", Steps: slices.Concat(
			ready("{name}", "op"), []Step{
				{Do: &access.UpdateAccessBindingsRequest{ResourceId: "{op.image}", AccessBindingDeltas: []*access.AccessBindingDelta{
					delta(access.AccessBindingAction_ADD, "viewer"), delta(access.AccessBindingAction_REMOVE, "editor")}}, Save: "up", Aside: true},
				{Wait: "{up}", Want: Want{Reply: &access.AccessBindingsOperationResult{EffectiveDeltas: []*access.AccessBindingDelta{
					delta(access.AccessBindingAction_ADD, "viewer")}}}},
			})},
		{ID: "bindings/image-gone", Shows: "bindings fail whose image is gone when they end", Row: "bindings.image-gone", Steps: slices.Concat(
			ready("{name}", "op"), []Step{
				{Do: &access.SetAccessBindingsRequest{ResourceId: "{op.image}", AccessBindings: []*access.AccessBinding{binding("viewer")}}, Save: "set", Aside: true},
				{Do: remove("{op.image}"), Save: "gone", Aside: true},
				{Wait: "{gone}", Aside: true},
				{Wait: "{set}", Want: Want{Code: codes.FailedPrecondition, Text: `Image "{op.image}" not found`}},
			})},
	}
}
