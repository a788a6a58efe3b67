package conformance

import (
	"fmt"
	"slices"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

func maskOf(paths []string) *fieldmaskpb.FieldMask {
	if paths == nil {
		return nil
	}
	return &fieldmaskpb.FieldMask{Paths: paths}
}

func createCases() []Case {
	return []Case{
		{ID: "create/operation", Shows: "Create answers with a running operation that names the image", Row: "create.operation", Steps: []Step{
			{Do: image("{name}"), Save: "op", Want: Want{
				Reply: &operation.Operation{Description: "Create image"}, Zero: []string{"done", "error", "response"},
				Check: func(reply proto.Message, _ func(string) string) string {
					if id := resourceOf(reply.(*operation.Operation)); !imageID.MatchString(id) {
						return fmt.Sprintf("metadata: want the id of the image, got %q", id)
					}
					return ""
				}}},
		}},
		{ID: "create/visible-at-once", Shows: "the image is there, CREATING, before the operation has ended", Row: "create.visible", Steps: []Step{
			{Do: image("{name}"), Save: "op", Aside: true},
			{Do: get("{op.image}"), Want: Want{Reply: &compute.Image{Name: "{name}", FolderId: "{folder}", Status: compute.Image_CREATING}}},
			{Wait: "{op}"},
			{Do: get("{op.image}"), Want: Want{Reply: &compute.Image{Status: compute.Image_READY}}},
		}},
		{ID: "create/response", Shows: "the operation's response is the image as it is now", Row: "create.response", Steps: []Step{
			{Do: image("{name}", func(r *compute.CreateImageRequest) {
				r.Description, r.Family, r.Labels = "made by a test", "{name}", map[string]string{"stage": "test"}
			}), Save: "op"},
			{Wait: "{op}", Want: Want{Reply: &compute.Image{
				Id: "{op.image}", Name: "{name}", Description: "made by a test", Family: "{name}", FolderId: "{folder}",
				Labels: map[string]string{"stage": "test"}, Status: compute.Image_READY}}},
		}},
		{ID: "create/unnamed", Shows: "an image needs no name, and two may have none", Row: "resources.names", Steps: slices.Concat(
			ready("", "a"), ready("", "b"), []Step{{Do: get("{b.image}"), Want: Want{Zero: []string{"name"}}}})},
		{ID: "create/name-taken", Shows: "a name is taken as long as its image is there", Row: "errors.name-taken", Steps: slices.Concat(
			ready("{name}", "op"), []Step{
				{Do: image("{name}"), Want: Want{Code: codes.AlreadyExists, Text: `Image with name "{name}" already exists`}},
				{Do: remove("{op.image}"), Save: "gone", Aside: true},
				{Wait: "{gone}", Aside: true},
				{Do: image("{name}"), Save: "again"},
			})},
		{ID: "create/name-held", Shows: "a name is taken from Create on", Row: "resources.names-held", Steps: []Step{
			{Do: image("{name}"), Save: "op", Aside: true},
			{Do: image("{name}"), Want: Want{Code: codes.AlreadyExists}},
		}},
		{ID: "create/unknown-image", Shows: "Create from an unknown image is refused at once", Row: "errors.source-unknown", Steps: []Step{
			{Do: image("{name}", func(r *compute.CreateImageRequest) {
				r.Source = &compute.CreateImageRequest_ImageId{ImageId: "{nowhere}"}
			}), Want: Want{Code: codes.FailedPrecondition, Text: `Image "{nowhere}" not found`}},
		}},
		{ID: "create/from-creating", Shows: "Create from an image that is not READY is refused", Row: "errors.not-ready", Steps: []Step{
			{Do: image("{name}-a"), Save: "op", Aside: true},
			{Do: image("{name}-b", from("{op.image}")), Want: Want{Code: codes.FailedPrecondition}},
		}},
		{ID: "create/too-small", Shows: "a min_disk_size below the need is refused at once", Row: "errors.min-disk-size", Steps: []Step{
			{Do: image("{name}", func(r *compute.CreateImageRequest) { r.MinDiskSize = unit }), Want: Want{Code: codes.InvalidArgument}},
		}},
		{ID: "create/sizes", Shows: "sizes are multiples of 4 MiB, and min_disk_size is not below them", Row: "resources.sizes", Steps: slices.Concat(
			ready("{name}", "op"), []Step{{Do: get("{op.image}"), Want: Want{Check: func(reply proto.Message, _ func(string) string) string {
				im := reply.(*compute.Image)
				if im.StorageSize%unit != 0 || im.MinDiskSize%unit != 0 || im.MinDiskSize < im.StorageSize || im.StorageSize == 0 {
					return fmt.Sprintf("sizes: want multiples of 4 MiB that fit, got storage_size %d, min_disk_size %d", im.StorageSize, im.MinDiskSize)
				}
				return ""
			}}}})},
		{ID: "create/rounded", Shows: "a size that is no multiple of 4 MiB is rounded up", Row: "resources.rounded", Steps: slices.Concat(
			ready("{name}", "op", func(r *compute.CreateImageRequest) { r.MinDiskSize = 100<<30 + 1 }),
			[]Step{{Do: get("{op.image}"), Want: Want{Reply: &compute.Image{MinDiskSize: 100<<30 + unit}}}})},
		{ID: "create/os", Shows: "an image inherits the operating system of the image it is made from", Row: "resources.os", Steps: slices.Concat(
			ready("{name}", "op"), []Step{{Do: get("{op.image}"), Want: Want{Reply: &compute.Image{Os: &compute.Os{Type: compute.Os_LINUX}}}}})},
		{ID: "create/os-given", Shows: "an operating system that is given wins", Row: "resources.os", Steps: slices.Concat(
			ready("{name}", "op", func(r *compute.CreateImageRequest) { r.Os = &compute.Os{Type: compute.Os_WINDOWS} }),
			[]Step{{Do: get("{op.image}"), Want: Want{Reply: &compute.Image{Os: &compute.Os{Type: compute.Os_WINDOWS}}}}})},
		{ID: "create/products", Shows: "product ids of the source are kept", Row: "resources.product-ids", Steps: slices.Concat(
			ready("{name}-a", "a", func(r *compute.CreateImageRequest) { r.ProductIds = []string{"{name}"} }),
			[]Step{
				{Do: image("{name}-b", from("{a.image}"), func(r *compute.CreateImageRequest) { r.ProductIds = []string{"{name}", "{name}-own"} }), Save: "b", Aside: true},
				{Wait: "{b}", Want: Want{Check: func(reply proto.Message, known func(string) string) string {
					got := reply.(*compute.Image).ProductIds
					want := []string{known("name"), known("name") + "-own"}
					if len(got) < 2 || !slices.Equal(got[len(got)-2:], want) {
						return fmt.Sprintf("product_ids: want them to end with %q, got %q", want, got)
					}
					return ""
				}}},
			})},
		{ID: "create/hardware", Shows: "an image has a hardware generation", Row: "resources.hardware", Steps: slices.Concat(
			ready("{name}", "op"), []Step{{Do: get("{op.image}"), Want: Want{Check: func(reply proto.Message, _ func(string) string) string {
				if reply.(*compute.Image).HardwareGeneration.GetFeatures() == nil {
					return "hardware_generation: want one, got none"
				}
				return ""
			}}}})},
		{ID: "create/from-disk", Shows: "an image can be made from a disk", Row: "create.response", Needs: []Need{NeedDisk}, Steps: []Step{
			{Do: image("{name}", func(r *compute.CreateImageRequest) { r.Source = &compute.CreateImageRequest_DiskId{DiskId: "{disk}"} }), Save: "op"},
			{Wait: "{op}", Want: Want{Reply: &compute.Image{Name: "{name}", Status: compute.Image_READY}}},
		}},
		{ID: "create/disk-place", Shows: "an operation on a disk has an id that begins as the disk's", Row: "operations.id-place", Needs: []Need{NeedDisk}, Steps: []Step{
			{Do: image("{name}", func(r *compute.CreateImageRequest) { r.Source = &compute.CreateImageRequest_DiskId{DiskId: "{disk}"} }), Save: "op",
				Want: Want{Check: func(reply proto.Message, known func(string) string) string {
					if got, want := reply.(*operation.Operation).Id[:3], known("disk")[:3]; got != want {
						return fmt.Sprintf("operation id: want it to begin with %s, got %s", want, got)
					}
					return ""
				}}},
		}},
		{ID: "create/os-snapshot", Shows: "an image from a snapshot is LINUX unless told otherwise", Row: "resources.os-others", Needs: []Need{NeedSnapshot}, Steps: []Step{
			{Do: image("{name}", func(r *compute.CreateImageRequest) {
				r.Source = &compute.CreateImageRequest_SnapshotId{SnapshotId: "{snapshot}"}
			}), Save: "op"},
			{Wait: "{op}", Want: Want{Reply: &compute.Image{Os: &compute.Os{Type: compute.Os_LINUX}}}},
		}},
		{ID: "create/from-snapshot", Shows: "an image can be made from a snapshot", Row: "create.response", Needs: []Need{NeedSnapshot}, Steps: []Step{
			{Do: image("{name}", func(r *compute.CreateImageRequest) {
				r.Source = &compute.CreateImageRequest_SnapshotId{SnapshotId: "{snapshot}"}
			}), Save: "op"},
			{Wait: "{op}", Want: Want{Reply: &compute.Image{Name: "{name}", Status: compute.Image_READY}}},
		}},
		{ID: "create/from-object", Shows: "an image can be made from a file in Object Storage", Row: "create.response", Needs: []Need{NeedObject}, Steps: []Step{
			{Do: image("{name}", func(r *compute.CreateImageRequest) { r.Source = &compute.CreateImageRequest_Uri{Uri: "{object}"} }), Save: "op"},
			{Wait: "{op}", Want: Want{Reply: &compute.Image{Name: "{name}", Status: compute.Image_READY}}},
		}},
		{ID: "create/bad-uri", Shows: "a source that is not in Object Storage is refused at once", Row: "errors.uri", Steps: []Step{
			{Do: image("{name}", func(r *compute.CreateImageRequest) {
				r.Source = &compute.CreateImageRequest_Uri{Uri: "https://example.net/bucket/object"}
			}), Want: Want{Code: codes.InvalidArgument, Text: "url source invalid"}},
		}},
		{ID: "create/no-trace", Shows: "a refused Create leaves no image behind", Row: "rules.no-trace", Steps: []Step{
			{Do: image("{name}", from("{nowhere}")), Want: Want{Code: codes.FailedPrecondition}},
			{Do: list(`name = "{name}"`), Want: Want{Zero: []string{"images"}}},
		}},
	}
}

func from(id string) func(*compute.CreateImageRequest) {
	return func(r *compute.CreateImageRequest) { r.Source = &compute.CreateImageRequest_ImageId{ImageId: id} }
}

func updateCases() []Case {
	described := ready("{name}", "op", func(r *compute.CreateImageRequest) {
		r.Description, r.Labels = "as it was", map[string]string{"stage": "test"}
	})
	with := func(steps ...Step) []Step { return slices.Concat(described, steps) }
	return []Case{
		{ID: "update/masked", Shows: "with a mask its fields are written and no others", Row: "update.masked", Steps: with(
			Step{Do: update(&compute.UpdateImageRequest{ImageId: "{op.image}", Description: "changed", Name: "{name}-b"}, "description"), Save: "up",
				Want: Want{Reply: &operation.Operation{Description: "Update image"}}},
			Step{Wait: "{up}", Want: Want{Reply: &compute.Image{
				Name: "{name}", Description: "changed", Labels: map[string]string{"stage": "test"}, Status: compute.Image_READY}}})},
		{ID: "update/unmasked", Shows: "without a mask absent fields go back to their defaults", Row: "update.unmasked", Steps: with(
			Step{Do: update(&compute.UpdateImageRequest{ImageId: "{op.image}", Name: "{name}-b"}), Save: "up", Aside: true},
			Step{Wait: "{up}", Want: Want{Reply: &compute.Image{Name: "{name}-b"}, Zero: []string{"description"}}})},
		{ID: "update/labels", Shows: "labels are replaced as a whole", Row: "update.labels", Steps: with(
			Step{Do: update(&compute.UpdateImageRequest{ImageId: "{op.image}", Labels: map[string]string{"tier": "one"}}, "labels"), Save: "up", Aside: true},
			Step{Wait: "{up}", Want: Want{Check: func(reply proto.Message, _ func(string) string) string {
				labels := reply.(*compute.Image).Labels
				if _, stays := labels["stage"]; stays || labels["tier"] != "one" {
					return fmt.Sprintf("labels: want the new ones alone, got %v", labels)
				}
				return ""
			}}})},
		{ID: "update/late", Shows: "the change is not visible before the operation ends", Row: "update.late", Steps: with(
			Step{Do: update(&compute.UpdateImageRequest{ImageId: "{op.image}", Description: "changed"}, "description"), Save: "up", Aside: true},
			Step{Do: get("{op.image}"), Want: Want{Reply: &compute.Image{Description: "as it was"}}},
			Step{Wait: "{up}"},
			Step{Do: get("{op.image}"), Want: Want{Reply: &compute.Image{Description: "changed"}}})},
		{ID: "update/unknown", Shows: "an unknown image cannot be updated", Row: "errors.image-unknown", Steps: []Step{
			{Do: update(&compute.UpdateImageRequest{ImageId: "{nowhere}", Description: "x"}, "description"), Want: Want{Code: codes.NotFound}},
		}},
		{ID: "update/name-taken", Shows: "an image cannot take another's name", Row: "errors.name-taken", Steps: with(
			Step{Do: image("{name}-b"), Save: "other", Aside: true},
			Step{Do: update(&compute.UpdateImageRequest{ImageId: "{op.image}", Name: "{name}-b"}, "name"), Want: Want{Code: codes.AlreadyExists}})},
		{ID: "update/own-name", Shows: "an image may keep its name", Row: "resources.names", Steps: with(
			Step{Do: update(&compute.UpdateImageRequest{ImageId: "{op.image}", Name: "{name}"}, "name"), Save: "up"},
			Step{Wait: "{up}", Want: Want{Reply: &compute.Image{Name: "{name}"}}})},
		{ID: "update/names-held", Shows: "the new name is taken at once, the old one until the end", Row: "update.names-held", Steps: with(
			Step{Do: update(&compute.UpdateImageRequest{ImageId: "{op.image}", Name: "{name}-b"}, "name"), Save: "up", Aside: true},
			Step{Do: image("{name}-b"), Want: Want{Code: codes.AlreadyExists}},
			Step{Do: image("{name}"), Want: Want{Code: codes.AlreadyExists}},
			Step{Wait: "{up}"},
			Step{Do: image("{name}"), Save: "free"})},
		{ID: "update/name-until-end", Shows: "the new name stays taken until the Update ends, though its image is gone", Row: "update.name-until-end", Steps: with(
			Step{Do: update(&compute.UpdateImageRequest{ImageId: "{op.image}", Name: "{name}-b"}, "name"), Save: "up", Aside: true},
			Step{Do: remove("{op.image}"), Save: "gone", Aside: true},
			Step{Wait: "{gone}", Aside: true},
			Step{Do: image("{name}-b"), Want: Want{Code: codes.AlreadyExists}},
			Step{Wait: "{up}", Want: Want{Code: codes.FailedPrecondition}},
			Step{Do: image("{name}-b"), Save: "free"})},
		{ID: "update/deleting", Shows: "an Update fails whose image is being deleted when it ends", Row: "update.not-ready-at-end", Steps: with(
			Step{Do: update(&compute.UpdateImageRequest{ImageId: "{op.image}", Description: "changed"}, "description"), Save: "up", Aside: true},
			Step{Do: remove("{op.image}"), Save: "gone", Aside: true},
			Step{Wait: "{up}", Want: Want{Code: codes.FailedPrecondition}},
			Step{Do: get("{op.image}"), Want: Want{Reply: &compute.Image{Description: "as it was", Status: compute.Image_DELETING}}},
			Step{Wait: "{gone}", Aside: true})},
		{ID: "update/bad-mask", Shows: "a mask cannot name what cannot be updated", Row: "errors.mask", Steps: with(
			Step{Do: update(&compute.UpdateImageRequest{ImageId: "{op.image}"}, "status"), Want: Want{Code: codes.InvalidArgument, Field: "update_mask"}},
			Step{Do: update(&compute.UpdateImageRequest{ImageId: "{op.image}"}, "nmae"), Want: Want{Code: codes.InvalidArgument, Field: "update_mask"}})},
		{ID: "update/too-small", Shows: "min_disk_size cannot go below the need", Row: "errors.min-disk-size", Steps: with(
			Step{Do: update(&compute.UpdateImageRequest{ImageId: "{op.image}", MinDiskSize: unit}, "min_disk_size"), Want: Want{Code: codes.InvalidArgument}})},
		{ID: "update/creating", Shows: "an image that is not READY cannot be updated", Row: "errors.not-ready", Steps: []Step{
			{Do: image("{name}"), Save: "op", Aside: true},
			{Do: update(&compute.UpdateImageRequest{ImageId: "{op.image}", Description: "x"}, "description"), Want: Want{Code: codes.FailedPrecondition}},
		}},
	}
}

func deleteCases() []Case {
	return []Case{
		{ID: "delete/deleting", Shows: "an image is DELETING at once, and gone when the operation ends", Row: "delete.deleting", Steps: slices.Concat(
			ready("{name}", "op"), []Step{
				{Do: remove("{op.image}"), Save: "gone", Want: Want{Reply: &operation.Operation{Description: "Delete image"}, Zero: []string{"done"}}},
				{Do: get("{op.image}"), Want: Want{Reply: &compute.Image{Status: compute.Image_DELETING}}},
				{Wait: "{gone}"},
				{Do: get("{op.image}"), Want: Want{Code: codes.NotFound, Text: `Image "{op.image}" not found`}},
			})},
		{ID: "delete/response", Shows: "the operation's response is Empty", Row: "delete.response", Steps: slices.Concat(
			ready("{name}", "op"), []Step{
				{Do: remove("{op.image}"), Save: "gone", Aside: true},
				{Wait: "{gone}", Want: Want{Reply: &emptypb.Empty{}}},
			})},
		{ID: "delete/unknown", Shows: "an unknown image cannot be deleted", Row: "errors.image-unknown", Steps: []Step{
			{Do: remove("{nowhere}"), Want: Want{Code: codes.NotFound, Text: `Image "{nowhere}" not found`}},
		}},
		{ID: "delete/twice", Shows: "an image that is being deleted cannot be deleted again", Row: "delete.twice", Steps: slices.Concat(
			ready("{name}", "op"), []Step{
				{Do: remove("{op.image}"), Save: "gone", Aside: true},
				{Do: remove("{op.image}"), Want: Want{Code: codes.FailedPrecondition}},
			})},
		{ID: "delete/creating", Shows: "an image that is being made cannot be deleted", Row: "errors.not-ready", Steps: []Step{
			{Do: image("{name}"), Save: "op", Aside: true},
			{Do: remove("{op.image}"), Want: Want{Code: codes.FailedPrecondition}},
		}},
		{ID: "delete/gone-twice", Shows: "an image that is gone is NotFound", Row: "errors.image-unknown", Steps: slices.Concat(
			ready("{name}", "op"), []Step{
				{Do: remove("{op.image}"), Save: "gone", Aside: true},
				{Wait: "{gone}", Aside: true},
				{Do: remove("{op.image}"), Want: Want{Code: codes.NotFound}},
			})},
	}
}
