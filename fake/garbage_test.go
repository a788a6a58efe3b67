package fake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// The probes of texts that mean something (filters, orders, masks, page tokens), of what is missing within a request, of several
// faults at once, and of fields that nobody knows. TestWhatTheRulesForbid sends them.

// combinations are the probes of nested messages that are missing, and of requests with more than one fault.
func combinations() (probes []probe) {
	action := access.AccessBindingAction_ADD
	someone := &access.Subject{Id: "someone", Type: "userAccount"}
	probes = []probe{
		{"get/nil", (*compute.GetImageRequest)(nil), invalid("ImageId", "image_id", missing)},
		{"create/nil", (*compute.CreateImageRequest)(nil), invalid("FolderId", "folder_id", missing)},
		{"poll/no id", &operation.GetOperationRequest{}, invalid("OperationId", "operation_id", missing)},
		{"cancel/no id", &operation.CancelOperationRequest{}, invalid("OperationId", "operation_id", missing)},
		{"token/no identity", &iam.CreateIamTokenRequest{}, invalid("Identity", "identity", missing)},
		{"token/no account", &iam.CreateIamTokenForServiceAccountRequest{}, invalid("ServiceAccountId", "service_account_id", missing)},
		{"create/nil parts", creation(func(r *compute.CreateImageRequest) { r.Os, r.HardwareGeneration, r.Labels = nil, nil, nil }), fine},
		{"set bindings/nil", set(nil), invalid("AccessBindings: RoleId", "access_bindings[0].role_id", missing)},
		{"set bindings/nil subject", set(&access.AccessBinding{RoleId: "viewer"}),
			invalid("AccessBindings: Subject", "access_bindings[0].subject", missing)},
		{"set bindings/empty subject", set(&access.AccessBinding{RoleId: "viewer", Subject: &access.Subject{}}),
			invalid("AccessBindings: Subject: Id", "access_bindings[0].subject.id", missing)},
		{"update bindings/nil", deltas(nil), invalid("AccessBindingDeltas: Action", "access_binding_deltas[0].action", missing)},
		{"update bindings/no action", deltas(&access.AccessBindingDelta{AccessBinding: binding("viewer", "someone", "userAccount")}),
			invalid("AccessBindingDeltas: Action", "access_binding_deltas[0].action", missing)},
		{"update bindings/nil binding", deltas(&access.AccessBindingDelta{Action: action}),
			invalid("AccessBindingDeltas: AccessBinding", "access_binding_deltas[0].access_binding", missing)},
		{"update bindings/empty binding", deltas(add(&access.AccessBinding{})),
			invalid("AccessBindingDeltas: AccessBinding: RoleId", "access_binding_deltas[0].access_binding.role_id", missing)},
		{"update bindings/nil subject", deltas(add(&access.AccessBinding{RoleId: "viewer"})),
			invalid("AccessBindingDeltas: AccessBinding: Subject", "access_binding_deltas[0].access_binding.subject", missing)},
		{"update bindings/the second", deltas(add(&access.AccessBinding{RoleId: "viewer", Subject: someone}), add(nil)),
			invalid("AccessBindingDeltas: AccessBinding", "access_binding_deltas[1].access_binding", missing)},
	}

	// A request in which everything is wrong is told so field by field, in the order of their numbers.
	create := &compute.CreateImageRequest{
		Name: "A", Description: strings.Repeat("d", 257), Labels: map[string]string{"": ""}, Family: "F", MinDiskSize: -1,
		ProductIds: []string{strings.Repeat("p", 51)},
	}
	for i, step := range []struct {
		repair func()
		want   verdict
	}{
		{func() {}, invalid("FolderId", "folder_id", missing)},
		{func() { create.FolderId = folder }, invalid("Name", "name", "invalid resource name")},
		{func() { create.Name = "" }, invalid("Description", "description", "length 257 is over 256 characters")},
		{func() { create.Description = "" }, invalid("Labels", `labels[""]`, `invalid label key ""`)},
		{func() { create.Labels = nil }, invalid("Family", "family", "invalid resource name")},
		{func() { create.Family = "" }, invalid("MinDiskSize", "min_disk_size", "value -1 is below 4194304")},
		{func() { create.MinDiskSize = 0 }, invalid("ProductIds", "product_ids[0]", "length 51 is over 50 characters")},
		{func() { create.ProductIds = nil }, invalid("Source", "source", missing)},
	} {
		step.repair()
		probes = append(probes, probe{fmt.Sprintf("create/all wrong but %d", i), proto.Clone(create), step.want})
	}
	change := &compute.UpdateImageRequest{
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"os"}}, Name: "A", Description: strings.Repeat("d", 257), MinDiskSize: -1,
		Labels: map[string]string{"": ""},
	}
	for i, step := range []struct {
		repair func()
		want   verdict
	}{
		{func() {}, invalid("ImageId", "image_id", missing)},
		{func() { change.ImageId = ready }, badPath("os")},
		{func() { change.UpdateMask = nil }, invalid("Name", "name", "invalid resource name")},
		{func() { change.Name = "" }, invalid("Description", "description", "length 257 is over 256 characters")},
		{func() { change.Description = "" }, invalid("MinDiskSize", "min_disk_size", "value -1 is below 4194304")},
		{func() { change.MinDiskSize = 0 }, invalid("Labels", `labels[""]`, `invalid label key ""`)},
	} {
		step.repair()
		probes = append(probes, probe{fmt.Sprintf("update/all wrong but %d", i), proto.Clone(change), step.want})
	}
	page := &compute.ListImagesRequest{PageSize: -1, PageToken: "x", Filter: strings.Repeat("f", 1001), OrderBy: "x"}
	for i, step := range []struct {
		repair func()
		want   verdict
	}{
		{func() {}, invalid("FolderId", "folder_id", missing)},
		{func() { page.FolderId = folder }, invalid("PageSize", "page_size", "value -1 is below 0")},
		{func() { page.PageSize = 0 }, damagedToken},
		{func() { page.PageToken = "" }, invalid("Filter", "filter", "length 1001 is over 1000 characters")},
		{func() { page.Filter = "" }, badOrder(`column 1: expected one of ` + orderFields + `, found "x"`)},
	} {
		step.repair()
		probes = append(probes, probe{fmt.Sprintf("list/all wrong but %d", i), proto.Clone(page), step.want})
	}
	return probes
}

