package fake_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// httpWays are the ways in for a client of HTTP/1, each with the URL to ask and the client that does.
var httpWays = map[string]func(cloud *fake.Server) (string, *http.Transport, *fake.Listener){
	"tcp": func(cloud *fake.Server) (string, *http.Transport, *fake.Listener) {
		l := cloud.ListenTCP("")
		return "http://" + l.Addr(), &http.Transport{}, l
	},
	"tls": func(cloud *fake.Server) (string, *http.Transport, *fake.Listener) {
		l := cloud.ListenTLS("")
		// As programs are: HTTP/2 would do as well.
		return "https://" + l.Addr(), &http.Transport{TLSClientConfig: &tls.Config{RootCAs: cloud.CertPool()}, ForceAttemptHTTP2: true}, l
	},
	"tls without protocols": func(cloud *fake.Server) (string, *http.Transport, *fake.Listener) {
		l := cloud.ListenTLS("")
		config := &tls.Config{RootCAs: cloud.CertPool(), ServerName: "localhost"}
		return "http://" + l.Addr(), &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return (&tls.Dialer{Config: config}).DialContext(ctx, network, addr)
		}}, l
	},
	"proxy": func(cloud *fake.Server) (string, *http.Transport, *fake.Listener) {
		proxy := &url.URL{Scheme: "http", Host: cloud.ListenProxy("").Addr()}
		return "https://compute.api.cloud.yandex.net", &http.Transport{TLSClientConfig: &tls.Config{RootCAs: cloud.CertPool()},
			ForceAttemptHTTP2: true, Proxy: http.ProxyURL(proxy)}, nil
	},
}

// Clients of HTTP/1 and of gRPC come in by the same addresses, and each is served what it speaks.
func TestHTTPAndGRPCShareTheirAddresses(t *testing.T) {
	for name, way := range httpWays {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t)
			address, transport, l := way(cloud)
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}

			if refused, err := client.Get(address); err == nil {
				require.GreaterOrEqual(t, refused.StatusCode, 400, "nobody has asked for the listener")
				require.NoError(t, refused.Body.Close())
			}
			transport.CloseIdleConnections() // it may be one of HTTP/2

			listener := cloud.HTTPListener()
			require.Equal(t, listener, cloud.HTTPListener())
			served := make(chan error, 1)
			go func() {
				served <- http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					fmt.Fprintf(w, "%s %s of %s: %s", r.Method, r.URL.Path, r.Host, body)
				}))
			}()
			for range 3 {
				reply, err := client.Post(address+"/compute/v1/images", "application/json", io.MultiReader())
				require.NoError(t, err)
				body, err := io.ReadAll(reply.Body)
				require.NoError(t, err)
				require.Equal(t, 1, reply.ProtoMajor)
				require.Contains(t, string(body), "POST /compute/v1/images of ")
				reply.Body.Close()
			}
			if l != nil {
				credentials := grpc.WithTransportCredentials(insecure.NewCredentials())
				if name != "tcp" {
					credentials = trusting(cloud)
				}
				_, err := compute.NewImageServiceClient(connect(t, l.Addr(), credentials)).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
				require.NoError(t, err)
				require.Len(t, cloud.Calls(fake.ImageList), 1)
			}
			require.NoError(t, cloud.Close())
			require.ErrorIs(t, <-served, net.ErrClosed)
			_, err := client.Get(address)
			require.Error(t, err)
		})
	}
}

// Whoever waits to be accepted, is being served or comes later is sent away when the listener or the server closes.
func TestNobodyStaysAtAClosedHTTPListener(t *testing.T) {
	for name, closes := range map[string]func(*fake.Server, net.Listener) error{
		"server":   func(s *fake.Server, _ net.Listener) error { return s.Close() },
		"listener": func(_ *fake.Server, l net.Listener) error { return errors.Join(l.Close(), l.Close()) },
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t)
			l, addr := cloud.HTTPListener(), cloud.ListenTCP("").Addr()
			begin := func() net.Conn {
				conn, err := net.Dial("tcp", addr)
				require.NoError(t, err)
				t.Cleanup(func() { conn.Close() })
				_, err = io.WriteString(conn, "G") // whatever comes of it
				require.NoError(t, err)
				return conn
			}
			served, waiting := begin(), begin()
			accepted, err := l.Accept()
			require.NoError(t, err)
			require.NoError(t, closes(cloud, l))
			_, err = l.Accept()
			require.ErrorIs(t, err, net.ErrClosed)
			if name == "listener" { // who was accepted belongs to who accepted
				require.NoError(t, accepted.Close())
				reply, err := http.ReadResponse(bufio.NewReader(begin()), nil)
				require.NoError(t, err)
				require.Equal(t, http.StatusBadRequest, reply.StatusCode)
			}
			for _, conn := range []net.Conn{served, waiting} {
				_, err := io.ReadAll(conn)
				if err != nil {
					require.NotErrorIs(t, err, io.ErrUnexpectedEOF)
				}
			}
		})
	}
}

func TestAnHTTPListenerThatCannotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := witnessed(t, func(w *witness) {
			l := fake.New(w).HTTPListener()
			_, err := l.Accept()
			require.ErrorIs(t, err, net.ErrClosed)
			require.NoError(t, l.Close())
		})
		require.Contains(t, w.text(), "HTTPListener: the server of ")
		require.Contains(t, w.text(), "lives in a testing/synctest bubble")
	})
}
