package fake_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// startStocked starts a server for one input, with the images of the refusals, two pages of them, and an operation under way.
func startStocked(t *testing.T) *fake.Server {
	cloud, err := fake.Start(fake.WithPlan(fake.Finish(fake.ByHand())))
	require.NoError(t, err)
	stock(cloud)
	_, err = clientsOf(cloud.Conn()).Create(t.Context(), fromDisk("under-way"))
	require.NoError(t, err)
	return cloud
}

// FuzzRequests: whatever bytes are sent to a method, the server answers by the contract, the record holds what the caller was told, what
// is refused changes nothing, and the next caller is served.
func FuzzRequests(f *testing.F) {
	methods, good := fake.Methods(), goodRequests()
	for i, method := range methods {
		request, err := proto.Marshal(good[method])
		require.NoError(f, err)
		for _, data := range [][]byte{
			nil, request, request[:len(request)/2], append(slices.Clone(request), request...), append(slices.Clone(request), stray...),
			[]byte("\xff\xff\xff"), []byte("\x0a\x01\xff"), []byte("\x0a\x7f"), []byte("\x08\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		} {
			f.Add(uint8(i), data)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		method := methods[int(which)%len(methods)]
		takes, gives := messagesOf(t, method)
		cloud := startStocked(t)
		before := cloud.Images()
		arrived := len(cloud.Calls())

		var reply []byte
		err := cloud.Conn().Invoke(t.Context(), method.FullName(), data, &reply, grpc.ForceCodec(raw{}))
		told := status.Convert(err)
		readable := proto.Unmarshal(data, takes) == nil
		require.Equal(t, readable, told.Code() != codes.Internal, "%v of %x", err, data)
		switch told.Code() {
		case codes.OK:
			require.NoError(t, proto.Unmarshal(reply, gives))
		case codes.Internal:
		case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.FailedPrecondition, codes.Unimplemented:
		default:
			require.Fail(t, "no answer of the contract", "%v", err)
		}
		if told.Code() != codes.OK {
			require.Empty(t, cmp.Diff(before, cloud.Images(), protocmp.Transform()), "a refusal changes nothing")
		}
		calls := cloud.Calls()
		require.Len(t, calls, arrived+1)
		call := calls[arrived]
		require.Equal(t, method, call.Method)
		require.Equal(t, told.Code(), call.Status.Code())
		require.Equal(t, told.Message(), call.Status.Message())

		_, err = clientsOf(cloud.Conn()).List(t.Context(), anyList)
		require.NoError(t, err, "the next one is served")
		requirePictures(t, cloud)
		err = cloud.Close()
		require.Equal(t, told.Code() == codes.Unimplemented, err != nil, "%v", err) // a field that is not modelled is told to the test
	})
}

// messagesOf returns an empty request and an empty reply of a method.
func messagesOf(t *testing.T, method fake.Method) (request, reply proto.Message) {
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(method.FullName(), "/"), "/", "."))
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	require.NoError(t, err)
	d := found.(protoreflect.MethodDescriptor)
	return dynamicpb.NewMessage(d.Input()), dynamicpb.NewMessage(d.Output())
}

// requirePictures requires of all that shows the record that no text in it can do more than be read, and that it does not grow beyond
// what there is to tell.
func requirePictures(t *testing.T, cloud *fake.Server) {
	t.Helper()
	events := 0
	for range cloud.Events() {
		events++
	}
	transcript, timeline := cloud.Transcript(), cloud.Timeline()
	require.Equal(t, events, strings.Count(transcript, "\n"), "an event is a line:\n%s", transcript)
	for line := range strings.Lines(transcript + timeline) {
		line = strings.TrimSuffix(line, "\n")
		require.True(t, utf8.ValidString(line), "%q", line)
		require.Equal(t, -1, strings.IndexFunc(line, func(r rune) bool { return !unicode.IsGraphic(r) }), "%q", line)
	}
	require.LessOrEqual(t, strings.Count(timeline, "\n"), 3*events+10, "%s", timeline)
	for line := range strings.Lines(timeline) {
		require.LessOrEqual(t, utf8.RuneCountInString(line), 101, line)
	}

	var page bytes.Buffer
	require.NoError(t, cloud.WriteTimeline(&page))
	d := xml.NewDecoder(bytes.NewReader(page.Bytes()))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if begin, is := token.(xml.StartElement); is {
			require.NotContains(t, []string{"script", "img", "iframe", "object", "link", "form"}, begin.Name.Local)
		}
	}
}

