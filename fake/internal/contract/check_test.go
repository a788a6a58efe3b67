package contract

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
	"pgregory.net/rapid"
)

// create returns a valid request, changed.
func create(change func(*compute.CreateImageRequest)) *compute.CreateImageRequest {
	r := &compute.CreateImageRequest{FolderId: "f", Source: &compute.CreateImageRequest_DiskId{DiskId: "d"}}
	change(r)
	return r
}

func labelled(labels map[string]string) *compute.CreateImageRequest {
	return create(func(r *compute.CreateImageRequest) { r.Labels = labels })
}

func named(name string) *compute.CreateImageRequest {
	return create(func(r *compute.CreateImageRequest) { r.Name = name })
}

func from(source *compute.CreateImageRequest) *compute.CreateImageRequest {
	source.FolderId = "f"
	return source
}

func sized(size int64) *compute.CreateImageRequest {
	return create(func(r *compute.CreateImageRequest) { r.MinDiskSize = size })
}

func numbered(n int) map[string]string {
	labels := map[string]string{}
	for i := range n {
		labels[fmt.Sprintf("k%d", i)] = ""
	}
	return labels
}

func deltas(d ...*access.AccessBindingDelta) *access.UpdateAccessBindingsRequest {
	return &access.UpdateAccessBindingsRequest{ResourceId: "r", AccessBindingDeltas: d}
}

func bindings(b ...*access.AccessBinding) *access.SetAccessBindingsRequest {
	return &access.SetAccessBindingsRequest{ResourceId: "r", AccessBindings: b}
}

