package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type fields = map[string]any

// api is a script that uses the HTTP API.
type api struct {
	t      *testing.T
	base   string
	client *http.Client
}

func newAPI(p *program) api {
	client := &http.Client{Transport: &http.Transport{}} // without a proxy
	p.t.Cleanup(client.CloseIdleConnections)
	return api{p.t, p.http(), client}
}

// do sends a request and returns the answer, which must have a status.
func (a api) do(want int, method, path, body string, headers ...string) (fields, http.Header) {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.base+path, strings.NewReader(body))
	require.NoError(a.t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	reply, err := a.client.Do(r)
	require.NoError(a.t, err)
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	require.NoError(a.t, err)
	require.Equal(a.t, want, reply.StatusCode, "%s", text)
	require.Equal(a.t, "application/json", reply.Header.Get("Content-Type"))
	var answer fields
	require.NoError(a.t, json.Unmarshal(text, &answer), "%s", text)
	return answer, reply.Header
}

func (a api) get(want int, path string) fields {
	a.t.Helper()
	answer, _ := a.do(want, "GET", path, "")
	return answer
}

// page tells whether a page contains a text.
func (a api) page(path, text string) bool {
	reply, err := a.client.Get(a.base + path)
	if err != nil {
		return false
	}
	defer reply.Body.Close()
	page, err := io.ReadAll(reply.Body)
	return err == nil && reply.StatusCode == http.StatusOK && strings.Contains(string(page), text)
}

func TestREST(t *testing.T) {
	p := start(t)
	a := newAPI(p)
	require.Empty(t, a.get(200, "/compute/v1/images?folderId=f")["images"])

	const create = `{"folderId": "f", "name": "web", "family": "web", "diskId": "epd", "labels": {"stage": "test"}}`
	started, header := a.do(200, "POST", "/compute/v1/images", create, "Idempotency-Key", "4c0f2f3e-5d3a-4b41-9f0e-2c8a6d8b1e11")
	require.Equal(t, false, started["done"])
	require.NotEmpty(t, header.Get("X-Request-Id"))
	again, _ := a.do(200, "POST", "/compute/v1/images", create, "Idempotency-Key", "4c0f2f3e-5d3a-4b41-9f0e-2c8a6d8b1e11")
	require.Equal(t, started["id"], again["id"], "the key comes through")

	again, _ = a.do(200, "POST", "/compute/v1/images", create, "Idempotency-Key", "4c0f2f3e-5d3a-4b41-9f0e-2c8a6d8b1e11",
		"Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, started["id"], again["id"], "curl says that of every body")

	done := a.get(200, "/operations/"+started["id"].(string))
	require.Equal(t, true, done["done"])
	made := done["response"].(fields)
	require.Equal(t, "type.googleapis.com/yandex.cloud.compute.v1.Image", made["@type"])
	id := made["id"].(string)
	require.Equal(t, fields{"stage": "test"}, a.get(200, "/compute/v1/images/"+id)["labels"])
	require.Equal(t, id, a.get(200, "/compute/v1/images:latestByFamily?folderId=f&family=web")["id"])

	updated, _ := a.do(200, "PATCH", "/compute/v1/images/"+id,
		`{"updateMask": "description,minDiskSize", "description": "new", "minDiskSize": "107374182400"}`)
	a.get(200, "/operations/"+updated["id"].(string))
	image := a.get(200, "/compute/v1/images/"+id)
	require.Equal(t, []any{"web", "new", "107374182400"}, []any{image["name"], image["description"], image["minDiskSize"]})
	require.Len(t, a.get(200, "/compute/v1/images?folderId=f&pageSize=1")["images"], 1)

	deleted, _ := a.do(200, "DELETE", "/compute/v1/images/"+id, "")
	require.Equal(t, true, a.get(200, "/operations/"+deleted["id"].(string))["done"])
	require.Equal(t, 5., a.get(404, "/compute/v1/images/"+id)["code"])

	p.out.await(t, `(?m)^\S+  rest +ImageDelete +`+id+` +OK$`)
	p.out.await(t, `(?m)^\S+  rest +ImageGet +`+id+` +NotFound: `)
	require.True(t, a.page("/timeline", "ImageDelete"))
	require.NoError(t, p.stop())
}

// A script that knows the real service's hosts alone is sent here by its environment, and the ports of gRPC take it as well.
func TestRESTAtTheHostsOfTheService(t *testing.T) {
	p := start(t)
	proxy, err := url.Parse(p.out.await(t, `(?m)^export HTTPS_PROXY='([^']*)'$`)[1])
	require.NoError(t, err)
	file, err := os.ReadFile(p.out.await(t, `(?m)^export SSL_CERT_FILE='([^']*)'$`)[1])
	require.NoError(t, err)
	trusted := x509.NewCertPool()
	require.True(t, trusted.AppendCertsFromPEM(file))
	trust := &tls.Config{RootCAs: trusted}

	for name, way := range sorted(map[string]struct {
		images, operations string
		transport          *http.Transport
	}{
		"proxy": {"https://compute.api.cloud.yandex.net", "https://operation.api.cloud.yandex.net",
			&http.Transport{TLSClientConfig: trust, Proxy: http.ProxyURL(proxy), ForceAttemptHTTP2: true}},
		"TLS": {"https://" + p.out.await(t, `gRPC, TLS +(\S+),`)[1], "", &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}},
		"TCP": {"http://" + p.out.await(t, `gRPC +(\S+)`)[1], "", &http.Transport{}},
	}) {
		t.Run(name, func(t *testing.T) {
			client := &http.Client{Transport: way.transport}
			t.Cleanup(client.CloseIdleConnections)
			images := api{t, way.images, client}
			operations := api{t, cmp.Or(way.operations, way.images), client}
			started, _ := images.do(200, "POST", "/compute/v1/images", `{"folderId": "f", "name": "web-`+strings.ToLower(name)+`", "diskId": "epd"}`)
			require.Equal(t, true, operations.get(200, "/operations/"+started["id"].(string))["done"])
		})
	}
	require.Len(t, newAPI(p).get(200, "/compute/v1/images?folderId=f")["images"], 3)

	stranger, err := http.NewRequestWithContext(t.Context(), "GET", p.http()+"/compute/v1/images?folderId=f", nil)
	require.NoError(t, err)
	stranger.Host = "api.cloud.yandex.net.example.com"
	refused, err := newAPI(p).client.Do(stranger)
	require.NoError(t, err)
	require.NoError(t, refused.Body.Close())
	require.Equal(t, http.StatusMisdirectedRequest, refused.StatusCode)
	require.NoError(t, p.stop())
}

