package fake_test

import (
	"context"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// diskService is a neighbour: as much of the DiskService as a test needs.
type diskService struct {
	compute.UnimplementedDiskServiceServer
	cloud *fake.Server
}

func (d diskService) Get(_ context.Context, r *compute.GetDiskRequest) (*compute.Disk, error) {
	if d.cloud.Image(r.DiskId) != nil {
		return nil, status.Error(codes.InvalidArgument, "that is an image")
	}
	return &compute.Disk{Id: r.DiskId}, nil
}

func TestANeighbourWalksTheSameRoad(t *testing.T) {
	cloud := fake.New(t, fake.WithAuth("secret"), fake.WithService(func(r grpc.ServiceRegistrar, cloud *fake.Server) {
		compute.RegisterDiskServiceServer(r, diskService{cloud: cloud})
	}))
	diskGet := fake.Method(compute.DiskService_Get_FullMethodName)
	require.Equal(t, "DiskGet", diskGet.String())
	cloud.Inject(fake.Fault{On: diskGet, When: fake.Nth(2), Do: fake.Return(codes.Unavailable)})
	cloud.AddImages(&compute.Image{Id: "im", FolderId: folder})
	c := compute.NewDiskServiceClient(cloud.Conn())
	get := func(ctx context.Context, id string) string {
		_, err := c.Get(ctx, &compute.GetDiskRequest{DiskId: id})
		return codeName(err)
	}

	require.Equal(t, "Unauthenticated", get(t.Context(), "d"))
	ctx := withToken(t.Context(), "secret")
	require.Equal(t, "OK", get(ctx, "d"), "counted per caller")
	require.Equal(t, "Unavailable", get(ctx, "d"))
	require.Equal(t, "InvalidArgument", get(ctx, "im"))
	require.Len(t, cloud.Calls(diskGet), 4)
	require.Equal(t, "d", cloud.Calls(diskGet)[0].Request.(*compute.GetDiskRequest).DiskId)
}

func TestAServiceThatNobodyServesIsNamed(t *testing.T) {
	cloud := fake.New(t)
	_, err := compute.NewDiskServiceClient(cloud.Conn()).Get(t.Context(), &compute.GetDiskRequest{DiskId: "d"})
	require.Equal(t, "Unimplemented", codeName(err))
	require.ErrorContains(t, err, "fake.WithService")
	require.Equal(t, "DiskGet", cloud.Calls()[0].Method.String())
}

func TestTheServerIsAConnectorOfSDKv2(t *testing.T) {
	cloud := fake.New(t)
	var connector interface {
		GetConnection(context.Context, protoreflect.FullName, ...grpc.CallOption) (grpc.ClientConnInterface, error)
	} = cloud
	cc, err := connector.GetConnection(t.Context(), "yandex.cloud.compute.v1.ImageService.Get")
	require.NoError(t, err)
	require.Same(t, cloud.Conn(), cc)
}

func TestCallers(t *testing.T) {
	cloud := fake.New(t)
	dialed, err := grpc.NewClient(cloud.Target(), cloud.DialOptions()...)
	require.NoError(t, err)
	defer dialed.Close()
	for _, cc := range []grpc.ClientConnInterface{cloud.ConnAs("baker"), dialed, cloud.Conn(), cloud.ConnAs("baker")} {
		_, err := clientsOf(cc).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
		require.NoError(t, err)
	}
	var callers []string
	for _, c := range cloud.Calls() {
		callers = append(callers, c.Caller)
	}
	require.Equal(t, []string{"baker", "conn-1", "conn-2", "baker"}, callers, "by name, else numbered in the order of DialOptions and Conn")
	require.Len(t, cloud.Calls(fake.ByCaller("baker")), 2)
}
