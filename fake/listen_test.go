package fake_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// ways are the ways into a server over a network, each with how a client goes it.
var ways = map[string]func(t *testing.T, cloud *fake.Server) *grpc.ClientConn{
	"tcp": func(t *testing.T, cloud *fake.Server) *grpc.ClientConn {
		return connect(t, cloud.ListenTCP("").Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	},
	"tls": func(t *testing.T, cloud *fake.Server) *grpc.ClientConn {
		return connect(t, cloud.ListenTLS("127.0.0.1:0").Addr(), trusting(cloud))
	},
	"proxy": func(t *testing.T, cloud *fake.Server) *grpc.ClientConn {
		return connectThrough(t, cloud.ListenProxy("localhost:0"), "compute.api.cloud.yandex.net:443", trusting(cloud))
	},
}

// trusting makes a client use TLS and trust a server.
func trusting(cloud *fake.Server) grpc.DialOption {
	return grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(cloud.CertPool(), ""))
}

func connect(t *testing.T, addr string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	cc, err := grpc.NewClient("passthrough:///"+addr, append(opts, grpc.WithNoProxy(), grpc.WithUserAgent("probe/1"))...)
	require.NoError(t, err)
	t.Cleanup(func() { cc.Close() })
	return cc
}

func connectThrough(t *testing.T, proxy *fake.Listener, target string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	return connectThroughAddr(t, proxy.Addr(), target, opts...)
}

func connectThroughAddr(t *testing.T, proxy, target string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	return connect(t, target, append(opts, grpc.WithContextDialer(func(_ context.Context, addr string) (net.Conn, error) {
		conn, err := net.Dial("tcp", proxy)
		if err != nil {
			return nil, err
		}
		reply, err := ask(conn, "CONNECT "+addr+" HTTP/1.1\r\nHost: "+addr+"\r\n\r\n")
		if err != nil {
			return nil, err
		}
		if reply.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("the proxy says %s", reply.Status)
		}
		return conn, nil
	}))...)
}

// ask sends text over a connection and returns the reply of HTTP/1, whose body has been read.
func ask(conn net.Conn, text string) (*http.Response, error) {
	if _, err := io.WriteString(conn, text); err != nil {
		return nil, err
	}
	reply, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), &http.Request{Method: "CONNECT"})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

func TestEveryWayInLeadsToOneStateAndIntoTheRecord(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t)
			one, other := clientsOf(way(t, cloud)), clientsOf(way(t, cloud))
			_, id := one.create(t, fromDisk("web"))
			im, err := other.Get(t.Context(), &compute.GetImageRequest{ImageId: id})
			require.NoError(t, err)
			require.Equal(t, "web", im.Name)
			require.Equal(t, "web", cloud.Image(id).Name)
			_, err = clientsOf(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: id})
			require.NoError(t, err)

			calls := cloud.Calls()
			require.Len(t, calls, 3)
			require.Equal(t, []string{"conn-1", "conn-2", "conn-3"}, []string{calls[0].Caller, calls[1].Caller, calls[2].Caller})
			for _, c := range calls[:2] {
				host, port, err := net.SplitHostPort(c.Peer)
				require.NoError(t, err)
				require.Equal(t, "127.0.0.1", host)
				require.NotEqual(t, "0", port)
				require.True(t, strings.HasPrefix(c.UserAgent, "probe/1 "), c.UserAgent)
			}
			require.NotEqual(t, calls[0].Peer, calls[1].Peer)
			require.Equal(t, "in process", calls[2].Peer)
			require.True(t, strings.HasPrefix(calls[2].UserAgent, "grpc-go/"), calls[2].UserAgent)
		})
	}
}

