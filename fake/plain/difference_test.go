package plain

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"
)

type texts []string

var moment = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func image(change func(*compute.Image)) *compute.Image {
	im := &compute.Image{Id: "i", Name: "web", Status: compute.Image_READY, MinDiskSize: 4, Labels: map[string]string{"a": "1", "b": "2"},
		ProductIds: []string{"p", "q"}, Os: &compute.Os{Type: compute.Os_LINUX}, CreatedAt: timestamppb.New(moment)}
	if change != nil {
		change(im)
	}
	return im
}

func packed(m proto.Message) *anypb.Any {
	p, err := anypb.New(m)
	if err != nil {
		panic(err)
	}
	return p
}

func TestMessages(t *testing.T) {
	for name, c := range map[string]struct {
		want, got proto.Message
		opts      []gocmp.Option
		texts     texts
	}{
		"equal":   {image(nil), image(nil), nil, nil},
		"scalars": {image(nil), image(func(im *compute.Image) { im.Name = "db"; im.MinDiskSize = 0 }), nil, texts{`min_disk_size: want 4, got nothing`, `name: want "web", got "db"`}},
		"enum":    {image(nil), image(func(im *compute.Image) { im.Status = compute.Image_ERROR }), nil, texts{`status: want READY, got ERROR`}},
		"map": {image(nil), image(func(im *compute.Image) { im.Labels = map[string]string{"a": "3", "c": ""} }), nil,
			texts{`labels["a"]: want "1", got "3"`, `labels["b"]: want "2", got nothing`, `labels["c"]: want nothing, got ""`}},
		"no map":            {image(nil), image(func(im *compute.Image) { im.Labels = nil }), nil, texts{`labels: want {"a": "1", "b": "2"}, got nothing`}},
		"list of values":    {image(nil), image(func(im *compute.Image) { im.ProductIds = []string{"q"} }), nil, texts{`product_ids: want ["p", "q"], got ["q"]`}},
		"one of the values": {image(nil), image(func(im *compute.Image) { im.ProductIds = []string{"p", "r"} }), nil, texts{`product_ids: want ["p", "q"], got ["p", "r"]`}},
		"message inside":    {image(nil), image(func(im *compute.Image) { im.Os.Type = compute.Os_WINDOWS }), nil, texts{`os.type: want LINUX, got WINDOWS`}},
		"no message inside": {image(nil), image(func(im *compute.Image) { im.Os = nil }), nil, texts{`os: want {type: LINUX}, got nothing`}},
		"timestamp": {image(nil), image(func(im *compute.Image) { im.CreatedAt = timestamppb.New(moment.Add(time.Second)) }), nil,
			texts{`created_at: want 2026-01-02T03:04:05Z, got 2026-01-02T03:04:06Z`}},
		"what an any holds": {&operation.Operation{Metadata: packed(&compute.CreateImageMetadata{ImageId: "a"})},
			&operation.Operation{Metadata: packed(&compute.DeleteImageMetadata{ImageId: "b"})}, nil,
			texts{`metadata: want CreateImageMetadata{image_id: "a"}, got DeleteImageMetadata{image_id: "b"}`}},
		"list of messages": {
			&access.SetAccessBindingsRequest{AccessBindings: []*access.AccessBinding{{RoleId: "viewer"}, {RoleId: "editor"}}},
			&access.SetAccessBindingsRequest{AccessBindings: []*access.AccessBinding{{RoleId: "viewer"}, {RoleId: "admin"}}}, nil,
			texts{`access_bindings[1].role_id: want "editor", got "admin"`}},
		"shorter list of messages": {
			&access.SetAccessBindingsRequest{AccessBindings: []*access.AccessBinding{{RoleId: "viewer"}, {RoleId: "editor"}}},
			&access.SetAccessBindingsRequest{AccessBindings: []*access.AccessBinding{{RoleId: "editor"}}}, nil,
			texts{`access_bindings: want [{role_id: "viewer"}, {role_id: "editor"}], got [{role_id: "editor"}]`}},
		"one of several sources": {&compute.CreateImageRequest{Source: &compute.CreateImageRequest_ImageId{ImageId: "i"}},
			&compute.CreateImageRequest{Source: &compute.CreateImageRequest_DiskId{DiskId: "d"}}, nil,
			texts{`disk_id: want nothing, got "d"`, `image_id: want "i", got nothing`}},
		"ignored": {image(nil), image(func(im *compute.Image) { im.Name = "db"; im.Status = 0 }), []gocmp.Option{protocmp.IgnoreFields(&compute.Image{}, "name")},
			texts{`status: want READY, got nothing`}},
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 { // go-cmp and maps are free to change their order
				var found texts
				for _, d := range Differences(c.want, c.got, c.opts...) {
					found = append(found, d.String())
				}
				require.Equal(t, c.texts, found)
			}
		})
	}
}

