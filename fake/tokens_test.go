package fake_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
)

func TestTokens(t *testing.T) {
	cloud := fake.New(t, fake.WithAuth("given", "withdrawn"), fake.WithAuth("given too"), fake.WithFolders(folder))
	stock(cloud)
	cloud.RevokeToken("withdrawn")
	exchange := func(t *testing.T) string {
		reply, _, err := send(t.Context(), cloud.Conn(), &iam.CreateIamTokenRequest{
			Identity: &iam.CreateIamTokenRequest_YandexPassportOauthToken{YandexPassportOauthToken: "oauth"}})
		require.NoError(t, err)
		return reply.(*iam.CreateIamTokenResponse).IamToken
	}
	exchanged, revoked := exchange(t), exchange(t)
	require.Regexp(t, `^t1\.[0-9a-v]+\.[0-9a-v]+$`, exchanged, "by its two dots Packer knows a token")
	require.NotEqual(t, exchanged, revoked)
	cloud.RevokeToken(revoked)

	for _, row := range []struct {
		name    string
		header  string // authorization, "" for none
		request proto.Message
		want    outcome
	}{
		{"none", "", get(ready), badToken},
		{"unknown", "Bearer never-given", get(ready), badToken},
		{"empty", "Bearer ", get(ready), badToken},
		{"no scheme", "given", get(ready), badToken},
		{"other scheme", "Basic given", get(ready), badToken},
		{"withdrawn", "Bearer withdrawn", get(ready), badToken},
		{"revoked", "Bearer " + revoked, get(ready), badToken},
		{"list", "", &compute.ListImagesRequest{FolderId: folder}, badToken},
		{"create", "", fromDisk("x-y-z"), badToken},
		{"poll", "", &operation.GetOperationRequest{OperationId: "fd8op"}, badToken},
		{"cancel", "", &operation.CancelOperationRequest{OperationId: "fd8op"}, badToken},
		{"before the request", "", &compute.CreateImageRequest{}, badToken},
		{"before the folder", "", get(away), badToken},
		{"before the image", "", get(nowhere), badToken},
		{"given", "Bearer given", get(ready), outcome{}},
		{"given too", "Bearer given too", get(ready), outcome{}},
		{"exchanged", "Bearer " + exchanged, get(ready), outcome{}},
		{"good, wrong folder", "Bearer given", get(away), denied(otherFolder)},
		{"endpoints", "", &endpoint.ListApiEndpointsRequest{}, outcome{}},
		{"endpoint", "", &endpoint.GetApiEndpointRequest{ApiEndpointId: "compute"}, outcome{}},
		{"endpoint with a bad token", "Bearer never-given", &endpoint.GetApiEndpointRequest{ApiEndpointId: "iam"}, outcome{}},
		{"token for a service account", "", &iam.CreateIamTokenForServiceAccountRequest{ServiceAccountId: "aje"}, outcome{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := cloud.Snapshot().String()
			ctx := t.Context()
			if row.header != "" {
				ctx = metadata.AppendToOutgoingContext(ctx, "authorization", row.header)
			}
			_, header, err := send(ctx, cloud.Conn(), row.request)
			requireOutcome(t, row.want, header, err)
			require.Equal(t, before, cloud.Snapshot().String())
		})
	}

	t.Run("health and reflection", func(t *testing.T) {
		health, err := healthpb.NewHealthClient(cloud.Conn()).Check(t.Context(), &healthpb.HealthCheckRequest{})
		require.NoError(t, err)
		require.Equal(t, healthpb.HealthCheckResponse_SERVING, health.Status)
		stream, err := reflectionpb.NewServerReflectionClient(cloud.Conn()).ServerReflectionInfo(t.Context())
		require.NoError(t, err)
		require.NoError(t, stream.Send(&reflectionpb.ServerReflectionRequest{
			MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}))
		services, err := stream.Recv()
		require.NoError(t, err)
		require.Contains(t, services.String(), "yandex.cloud.compute.v1.ImageService")
		require.NoError(t, stream.CloseSend())
	})
}

// TestATokenExpires waits for it: tokens go by the wall clock, which a bubble has of its own, and not by the server's.
func TestATokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := fake.NewClock(newYear)
		cloud := fake.New(t, fake.WithAuth("for ever"), fake.WithClock(clock))
		stock(cloud)
		reply, _, err := send(t.Context(), cloud.Conn(), &iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_Jwt{Jwt: "jwt"}})
		require.NoError(t, err)
		issued := reply.(*iam.CreateIamTokenResponse)
		require.Equal(t, time.Hour, time.Until(issued.ExpiresAt.AsTime()))
		ask := func(token string, want outcome) {
			t.Helper()
			before := cloud.Snapshot().String()
			_, header, err := send(withToken(t.Context(), token), cloud.Conn(), get(ready))
			requireOutcome(t, want, header, err)
			require.Equal(t, before, cloud.Snapshot().String())
		}

		clock.Advance(2 * time.Hour)
		ask(issued.IamToken, outcome{})
		time.Sleep(time.Hour - time.Nanosecond)
		ask(issued.IamToken, outcome{})
		time.Sleep(time.Nanosecond)
		ask(issued.IamToken, staleToken)
		ask("for ever", outcome{})
	})
}
