package fake_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

func TestWhatAMethodIs(t *testing.T) {
	const starts, reads, pages = "starts", "reads", "pages"
	for _, m := range []struct {
		method fake.Method
		short  string
		is     []string
	}{
		{fake.ImageGet, "ImageGet", []string{reads}},
		{fake.ImageGetLatestByFamily, "ImageGetLatestByFamily", []string{reads}},
		{fake.ImageList, "ImageList", []string{reads, pages}},
		{fake.ImageCreate, "ImageCreate", []string{starts}},
		{fake.ImageUpdate, "ImageUpdate", []string{starts}},
		{fake.ImageDelete, "ImageDelete", []string{starts}},
		{fake.ImageListOperations, "ImageListOperations", []string{reads, pages}},
		{fake.ImageListAccessBindings, "ImageListAccessBindings", []string{reads, pages}},
		{fake.ImageSetAccessBindings, "ImageSetAccessBindings", []string{starts}},
		{fake.ImageUpdateAccessBindings, "ImageUpdateAccessBindings", []string{starts}},
		{fake.OperationGet, "OperationGet", []string{reads}},
		{fake.OperationCancel, "OperationCancel", nil}, // GET over HTTP, and no read
		{fake.EndpointGet, "EndpointGet", []string{reads}},
		{fake.EndpointList, "EndpointList", []string{reads, pages}},
		{fake.TokenCreate, "TokenCreate", nil},
		{fake.TokenCreateForServiceAccount, "TokenCreateForServiceAccount", nil},

		// Neighbours.
		{compute.DiskService_Get_FullMethodName, "DiskGet", []string{reads}},
		{compute.DiskService_ListSnapshotSchedules_FullMethodName, "DiskListSnapshotSchedules", []string{reads, pages}}, // not in the HTTP API
		{compute.DiskService_Create_FullMethodName, "DiskCreate", []string{starts}},
		{compute.InstanceService_GetSerialPortOutput_FullMethodName, "InstanceGetSerialPortOutput", []string{reads}},
		{compute.InstanceService_SimulateMaintenanceEvent_FullMethodName, "InstanceSimulateMaintenanceEvent", []string{starts}},
		{iam.ServiceControlService_ResolveAgent_FullMethodName, "ServiceControlResolveAgent", []string{reads}}, // by its GET alone
		{iam.KeyService_Create_FullMethodName, "KeyCreate", nil},
		{iam.IamTokenService_Revoke_FullMethodName, "TokenRevoke", nil},

		// What has no conventions, no descriptor, or no such form.
		{healthpb.Health_Check_FullMethodName, "HealthCheck", nil},
		{healthpb.Health_Watch_FullMethodName, "HealthWatch", nil},
		{"/unknown.v1.ThingService/Get", "ThingGet", nil},
		{"/yandex.cloud.compute.v1.ImageService", "Image", nil},
		{"/yandex.cloud.compute.v1.ImageService/Get/", "ImageGet/", nil},
		{"yandex.cloud.compute.v1.ImageService/Get", "ImageGet", nil},
		{"Get", "Get", nil},
		{"", "no method", nil},
	} {
		for range 2 { // the second time from memory
			var is []string
			for word, yes := range map[string]bool{starts: m.method.Starts(), reads: m.method.Reads(), pages: m.method.Pages()} {
				if yes {
					is = append(is, word)
				}
			}
			require.ElementsMatch(t, m.is, is, "%q", m.method.FullName())
			require.Equal(t, m.short, fmt.Sprint(m.method), "%q", m.method.FullName())
		}
	}
	require.Equal(t, "yandex.cloud.iam.v1.IamTokenService", fake.TokenCreate.Service())
	require.Equal(t, "", fake.Method("").Service())
}

func TestMethodsAreThoseServed(t *testing.T) {
	cloud := fake.New(t)
	methods := fake.Methods()
	require.Equal(t, fake.ImageGet, methods[0])
	for _, service := range []*grpc.ServiceDesc{
		&compute.ImageService_ServiceDesc, &operation.OperationService_ServiceDesc,
		&endpoint.ApiEndpointService_ServiceDesc, &iam.IamTokenService_ServiceDesc,
	} {
		for _, m := range service.Methods {
			method := fake.Method("/" + service.ServiceName + "/" + m.MethodName)
			err := cloud.Conn().Invoke(t.Context(), method.FullName(), &emptypb.Empty{}, &emptypb.Empty{})
			require.Equal(t, slices.Contains(methods, method), status.Code(err) != codes.Unimplemented, "%v: %v", method, err)
			require.Equal(t, service.ServiceName, method.Service())
			methods = slices.DeleteFunc(methods, func(have fake.Method) bool { return have == method })
		}
	}
	require.Empty(t, methods, "every method is one of a service")
	require.Len(t, fake.Methods(), 16, "the slice is the caller's")
}
