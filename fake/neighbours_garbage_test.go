package fake_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	_ "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1/instancegroup"
	_ "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	_ "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1/awscompatibility"
	_ "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1/workload"
	_ "github.com/yandex-cloud/go-genproto/yandex/cloud/kms/v1"
	_ "github.com/yandex-cloud/go-genproto/yandex/cloud/kms/v1/asymmetricencryption"
	_ "github.com/yandex-cloud/go-genproto/yandex/cloud/kms/v1/asymmetricsignature"
	_ "github.com/yandex-cloud/go-genproto/yandex/cloud/resourcemanager/v1"
	_ "github.com/yandex-cloud/go-genproto/yandex/cloud/vpc/v1"
	_ "github.com/yandex-cloud/go-genproto/yandex/cloud/vpc/v1/privatelink"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// linked returns the services of the cloud that the test has the messages of, by name.
func linked() (services []protoreflect.ServiceDescriptor) {
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for _, of := range []string{"compute", "vpc", "resourcemanager", "iam", "kms"} {
			if strings.HasPrefix(string(file.Package()), "yandex.cloud."+of+".") {
				for i := range file.Services().Len() {
					services = append(services, file.Services().Get(i))
				}
			}
		}
		return true
	})
	slices.SortFunc(services, func(a, b protoreflect.ServiceDescriptor) int {
		return strings.Compare(string(a.FullName()), string(b.FullName()))
	})
	return services
}

// neighbourly returns those of them that are served from their descriptors, as an option, and their number.
func neighbourly(t *testing.T) (fake.Option, int) {
	var served []*grpc.ServiceDesc
	for _, d := range linked() {
		desc := &grpc.ServiceDesc{ServiceName: string(d.FullName()), Metadata: d.ParentFile().Path()}
		cloud, err := fake.Start(fake.WithNeighbours(desc))
		if err != nil {
			require.ErrorContains(t, err, string(d.FullName()), "the error names the service")
			continue
		}
		require.NoError(t, cloud.Close())
		served = append(served, desc)
	}
	return fake.WithNeighbours(served...), len(served)
}

// Whatever a client asks of whatever service, empty or at random, it is answered: with no panic, hang or error of the server's own.
func TestNothingThatIsAskedOfNeighboursBreaksThem(t *testing.T) {
	option, services := neighbourly(t)
	require.Greater(t, services, 30)
	const rounds = 5
	cloud, err := fake.Start(option, fake.WithStandardImages(), fake.WithSeed(1))
	require.NoError(t, err)
	g := &garbage{Rand: rand.New(rand.NewPCG(1, 2)), cloud: cloud}
	cloud.AddResources(&compute.Disk{FolderId: folder, Name: "disk", Size: 4 << 30}, &compute.Instance{FolderId: folder, Name: "vm"})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	calls, codesSeen := 0, make(map[codes.Code]int)
	for round := range rounds {
		for _, d := range linked() {
			for i := range d.Methods().Len() {
				m := d.Methods().Get(i)
				request, reply := newMessage(t, m.Input()), newMessage(t, m.Output())
				if round > 0 {
					g.fill(request.ProtoReflect(), 0)
				}
				method := fmt.Sprintf("/%s/%s", d.FullName(), m.Name())
				if m.IsStreamingClient() || m.IsStreamingServer() {
					continue
				}
				calls++
				code := status.Code(cloud.Conn().Invoke(ctx, method, request, reply))
				codesSeen[code]++
				require.NotContains(t, []codes.Code{codes.Internal, codes.Unknown, codes.DeadlineExceeded, codes.Canceled, codes.Unavailable}, code,
					"%s of %v", method, request)
			}
		}
		for _, op := range cloud.Operations() {
			if !op.Done() {
				op.Complete()
			}
		}
		require.Equal(t, cloud.Snapshot().String(), cloud.Fork(t).Snapshot().String())
	}
	t.Logf("%d calls of %d services, answered: %v", calls, services, codesSeen)
	require.Greater(t, codesSeen[codes.OK], calls/10, "the test is about calls that do something, too")
	require.Len(t, cloud.Calls(), calls)
	require.NotEmpty(t, cloud.Timeline())
	require.NotEmpty(t, cloud.Transcript())
	state := cloud.Snapshot()
	for _, m := range state.Resources() {
		_, err := proto.Marshal(m)
		require.NoError(t, err)
	}
	cloud.Restore(state)
	require.Equal(t, state.String(), cloud.Snapshot().String())
	if err := cloud.Close(); err != nil {
		for line := range strings.Lines(err.Error()) { // of the kinds of misuse a client can only come to this one
			require.Contains(t, line, "what the code under test means by it is lost here")
		}
	}
}

