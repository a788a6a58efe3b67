package contract

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
)

// unknown returns m with a field 77 that its descriptor does not have.
func unknown[M proto.Message](m M) M {
	m.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 77, protowire.VarintType), 1))
	return m
}

func TestUnmodelledUnknownOnTheWire(t *testing.T) {
	features := unknown(&compute.LegacyHardwareFeatures{PciTopology: compute.PCITopology_PCI_TOPOLOGY_V1})
	for want, request := range map[string]proto.Message{
		"77":        unknown(&compute.GetImageRequest{ImageId: "i"}),
		"os.77":     &compute.CreateImageRequest{Os: unknown(&compute.Os{Type: compute.Os_LINUX})},
		"os.type=9": &compute.CreateImageRequest{Os: &compute.Os{Type: 9}},
		"os.nvidia.77": unknown(&compute.CreateImageRequest{ // the first in field order, not the nearest
			Os:                 &compute.Os{Nvidia: unknown(&compute.Nvidia{Driver: "d"})},
			HardwareGeneration: unknown(&compute.HardwareGeneration{}),
		}),
		"hardware_generation.77": &compute.CreateImageRequest{HardwareGeneration: unknown(&compute.HardwareGeneration{})},
		"hardware_generation.legacy_features.77": &compute.CreateImageRequest{HardwareGeneration: &compute.HardwareGeneration{
			Features: &compute.HardwareGeneration_LegacyFeatures{LegacyFeatures: features}}},
		"hardware_generation.legacy_features.pci_topology=3": &compute.CreateImageRequest{HardwareGeneration: &compute.HardwareGeneration{
			Features: &compute.HardwareGeneration_LegacyFeatures{LegacyFeatures: &compute.LegacyHardwareFeatures{PciTopology: 3}}}},
		"update_mask.77":                &compute.UpdateImageRequest{UpdateMask: unknown(&fieldmaskpb.FieldMask{})},
		"access_bindings[1].77":         bindings(nil, unknown(&access.AccessBinding{})),
		"access_bindings[0].subject.77": bindings(&access.AccessBinding{Subject: unknown(&access.Subject{Id: "u"})}),
		"access_binding_deltas[0].access_binding.subject.77": deltas(&access.AccessBindingDelta{
			AccessBinding: &access.AccessBinding{Subject: unknown(&access.Subject{})}}),
		"access_binding_deltas[1].action=7": deltas(nil, &access.AccessBindingDelta{Action: 7}),
	} {
		t.Run(want, func(t *testing.T) {
			require.Equal(t, want, Unmodelled(request))
		})
	}
	require.Empty(t, Unmodelled(unknown(&structpb.ListValue{})), "the request of another service")
	require.Empty(t, Unmodelled((*compute.CreateImageRequest)(nil)))
}

// All that v0.118.0 declares is modelled: every field of every request, populated.
func TestUnmodelledPassesWhatIsModelled(t *testing.T) {
	for _, d := range requests(t) {
		for _, member := range []int{0, 1, 2, 3} { // of each oneof
			m := dynamicpb.NewMessage(d)
			populate(m, member)
			require.Empty(t, Unmodelled(m), "%v", m)
		}
	}
}

// populate sets every field of m, at every depth; of a oneof the member with that index, or the last.
func populate(m protoreflect.Message, member int) {
	for i := range m.Descriptor().Fields().Len() {
		f := m.Descriptor().Fields().Get(i)
		one := f.ContainingOneof()
		switch {
		case one != nil && one.Fields().Get(min(member, one.Fields().Len()-1)) != f:
		case f.IsMap():
			m.Mutable(f).Map().Set(protoreflect.ValueOfString("k").MapKey(), protoreflect.ValueOfString("v"))
		case f.IsList() && f.Message() != nil:
			populate(m.Mutable(f).List().AppendMutable().Message(), member)
		case f.IsList():
			m.Mutable(f).List().Append(sample(f))
		case f.Message() != nil:
			populate(m.Mutable(f).Message(), member)
		default:
			m.Set(f, sample(f))
		}
	}
}

func sample(f protoreflect.FieldDescriptor) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString("s")
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(1)
	}
	return protoreflect.ValueOfInt64(1)
}