func TestEndpointsFitTheWayIn(t *testing.T) {
	cloud := fake.New(t)
	plain, secured := cloud.ListenTCP(""), cloud.ListenTLS("")
	for name, c := range map[string]struct {
		cc   *grpc.ClientConn
		want map[string]string
	}{
		"in process": {cloud.Conn(), map[string]string{"compute": cloud.Target(), "endpoint": cloud.Target()}},
		"tcp": {connect(t, plain.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials())),
			map[string]string{"compute": plain.Addr(), "endpoint": plain.Addr()}},
		"tls": {connect(t, secured.Addr(), trusting(cloud)), map[string]string{"compute": secured.Addr(), "operation": secured.Addr()}},
		"proxy": {ways["proxy"](t, cloud), map[string]string{"compute": "compute.api.cloud.yandex.net:443", "operation": "operation.api.cloud.yandex.net:443",
			"endpoint": "api.cloud.yandex.net:443"}},
	} {
		t.Run(name, func(t *testing.T) {
			endpoints := endpoint.NewApiEndpointServiceClient(c.cc)
			reply, err := endpoints.List(t.Context(), &endpoint.ListApiEndpointsRequest{})
			require.NoError(t, err)
			listed := make(map[string]string)
			for _, e := range reply.Endpoints {
				listed[e.Id] = e.Address
			}
			for id, want := range c.want {
				require.Equal(t, want, listed[id])
				one, err := endpoints.Get(t.Context(), &endpoint.GetApiEndpointRequest{ApiEndpointId: id})
				require.NoError(t, err)
				require.Equal(t, want, one.Address)
			}
		})
	}
}

func TestTheCertificateCoversWhatItSays(t *testing.T) {
	cloud := fake.New(t)
	addr := cloud.ListenTLS("", "images.example.com", "*.cloud.example.com", "192.0.2.7").Addr()
	for name, covered := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "::1": true, "api.cloud.yandex.net": true, "compute.api.cloud.yandex.net": true,
		"images.example.com": true, "a.cloud.example.com": true, "192.0.2.7": true,
		"a.b.api.cloud.yandex.net": false, "cloud.yandex.net": false, "example.com": false, "192.0.2.8": false,
	} {
		conn, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: cloud.CertPool(), ServerName: name, NextProtos: []string{"h2"}})
		require.Equal(t, covered, err == nil, "%s: %v", name, err)
		if err == nil {
			conn.Close()
		}
	}
}

func TestTheAuthorityIsOfOneServerAndItsFileGoesWithIt(t *testing.T) {
	cloud, err := fake.Start()
	require.NoError(t, err)
	other := fake.New(t)
	_, err = tls.Dial("tcp", cloud.ListenTLS("").Addr(), &tls.Config{RootCAs: other.CertPool(), ServerName: "localhost", NextProtos: []string{"h2"}})
	require.ErrorContains(t, err, "unknown authority")

	file := cloud.CAFile()
	require.Equal(t, file, cloud.CAFile())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, string(text), "PRIVATE")
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(text))
	require.True(t, pool.Equal(cloud.CertPool()))
	require.NoError(t, cloud.Close())
	require.NoFileExists(t, file)
}

func TestACutOverANetworkIsACutOfItsConnection(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t)
			c := clientsOf(way(t, cloud))
			cut := cloud.Inject(fake.Fault{On: fake.ImageList, Do: fake.Cut()})
			_, err := c.List(t.Context(), anyList)
			require.Equal(t, "Unavailable", codeName(err))
			cut.Remove()
			_, err = c.List(t.Context(), anyList, grpc.WaitForReady(true))
			require.NoError(t, err)
			require.NoError(t, cloud.Await(t.Context(), func() bool { return !cloud.Calls()[0].Running() }))
			calls := cloud.Calls()
			require.NotEqual(t, calls[0].Peer, calls[1].Peer, "it was dialled again")
			require.Equal(t, "conn-2", calls[1].Caller, "each connection is a caller")
			require.Contains(t, cloud.Timeline(), "cut")
		})
	}
}