func newMessage(t *testing.T, d protoreflect.MessageDescriptor) proto.Message {
	m, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	require.NoError(t, err)
	return m.New().Interface()
}

// garbage fills messages at random, with what is likely to mean something now and then.
type garbage struct {
	*rand.Rand
	cloud *fake.Server
}

func (g *garbage) fill(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		likely := 0.5
		if fd.Name() == "folder_id" || fd.Name() == m.Descriptor().Fields().Get(0).Name() {
			likely = 0.9
		}
		if g.Float64() > likely || depth > 4 {
			continue
		}
		switch {
		case fd.IsMap():
			for range g.IntN(3) {
				key := g.value(fd.MapKey())
				m.Mutable(fd).Map().Set(key.MapKey(), g.element(m.Mutable(fd).Map().NewValue(), fd.MapValue(), depth))
			}
		case fd.IsList():
			for range g.IntN(3) {
				m.Mutable(fd).List().Append(g.element(m.Mutable(fd).List().NewElement(), fd, depth))
			}
		case fd.Message() != nil:
			g.fill(m.Mutable(fd).Message(), depth+1)
		default:
			m.Set(fd, g.value(fd))
		}
	}
}

func (g *garbage) element(fresh protoreflect.Value, fd protoreflect.FieldDescriptor, depth int) protoreflect.Value {
	if fd.Message() == nil {
		return g.value(fd)
	}
	g.fill(fresh.Message(), depth+1)
	return fresh
}

func (g *garbage) value(fd protoreflect.FieldDescriptor) protoreflect.Value {
	number := []int64{0, 1, -1, 2, 1000, 1001, 4 << 30, math.MaxInt64, math.MinInt64}[g.IntN(9)]
	switch fd.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(g.text(fd))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(g.IntN(2) == 0)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber([]int32{0, 1, 2, 3, 99, -1}[g.IntN(6)]))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(number))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(number))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(number)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(number))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(number))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(math.NaN())
	}
	return protoreflect.ValueOfBytes([]byte{0xff, byte(number)})
}

func (g *garbage) text(fd protoreflect.FieldDescriptor) string {
	switch name := string(fd.Name()); {
	case name == "folder_id":
		return folder
	case strings.HasSuffix(name, "_id") && g.IntN(3) > 0:
		noun := strings.ReplaceAll(strings.TrimSuffix(name, "_id"), "_", "")
		fits := func(m proto.Message) bool {
			return strings.Contains(strings.ToLower(string(m.ProtoReflect().Descriptor().Name())), noun)
		}
		all := g.cloud.Resources(fits)
		if len(all) == 0 || g.IntN(5) == 0 {
			all = g.cloud.Resources()
		}
		m := all[g.IntN(len(all))].ProtoReflect()
		return m.Get(m.Descriptor().Fields().ByName("id")).String()
	case name == "paths": // of a mask
		return []string{"name", "labels", "id", "status", "created_at", "a.b", "labels.x", "resources_spec.cores", "update_mask", ""}[g.IntN(10)]
	}
	return []string{"", "x", "name", "-", `name="x"`, "created_at desc", strings.Repeat("y", 300), "10.0.0.0/8", "::/0", "ru-central1-a",
		"\x00", "ä", fmt.Sprint("n", g.IntN(1000))}[g.IntN(13)]
}
