package conformance

import (
	"slices"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// answerCases are what every answer has, and how a request ends that asks for what is not there or not for this caller.
func answerCases() []Case {
	fromURI := func(uri string) proto.Message {
		return image("{name}", func(r *compute.CreateImageRequest) { r.Source = &compute.CreateImageRequest_Uri{Uri: uri} })
	}
	inFolder := func(folder string) proto.Message {
		return image("{name}", func(r *compute.CreateImageRequest) { r.FolderId = folder })
	}
	ids := []string{"x-request-id", "x-server-trace-id"}
	denied := Want{Code: codes.PermissionDenied, Text: "Permission denied to folder {denied}"}
	return []Case{
		{ID: "answer/headers", Shows: "an answer has the ids of its request in its headers, be it an error or not", Row: "errors.headers", Steps: []Step{
			{Do: get("{base}"), Want: Want{Headers: ids}},
			{Do: get("{nowhere}"), Want: Want{Code: codes.NotFound, Headers: ids}},
			{Do: get(""), Want: Want{Code: codes.InvalidArgument, Headers: ids}},
		}},
		{ID: "answer/request-info", Shows: "an error has a RequestInfo detail with the id of its request", Row: "errors.request-info", Steps: []Step{
			{Do: get("{nowhere}"), Want: Want{Code: codes.NotFound, RequestInfo: true}},
			{Do: get(""), Want: Want{Code: codes.InvalidArgument, RequestInfo: true}},
		}},
		{ID: "create/state-order", Shows: "a bad source is told before a bad size, a bad size before a name that is taken", Row: "errors.state-order", Steps: slices.Concat(
			ready("{name}", "op"), []Step{
				{Do: image("{name}", from("{nowhere}"), func(r *compute.CreateImageRequest) { r.MinDiskSize = unit }), Want: Want{Code: codes.FailedPrecondition}},
				{Do: image("{name}", func(r *compute.CreateImageRequest) { r.MinDiskSize = unit }), Want: Want{Code: codes.InvalidArgument}},
				{Do: image("{name}"), Want: Want{Code: codes.AlreadyExists}},
			})},
		{ID: "update/state-order", Shows: "the status of an image is told before a bad size and a name that is taken", Row: "errors.state-order", Steps: slices.Concat(
			ready("{name}-a", "a"), []Step{
				{Do: image("{name}-b"), Save: "b", Aside: true},
				{Do: &compute.UpdateImageRequest{ImageId: "{b.image}", Name: "{name}-a", MinDiskSize: unit}, Want: Want{Code: codes.FailedPrecondition}},
				{Wait: "{b}", Aside: true},
				{Do: &compute.UpdateImageRequest{ImageId: "{b.image}", Name: "{name}-a", MinDiskSize: unit}, Want: Want{Code: codes.InvalidArgument}},
				{Do: &compute.UpdateImageRequest{ImageId: "{b.image}", Name: "{name}-a"}, Want: Want{Code: codes.AlreadyExists}},
			})},
		{ID: "create/too-small-text", Shows: "who asks for too small a disk is told a size", Row: "errors.min-disk-text", Steps: []Step{
			{Do: image("{name}", func(r *compute.CreateImageRequest) { r.MinDiskSize = unit }), Want: Want{
				Code: codes.InvalidArgument, Form: `Minimal disk size should be greater or equal than [1-9][0-9]*`}},
		}},
		{ID: "create/need", Shows: "min_disk_size is that of the source image where none is given", Row: "resources.need", Steps: slices.Concat(
			ready("{name}-a", "a", func(r *compute.CreateImageRequest) { r.MinDiskSize = 100 << 30 }),
			[]Step{
				{Do: image("{name}-b", from("{a.image}")), Save: "b", Aside: true},
				{Wait: "{b}", Want: Want{Reply: &compute.Image{MinDiskSize: 100 << 30}}},
			})},
		{ID: "get/any-state", Shows: "an image is found while it is made, when it is there, and while it is deleted", Row: "get.any-state", Steps: []Step{
			{Do: image("{name}"), Save: "op", Aside: true},
			{Do: get("{op.image}"), Want: Want{Reply: &compute.Image{Id: "{op.image}", Status: compute.Image_CREATING}}},
			{Wait: "{op}", Aside: true},
			{Do: get("{op.image}"), Want: Want{Reply: &compute.Image{Id: "{op.image}", Status: compute.Image_READY}}},
			{Do: remove("{op.image}"), Save: "gone", Aside: true},
			{Do: get("{op.image}"), Want: Want{Reply: &compute.Image{Id: "{op.image}", Status: compute.Image_DELETING}}},
			{Wait: "{gone}", Aside: true},
		}},
		{ID: "folder/unknown", Shows: "Create in a folder that does not exist is refused, and the text names it", Row: "errors.folder-unknown",
			Needs: []Need{NeedNoFolder}, Steps: []Step{
				{Do: inFolder("{nofolder}"), Want: Want{Code: codes.FailedPrecondition, Text: `Folder "{nofolder}" not found`}},
			}},
		{ID: "folder/denied", Shows: "Create in a folder that is denied is refused, and the text names it", Row: "errors.folder-denied",
			Needs: []Need{NeedDeniedFolder}, Steps: []Step{
				{Do: inFolder("{denied}"), Want: denied},
			}},
		{ID: "folder/denied-key", Shows: "a used key answers its operation where the folder is denied", Row: "keys.before-state",
			Needs: []Need{NeedDeniedFolder}, Steps: []Step{
				{Do: image("{name}"), Key: "{name}-key", Save: "op", Aside: true},
				{Do: inFolder("{denied}"), Key: "{name}-key", Want: Want{Check: sameOperation("op")}},
				{Do: inFolder("{denied}"), Key: "{name}-other", Want: denied},
			}},
		{ID: "folder/denied-reads", Shows: "what is in a folder that is denied is not listed", Row: "errors.folder-denied-reads",
			Needs: []Need{NeedDeniedFolder}, Steps: []Step{
				{Do: &compute.ListImagesRequest{FolderId: "{denied}"}, Want: denied},
				{Do: latest("{denied}", "{family}"), Want: denied},
			}},
		{ID: "object/missing", Shows: "a missing object fails the operation, not the call", Row: "errors.object", Needs: []Need{NeedNoObject}, Steps: []Step{
			{Do: fromURI("{noobject}"), Save: "op", Want: Want{Reply: &operation.Operation{Description: "Create image"}}},
			{Wait: "{op}", Want: Want{Code: codes.InvalidArgument, Text: "url source not found"}},
		}},
		{ID: "object/query", Shows: "a query behind an object's address makes no other object of it", Row: "resources.object-name", Needs: []Need{NeedObject}, Steps: []Step{
			{Do: fromURI("{object}?imagefake={run}"), Save: "op"},
			{Wait: "{op}", Want: Want{Reply: &compute.Image{Name: "{name}", Status: compute.Image_READY}}},
		}},
		{ID: "operation/first-reply", Shows: "an operation that is to fail has no error in the reply that starts it", Row: "operations.first-reply",
			Needs: []Need{NeedNoObject}, Steps: []Step{
				{Do: fromURI("{noobject}"), Save: "op", Want: Want{Zero: []string{"done", "error", "response"}}},
				{Wait: "{op}", Want: Want{Code: codes.InvalidArgument}},
			}},
		{ID: "operation/rollback", Shows: "the image of a Create that failed is gone, and its name is free", Row: "operations.rollback",
			Needs: []Need{NeedNoObject}, Steps: []Step{
				{Do: fromURI("{noobject}"), Save: "op", Aside: true},
				{Wait: "{op}", Want: Want{Code: codes.InvalidArgument}},
				{Do: get("{op.image}"), Want: Want{Code: codes.NotFound, Text: `Image "{op.image}" not found`}},
				{Do: image("{name}"), Save: "again"},
			}},
	}
}