func badFilter(reason string) verdict { return invalid("Filter", "filter", reason) }

// filters are the probes of filters: what they are made of, and what their values may be.
func filters(rules fake.Rules) (probes []probe) {
	const field = `"name", the only field to filter by`
	a := func(n int) string { return strings.Repeat("a", n) }
	type row struct{ filter, reason string }
	rows := []row{
		{"", ""},
		{"name = \"" + a(63) + "\"", ""},
		{"name=abc", ""},
		{`name != 'abc' AND name NOT IN ("abd", abe)`, ""},
		{"name = abc" + strings.Repeat(" ", 989), ""},
		{"name = abc" + strings.Repeat(" ", 990), ""},
		{"name = abc" + strings.Repeat(" ", 991), "length 1001 is over 1000 characters"},
		{strings.Repeat("ж", 1001), "length 1001 is over 1000 characters"},
		{strings.Repeat("ж", 1000), "column 1: expected " + field + ", found \"" + strings.Repeat("ж", 40) + "…\""},
		{"garbage", "column 1: expected " + field + `, found "garbage"`},
		{`"name" = abc`, "column 1: expected " + field + `, found the quoted value "name"`},
		{"NAME = abc", "column 1: expected " + field + `, found "NAME"`},
		{"family = web", "column 1: expected " + field + `, found "family"`},
		{"= abc", "column 1: expected " + field + `, found "="`},
		{"name", "column 5: expected =, !=, IN or NOT IN, found the end"},
		{"name abc", `column 6: expected =, !=, IN or NOT IN, found "abc"`},
		{"name == abc", `column 6: expected =, !=, IN or NOT IN, found "=="`},
		{"name > abc", `column 6: expected =, !=, IN or NOT IN, found ">"`},
		{"name LIKE abc", `column 6: expected =, !=, IN or NOT IN, found "LIKE"`},
		{"name =", "column 7: expected a value, found the end"},
		{"name = = abc", `column 8: expected a value, found "="`},
		{`name = "abc`, `column 8: the value that begins with " has no closing "`},
		{`name = 'abc"`, "column 8: the value that begins with ' has no closing '"},
		{`name = "a\bc"`, `column 11: expected ", ' or \ after the escaping \, found "b"`},
		{"name = abc abd", `column 12: expected AND or the end, found "abd"`},
		{"name = abc OR name = abd", `column 12: expected AND or the end, found "OR"`},
		{"name = abc AND", "column 15: expected " + field + ", found the end"},
		{"name = abc AND AND name = abc", "column 16: expected " + field + `, found "AND"`},
		{"name IN", "column 8: expected ( after IN, found the end"},
		{"name IN abc", `column 9: expected ( after IN, found "abc"`},
		{"name IN ()", `column 10: expected a value, found ")"`},
		{"name IN (abc", "column 13: expected , or ), found the end"},
		{"name IN (abc,)", `column 14: expected a value, found ")"`},
		{"name IN (abc abd)", `column 14: expected , or ), found "abd"`},
		{"name NOT", "column 9: expected IN after NOT, found the end"},
		{"name NOT = abc", `column 10: expected IN after NOT, found "="`},
		{"name NOT IN ()", `column 14: expected a value, found ")"`},
		{"(name = abc)", "column 1: expected " + field + `, found "("`},
	}
	values := func(bad func(string) string, refused ...string) {
		for _, v := range refused {
			rows = append(rows,
				row{`name = "` + v + `"`, fmt.Sprintf(`column 8: value "%.40s": %s`, v, bad(v))},
				row{`name NOT IN ("abc", "` + v + `")`, fmt.Sprintf(`column 21: value "%.40s": %s`, v, bad(v))})
		}
	}
	switch rules {
	case fake.Published:
		const pattern = `[a-z]([-a-z0-9]{0,61}[a-z0-9])?`
		values(func(v string) string { return fmt.Sprintf(`"%s" does not match %s`, v, pattern) }, "Abc", "1abc", "abc-", "a_c", "a c", "имя")
		values(func(v string) string { return fmt.Sprintf("length %d is below 3 characters", len(v)) }, "", "a", "ab")
	case fake.Current:
		const pattern = `|[a-z]([-_a-z0-9]{0,61}[a-z0-9])?`
		values(func(v string) string { return fmt.Sprintf(`"%s" does not match %s`, v, pattern) }, "Abc", "1abc", "abc-", "_ac", "a c", "имя")
		values(func(string) string { return "length 0 is below 1 character" }, "")
		rows = append(rows, row{"name = a", ""}, row{"name IN (ab, a_c)", ""})
	}
	for _, r := range rows {
		p := probe{fmt.Sprintf("list/filter/%.40q", r.filter), list(func(l *compute.ListImagesRequest) { l.Filter = r.filter }), fine}
		if r.reason != "" {
			p.want = badFilter(r.reason)
		}
		probes = append(probes, p)
	}
	return probes
}

