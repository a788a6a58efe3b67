// Package sdkv2 shows the official Go SDK v2 against the fake: the SDK is built as its documentation shows, with an endpoint resolver
// that leads to the fake. Everything behind [newSDK] is code as it would run against the cloud.
package sdkv2

import (
	"context"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	endpointpb "github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	ycsdk "github.com/yandex-cloud/go-sdk/v2"
	"github.com/yandex-cloud/go-sdk/v2/credentials"
	"github.com/yandex-cloud/go-sdk/v2/pkg/endpoints"
	"github.com/yandex-cloud/go-sdk/v2/pkg/options"
	"github.com/yandex-cloud/go-sdk/v2/pkg/transport"
	endpointsdk "github.com/yandex-cloud/go-sdk/v2/services/endpoint"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const folder = "b1gexamplefolder0000"

// newSDK builds an SDK that talks to the fake, with a token that is good as long as the fake does not ask for one. Options given
// replace its own.
func newSDK(t *testing.T, cloud *fake.Server, opts ...options.Option) *ycsdk.SDK {
	t.Helper()
	toFake := endpoints.NewSingleEndpointResolver(cloud.Target(), cloud.DialOptions()...)
	sdk, err := ycsdk.Build(t.Context(), append([]options.Option{
		options.WithEndpointsResolver(toFake),
		options.WithCredentials(credentials.IAMToken("any")),
	}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sdk.Shutdown(context.Background())) })
	return sdk
}

// Where a connector will do, the fake is one: no SDK needs to be built.
var _ transport.Connector = (*fake.Server)(nil)

func TestFakeAsConnector(t *testing.T) {
	cloud := fake.New(t)
	want := cloud.AddImages(&compute.Image{FolderId: folder, Name: "web"})[0]

	got, err := newImageClient(cloud).Get(t.Context(), &compute.GetImageRequest{ImageId: want.Id})

	require.NoError(t, err)
	require.Equal(t, want.Name, got.Name)
}

// The SDK finds the addresses of services by asking one endpoint for all others.
func TestEndpointDiscovery(t *testing.T) {
	cloud := fake.New(t)
	image := cloud.AddImages(&compute.Image{FolderId: folder})[0]
	reply, err := endpointsdk.NewApiEndpointClient(cloud).List(t.Context(), &endpointpb.ListApiEndpointsRequest{})
	require.NoError(t, err)
	addresses := make(endpoints.PrefixToEndpoint)
	for _, found := range reply.Endpoints {
		addresses[protoreflect.FullName("yandex.cloud."+found.Id)] = endpoints.NewEndpointParams(found.Address, endpoints.Plaintext())
	}

	sdk := newSDK(t, cloud,
		options.WithEndpointsResolver(endpoints.NewPrefixEndpointsResolver(addresses)),
		options.WithCustomDialOptions(cloud.DialOptions()...))
	_, err = newImageClient(sdk).Get(t.Context(), &compute.GetImageRequest{ImageId: image.Id})

	require.NoError(t, err)
}