// A newer go-genproto declares what is unknown on the wire today: it must be noticed all the same, and by its name.
func TestUnmodelledDeclaredByNewerAPI(t *testing.T) {
	const service, image = "yandex/cloud/compute/v1/image_service.proto", "yandex/cloud/compute/v1/image.proto"
	newer := func(name string, typ descriptorpb.FieldDescriptorProto_Type) *descriptorpb.FieldDescriptorProto {
		return &descriptorpb.FieldDescriptorProto{
			Name: proto.String(name), Number: proto.Int32(77), Type: typ.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()}
	}
	add := func(f *descriptorpb.FileDescriptorProto, message string, field *descriptorpb.FieldDescriptorProto) {
		for _, m := range f.MessageType {
			if m.GetName() == message {
				m.Field = append(m.Field, field)
				return
			}
		}
		t.Fatalf("%s has no message %s", f.GetName(), message)
	}
	files := map[string]*descriptorpb.FileDescriptorProto{}
	for _, path := range []string{image, service} {
		found, err := protoregistry.GlobalFiles.FindFileByPath(path)
		require.NoError(t, err)
		files[path] = protodesc.ToFileDescriptorProto(found)
	}
	add(files[image], "Os", newer("edition", descriptorpb.FieldDescriptorProto_TYPE_STRING))
	add(files[service], "GetImageRequest", newer("full", descriptorpb.FieldDescriptorProto_TYPE_BOOL))
	kms := newer("kms_key", descriptorpb.FieldDescriptorProto_TYPE_MESSAGE)
	kms.TypeName = proto.String(".yandex.cloud.compute.v1.Nvidia")
	add(files[service], "CreateImageRequest", kms)

	registry := &overlay{own: &protoregistry.Files{}}
	for _, path := range []string{image, service} { // service imports image
		file, err := protodesc.NewFile(files[path], registry)
		require.NoError(t, err)
		require.NoError(t, registry.own.RegisterFile(file))
	}
	message := func(name protoreflect.FullName) *dynamicpb.Message {
		d, err := registry.FindDescriptorByName("yandex.cloud.compute.v1." + name)
		require.NoError(t, err)
		return dynamicpb.NewMessage(d.(protoreflect.MessageDescriptor))
	}
	field := func(m protoreflect.Message, name protoreflect.Name) protoreflect.FieldDescriptor {
		return m.Descriptor().Fields().ByName(name)
	}

	get := message("GetImageRequest")
	get.Set(field(get, "image_id"), protoreflect.ValueOfString("i"))
	require.Empty(t, Unmodelled(get), "a newer field that is not populated")
	require.Nil(t, Published.Check(get), "the rules apply to the newer type too")
	get.Set(field(get, "full"), protoreflect.ValueOfBool(true))
	require.Equal(t, "full", Unmodelled(get))

	create := message("CreateImageRequest")
	require.Equal(t, "FolderId | folder_id | missing required field", told(Published.Check(create)))
	os := create.Mutable(field(create, "os")).Message()
	require.Empty(t, Unmodelled(create))
	os.Set(field(os, "edition"), protoreflect.ValueOfString("core"))
	require.Equal(t, "os.edition", Unmodelled(create))
	create.Clear(field(create, "os"))
	create.Mutable(field(create, "kms_key"))
	require.Equal(t, "kms_key", Unmodelled(create), "a message that is modelled elsewhere")
}

// An overlay finds its own files first, then those that are linked in.
type overlay struct{ own *protoregistry.Files }

func (o *overlay) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	if f, err := o.own.FindFileByPath(path); err == nil {
		return f, nil
	}
	return protoregistry.GlobalFiles.FindFileByPath(path)
}

func (o *overlay) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	if d, err := o.own.FindDescriptorByName(name); err == nil {
		return d, nil
	}
	return protoregistry.GlobalFiles.FindDescriptorByName(name)
}

func BenchmarkUnmodelledGet(b *testing.B) {
	r := &compute.GetImageRequest{ImageId: "fd8m3j9ott9u69hks0gg"}
	b.ReportAllocs()
	for b.Loop() {
		if path := Unmodelled(r); path != "" {
			b.Fatal(path)
		}
	}
}