const orderFields = "createdAt, created_at, id, minDiskSize, min_disk_size, name, size, status, storageSize, storage_size"

func badOrder(reason string) verdict { return invalid("OrderBy", "order_by", reason) }

// orders are the probes of order_by.
func orders() (probes []probe) {
	unknown := func(found string) string { return "column 1: expected one of " + orderFields + ", found " + found }
	for order, reason := range map[string]string{
		"": "", "id": "", "name asc": "", "createdAt desc": "", "created_at DESC": "",
		"id" + strings.Repeat(" ", 97): "",
		"id" + strings.Repeat(" ", 98): "",
		"id" + strings.Repeat(" ", 99): "length 101 is over 100 characters",
		strings.Repeat("ж", 101):       "length 101 is over 100 characters",
		strings.Repeat("ж", 100):       unknown(`"` + strings.Repeat("ж", 40) + `…"`),
		"labels":                       unknown(`"labels"`),
		"ID":                           unknown(`"ID"`),
		`"id"`:                         unknown(`the quoted value "id"`),
		"desc":                         unknown(`"desc"`),
		"id down":                      `column 4: expected asc, desc or the end, found "down"`,
		"id, name":                     `column 3: expected asc, desc or the end, found ","`,
		"id desc, name":                `column 8: expected the end, as a list is ordered by one field, found ","`,
		"id asc desc":                  `column 8: expected the end, as a list is ordered by one field, found "desc"`,
		"-id":                          unknown(`"-id"`),
	} {
		p := probe{fmt.Sprintf("list/order/%.40q", order), list(func(l *compute.ListImagesRequest) { l.OrderBy = order }), fine}
		if reason != "" {
			p.want = badOrder(reason)
		}
		probes = append(probes, p)
	}
	return probes
}