func TestMessagesUnknownField(t *testing.T) {
	got := image(nil)
	got.ProtoReflect().SetUnknown(protoreflect.RawFields{0xf8, 0x3f, 0x01})
	require.Len(t, Differences(image(nil), got), 1)
	require.Contains(t, Message(got), "unknown: f83f01")
}

func TestPartial(t *testing.T) {
	for name, c := range map[string]struct {
		partial *compute.Image
		texts   texts
	}{
		"nothing":        {&compute.Image{}, nil},
		"fields":         {&compute.Image{Name: "web", Status: compute.Image_READY}, nil},
		"entry":          {&compute.Image{Labels: map[string]string{"b": "2"}}, nil},
		"other entry":    {&compute.Image{Labels: map[string]string{"b": "3", "c": "4"}}, texts{`labels["b"]: want "3", got "2"`, `labels["c"]: want "4", got nothing`}},
		"absent":         {&compute.Image{Description: "x"}, texts{`description: want "x", got nothing`}},
		"inside":         {&compute.Image{Os: &compute.Os{Type: compute.Os_WINDOWS}}, texts{`os.type: want WINDOWS, got LINUX`}},
		"empty inside":   {&compute.Image{Os: &compute.Os{}}, nil},
		"absent inside":  {&compute.Image{HardwareGeneration: &compute.HardwareGeneration{}}, texts{`hardware_generation: want {}, got nothing`}},
		"list":           {&compute.Image{ProductIds: []string{"p"}}, texts{`product_ids: want ["p"], got ["p", "q"]`}},
		"time":           {&compute.Image{CreatedAt: timestamppb.New(moment)}, nil},
		"time with less": {&compute.Image{CreatedAt: &timestamppb.Timestamp{}}, texts{`created_at: want 1970-01-01T00:00:00Z, got 2026-01-02T03:04:05Z`}},
	} {
		t.Run(name, func(t *testing.T) {
			var found texts
			for _, d := range Partial(c.partial, image(nil)) {
				found = append(found, d.String())
			}
			require.Equal(t, c.texts, found)
		})
	}
}

