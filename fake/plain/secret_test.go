package plain_test

import (
	"testing"

	"github.com/imagefake/imagefake/fake/plain"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
)

func TestSecret(t *testing.T) {
	for _, name := range []string{
		"iam_token", "yandex_passport_oauth_token", "jwt", "authorization", "Proxy-Authorization", "cookie", "Set-Cookie", "password", "dbPasswd",
		"x-api-key", "private_key", "accessToken", "secret", "client_secret", "X-YaCloud-SubjectToken", "X-Amz-Security-Token", "ssh-keys",
		"credentials", "X-Amz-Signature", "X-Amz-Credential", "passphrase", "oauth2",
	} {
		require.True(t, plain.Secret(name), name)
	}
	for _, name := range []string{
		"", "name", "key", "labels", "page_token", "next_page_token", "pageToken", "idempotency-key", "public_key", "kms_key_id", "key_id", "author",
		":authority", "user-agent", "x-request-id", "image_id", "description",
	} {
		require.False(t, plain.Secret(name), name)
	}
}

func TestMasked(t *testing.T) {
	for text, want := range map[string]string{
		"image is not found":                                           "image is not found",
		"what? https://host/a b?c":                                     "what? https://host/a b?c",
		"see https://host/a?sig=1 or http://b?c#d.":                    "see https://host/a?… or http://b?…",
		`"s3://u:p@bucket/x"`:                                          `"s3://…@bucket/x"`,
		"Authorization: Bearer abcdefgh.ijkl":                          "Authorization: Bearer …",
		"a bearer of news":                                             "a bearer of news",
		"t1.9euelZqbkpSUlZaP.sig and t1.micro":                         "t1.… and t1.micro",
		"jwt eyJhbGciOiJQUzI1NiIs.eyJpc3Mi.abc!":                       "jwt …!",
		"y0_AgAAAAAAAAAAAAAAAAAA":                                      "…",
		"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----": "-----BEGIN PRIVATE KEY-----…-----END PRIVATE KEY-----",
		"-----BEGIN RSA PRIVATE KEY-----\nMIIE":                        "-----BEGIN RSA PRIVATE KEY-----…",
	} {
		require.Equal(t, want, plain.Masked(text))
		require.Equal(t, want, plain.Masked(plain.Masked(text)), "once is enough")
	}
}

// TestDifferencesShowNoSecrets: that something differs is said all the same.
func TestDifferencesShowNoSecrets(t *testing.T) {
	token := func(jwt string) *iam.CreateIamTokenRequest {
		return &iam.CreateIamTokenRequest{Identity: &iam.CreateIamTokenRequest_Jwt{Jwt: jwt}}
	}
	link := func(signature string) *compute.CreateImageRequest {
		return &compute.CreateImageRequest{Source: &compute.CreateImageRequest_Uri{Uri: "https://host/a?sig=" + signature}}
	}
	label := func(value string) *compute.Image {
		return &compute.Image{Labels: map[string]string{"token": value, "a": "b"}}
	}
	for want, found := range map[string][]plain.Difference{
		`jwt: want …, got another one (secrets are not shown)`:                  plain.Differences(token("a"), token("b")),
		`jwt: want …, got nothing`:                                              plain.Partial(token("a"), &iam.CreateIamTokenRequest{}),
		`uri: want "https://host/a?…", got another one (secrets are not shown)`: plain.Differences(link("1"), link("2")),
		`labels["token"]: want …, got another one (secrets are not shown)`:      plain.Differences(label("1"), label("2")),
		`labels: want {"a": "b", "token": …}, got nothing`:                      plain.Differences(label("1"), &compute.Image{}),
	} {
		require.Len(t, found, 1, want)
		require.Equal(t, want, found[0].String())
	}
	path, err := plain.ParsePath(token("").ProtoReflect().Descriptor(), "jwt")
	require.NoError(t, err)
	w, err := plain.NewWant(path, "a")
	require.NoError(t, err)
	require.Equal(t, "jwt: …", w.String())
	require.Equal(t, "jwt: want …, got another one (secrets are not shown)", w.Differences(token("b"))[0].String())
	require.Nil(t, w.Differences(token("a")))
}