func badPath(path string) verdict {
	return invalid("UpdateMask", "update_mask", fmt.Sprintf(`"%s" is not an updatable path: use description, labels, min_disk_size, name`, path))
}

// masks are the probes of update masks.
func masks() (probes []probe) {
	mask := func(paths ...string) proto.Message {
		return updating(func(r *compute.UpdateImageRequest) { r.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths} })
	}
	for _, path := range []string{
		"id", "image_id", "folder_id", "created_at", "family", "storage_size", "product_ids", "status", "os", "os.type", "pooled",
		"update_mask", "nonsense", "", "*", "Name", "NAME", " name", "name ", "name.x", "labels.key", "minDiskSize", "name,description", "имя",
	} {
		probes = append(probes,
			probe{fmt.Sprintf("update/mask/%q", path), mask(path), badPath(path)},
			probe{fmt.Sprintf("update/mask/description and %q", path), mask("description", path), badPath(path)})
	}
	return append(probes,
		probe{"update/no mask", mask(), fine},
		probe{"update/whole mask", mask("name", "description", "min_disk_size", "labels"), fine},
		probe{"update/mask twice", mask("name", "name"), fine})
}

// fillPages gives a server what more than one page of every list takes.
func fillPages(t *testing.T, cloud *fake.Server) {
	for _, at := range []string{folder, otherFolder} {
		for i := range 3 {
			id := fmt.Sprint(at, "-image-", i)
			if i == 0 && at == folder {
				id = ready
			}
			cloud.AddImages(&compute.Image{Id: id, FolderId: at, Name: fmt.Sprint("image-", i), MinDiskSize: 4 * mib})
		}
	}
	for _, id := range []string{ready, otherFolder + "-image-0"} {
		_, _, err := send(t.Context(), cloud.Conn(), addBinding(id))
		require.NoError(t, err)
		_, _, err = send(t.Context(), cloud.Conn(), &access.SetAccessBindingsRequest{ResourceId: id, AccessBindings: []*access.AccessBinding{
			binding("viewer", "someone", "userAccount"), binding("editor", "someone", "userAccount")}})
		require.NoError(t, err)
	}
}

// pageOne are list requests for a first page that is not the last.
var pageOne = map[string]proto.Message{
	"images":             &compute.ListImagesRequest{FolderId: folder, PageSize: 1},
	"images elsewhere":   &compute.ListImagesRequest{FolderId: otherFolder, PageSize: 1},
	"images, filtered":   &compute.ListImagesRequest{FolderId: folder, PageSize: 1, Filter: "name != abc"},
	"images, ordered":    &compute.ListImagesRequest{FolderId: folder, PageSize: 1, OrderBy: "name"},
	"images, turned":     &compute.ListImagesRequest{FolderId: folder, PageSize: 1, OrderBy: "name desc"},
	"operations":         &compute.ListImageOperationsRequest{ImageId: ready, PageSize: 1},
	"other operations":   &compute.ListImageOperationsRequest{ImageId: otherFolder + "-image-0", PageSize: 1},
	"bindings":           &access.ListAccessBindingsRequest{ResourceId: ready, PageSize: 1},
	"bindings elsewhere": &access.ListAccessBindingsRequest{ResourceId: otherFolder + "-image-0", PageSize: 1},
}

// takeTokens returns the tokens of the second pages.
func takeTokens(t *testing.T, cloud *fake.Server) map[string]string {
	tokens := make(map[string]string)
	for name, request := range pageOne {
		reply, _, err := send(t.Context(), cloud.Conn(), request)
		require.NoError(t, err)
		tokens[name] = reply.(interface{ GetNextPageToken() string }).GetNextPageToken()
		require.NotEmpty(t, tokens[name], name)
		require.LessOrEqual(t, len(tokens[name]), 100, name)
	}
	return tokens
}