func TestCheck(t *testing.T) {
	a, ж := strings.Repeat, strings.Repeat("ж", 50)
	subject := &access.Subject{Id: "u", Type: "userAccount"}
	binding := &access.AccessBinding{RoleId: "viewer", Subject: subject}
	added := &access.AccessBindingDelta{Action: access.AccessBindingAction_ADD, AccessBinding: binding}
	many := make([]*access.AccessBinding, 1001)
	for i := range many {
		many[i] = binding
	}
	const missing = MissingField
	const ok = ""

	for _, tt := range []struct {
		name               string
		request            proto.Message
		published, current string // "Field | path | reason", ok, or like for the same as published
	}{
		{"id", &compute.GetImageRequest{ImageId: "fd8"}, ok, ok},
		{"no id", &compute.GetImageRequest{}, "ImageId | image_id | missing required field", like},
		{"nil request", (*compute.GetImageRequest)(nil), "ImageId | image_id | missing required field", like},
		{"50 characters of two bytes", &compute.GetImageRequest{ImageId: ж}, ok, ok},
		{"51 characters", &compute.GetImageRequest{ImageId: ж + "a"}, "ImageId | image_id | length 51 is over 50 characters", like},
		{"invalid UTF-8", &compute.GetImageRequest{ImageId: a("\xff", 51)}, "ImageId | image_id | length 51 is over 50 characters", like},
		{"no rules", &structpb.ListValue{}, ok, ok},
		{"only free fields", &endpoint.GetApiEndpointRequest{}, ok, ok},

		{"first of two", &compute.GetImageLatestByFamilyRequest{Family: "X"}, "FolderId | folder_id | missing required field", like},
		{"no family", &compute.GetImageLatestByFamilyRequest{FolderId: "f"}, ok, ok},
		{"bad family", &compute.GetImageLatestByFamilyRequest{FolderId: "f", Family: "ab_c"}, "Family | family | invalid resource name", like},
		{"short family", &compute.GetImageLatestByFamilyRequest{FolderId: "f", Family: "ab"}, "Family | family | invalid resource name", like},

		{"list", &compute.ListImagesRequest{FolderId: "f", PageSize: 1000, PageToken: a("t", 100), Filter: a("f", 1000), OrderBy: a("o", 100)}, ok, ok},
		{"page too big", &compute.ListImagesRequest{FolderId: "f", PageSize: 1001}, "PageSize | page_size | value 1001 is over 1000", like},
		{"page negative", &compute.ListImagesRequest{FolderId: "f", PageSize: -1}, "PageSize | page_size | value -1 is below 0", like},
		{"long token", &compute.ListImagesRequest{FolderId: "f", PageToken: a("t", 101)}, "PageToken | page_token | length 101 is over 100 characters", like},
		{"long filter", &compute.ListImagesRequest{FolderId: "f", Filter: a("f", 1001)}, "Filter | filter | length 1001 is over 1000 characters", like},
		{"long order", &compute.ListImagesRequest{FolderId: "f", OrderBy: a("o", 101)}, "OrderBy | order_by | length 101 is over 100 characters", like},
		{"operations", &compute.ListImageOperationsRequest{ImageId: "i", PageSize: 1001}, "PageSize | page_size | value 1001 is over 1000", like},
		{"delete", &compute.DeleteImageRequest{}, "ImageId | image_id | missing required field", like},
		{"poll", &operation.GetOperationRequest{}, "OperationId | operation_id | missing required field", like},
		{"cancel", &operation.CancelOperationRequest{OperationId: a("o", 1000)}, ok, ok},

		{"no name", named(""), ok, ok},
		{"name of 1", named("a"), "Name | name | invalid resource name", ok},
		{"name of 2", named("ab"), "Name | name | invalid resource name", ok},
		{"name of 3", named("a-b"), ok, ok},
		{"name with underscore", named("a_b"), "Name | name | invalid resource name", ok},
		{"name of 63", named(a("a", 63)), ok, ok},
		{"name of 64", named(a("a", 64)), "Name | name | invalid resource name", like},
		{"name ends in a hyphen", named("abc-"), "Name | name | invalid resource name", like},
		{"name with capital", named("aBc"), "Name | name | invalid resource name", like},
		{"name on two lines", named("abc\n"), "Name | name | invalid resource name", like},
		{"name within", named("abc def"), "Name | name | invalid resource name", like},

		{"description", create(func(r *compute.CreateImageRequest) { r.Description = a("ж", 256) }), ok, ok},
		{"long description", create(func(r *compute.CreateImageRequest) { r.Description = a("ж", 257) }),
			"Description | description | length 257 is over 256 characters", like},

		{"labels", labelled(map[string]string{"k": "", a("k", 63): a("v", 63), "a-_0": "-_0z"}), ok, ok},
		{"64 labels", labelled(numbered(64)), ok, ok},
		{"65 labels", labelled(numbered(65)), "Labels | labels | 65 labels are over 64", like},
		{"looser label", labelled(map[string]string{"a./@b": "./@"}),
			`Labels | labels["a./@b"] | invalid label key "a./@b"`, ok},
		{"backslash", labelled(map[string]string{"k": `\`}),
			`Labels | labels["k"] | invalid label value "\\"`, like},
		{"no key", labelled(map[string]string{"": "v"}), `Labels | labels[""] | invalid label key ""`, like},
		{"first key wins", labelled(map[string]string{"b": "X", "a": "XY", "c": "X", "K2": "", "K1": ""}),
			`Labels | labels["K1"] | invalid label key "K1"`, like},
		{"key before value", labelled(map[string]string{a("k", 64): a("v", 64)}),
			fmt.Sprintf("Labels | labels[%[1]q] | invalid label key %[1]q", a("k", 64)), like},
		{"long value", labelled(map[string]string{"k": a("v", 64)}), fmt.Sprintf(`Labels | labels["k"] | invalid label value %q`, a("v", 64)), like},
		{"key is cut", labelled(map[string]string{a("ж", 10000): ""}),
			fmt.Sprintf("Labels | labels[%[1]q] | invalid label key %[1]q", a("ж", 64)+"…"), like},
		{"key of invalid UTF-8", labelled(map[string]string{"\xff": ""}),
			`Labels | labels["\xff"] | invalid label key "\xff"`, like},

		{"smallest disk", sized(4194304), ok, ok},
		{"largest disk", sized(4398046511104), ok, ok},
		{"disk too small", sized(5), "MinDiskSize | min_disk_size | value 5 is below 4194304", like},
		{"disk negative", sized(-1), "MinDiskSize | min_disk_size | value -1 is below 4194304", like},
		{"disk too large", sized(4398046511105), "MinDiskSize | min_disk_size | value 4398046511105 is over 4398046511104", like},
		{"products", create(func(r *compute.CreateImageRequest) { r.ProductIds = []string{"", a("p", 50)} }), ok, ok},
		{"long product", create(func(r *compute.CreateImageRequest) { r.ProductIds = []string{"p", a("p", 51)} }),
			"ProductIds | product_ids[1] | length 51 is over 50 characters", like},

		{"no source", from(&compute.CreateImageRequest{}), "Source | source | " + missing, like},
		{"nil source", from(&compute.CreateImageRequest{Source: (*compute.CreateImageRequest_ImageId)(nil)}), "Source | source | " + missing, like},
		{"empty source", from(&compute.CreateImageRequest{Source: &compute.CreateImageRequest_Uri{}}), "Source | source | uri is empty", like},
		{"source image", from(&compute.CreateImageRequest{Source: &compute.CreateImageRequest_ImageId{ImageId: ж}}), ok, ok},
		{"long source image", from(&compute.CreateImageRequest{Source: &compute.CreateImageRequest_ImageId{ImageId: ж + "a"}}),
			"ImageId | image_id | length 51 is over 50 characters", like},
		{"long source disk", from(&compute.CreateImageRequest{Source: &compute.CreateImageRequest_DiskId{DiskId: ж + "a"}}),
			"DiskId | disk_id | length 51 is over 50 characters", like},
		{"long source snapshot", from(&compute.CreateImageRequest{Source: &compute.CreateImageRequest_SnapshotId{SnapshotId: ж + "a"}}),
			"SnapshotId | snapshot_id | length 51 is over 50 characters", like},
		{"long URI", from(&compute.CreateImageRequest{Source: &compute.CreateImageRequest_Uri{Uri: a("u", 5000)}}), ok, ok},
		{"source comes eighth", from(&compute.CreateImageRequest{ProductIds: []string{a("p", 51)}}),
			"ProductIds | product_ids[0] | length 51 is over 50 characters", like},

		{"update", &compute.UpdateImageRequest{ImageId: "i", UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"nonsense"}}, Name: "abc"}, ok, ok},
		{"update by number", &compute.UpdateImageRequest{ImageId: "i", Labels: map[string]string{"K": ""}, MinDiskSize: 1},
			"MinDiskSize | min_disk_size | value 1 is below 4194304", like},
		{"update to underscore", &compute.UpdateImageRequest{ImageId: "i", Name: "a_b"}, "Name | name | invalid resource name", ok},

		{"bindings", bindings(many[:1000]...), ok, ok},
		{"no bindings", bindings(), ok, ok},
		{"bindings of resource 65", &access.ListAccessBindingsRequest{ResourceId: a("r", 65)}, "ResourceId | resource_id | length 65 is over 64 characters", like},
		{"1001 bindings", bindings(many...), "AccessBindings | access_bindings | 1001 access bindings are over 1000", like},
		{"nil binding", bindings(binding, nil), "AccessBindings: RoleId | access_bindings[1].role_id | missing required field", like},
		{"no subject", bindings(&access.AccessBinding{RoleId: "r"}), "AccessBindings: Subject | access_bindings[0].subject | missing required field", like},
		{"empty subject", bindings(&access.AccessBinding{RoleId: "r", Subject: &access.Subject{}}),
			"AccessBindings: Subject: Id | access_bindings[0].subject.id | missing required field", like},
		{"long subject type", bindings(&access.AccessBinding{RoleId: "r", Subject: &access.Subject{Id: "u", Type: a("t", 101)}}),
			"AccessBindings: Subject: Type | access_bindings[0].subject.type | length 101 is over 100 characters", like},
		{"deltas", deltas(added), ok, ok},
		{"no deltas", deltas(), "AccessBindingDeltas | access_binding_deltas | 0 access binding deltas are below 1", like},
		{"no action", deltas(added, &access.AccessBindingDelta{AccessBinding: binding}),
			"AccessBindingDeltas: Action | access_binding_deltas[1].action | missing required field", like},
		{"no binding", deltas(&access.AccessBindingDelta{Action: access.AccessBindingAction_REMOVE}),
			"AccessBindingDeltas: AccessBinding | access_binding_deltas[0].access_binding | missing required field", like},
		{"role in a delta", deltas(&access.AccessBindingDelta{Action: 1, AccessBinding: &access.AccessBinding{Subject: subject}}),
			"AccessBindingDeltas: AccessBinding: RoleId | access_binding_deltas[0].access_binding.role_id | missing required field", like},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.current == like {
				tt.current = tt.published
			}
			require.Equal(t, tt.published, told(Published.Check(tt.request)), "published")
			require.Equal(t, tt.current, told(Current.Check(tt.request)), "current")
		})
	}
}

const like = "like published"

func told(v *Violation) string {
	if v == nil {
		return ""
	}
	return v.Field + " | " + v.Path + " | " + v.Reason
}

func TestCheckImage(t *testing.T) {
	for _, tt := range []struct {
		name  string
		image *compute.Image
		want  string
	}{
		{"least", &compute.Image{FolderId: "f"}, ""},
		{"full", &compute.Image{Id: "mine", FolderId: "f", Name: "abc", Description: "d", Labels: map[string]string{"k": "v"}, Family: "abc",
			Size: 1, StorageSize: 1, MinDiskSize: 4 << 20, ProductIds: []string{"p"}, Status: compute.Image_DELETING}, ""},
		{"no folder", &compute.Image{}, "FolderId | folder_id | missing required field"},
		{"long id", &compute.Image{Id: strings.Repeat("i", 51)}, "Id | id | length 51 is over 50 characters"},
		{"name", &compute.Image{FolderId: "f", Name: "A"}, "Name | name | invalid resource name"},
		{"description", &compute.Image{FolderId: "f", Description: strings.Repeat("d", 257)}, "Description | description | length 257 is over 256 characters"},
		{"label", &compute.Image{FolderId: "f", Labels: map[string]string{"k": "V"}}, `Labels | labels["k"] | invalid label value "V"`},
		{"family", &compute.Image{FolderId: "f", Family: "A"}, "Family | family | invalid resource name"},
		{"storage size", &compute.Image{FolderId: "f", Size: -1, StorageSize: -2}, "StorageSize | storage_size | value -2 is below 0"}, // number 8 before 16
		{"size", &compute.Image{FolderId: "f", Size: -1}, "Size | size | value -1 is below 0"},
		{"disk size", &compute.Image{FolderId: "f", MinDiskSize: 1}, "MinDiskSize | min_disk_size | value 1 is below 4194304"},
		{"product", &compute.Image{FolderId: "f", ProductIds: []string{strings.Repeat("p", 51)}}, "ProductIds | product_ids[0] | length 51 is over 50 characters"},
		{"status", &compute.Image{FolderId: "f", Status: 5}, "Status | status | value 5 is not a declared one"},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, told(Published.CheckImage(tt.image))) })
	}
	looser := &compute.Image{FolderId: "f", Name: "a_b", Labels: map[string]string{"a.b": "@"}}
	require.Equal(t, "Name | name | invalid resource name", told(Published.CheckImage(looser)))
	require.Nil(t, Current.CheckImage(looser))
}

func TestSingleValues(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, tt := range []struct{ value, name, currentName, filter, currentFilter string }{
		{"", "", "", "length 0 is below 3 characters", "length 0 is below 1 character"},
		{"a", badName, "", "length 1 is below 3 characters", ""},
		{"abc", "", "", "", ""},
		{"a_b", badName, "", `"a_b" does not match [a-z]([-a-z0-9]{0,61}[a-z0-9])?`, ""},
		{"abc-", badName, badName, `"abc-" does not match [a-z]([-a-z0-9]{0,61}[a-z0-9])?`, `"abc-" does not match |[a-z]([-_a-z0-9]{0,61}[a-z0-9])?`},
		{long[:63], "", "", "", ""},
		{long, badName, badName, "length 64 is over 63 characters", "length 64 is over 63 characters"},
	} {
		require.Equal(t, tt.name, Published.Name(tt.value), "published name %q", tt.value)
		require.Equal(t, tt.currentName, Current.Name(tt.value), "current name %q", tt.value)
		require.Equal(t, tt.filter, Published.FilterValue(tt.value), "published filter %q", tt.value)
		require.Equal(t, tt.currentFilter, Current.FilterValue(tt.value), "current filter %q", tt.value)
	}
}

// Whatever bytes are in a request: no panic, one answer, fit to be sent and small.
func TestCheckOfAnyBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes")) })
		r := &compute.CreateImageRequest{
			FolderId: "f", Name: rapid.SampledFrom([]string{"", "abc", "\xff"}).Draw(t, "name"),
			Labels:     rapid.MapOfN(text, text, 0, 5).Draw(t, "labels"),
			ProductIds: rapid.SliceOfN(text, 0, 3).Draw(t, "products"),
			Source:     &compute.CreateImageRequest_ImageId{ImageId: text.Draw(t, "source")},
		}
		for _, rules := range []Rules{Published, Current} {
			v := rules.Check(r)
			require.Equal(t, v, rules.Check(r))
			if v != nil {
				require.True(t, utf8.ValidString(told(v)), "%q", told(v))
				_, err := proto.Marshal(InvalidRequest(v))
				require.NoError(t, err)
				require.Less(t, len(told(v)), 2100) // three quotes of quoteLimit characters, escaped to 10 bytes each
			}
		}
	})
}

// Plans are made at the first use: by many at once here, for the race detector.
func TestConcurrentUse(t *testing.T) {
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			r := &access.SetAccessBindingsRequest{ResourceId: "r", AccessBindings: []*access.AccessBinding{{RoleId: "r"}}}
			if got := Current.Check(r); got == nil || got.Path != "access_bindings[0].subject" {
				t.Errorf("Check() = %v, want a violation of access_bindings[0].subject", got)
			}
			if got := Unmodelled(r); got != "" {
				t.Errorf("Unmodelled() = %q, want none", got)
			}
		})
	}
	all.Wait()
}

func TestCheckOfAValidGetAllocatesNothing(t *testing.T) {
	get, poll := &compute.GetImageRequest{ImageId: "fd8m3j9ott9u69hks0gg"}, &operation.GetOperationRequest{OperationId: "fd8m3j9ott9u69hks0gg"}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for _, m := range []proto.Message{get, poll} {
			if Published.Check(m) != nil || Unmodelled(m) != "" {
				panic("a valid request is refused")
			}
		}
	}))
}

func BenchmarkCheckGet(b *testing.B) {
	r := &compute.GetImageRequest{ImageId: "fd8m3j9ott9u69hks0gg"}
	b.ReportAllocs()
	for b.Loop() {
		if v := Published.Check(r); v != nil {
			b.Fatal(v)
		}
	}
}

func BenchmarkCheckCreate(b *testing.B) {
	r := create(func(r *compute.CreateImageRequest) {
		r.Name, r.Family, r.Labels = "base-image", "base", map[string]string{"team": "build", "stage": "test"}
	})
	b.ReportAllocs()
	for b.Loop() {
		if v := Published.Check(r); v != nil {
			b.Fatal(v)
		}
	}
}
