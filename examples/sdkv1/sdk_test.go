// Package sdkv1 shows the official Go SDK v1 against the fake: the SDK is built as its documentation shows, with the fake's address
// and dialer in the place of the cloud's. Everything behind [newSDK] is code as it would run against the cloud.
package sdkv1

import (
	"context"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	ycsdk "github.com/yandex-cloud/go-sdk"
	"google.golang.org/grpc"
)

const folder = "b1gexamplefolder0000"

// newSDK builds an SDK that talks to the fake, with a token that is good as long as the fake does not ask for one.
func newSDK(t *testing.T, cloud *fake.Server, opts ...grpc.DialOption) *ycsdk.SDK {
	t.Helper()
	return newSDKAs(t, cloud, ycsdk.NewIAMTokenCredentials("any"), opts...)
}

func newSDKAs(t *testing.T, cloud *fake.Server, credentials ycsdk.Credentials, opts ...grpc.DialOption) *ycsdk.SDK {
	t.Helper()
	sdk, err := ycsdk.Build(t.Context(), ycsdk.Config{
		Credentials: credentials,
		Endpoint:    cloud.Target(),
		Plaintext:   true,
	}, append(opts, cloud.DialOptions()...)...) // the fake's options come last: of two dialers the last one counts
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sdk.Shutdown(context.Background())) })
	return sdk
}
