// Package grpcurl shows grpcurl against the fake: the program itself, over TLS, with nothing but what reflection tells it.
package grpcurl

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
)

// caller runs grpcurl against a server.
type caller struct {
	t       *testing.T
	cloud   *fake.Server
	program string
	addr    string
}

func newCaller(t *testing.T, opts ...fake.Option) caller {
	t.Helper()
	program := filepath.Join(t.TempDir(), "grpcurl")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "github.com/fullstorydev/grpcurl/cmd/grpcurl").CombinedOutput()
	require.NoError(t, err, "%s", out)
	cloud := fake.New(t, opts...)
	return caller{t, cloud, program, cloud.ListenTLS("").Addr()}
}

// run returns what grpcurl prints. What it is to trust, and its token, it finds in its environment.
func (c caller) run(options []string, words ...string) (string, error) {
	args := append([]string{"-expand-headers", "-H", "authorization: Bearer ${YC_TOKEN}"}, options...)
	cmd := exec.CommandContext(c.t.Context(), c.program, append(append(args, c.addr), words...)...)
	cmd.Env = append(cmd.Environ(), c.cloud.Environ()...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (c caller) text(words ...string) string {
	c.t.Helper()
	out, err := c.run(nil, words...)
	require.NoError(c.t, err, "%s", out)
	return out
}

// call calls a method and returns the reply.
func (c caller) call(method string, request any) map[string]any {
	c.t.Helper()
	text, err := json.Marshal(request)
	require.NoError(c.t, err)
	out, err := c.run([]string{"-d", string(text)}, method)
	require.NoError(c.t, err, "%s", out)
	var reply map[string]any
	require.NoError(c.t, json.Unmarshal([]byte(out), &reply), "%s", out)
	return reply
}

type fields map[string]any

func TestGrpcurl(t *testing.T) {
	c := newCaller(t, fake.WithAuth())

	require.Contains(t, c.text("list"), "yandex.cloud.compute.v1.ImageService\n")
	require.Contains(t, c.text("list", "yandex.cloud.compute.v1.ImageService"), "ImageService.GetLatestByFamily\n")
	require.Contains(t, c.text("describe", "yandex.cloud.compute.v1.ImageService.Create"), "rpc Create (")
	require.Contains(t, c.text("describe", "yandex.cloud.compute.v1.CreateImageRequest"), "string folder_id = 1")

	started := c.call("yandex.cloud.compute.v1.ImageService/Create", fields{
		"folder_id": "b1gexamplefolder0000", "name": "web", "disk_id": "epdxdisk000000000000"})
	polled := c.call("yandex.cloud.operation.OperationService/Get", fields{"operation_id": started["id"]})
	require.Equal(t, true, polled["done"])
	made := polled["response"].(map[string]any)
	require.Equal(t, "type.googleapis.com/yandex.cloud.compute.v1.Image", made["@type"])
	id := made["id"].(string)
	require.Equal(t, "web", c.cloud.Image(id).Name)

	deleted := c.call("yandex.cloud.compute.v1.ImageService/Delete", fields{"image_id": id})
	require.Equal(t, true, c.call("yandex.cloud.operation.OperationService/Get", fields{"operation_id": deleted["id"]})["done"])
	require.Nil(t, c.cloud.Image(id))

	for _, call := range c.cloud.Calls(fake.ImageCreate, fake.OperationGet, fake.ImageDelete) {
		require.Contains(t, call.UserAgent, "grpcurl/")
	}
}

func TestGrpcurlShowsWhatTheServiceRefuses(t *testing.T) {
	c := newCaller(t)
	out, err := c.run([]string{"-d", `{"image_id": "fd8nowhere0000000000"}`}, "yandex.cloud.compute.v1.ImageService/Get")
	require.Error(t, err)
	require.Contains(t, out, "Code: NotFound")
	require.Contains(t, out, "not found")
}
