package sdkv2

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	ycsdk "github.com/yandex-cloud/go-sdk/v2"
	"github.com/yandex-cloud/go-sdk/v2/credentials"
	"github.com/yandex-cloud/go-sdk/v2/pkg/authentication"
	"github.com/yandex-cloud/go-sdk/v2/pkg/options"
	iamsdk "github.com/yandex-cloud/go-sdk/v2/services/iam/v1"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// list is a call that needs a token.
func list(t *testing.T, sdk *ycsdk.SDK) error {
	_, err := newImageClient(sdk).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
	return err
}

// oauthToken returns credentials that have to be exchanged. Those of a service account's key are exchanged in the same way.
func oauthToken(token string) credentials.Credentials {
	//lint:ignore SA1019 deprecated, because OAuth tokens are on their way out; they are still in use, and need no key to be made up
	return credentials.OAuthToken(token)
}

func TestOAuthTokenIsExchangedOnce(t *testing.T) {
	cloud := fake.New(t, fake.WithAuth())
	sdk := newSDK(t, cloud, options.WithCredentials(oauthToken("oauth of ann")))

	require.NoError(t, list(t, sdk))
	require.NoError(t, list(t, sdk))

	require.Len(t, cloud.Calls(fake.TokenCreate), 1)
}

// exchangeThrough makes the SDK exchange credentials over the fake's own connection. Left to itself the SDK opens a connection for
// each exchange and never closes it, which a synctest bubble does not forgive.
func exchangeThrough(cloud *fake.Server, c credentials.Credentials) options.Option {
	return func(o *options.Options) {
		options.WithCredentials(c)(o)
		options.WithAuthenticator(authentication.NewAuthenticator(zap.NewNop(), c, iamsdk.NewIamTokenClient(cloud)))(o)
	}
}

func TestOAuthTokenIsExchangedAgainWhenItsTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithAuth())
		sdk := newSDK(t, cloud, exchangeThrough(cloud, oauthToken("oauth of ann")))
		require.NoError(t, list(t, sdk))

		<-time.After(2 * time.Hour) // of the bubble's time

		require.NoError(t, list(t, sdk))
		require.Len(t, cloud.Calls(fake.TokenCreate), 2)
	})
}

func TestIAMToken(t *testing.T) {
	cloud := fake.New(t, fake.WithAuth("t1.ann"))

	require.NoError(t, list(t, newSDK(t, cloud, options.WithCredentials(credentials.IAMToken("t1.ann")))))

	err := list(t, newSDK(t, cloud, options.WithCredentials(credentials.IAMToken("t1.eve"))))
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	require.ErrorContains(t, err, "The token is invalid")
}

func TestNoToken(t *testing.T) {
	cloud := fake.New(t, fake.WithAuth())

	err := list(t, newSDK(t, cloud, options.WithCredentials(credentials.NoAuthentication())))

	require.Equal(t, codes.Unauthenticated, status.Code(err))
}

func TestRevokedToken(t *testing.T) {
	cloud := fake.New(t, fake.WithAuth("t1.ann"))
	sdk := newSDK(t, cloud, options.WithCredentials(credentials.IAMToken("t1.ann")))
	require.NoError(t, list(t, sdk))

	cloud.RevokeToken("t1.ann")

	err := list(t, sdk)
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	require.ErrorContains(t, err, "The token is invalid")
}

func TestExpiredToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithAuth())
		ann := newSDK(t, cloud, exchangeThrough(cloud, oauthToken("oauth of ann")))
		token, err := ann.CreateIAMToken(t.Context())
		require.NoError(t, err)
		sdk := newSDK(t, cloud, options.WithCredentials(credentials.IAMToken(token.GetIamToken()))) // which cannot get a new one
		require.NoError(t, list(t, sdk))

		<-time.After(time.Until(token.GetExpiresAt()))

		err = list(t, sdk)
		require.Equal(t, codes.Unauthenticated, status.Code(err))
		require.ErrorContains(t, err, "The token has expired")
	})
}