func TestListenersThatCannotBe(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for name, c := range map[string]struct {
		use  func(*fake.Server)
		says string
	}{
		"port in use":   {func(s *fake.Server) { s.ListenTCP(taken.Addr().String()) }, "port 0 asks for a free one"},
		"port too high": {func(s *fake.Server) { s.ListenTCP("127.0.0.1:99999") }, `"99999" is no port: write one of 1 to 65535, or 0`},
		"port below 0":  {func(s *fake.Server) { s.ListenTLS(":-1") }, `"-1" is no port`},
		"port in words": {func(s *fake.Server) { s.ListenProxy("[::1]:no such service") }, `"no such service" is no port`},
		"for all":       {func(s *fake.Server) { s.ListenTCP(":0") }, "fake.WithRemoteAccess()"},
		"all addresses": {func(s *fake.Server) { s.ListenTLS("0.0.0.0:0") }, "fake.WithRemoteAccess()"},
		"all of v6":     {func(s *fake.Server) { s.ListenProxy("[::]:0") }, "fake.WithRemoteAccess()"},
		"another's":     {func(s *fake.Server) { s.ListenTCP("192.0.2.1:0") }, "fake.WithRemoteAccess()"},
		"mapped":        {func(s *fake.Server) { s.ListenTCP("[::ffff:192.0.2.1]:0") }, "fake.WithRemoteAccess()"},
		"a name":        {func(s *fake.Server) { s.ListenTCP("cloud.invalid:0") }, "neither an IP address nor localhost"},
		"no port":       {func(s *fake.Server) { s.ListenTCP("127.0.0.1") }, "host:port"},
		"no such port":  {func(s *fake.Server) { s.ListenTCP("127.0.0.1:70000") }, "is no port"},
		"empty name":    {func(s *fake.Server) { s.ListenTLS("", "") }, "it is empty"},
		"URL":           {func(s *fake.Server) { s.ListenTLS("", "https://cloud.example") }, "URL"},
		"name and port": {func(s *fake.Server) { s.ListenProxy("", "cloud.example:443") }, "port"},
		"any name":      {func(s *fake.Server) { s.ListenTLS("", "*") }, "three parts"},
		"any of a top":  {func(s *fake.Server) { s.ListenTLS("", "*.example") }, "three parts"},
		"star inside":   {func(s *fake.Server) { s.ListenTLS("", "a*.b.example") }, "whole first part"},
		"star behind":   {func(s *fake.Server) { s.ListenTLS("", "*.*.b.example") }, "whole first part"},
		"two dots":      {func(s *fake.Server) { s.ListenTLS("", "a..b") }, "between its dots"},
		"last dot":      {func(s *fake.Server) { s.ListenTLS("", "a.b.") }, "between its dots"},
		"hyphen":        {func(s *fake.Server) { s.ListenTLS("", "-a.b") }, "hyphen"},
		"space":         {func(s *fake.Server) { s.ListenTLS("", "a b") }, "ASCII"},
		"other letters": {func(s *fake.Server) { s.ListenTLS("", "облако.example") }, "xn--"},
		"long part":     {func(s *fake.Server) { s.ListenTLS("", strings.Repeat("a", 64)+".example") }, "63"},
		"long":          {func(s *fake.Server) { s.ListenTLS("", strings.Repeat("a.", 127)+"a") }, "253"},
		"closed":        {func(s *fake.Server) { _ = s.Close(); s.ListenTCP("") }, "closed"},
		"closed, file":  {func(s *fake.Server) { _ = s.Close(); s.CAFile() }, "closed"},
		"closed, env":   {func(s *fake.Server) { _ = s.Close(); s.Environ() }, "closed"},
	} {
		t.Run(name, func(t *testing.T) {
			var went bool
			w := witnessed(t, func(w *witness) {
				cloud := fake.New(w)
				c.use(cloud)
				went = true
			})
			require.False(t, went, "the test has nothing to go on with")
			require.Len(t, w.errors, 1)
			require.Contains(t, w.errors[0].text, c.says)
			require.Contains(t, w.errors[0].line, "listen_test.go")

			cloud, err := fake.Start()
			require.NoError(t, err)
			c.use(cloud)
			require.ErrorContains(t, cloud.Err(), c.says)
			_ = cloud.Close()
		})
	}
}

func TestWhoAsksForItIsReachedFromOtherMachines(t *testing.T) {
	cloud := fake.New(t, fake.WithRemoteAccess())
	_, port, err := net.SplitHostPort(cloud.ListenTCP(":0").Addr())
	require.NoError(t, err)
	_, err = clientsOf(connect(t, "127.0.0.1:"+port, grpc.WithTransportCredentials(insecure.NewCredentials()))).List(t.Context(), anyList)
	require.NoError(t, err)
}

func TestANetworkInABubbleIsMisuse(t *testing.T) {
	for name, use := range map[string]func(*fake.Server){
		"tcp":     func(s *fake.Server) { require.Empty(t, s.ListenTCP("").Addr()) },
		"tls":     func(s *fake.Server) { require.Empty(t, s.ListenTLS("").Addr()) },
		"proxy":   func(s *fake.Server) { require.Empty(t, s.ListenProxy("").String()) },
		"environ": func(s *fake.Server) { require.Empty(t, s.Environ()) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud, err := fake.Start()
				require.NoError(t, err)
				use(cloud)
				require.ErrorContains(t, cloud.Err(), "stops its virtual time")
				require.ErrorContains(t, cloud.Close(), "listen_test.go")
			})
		})
	}
}
