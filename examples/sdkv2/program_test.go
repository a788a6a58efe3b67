package sdkv2

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
)

// A program of its own, whose endpoint is the SDK's, is sent to the fake by its environment alone: it finds the services, exchanges
// its key for a token and bakes, over TLS and through the proxy.
func TestAProgramIsSentHereByItsEnvironment(t *testing.T) {
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		t.Skip("Go ignores SSL_CERT_FILE here")
	}
	program := filepath.Join(t.TempDir(), "bake")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./bake").CombinedOutput()
	require.NoError(t, err, "%s", out)
	cloud := fake.New(t, fake.WithAuth())
	cmd := exec.CommandContext(t.Context(), program, folder, "epdxdisk000000000000")
	cmd.Env = append(cmd.Environ(), cloud.Environ()...)

	out, err = cmd.CombinedOutput()

	require.NoError(t, err, "%s", out)
	require.Equal(t, "web", cloud.Image(strings.TrimSpace(string(out))).Name)
	require.Len(t, cloud.Calls(fake.TokenCreate), 1)
	for _, c := range cloud.Calls() {
		require.True(t, strings.HasPrefix(c.Peer, "127.0.0.1:"), "%v came from %s", &c, c.Peer)
		require.True(t, strings.HasSuffix(c.Header[":authority"][0], "api.cloud.yandex.net:443"), "%v", c.Header[":authority"])
	}
}

// Without the authority the program trusts nobody, and the record says why nothing came.
func TestAProgramThatIsNotToldWhomToTrust(t *testing.T) {
	program := filepath.Join(t.TempDir(), "bake")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./bake").CombinedOutput()
	require.NoError(t, err, "%s", out)
	cloud := fake.New(t)
	cmd := exec.CommandContext(t.Context(), program, folder, "epdxdisk000000000000")
	cmd.Env = append(cmd.Environ(), cloud.Environ()...)
	cmd.Env = append(cmd.Env, "SSL_CERT_FILE=")
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()

	require.NoError(t, cloud.Await(t.Context(), func() bool {
		for e := range cloud.Events() {
			if strings.Contains(e.Text, "does not trust the server's authority") {
				return true
			}
		}
		return false
	}))
	require.Empty(t, cloud.Calls())
}
