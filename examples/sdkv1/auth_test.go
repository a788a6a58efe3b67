package sdkv1

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	ycsdk "github.com/yandex-cloud/go-sdk"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// list is a call that needs a token.
func list(t *testing.T, sdk *ycsdk.SDK, opts ...grpc.CallOption) error {
	_, err := sdk.Compute().Image().List(t.Context(), &compute.ListImagesRequest{FolderId: folder}, opts...)
	return err
}

func TestOAuthTokenIsExchangedOnce(t *testing.T) {
	cloud := fake.New(t, fake.WithAuth())
	sdk := newSDKAs(t, cloud, ycsdk.OAuthToken("oauth of ann"))

	require.NoError(t, list(t, sdk))
	require.NoError(t, list(t, sdk))

	require.Len(t, cloud.Calls(fake.TokenCreate), 1)
}

func TestOAuthTokenIsExchangedAgainWhenItsTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithAuth())
		sdk := newSDKAs(t, cloud, ycsdk.OAuthToken("oauth of ann"))
		require.NoError(t, list(t, sdk))

		<-time.After(2 * time.Hour) // of the bubble's time

		require.NoError(t, list(t, sdk))
		require.Len(t, cloud.Calls(fake.TokenCreate), 2)
	})
}

func TestIAMToken(t *testing.T) {
	cloud := fake.New(t, fake.WithAuth("t1.ann"))

	require.NoError(t, list(t, newSDKAs(t, cloud, ycsdk.NewIAMTokenCredentials("t1.ann"))))

	err := list(t, newSDKAs(t, cloud, ycsdk.NewIAMTokenCredentials("t1.eve")))
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	require.ErrorContains(t, err, "The token is invalid")
}

func TestRevokedToken(t *testing.T) {
	cloud := fake.New(t, fake.WithAuth("t1.ann"))
	sdk := newSDKAs(t, cloud, ycsdk.NewIAMTokenCredentials("t1.ann"))
	require.NoError(t, list(t, sdk))

	cloud.RevokeToken("t1.ann")

	err := list(t, sdk)
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	require.ErrorContains(t, err, "The token is invalid")
}

func TestExpiredToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithAuth())
		token, err := newSDKAs(t, cloud, ycsdk.OAuthToken("oauth of ann")).CreateIAMToken(t.Context())
		require.NoError(t, err)
		sdk := newSDKAs(t, cloud, ycsdk.NewIAMTokenCredentials(token.IamToken)) // which cannot get a new one
		require.NoError(t, list(t, sdk))

		<-time.After(time.Until(token.ExpiresAt.AsTime()))

		err = list(t, sdk)
		require.Equal(t, codes.Unauthenticated, status.Code(err))
		require.ErrorContains(t, err, "The token has expired")
	})
}

func TestCallAsServiceAccount(t *testing.T) {
	cloud := fake.New(t, fake.WithAuth())
	sdk := newSDKAs(t, cloud, ycsdk.OAuthToken("oauth of ann"))

	require.NoError(t, list(t, sdk, ycsdk.WithAuthAsServiceAccount("ajerobot000000000000")))

	require.Len(t, cloud.Calls(fake.TokenCreateForServiceAccount), 1)
}
