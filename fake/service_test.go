package fake_test

import (
	"context"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	kms "github.com/yandex-cloud/go-genproto/yandex/cloud/kms/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// withNeighbours serves some services whose methods all answer Unimplemented.
var withNeighbours = fake.WithService(func(r grpc.ServiceRegistrar, _ *fake.Server) {
	compute.RegisterDiskServiceServer(r, compute.UnimplementedDiskServiceServer{})
	compute.RegisterInstanceServiceServer(r, compute.UnimplementedInstanceServiceServer{})
	iam.RegisterServiceAccountServiceServer(r, iam.UnimplementedServiceAccountServiceServer{})
	kms.RegisterSymmetricKeyServiceServer(r, kms.UnimplementedSymmetricKeyServiceServer{})
})

func TestWhoseIDARequestNames(t *testing.T) {
	cloud := fake.New(t, withNeighbours)
	for _, tt := range []struct {
		method              fake.Method
		request             proto.Message
		resource, operation string
		missing             string // the service's own NotFound
	}{
		{fake.ImageGet, &compute.GetImageRequest{ImageId: "x"}, "x", "", `Image "x" not found`},
		{fake.ImageUpdate, &compute.UpdateImageRequest{ImageId: "x"}, "x", "", `Image "x" not found`},
		{fake.ImageCreate, &compute.CreateImageRequest{FolderId: "f", Source: &compute.CreateImageRequest_ImageId{ImageId: "x"}}, "", "", "not found"},
		{fake.ImageList, &compute.ListImagesRequest{FolderId: "f"}, "", "", "not found"},
		{fake.ImageGetLatestByFamily, &compute.GetImageLatestByFamilyRequest{FolderId: "f", Family: "web"}, "", "", `Image "web" not found`},
		{fake.ImageSetAccessBindings, &access.SetAccessBindingsRequest{ResourceId: "x"}, "x", "", `Image "x" not found`},
		{fake.OperationGet, &operation.GetOperationRequest{OperationId: "o"}, "", "o", `Operation "o" not found`},
		{fake.OperationCancel, &operation.CancelOperationRequest{OperationId: "o"}, "", "o", `Operation "o" not found`},
		{fake.EndpointGet, &endpoint.GetApiEndpointRequest{ApiEndpointId: "x"}, "x", "", `Endpoint "x" not found`},

		{compute.DiskService_Get_FullMethodName, &compute.GetDiskRequest{DiskId: "x"}, "x", "", `Disk "x" not found`},
		{compute.DiskService_Create_FullMethodName, &compute.CreateDiskRequest{FolderId: "f", Source: &compute.CreateDiskRequest_ImageId{ImageId: "i"}}, "", "", "not found"},
		{compute.DiskService_ListAccessBindings_FullMethodName, &access.ListAccessBindingsRequest{ResourceId: "x"}, "x", "", `Disk "x" not found`},
		{compute.InstanceService_AttachDisk_FullMethodName, &compute.AttachInstanceDiskRequest{InstanceId: "x"}, "x", "", `Instance "x" not found`},
		{iam.ServiceAccountService_Get_FullMethodName, &iam.GetServiceAccountRequest{ServiceAccountId: "x"}, "x", "", `Service account "x" not found`},
		{kms.SymmetricKeyService_Get_FullMethodName, &kms.GetSymmetricKeyRequest{KeyId: "x"}, "x", "", `Symmetric key "x" not found`},
		{healthpb.Health_Check_FullMethodName, &healthpb.HealthCheckRequest{Service: "s"}, "", "", "not found"},
	} {
		fault := cloud.Inject(fake.Fault{On: tt.method, Do: fake.Return(codes.NotFound).Early()})
		err := cloud.Conn().Invoke(t.Context(), tt.method.FullName(), tt.request, &emptypb.Empty{})
		require.Equal(t, tt.missing, status.Convert(err).Message(), tt.method)
		fault.Remove()
		calls := cloud.Calls(tt.method)
		require.Len(t, calls, 1, tt.method)
		require.Equal(t, []string{tt.resource, tt.operation}, []string{calls[0].ResourceID, calls[0].OperationID}, tt.method)
	}
	for _, c := range cloud.Calls(fake.OnResource("x")) {
		require.Equal(t, "x", c.ResourceID)
	}
	require.Len(t, cloud.Calls(fake.OnResource("x")), 9)

	cloud.Inject(fake.Fault{Do: fake.Return(codes.AlreadyExists).Early()})
	_, err := compute.NewDiskServiceClient(cloud.Conn()).Create(t.Context(), &compute.CreateDiskRequest{Name: "web"})
	require.Equal(t, `Disk with name "web" already exists`, status.Convert(err).Message())
	_, err = clientsOf(cloud.Conn()).Create(t.Context(), fromDisk("web"))
	require.Equal(t, `Image with name "web" already exists`, status.Convert(err).Message())
}

// wordy answers as a DiskService would.
type wordy struct {
	compute.UnimplementedDiskServiceServer
}

func (wordy) Get(_ context.Context, r *compute.GetDiskRequest) (*compute.Disk, error) {
	return &compute.Disk{Id: r.DiskId, Status: compute.Disk_READY}, nil
}

func (wordy) List(context.Context, *compute.ListDisksRequest) (*compute.ListDisksResponse, error) {
	return &compute.ListDisksResponse{Disks: []*compute.Disk{{Id: "epd1"}}, NextPageToken: "more"}, nil
}

func (wordy) Update(context.Context, *compute.UpdateDiskRequest) (*operation.Operation, error) {
	return &operation.Operation{Id: "epdop", Done: true}, nil
}

func TestNeighboursHaveWordsInTheTimeline(t *testing.T) {
	cloud := fake.New(t, fake.WithService(func(r grpc.ServiceRegistrar, _ *fake.Server) { compute.RegisterDiskServiceServer(r, wordy{}) }))
	c := compute.NewDiskServiceClient(cloud.Conn())
	_, err := c.Get(t.Context(), &compute.GetDiskRequest{DiskId: "epd1"})
	require.NoError(t, err)
	_, err = c.List(t.Context(), &compute.ListDisksRequest{FolderId: folder, PageSize: 1, Filter: `name="a"`})
	require.NoError(t, err)
	_, err = c.Update(withKey(t.Context(), "k1"), &compute.UpdateDiskRequest{DiskId: "epd1", UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}}})
	require.NoError(t, err)
	picture := cloud.Timeline()
	for _, want := range []string{
		"DiskGet epd1", "epd1 READY",
		`DiskList in ` + folder + ` where name="a" of at most 1`, "1 disk, more follow",
		"DiskUpdate epd1 fields name",
	} {
		require.Contains(t, picture, want)
	}
}

func TestTokensAreSecretWhateverTheMethod(t *testing.T) {
	cloud := fake.New(t)
	tokens := iam.NewIamTokenServiceClient(cloud.Conn())
	_, err := tokens.Create(t.Context(), &iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_YandexPassportOauthToken{YandexPassportOauthToken: "s3cret"}})
	require.NoError(t, err)
	_, err = tokens.Revoke(t.Context(), &iam.RevokeIamTokenRequest{IamToken: "s3cret"})
	require.Equal(t, codes.Unimplemented, status.Code(err), "the generated code's answer")
	require.Contains(t, cloud.Transcript(), "TokenRevoke {…}")
	require.NotContains(t, cloud.Transcript(), "s3cret")
	require.NotContains(t, cloud.Timeline(), "s3cret")
}
