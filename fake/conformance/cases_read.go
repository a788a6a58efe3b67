package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

var imageID = regexp.MustCompile(`^fd8[0-9a-v]{17}$`)

const unit = 4 << 20

// ready makes an image and waits for it: two steps that most cases begin with.
func ready(name, save string, change ...func(*compute.CreateImageRequest)) []Step {
	return []Step{
		{Do: image(name, change...), Save: save, Aside: true},
		{Wait: "{" + save + "}", Aside: true},
	}
}

func readCases() []Case {
	return []Case{
		{ID: "get/public", Shows: "a public image is found by its family and by its id", Row: "resources.public", Steps: []Step{
			{Do: latest("{public}", "{family}"), Want: Want{Reply: &compute.Image{
				FolderId: "{public}", Family: "{family}", Status: compute.Image_READY, Pooled: true}}},
			{Do: get("{base}"), Want: Want{Reply: &compute.Image{Id: "{base}", Family: "{family}"}}},
		}},
		{ID: "get/id", Shows: "an image id has 20 characters of 0-9 and a-v and begins with fd8", Row: "resources.ids", Steps: slices.Concat(
			ready("{name}", "op"), []Step{{Do: get("{op.image}"), Want: Want{Check: func(reply proto.Message, _ func(string) string) string {
				if id := reply.(*compute.Image).Id; !imageID.MatchString(id) {
					return fmt.Sprintf("id: want fd8 and 17 characters of 0-9 and a-v, got %q", id)
				}
				return ""
			}}}})},
		{ID: "get/whole-seconds", Shows: "created_at has whole seconds", Row: "resources.created-at", Steps: slices.Concat(
			ready("{name}", "op"), []Step{{Do: get("{op.image}"), Want: Want{Check: func(reply proto.Message, _ func(string) string) string {
				if at := reply.(*compute.Image).CreatedAt; at.GetNanos() != 0 || at.GetSeconds() == 0 {
					return fmt.Sprintf("created_at: want whole seconds, got %v", at.AsTime())
				}
				return ""
			}}}})},
		{ID: "get/unknown", Shows: "an unknown image is NotFound, and the text names it", Row: "errors.image-unknown", Steps: []Step{
			{Do: get("{nowhere}"), Want: Want{Code: codes.NotFound, Text: `Image "{nowhere}" not found`}},
		}},
		{ID: "history/unknown", Shows: "there is no history of what never was an image", Row: "errors.image-unknown", Steps: []Step{
			{Do: history("{nowhere}"), Want: Want{Code: codes.NotFound}},
		}},
		{ID: "bindings/unknown", Shows: "there are no bindings of an unknown image", Row: "errors.image-unknown", Steps: []Step{
			{Do: bindings("{nowhere}"), Want: Want{Code: codes.NotFound}},
		}},
		{ID: "family/unknown", Shows: "a family without an image is NotFound, and the text names it", Row: "errors.family-empty", Steps: []Step{
			{Do: latest("{folder}", "{name}"), Want: Want{Code: codes.NotFound, Text: `Image "{name}" not found`}},
		}},
		{ID: "family/empty", Shows: "the empty family finds nothing", Row: "family.empty-name", Steps: []Step{
			{Do: latest("{folder}", ""), Want: Want{Code: codes.NotFound}},
		}},
		{ID: "family/latest", Shows: "of a family the newest READY image is found", Row: "family.latest", Steps: slices.Concat(
			ready("{name}-a", "a", inFamily), ready("{name}-b", "b", inFamily),
			[]Step{{Do: latest("{folder}", "{name}"), Want: Want{Reply: &compute.Image{Name: "{name}-b"}}}})},
		{ID: "family/creating", Shows: "an image that is CREATING is not the latest of its family", Row: "family.latest", Steps: slices.Concat(
			ready("{name}-a", "a", inFamily), []Step{
				{Do: image("{name}-b", inFamily), Save: "b", Aside: true},
				{Do: latest("{folder}", "{name}"), Want: Want{Reply: &compute.Image{Name: "{name}-a"}}},
			})},
		{ID: "family/other-folder", Shows: "a family belongs to a folder", Row: "family.latest", Steps: []Step{
			{Do: latest("{folder}", "{family}"), Want: Want{Code: codes.NotFound}},
		}},
		{ID: "operation/unknown", Shows: "an unknown operation is NotFound", Row: "errors.operation-unknown", Steps: []Step{
			{Do: poll("{nowhere}"), Want: Want{Code: codes.NotFound, Text: `Operation "{nowhere}" not found`}},
			{Do: cancel("{nowhere}"), Want: Want{Code: codes.NotFound}},
		}},
	}
}

// inFamily puts an image into a family of the case's own.
func inFamily(r *compute.CreateImageRequest) { r.Family = "{name}" }