func TestField(t *testing.T) {
	list := &compute.ListImagesRequest{}
	update := &compute.UpdateImageRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}}}
	for _, c := range []struct {
		in    proto.Message
		path  string
		want  any
		found string // how it differs; "" if it does not
		wrong string // why the path or the value cannot be
	}{
		{in: image(nil), path: "name", want: "web"},
		{in: image(nil), path: "name", want: "db", found: `name: want "db", got "web"`},
		{in: image(nil), path: "name", want: "", found: `name: want nothing, got "web"`},
		{in: image(nil), path: "description", want: ""},
		{in: image(nil), path: "description", want: nil},
		{in: image(nil), path: "min_disk_size", want: 4},
		{in: image(nil), path: "min_disk_size", want: uint8(5), found: `min_disk_size: want 5, got 4`},
		{in: list, path: "page_size", want: 0},
		{in: image(nil), path: "pooled", want: false},
		{in: image(nil), path: "pooled", want: true, found: `pooled: want true, got nothing`},
		{in: image(nil), path: "status", want: compute.Image_READY},
		{in: image(nil), path: "status", want: "ERROR", found: `status: want ERROR, got READY`},
		{in: image(func(im *compute.Image) { im.Status = 0 }), path: "status", want: compute.Image_STATUS_UNSPECIFIED},
		{in: image(nil), path: "os.type", want: "LINUX"},
		{in: image(func(im *compute.Image) { im.Os = nil }), path: "os.type", want: "LINUX", found: `os.type: want LINUX, got nothing`},
		{in: image(nil), path: "os", want: &compute.Os{Type: compute.Os_LINUX}},
		{in: image(nil), path: "os", want: &compute.Os{}, found: `os: want {}, got {type: LINUX}`},
		{in: image(nil), path: `labels["a"]`, want: "1"},
		{in: image(nil), path: `labels["z"]`, want: "1", found: `labels["z"]: want "1", got nothing`},
		{in: image(nil), path: "labels", want: map[string]string{"b": "2", "a": "1"}},
		{in: image(nil), path: "labels", want: map[string]string{"b": "2"}, found: `labels: want {"b": "2"}, got {"a": "1", "b": "2"}`},
		{in: image(nil), path: "product_ids[1]", want: "q"},
		{in: image(nil), path: "product_ids[2]", want: "q", found: `product_ids[2]: want "q", got nothing`},
		{in: image(nil), path: "product_ids", want: []string{"p", "q"}},
		{in: update, path: "update_mask.paths[0]", want: "name"},

		{in: image(nil), path: "nmae", wrong: `Image has no field "nmae"; it has id, folder_id, created_at`},
		{in: image(nil), path: "", wrong: `Image has no field ""`},
		{in: image(nil), path: "name.x", wrong: "name is no message"},
		{in: image(nil), path: "labels[a]", wrong: `must be quoted`},
		{in: image(nil), path: `labels["a"`, wrong: `not closed`},
		{in: image(nil), path: `labels["a"]x`, wrong: `cannot follow a key`},
		{in: image(nil), path: `name[0]`, wrong: `neither map nor list`},
		{in: image(nil), path: `product_ids[x]`, wrong: `must be a number`},
		{in: image(nil), path: `product_ids[`, wrong: `must be a number`},
		{in: image(nil), path: "name", want: 1, wrong: "name is of type string, and a int does not fit"},
		{in: image(nil), path: "status", want: "FINE", wrong: "status is of type Status, and a string does not fit"},
		{in: image(nil), path: "os", want: image(nil), wrong: "os is of type Os, and a *compute.Image does not fit"},
		{in: image(nil), path: "labels", want: "a", wrong: "labels is of type map, and a string does not fit"},
		{in: image(nil), path: "product_ids", want: []int{1}, wrong: "product_ids is of type list, and a []int does not fit"},
		{in: image(nil), path: "labels", want: map[string]int{"a": 1}, wrong: "labels is of type map, and a map[string]int does not fit"},
	} {
		p, err := ParsePath(c.in.ProtoReflect().Descriptor(), c.path)
		var w Want
		if err == nil {
			w, err = NewWant(p, c.want)
		}
		if c.wrong != "" {
			require.ErrorContains(t, err, c.wrong, "%s", c.path)
			continue
		}
		require.NoError(t, err, "%s", c.path)
		found := ""
		for _, d := range w.Differences(c.in) {
			found = d.String()
		}
		require.Equal(t, c.found, found, "%s wanted %v", c.path, c.want)
	}
}

// TestTextTellsMessagesApart: two messages have one text exactly if they are equal.
func TestTextTellsMessagesApart(t *testing.T) {
	word := rapid.SampledFrom([]string{"", "a", `"`, "a, b", "{", `a", name: "b`})
	request := rapid.Custom(func(t *rapid.T) *compute.CreateImageRequest {
		m := &compute.CreateImageRequest{Name: word.Draw(t, "name"), Family: word.Draw(t, "family"),
			Labels: rapid.MapOfN(word, word, 0, 2).Draw(t, "labels"), ProductIds: rapid.SliceOfN(word, 0, 2).Draw(t, "products")}
		switch rapid.IntRange(0, 2).Draw(t, "source") {
		case 1:
			m.Source = &compute.CreateImageRequest_ImageId{ImageId: word.Draw(t, "image")}
		case 2:
			m.Source = &compute.CreateImageRequest_DiskId{DiskId: word.Draw(t, "disk")}
		}
		return m
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := request.Draw(t, "a"), request.Draw(t, "b")
		require.Equal(t, proto.Equal(a, b), Message(a) == Message(b), "%s\n%s", Message(a), Message(b))
		require.Equal(t, proto.Equal(a, b), Differences(a, b) == nil)
		require.Equal(t, Message(a), Message(proto.Clone(a)))
	})
}
