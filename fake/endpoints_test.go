//lint:file-ignore SA1019 The paging fields are deprecated, and old clients still send them.

package fake_test

import (
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	awscompatibility "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1/awscompatibility"
	kms "github.com/yandex-cloud/go-genproto/yandex/cloud/kms/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	resourcemanager "github.com/yandex-cloud/go-genproto/yandex/cloud/resourcemanager/v1"
	functions "github.com/yandex-cloud/go-genproto/yandex/cloud/serverless/functions/v1"
	vpc "github.com/yandex-cloud/go-genproto/yandex/cloud/vpc/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// neighbourhood registers services of all kinds of packages.
func neighbourhood(r grpc.ServiceRegistrar, _ *fake.Server) {
	vpc.RegisterNetworkServiceServer(r, vpc.UnimplementedNetworkServiceServer{})
	vpc.RegisterSubnetServiceServer(r, vpc.UnimplementedSubnetServiceServer{})
	kms.RegisterSymmetricKeyServiceServer(r, kms.UnimplementedSymmetricKeyServiceServer{})
	functions.RegisterFunctionServiceServer(r, functions.UnimplementedFunctionServiceServer{})
	resourcemanager.RegisterFolderServiceServer(r, resourcemanager.UnimplementedFolderServiceServer{})
	awscompatibility.RegisterAccessKeyServiceServer(r, awscompatibility.UnimplementedAccessKeyServiceServer{})
}

// SDKs refuse before the wire what the endpoint service does not list.
func TestEndpointsFollowFromTheServices(t *testing.T) {
	for _, row := range []struct {
		name     string
		services []fake.Option
		want     []string
	}{
		{"alone", nil, []string{"compute", "endpoint", "iam", "operation", "resource-manager"}},
		{"among neighbours", []fake.Option{fake.WithService(neighbourhood)}, []string{"compute", "endpoint", "iam", "kms", "kms-crypto",
			"operation", "resource-manager", "serverless-functions", "vpc"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			client := endpoint.NewApiEndpointServiceClient(fake.New(t, row.services...).Conn())
			var listed []string
			for token := ""; ; {
				page, err := client.List(t.Context(), &endpoint.ListApiEndpointsRequest{PageSize: 3, PageToken: token})
				require.NoError(t, err)
				for _, e := range page.Endpoints {
					listed = append(listed, e.Id)
					one, err := client.Get(t.Context(), &endpoint.GetApiEndpointRequest{ApiEndpointId: e.Id})
					require.NoError(t, err)
					require.Equal(t, e.Address, one.Address)
				}
				if token = page.NextPageToken; token == "" {
					break
				}
			}
			require.Equal(t, row.want, listed)
			_, err := client.Get(t.Context(), &endpoint.GetApiEndpointRequest{ApiEndpointId: "dns"})
			require.Equal(t, codes.NotFound, status.Code(err))
		})
	}
}

func TestWhatIsServedIsHealthy(t *testing.T) {
	client := healthpb.NewHealthClient(fake.New(t, fake.WithService(neighbourhood)).Conn())
	for _, name := range []string{
		"", compute.ImageService_ServiceDesc.ServiceName, operation.OperationService_ServiceDesc.ServiceName,
		endpoint.ApiEndpointService_ServiceDesc.ServiceName, healthpb.Health_ServiceDesc.ServiceName,
		vpc.NetworkService_ServiceDesc.ServiceName, kms.SymmetricKeyService_ServiceDesc.ServiceName,
	} {
		answer, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{Service: name})
		require.NoError(t, err, name)
		require.Equal(t, healthpb.HealthCheckResponse_SERVING, answer.Status, name)
	}
	_, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{Service: compute.DiskService_ServiceDesc.ServiceName})
	require.Equal(t, codes.NotFound, status.Code(err))
}