func listCases() []Case {
	named := func(names ...string) func(proto.Message, func(string) string) string {
		return func(reply proto.Message, known func(string) string) string {
			var got []string
			for _, im := range reply.(*compute.ListImagesResponse).Images {
				got = append(got, strings.TrimPrefix(im.Name, known("name")+"-"))
			}
			if !slices.Equal(got, names) {
				return fmt.Sprintf("images: want %v, got %v", names, got)
			}
			return ""
		}
	}
	three := slices.Concat(ready("{name}-a", "a"), ready("{name}-b", "b"), ready("{name}-c", "c"))
	all := `name IN ("{name}-a", "{name}-b", "{name}-c")`
	by := func(order string) func(*compute.ListImagesRequest) {
		return func(r *compute.ListImagesRequest) { r.OrderBy = order }
	}
	page := func(size int64, token string) func(*compute.ListImagesRequest) {
		return func(r *compute.ListImagesRequest) { r.PageSize, r.PageToken, r.OrderBy = size, token, "name" }
	}
	with := func(steps ...Step) []Step { return slices.Concat(three, steps) }
	return []Case{
		{ID: "list/by-id", Shows: "without an order a list ascends by id", Row: "list.ascending", Steps: with(
			Step{Do: list(all), Want: Want{Check: func(reply proto.Message, _ func(string) string) string {
				var ids []string
				for _, im := range reply.(*compute.ListImagesResponse).Images {
					ids = append(ids, im.Id)
				}
				if len(ids) != 3 || !slices.IsSorted(ids) {
					return fmt.Sprintf("ids: want three in ascending order, got %v", ids)
				}
				return ""
			}}})},
		{ID: "list/by-name", Shows: "a list can be ordered by name, either way", Row: "list.order", Steps: with(
			Step{Do: list(all, by("name")), Want: Want{Check: named("a", "b", "c")}},
			Step{Do: list(all, by("name desc")), Want: Want{Check: named("c", "b", "a")}})},
		{ID: "list/by-creation", Shows: "a list can be ordered by creation, either way", Row: "list.order", Steps: with(
			Step{Do: list(all, by("createdAt")), Want: Want{Check: named("a", "b", "c")}},
			Step{Do: list(all, by("created_at desc")), Want: Want{Check: named("c", "b", "a")}})},
		{ID: "list/bad-order", Shows: "an order by what cannot be ordered by is refused", Row: "errors.order", Steps: []Step{
			{Do: list("", by("colour")), Want: Want{Code: codes.InvalidArgument}},
			{Do: list("", by("name sideways")), Want: Want{Code: codes.InvalidArgument}},
		}},
		{ID: "list/filter-equal", Shows: "a filter compares the name", Row: "list.filter", Steps: with(
			Step{Do: list(`name = "{name}-b"`), Want: Want{Check: named("b")}},
			Step{Do: list(`name="{name}-b"`), Want: Want{Check: named("b")}},
			Step{Do: list(all+` AND name != "{name}-b"`, by("name")), Want: Want{Check: named("a", "c")}},
			Step{Do: list(all + ` AND name NOT IN ("{name}-a", "{name}-b")`), Want: Want{Check: named("c")}},
			Step{Do: list(`name = "{name}-a" AND name = "{name}-b"`), Want: Want{Check: named()}})},
		{ID: "list/filter-quotes", Shows: "values stand in either quotes or bare", Row: "list.quotes", Steps: with(
			Step{Do: list(`name = '{name}-b'`), Want: Want{Check: named("b")}},
			Step{Do: list(`name = {name}-b`), Want: Want{Check: named("b")}})},
		{ID: "list/filter-words", Shows: "the words of a filter may be in either case", Row: "list.filter", Steps: with(
			Step{Do: list(`name in ("{name}-a") and name not in ("{name}-b")`), Want: Want{Check: named("a")}})},
		{ID: "list/filter-field", Shows: "a filter by another field is refused", Row: "list.filter-field", Steps: []Step{
			{Do: list(`family = "web"`), Want: Want{Code: codes.InvalidArgument}},
		}},
		{ID: "list/bad-filter", Shows: "a filter that cannot be read is refused", Row: "errors.filter", Steps: []Step{
			{Do: list(`name = `), Want: Want{Code: codes.InvalidArgument}},
			{Do: list(`name ~ "web"`), Want: Want{Code: codes.InvalidArgument}},
			{Do: list(`name = "web" OR name = "app"`), Want: Want{Code: codes.InvalidArgument}},
			{Do: list(`name IN ()`), Want: Want{Code: codes.InvalidArgument}},
		}},
		{ID: "list/pages", Shows: "pages hold every image once, and the last has no token", Row: "list.pages", Steps: with(
			Step{Do: list(all, page(2, "")), Save: "page", Want: Want{Check: named("a", "b")}},
			Step{Do: list(all, page(2, "{page.next}")), Want: Want{Check: named("c"), Zero: []string{"next_page_token"}}})},
		{ID: "list/page-sizes", Shows: "the page size may change between pages", Row: "list.page-size-change", Steps: with(
			Step{Do: list(all, page(1, "")), Save: "page", Want: Want{Check: named("a")}},
			Step{Do: list(all, page(50, "{page.next}")), Want: Want{Check: named("b", "c"), Zero: []string{"next_page_token"}}})},
		{ID: "list/exact-page", Shows: "a page that just holds all has no token", Row: "list.pages", Steps: with(
			Step{Do: list(all, page(3, "")), Want: Want{Check: named("a", "b", "c"), Zero: []string{"next_page_token"}}})},
		{ID: "list/deleted-between", Shows: "a page goes on behind an image that was deleted meanwhile", Row: "list.stable", Steps: with(
			Step{Do: list(all, page(2, "")), Save: "page", Want: Want{Check: named("a", "b")}},
			Step{Do: remove("{b.image}"), Save: "gone", Aside: true},
			Step{Wait: "{gone}", Aside: true},
			Step{Do: list(all, page(2, "{page.next}")), Want: Want{Check: named("c")}})},
		{ID: "list/name-retaken", Shows: "a page by name goes on behind the last name, whoever bears it now", Row: "list.name-retaken", Steps: with(
			Step{Do: list(all, page(2, "")), Save: "page", Want: Want{Check: named("a", "b")}},
			Step{Do: remove("{b.image}"), Save: "gone", Aside: true},
			Step{Wait: "{gone}", Aside: true},
			Step{Do: image("{name}-b"), Save: "again", Aside: true},
			Step{Do: list(all, page(2, "{page.next}")), Want: Want{Check: named("c")}})},
		{ID: "list/spelling", Shows: "a page token does not fit a filter that differs in blanks", Row: "list.spelling", Steps: with(
			Step{Do: list(all, page(1, "")), Save: "page", Want: Want{Check: named("a")}},
			Step{Do: list(all+" ", page(1, "{page.next}")), Want: Want{Code: codes.InvalidArgument, Field: "page_token"}},
			Step{Do: list(all, page(1, "{page.next}")), Want: Want{Check: named("b")}})},
		{ID: "list/garbage-token", Shows: "a damaged page token is refused", Row: "errors.page-token", Steps: []Step{
			{Do: list("", page(0, "garbage")), Want: Want{Code: codes.InvalidArgument, Field: "page_token"}},
		}},
		{ID: "list/other-token", Shows: "a page token of another list is refused", Row: "errors.page-token", Steps: with(
			Step{Do: list(all, page(1, "")), Save: "page", Aside: true},
			Step{Do: list(`name != "{name}-a"`, page(1, "{page.next}")), Want: Want{Code: codes.InvalidArgument, Field: "page_token"}})},
		{ID: "list/page-size", Shows: "a page size over 1000 is refused", Row: "rules.page-size", Steps: []Step{
			{Do: list("", page(1001, "")), Want: Want{Code: codes.InvalidArgument, Field: "page_size"}},
			{Do: list("", page(-1, "")), Want: Want{Code: codes.InvalidArgument, Field: "page_size"}},
			{Do: list(`name = "{name}"`, page(1000, "")), Want: Want{}},
		}},
		{ID: "list/creating", Shows: "a list has images that are CREATING", Row: "list.ascending", Steps: []Step{
			{Do: image("{name}-a"), Save: "op", Aside: true},
			{Do: list(`name = "{name}-a"`), Want: Want{Check: func(reply proto.Message, _ func(string) string) string {
				found := reply.(*compute.ListImagesResponse).Images
				if len(found) != 1 || found[0].Status == compute.Image_STATUS_UNSPECIFIED {
					return fmt.Sprintf("images: want the one being made, got %v", found)
				}
				return ""
			}}},
		}},
	}
}

// operationsOf checks the descriptions of a history, the newest first.
func operationsOf(want ...string) func(proto.Message, func(string) string) string {
	return func(reply proto.Message, _ func(string) string) string {
		var got []string
		for _, op := range reply.(*compute.ListImageOperationsResponse).Operations {
			got = append(got, op.Description)
		}
		if !slices.Equal(got, want) {
			return fmt.Sprintf("operations: want %v, got %v", want, got)
		}
		return ""
	}
}

// sameOperation checks that a reply is the operation of that name.
func sameOperation(name string) func(proto.Message, func(string) string) string {
	return func(reply proto.Message, known func(string) string) string {
		if got := reply.(*operation.Operation).Id; got != known(name) {
			return fmt.Sprintf("operation: want %s, the one the key was first used for, got %s", known(name), got)
		}
		return ""
	}
}