func TestRESTErrors(t *testing.T) {
	p := start(t, "-fault", "ImageListOperations:Unavailable", "-fault", "ImageGetLatestByFamily:PermissionDenied",
		"-fault", "OperationGet:throttle=1s", "-fault", "OperationCancel:FailedPrecondition", "-fault", "EndpointList:DeadlineExceeded")
	a := newAPI(p)
	for name, c := range sorted(map[string]struct {
		method, path, body string
		status             int
		code               float64
	}{
		"not found":               {"GET", "/compute/v1/images/fd8nothing", "", 404, 5},
		"nothing is there":        {"GET", "/compute/v1/pictures", "", 404, 5},
		"invalid by the rules":    {"POST", "/compute/v1/images", `{"folderId": "f", "name": "-", "diskId": "epd"}`, 400, 3},
		"a field that is none":    {"POST", "/compute/v1/images", `{"folderId": "f", "colour": "red"}`, 400, 3},
		"a value of another kind": {"GET", "/compute/v1/images?folderId=f&pageSize=many", "", 400, 3},
		"no folder":               {"GET", "/compute/v1/images?colour=red", "", 400, 3},
		"no JSON":                 {"POST", "/compute/v1/images", `{`, 400, 3},
		"denied":                  {"GET", "/compute/v1/images:latestByFamily?folderId=f&family=web", "", 403, 7},
		"throttled":               {"GET", "/operations/fd8operation00000000", "", 429, 8},
		"precondition":            {"GET", "/operations/fd8operation00000000:cancel", "", 400, 9},
		"unavailable":             {"GET", "/compute/v1/images/fd8nothing/operations", "", 503, 14},
		"timeout":                 {"GET", "/endpoints", "", 504, 4},
	}) {
		t.Run(name, func(t *testing.T) {
			a := a
			a.t = t
			answer, _ := a.do(c.status, c.method, c.path, c.body)
			require.Equal(t, c.code, answer["code"], "%v", answer)
			require.NotEmpty(t, answer["message"])
		})
	}
	require.NoError(t, p.stop())
}

// What is refused before it is a call is printed all the same, once, and what becomes a call as that.
func TestRefusedRequestsArePrinted(t *testing.T) {
	p := start(t)
	a := newAPI(p)
	a.do(404, "GET", "/compute/v1/pictures%1b%5b31m?token=t1.secret", "")
	a.do(400, "POST", "/compute/v1/images", `{`)
	a.do(404, "GET", "/compute/v1/images/fd8nothing", "")
	p.out.await(t, `rest +GET /compute/v1/pictures\S*: 404: .*serves nothing at`)
	p.out.await(t, `rest +POST /compute/v1/images: 400: .*unexpected EOF`)
	p.out.await(t, `rest +ImageGet +fd8nothing +NotFound`)
	require.NoError(t, p.stop())
	printed := p.out.text()
	require.NotContains(t, printed, "GET /compute/v1/images/fd8nothing", "it was a call")
	require.NotContains(t, printed, "secret")
	require.NotContains(t, printed, "\x1b")
}

// A page of another site can have its own name lead to this machine, and so read what no other site may.
func TestHTTPServesNoOtherName(t *testing.T) {
	p := start(t)
	for host, want := range sorted(map[string]int{"evil.example": 421, "evil.example:80": 421, "localhost:80": 200, "[::1]:80": 200}) {
		r, err := http.NewRequestWithContext(t.Context(), "GET", p.http()+"/timeline", nil)
		require.NoError(t, err)
		r.Host = host
		reply, err := newAPI(p).client.Do(r)
		require.NoError(t, err)
		reply.Body.Close()
		require.Equal(t, want, reply.StatusCode, host)
	}
	require.NoError(t, p.stop())
}