// readPages returns the second pages.
func readPages(t *testing.T, cloud *fake.Server, tokens map[string]string) map[string]string {
	pages := make(map[string]string)
	for name, request := range pageOne {
		reply, _, err := send(t.Context(), cloud.Conn(), pageAt(request, tokens[name]))
		require.NoError(t, err)
		page, err := proto.MarshalOptions{Deterministic: true}.Marshal(reply)
		require.NoError(t, err)
		pages[name] = string(page)
	}
	return pages
}

// pageAt asks for another page.
func pageAt(request proto.Message, token string) proto.Message {
	next := proto.Clone(request)
	m := next.ProtoReflect()
	m.Set(m.Descriptor().Fields().ByName("page_token"), protoreflect.ValueOfString(token))
	return next
}

var (
	damagedToken = invalid("PageToken", "page_token",
		"the page token is damaged or was not issued here: pass next_page_token exactly as it was answered")
	foreignToken = invalid("PageToken", "page_token",
		"the page token belongs to another list: method, folder, filter and order must stay the same from page to page")
)

// forgedTokens are the probes of page tokens, good ones in the wrong place among them.
func forgedTokens(tokens map[string]string) (probes []probe) {
	for list, request := range pageOne {
		for from, token := range tokens {
			p := probe{list + " with the token of " + from, pageAt(request, token), foreignToken}
			if from == list {
				p.want = fine
			}
			probes = append(probes, p)
		}
		own := tokens[list]
		flipped := []byte(own)
		flipped[len(flipped)/2] ^= 1
		for what, token := range map[string]string{
			"one character": "x", "a word": "garbage", "a number": "100", "not in the alphabet": "=====", "padded": own + "=",
			"cut": own[:len(own)-1], "longer": own + "A", "spaced": " " + own, "broken line": own[:8] + "\n" + own[8:],
			"one bit off": string(flipped), "100 characters": strings.Repeat("A", 100), "100 wide characters": strings.Repeat("ж", 100),
		} {
			probes = append(probes, probe{list + " with a token of " + what, pageAt(request, token), damagedToken})
		}
		for _, letter := range []string{"A", "ж"} {
			probes = append(probes, probe{list + " with a token of 101 " + letter, pageAt(request, strings.Repeat(letter, 101)),
				invalid("PageToken", "page_token", "length 101 is over 100 characters")})
		}
	}
	larger := proto.Clone(pageOne["images"]).(*compute.ListImagesRequest)
	larger.PageSize = 2
	return append(probes, probe{"images with another page size", pageAt(larger, tokens["images"]), fine})
}

// unmodelled is the refusal of a field that the fake does not know: to the caller and to the test.
func unmodelled(method, path string) verdict {
	return verdict{outcome: outcome{code: codes.Unimplemented, names: []string{method, path}}, reported: []string{method, path}}
}

// stray is a field of a number that no message has.
var stray = protowire.AppendVarint(protowire.AppendTag(nil, 1999, protowire.VarintType), 1)

// strange returns the message with a stray field on it.
func strange[M proto.Message](m M) M {
	m.ProtoReflect().SetUnknown(stray)
	return m
}

// goodRequests returns a request for each method, such as it takes of a caller in a cloud with the image ready.
func goodRequests() map[fake.Method]proto.Message {
	return map[fake.Method]proto.Message{
		fake.ImageGet:                     get(ready),
		fake.ImageGetLatestByFamily:       latest(folder, "web"),
		fake.ImageList:                    list(func(*compute.ListImagesRequest) {}),
		fake.ImageCreate:                  fromDisk(""),
		fake.ImageUpdate:                  describe(ready),
		fake.ImageDelete:                  remove(ready),
		fake.ImageListOperations:          listOperations(ready),
		fake.ImageListAccessBindings:      listBindings(ready),
		fake.ImageSetAccessBindings:       setBindings(ready),
		fake.ImageUpdateAccessBindings:    addBinding(ready),
		fake.OperationGet:                 &operation.GetOperationRequest{OperationId: "fd8"},
		fake.OperationCancel:              &operation.CancelOperationRequest{OperationId: "fd8"},
		fake.EndpointGet:                  &endpoint.GetApiEndpointRequest{ApiEndpointId: "compute"},
		fake.EndpointList:                 &endpoint.ListApiEndpointsRequest{},
		fake.TokenCreate:                  &iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_Jwt{Jwt: "jwt"}},
		fake.TokenCreateForServiceAccount: &iam.CreateIamTokenForServiceAccountRequest{ServiceAccountId: "aje"},
	}
}

