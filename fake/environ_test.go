package fake_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// environment returns what a program finds in its environment.
func environment(cloud *fake.Server) map[string]string {
	vars := make(map[string]string)
	for _, entry := range cloud.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		vars[name] = value
	}
	return vars
}

func TestTheEnvironmentLeadsAProgramToTheServer(t *testing.T) {
	cloud := fake.New(t)
	vars := environment(cloud)
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "grpc_proxy"} {
		require.Equal(t, vars["HTTPS_PROXY"], vars[name])
	}
	require.True(t, strings.HasPrefix(vars["HTTPS_PROXY"], "http://127.0.0.1:"))
	for _, name := range []string{"SSL_CERT_FILE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"} {
		require.Equal(t, cloud.CAFile(), vars[name])
	}
	for _, name := range []string{"NO_PROXY", "no_proxy", "no_grpc_proxy", "AWS_CA_BUNDLE"} {
		value, set := vars[name]
		require.True(t, set && value == "", "%s must be emptied", name)
	}
	require.Equal(t, vars["HTTPS_PROXY"], environment(cloud)["HTTPS_PROXY"], "one proxy serves all programs")

	t.Setenv("NO_PROXY", "*")
	cmd := exec.Command("true")
	cmd.Env = append(cmd.Environ(), cloud.Environ()...)
	require.Contains(t, cmd.Environ(), "NO_PROXY=")
	require.NotContains(t, cmd.Environ(), "NO_PROXY=*")
}

func TestTheServerAcceptsTheTokenAndTheKeyOfItsEnvironment(t *testing.T) {
	cloud := fake.New(t, fake.WithAuth())
	vars := environment(cloud)
	c := clientsOf(cloud.Conn())
	require.Equal(t, vars["YC_TOKEN"], vars["YC_IAM_TOKEN"])
	_, err := c.List(withToken(t.Context(), vars["YC_TOKEN"]), anyList)
	require.NoError(t, err)
	_, err = c.List(withToken(t.Context(), vars["YC_TOKEN"]+"x"), anyList)
	require.Equal(t, "Unauthenticated", codeName(err))

	info, err := os.Stat(vars["YC_SERVICE_ACCOUNT_KEY_FILE"])
	require.NoError(t, err)
	require.Zero(t, info.Mode()&0o077, "only this user may read the key")
	text, err := os.ReadFile(vars["YC_SERVICE_ACCOUNT_KEY_FILE"])
	require.NoError(t, err)
	var key struct {
		ID      string `json:"id"`
		Account string `json:"service_account_id"`
		Private string `json:"private_key"`
		Public  string `json:"public_key"`
	}
	require.NoError(t, json.Unmarshal(text, &key))
	require.NotEmpty(t, key.ID)
	block, _ := pem.Decode([]byte(key.Private))
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	block, _ = pem.Decode([]byte(key.Public))
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	require.NoError(t, err)
	require.True(t, private.(*rsa.PrivateKey).PublicKey.Equal(public))

	// Whoever has the key file exchanges it, and has the subject that the token has.
	signed := "head." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"`+key.Account+`"}`)) + ".signature"
	reply, err := iam.NewIamTokenServiceClient(cloud.Conn()).Create(t.Context(), &iam.CreateIamTokenRequest{
		Identity: &iam.CreateIamTokenRequest_Jwt{Jwt: signed}})
	require.NoError(t, err)
	_, err = c.List(withToken(t.Context(), reply.IamToken), anyList)
	require.NoError(t, err)
	calls := cloud.Calls(fake.ImageList)
	require.Equal(t, calls[0].Caller, calls[2].Caller)

	require.NotContains(t, cloud.Timeline()+cloud.Transcript(), vars["YC_TOKEN"])
}

func TestAProgramThatTrustsItsEnvironmentIsServed(t *testing.T) {
	cloud := fake.New(t)
	vars := environment(cloud)
	trusted, err := credentials.NewClientTLSFromFile(vars["SSL_CERT_FILE"], "")
	require.NoError(t, err)
	// The variables of this process stay as they are: a program of its own is shown in examples/sdkv1 and examples/sdkv2.
	cc := connectThroughAddr(t, strings.TrimPrefix(vars["HTTPS_PROXY"], "http://"), "compute.api.cloud.yandex.net:443", grpc.WithTransportCredentials(trusted))
	_, err = clientsOf(cc).List(t.Context(), anyList)
	require.NoError(t, err)
}