// FuzzUpdateMask: an update writes what its mask names and nothing else; one that names what it may not is refused and writes nothing.
// The paths come one a line.
func FuzzUpdateMask(f *testing.F) {
	for _, paths := range []string{
		"", "name", "description\nlabels", "name\nname", "name\ndescription\nmin_disk_size\nlabels", "family", "name\nos.type", "labels.key",
		"minDiskSize", "Name", "*", "name ", "имя", "name,description", "\n", "name\n", "update_mask", "\x00", "labels\nlabels[\"a\"]",
	} {
		f.Add(paths, "new-name", "new words", int64(5<<30), "key")
	}
	f.Add("name", "", "", int64(0), "")
	f.Add("name\nlabels", "Bad Name", "", int64(-1), "Bad Key")
	f.Fuzz(func(t *testing.T, paths, name, description string, size int64, label string) {
		request := &compute.UpdateImageRequest{ImageId: large, Name: name, Description: description, MinDiskSize: size, Labels: map[string]string{label: "v"}}
		if paths != "" {
			request.UpdateMask = &fieldmaskpb.FieldMask{Paths: strings.Split(paths, "\n")}
		}
		cloud, err := fake.Start(atOnce)
		require.NoError(t, err)
		stock(cloud)
		want := cloud.Image(large)
		_, err = clientsOf(cloud.Conn()).Update(t.Context(), request)
		if err == nil {
			masked := request.UpdateMask.GetPaths()
			writes := func(field string) bool { return masked == nil || slices.Contains(masked, field) }
			for _, path := range masked {
				require.Contains(t, []string{"name", "description", "min_disk_size", "labels"}, path)
			}
			if writes("name") {
				want.Name = name
			}
			if writes("description") {
				want.Description = description
			}
			if writes("labels") {
				want.Labels = request.Labels
			}
			if writes("min_disk_size") {
				want.MinDiskSize = max(8*gib, (size+4*mib-1)/(4*mib)*(4*mib))
			}
		} else {
			_, broken := proto.Marshal(request)
			require.Equal(t, broken != nil, status.Code(err) == codes.Internal, "%v", err)
			require.Contains(t, []codes.Code{codes.Internal, codes.InvalidArgument, codes.AlreadyExists}, status.Code(err), "%v", err)
		}
		require.Empty(t, cmp.Diff(want, cloud.Image(large), protocmp.Transform()), "%v (-want +got)", err)
		requirePictures(t, cloud)
		require.NoError(t, cloud.Close())
	})
}

// FuzzField: a path that the type has makes a matcher, and any other is misuse, told in one line. A matcher picks the request that has
// the value.
func FuzzField(f *testing.F) {
	for _, path := range []string{
		"", "name", "labels", `labels["stage"]`, `labels["st\x61ge"]`, "labels[`stage`]", `labels["stage"`, `labels[""]`, `labels["a"].b`, "labels[0]",
		"os.type", "os", "os.nvidia.x", "product_ids", "product_ids[0]", "product_ids[-1]", "product_ids[99999999999]", "product_ids[0]x",
		"product_ids[+1]", "product_ids[]", ".", "name.", ".name", "name..x", "uri", "\n", "na\nme", "имя", "hardware_generation.legacy_features.pci_topology",
	} {
		f.Add(path, "web")
	}
	f.Add("name", "\x1b[2J")
	f.Fuzz(func(t *testing.T, path, value string) {
		request := &compute.CreateImageRequest{FolderId: folder, Name: "web", Labels: map[string]string{"stage": "web"}, ProductIds: []string{"web"},
			Source: &compute.CreateImageRequest_DiskId{DiskId: "web"}}
		p, wrongPath := plain.ParsePath(request.ProtoReflect().Descriptor(), path)
		w, wrongValue := plain.NewWant(p, value)
		matcher := fake.Field[*compute.CreateImageRequest](path, value)

		cloud, err := fake.Start()
		require.NoError(t, err)
		_, err = clientsOf(cloud.Conn()).Create(t.Context(), request)
		require.NoError(t, err)
		picked := cloud.Calls(matcher)
		err = cloud.Close()
		if wrongPath != nil || wrongValue != nil {
			require.Error(t, err)
			require.Empty(t, picked)
			requireLines(t, err.Error())
			return
		}
		require.NoError(t, err)
		require.Equal(t, path, p.String())
		require.Equal(t, len(w.Differences(request)) == 0, len(picked) == 1, "%v", matcher)
		requireLines(t, matcher.String())
	})
}

// requireLines requires that a text has no character in it that does more than be read.
func requireLines(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		require.Equal(t, -1, strings.IndexFunc(strings.TrimSpace(line), func(r rune) bool { return !unicode.IsGraphic(r) }), "%q", text)
	}
}