// strangers are the probes of fields that the fake does not know, at the top of every request and within the nested messages.
func strangers() (probes []probe) {
	for method, request := range goodRequests() {
		probes = append(probes, probe{method.String() + "/stray field", strange(request), unmodelled(method.String(), "1999")})
	}
	someone := &access.Subject{Id: "someone", Type: "userAccount"}
	created := func(change func(*compute.CreateImageRequest), path string) probe {
		return probe{"create/" + path, creation(change), unmodelled("ImageCreate", path)}
	}
	return append(probes,
		created(func(r *compute.CreateImageRequest) { r.Os = strange(&compute.Os{Type: compute.Os_LINUX}) }, "os.1999"),
		created(func(r *compute.CreateImageRequest) { r.Os = &compute.Os{Nvidia: strange(&compute.Nvidia{})} }, "os.nvidia.1999"),
		created(func(r *compute.CreateImageRequest) { r.Os = &compute.Os{Type: 9} }, "os.type=9"),
		created(func(r *compute.CreateImageRequest) { r.HardwareGeneration = strange(&compute.HardwareGeneration{}) }, "hardware_generation.1999"),
		created(func(r *compute.CreateImageRequest) {
			r.HardwareGeneration = &compute.HardwareGeneration{Features: &compute.HardwareGeneration_LegacyFeatures{
				LegacyFeatures: strange(&compute.LegacyHardwareFeatures{})}}
		}, "hardware_generation.legacy_features.1999"),
		created(func(r *compute.CreateImageRequest) {
			r.HardwareGeneration = &compute.HardwareGeneration{Features: &compute.HardwareGeneration_LegacyFeatures{
				LegacyFeatures: &compute.LegacyHardwareFeatures{PciTopology: 9}}}
		}, "hardware_generation.legacy_features.pci_topology=9"),
		created(func(r *compute.CreateImageRequest) {
			r.HardwareGeneration = &compute.HardwareGeneration{Features: &compute.HardwareGeneration_Generation2Features{
				Generation2Features: strange(&compute.Generation2HardwareFeatures{})}}
		}, "hardware_generation.generation2_features.1999"),
		probe{"update/update_mask.1999", updating(func(r *compute.UpdateImageRequest) { r.UpdateMask = strange(&fieldmaskpb.FieldMask{}) }),
			unmodelled("ImageUpdate", "update_mask.1999")},
		probe{"set bindings/binding", set(binding("viewer", "someone", "userAccount"), strange(&access.AccessBinding{RoleId: "viewer", Subject: someone})),
			unmodelled("ImageSetAccessBindings", "access_bindings[1].1999")},
		probe{"set bindings/subject", set(&access.AccessBinding{RoleId: "viewer", Subject: strange(&access.Subject{Id: "someone", Type: "userAccount"})}),
			unmodelled("ImageSetAccessBindings", "access_bindings[0].subject.1999")},
		probe{"update bindings/delta", deltas(strange(add(binding("viewer", "someone", "userAccount")))),
			unmodelled("ImageUpdateAccessBindings", "access_binding_deltas[0].1999")},
		probe{"update bindings/binding", deltas(add(strange(binding("viewer", "someone", "userAccount")))),
			unmodelled("ImageUpdateAccessBindings", "access_binding_deltas[0].access_binding.1999")},
		probe{"update bindings/action", deltas(&access.AccessBindingDelta{Action: 9, AccessBinding: binding("viewer", "someone", "userAccount")}),
			unmodelled("ImageUpdateAccessBindings", "access_binding_deltas[0].action=9")},
	)
}
