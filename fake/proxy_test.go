package fake_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
)

func TestTheProxyLeadsNowhereElse(t *testing.T) {
	reached := make(chan net.Addr, 1)
	elsewhere, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer elsewhere.Close()
	go func() {
		if conn, err := elsewhere.Accept(); err == nil {
			reached <- conn.RemoteAddr()
			conn.Close()
		}
	}()
	for name, c := range map[string]struct{ request, says string }{
		"another name":    {"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", "does not cover that name"},
		"a name too deep": {"CONNECT a.b.api.cloud.yandex.net:443 HTTP/1.1\r\nHost: x\r\n\r\n", "does not cover that name"},
		"an IP address":   {"CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: 192.0.2.1:443\r\n\r\n", "grpc-go 1.66 and 1.67"},
		"one of v6":       {"CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n", "grpc-go 1.66 and 1.67"},
		"no port":         {"CONNECT compute.api.cloud.yandex.net HTTP/1.1\r\nHost: x\r\n\r\n", "host:port"},
		"plain HTTP":      {"GET http://" + elsewhere.Addr().String() + "/ HTTP/1.1\r\nHost: x\r\n\r\n", "no CONNECT"},
		"HTTP to itself":  {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "no CONNECT"},
		"control letters": {"CONNECT exam\u202eple.com:443 HTTP/1.1\r\nHost: x\r\n\r\n", `exam\u202eple.com`},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t)
			conn, err := net.Dial("tcp", cloud.ListenProxy("").Addr())
			require.NoError(t, err)
			defer conn.Close()
			reply, err := ask(conn, c.request)
			require.NoError(t, err)
			require.Equal(t, http.StatusBadGateway, reply.StatusCode)
			require.Contains(t, reply.Status, c.says)
			body, err := io.ReadAll(reply.Body)
			require.NoError(t, err)
			require.Contains(t, string(body), c.says)
			requireNote(t, cloud, c.says)
		})
	}
	require.Empty(t, reached)
}

// requireNote waits for a note in the record that says something.
func requireNote(t *testing.T, cloud *fake.Server, says string) {
	t.Helper()
	require.NoError(t, cloud.Await(t.Context(), func() bool { return strings.Contains(notes(cloud), says) }), "notes: %s", notes(cloud))
}

func notes(cloud *fake.Server) string {
	var text strings.Builder
	for e := range cloud.Events() {
		if e.Kind == fake.NoteEvent {
			fmt.Fprintln(&text, e.Text)
		}
	}
	return text.String()
}

func TestTheProxyTunnelsToNamesThatAreGiven(t *testing.T) {
	cloud := fake.New(t)
	cc := connectThrough(t, cloud.ListenProxy("", "cloud.example.com"), "cloud.example.com:8443", trusting(cloud))
	_, err := clientsOf(cc).List(t.Context(), anyList)
	require.NoError(t, err)
}

func TestAProxyTakesWhatAClientSaysTooEarly(t *testing.T) {
	cloud := fake.New(t)
	conn, err := net.Dial("tcp", cloud.ListenProxy("").Addr())
	require.NoError(t, err)
	defer conn.Close()
	// A client that is sure of its proxy sends its first TLS record behind the request; cut short, the handshake fails as one does.
	_, err = io.WriteString(conn, "CONNECT api.cloud.yandex.net:443 HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\n")
	require.NoError(t, err)
	requireNote(t, cloud, "without TLS")
}
