package fake_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

const settings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00" // none

// Clients that do not behave, by what they say. The server ends some of these connections; all are over when it closes.
func TestUnrulyClients(t *testing.T) {
	for name, c := range map[string]struct {
		says  string
		notes string // of the listener without TLS; "" where the server goes on listening
	}{
		"nothing":             {says: ""},
		"half a preface":      {says: preface[:10]},
		"a preface":           {says: preface},
		"a preface, garbage":  {says: preface + strings.Repeat("\xff", 100), notes: "no SETTINGS"},
		"half of settings":    {says: preface + "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00"},
		"settings":            {says: preface + settings},
		"broken headers":      {says: preface + settings + "\x00\x00\x05\x01\x04\x00\x00\x00\x01\xff\xff\xff\xff\xff"},
		"a giant frame":       {says: preface + settings + "\xff\xff\xff\x00\x00\x00\x00\x00\x01"},
		"garbage":             {says: "\x00\x01\x02\x03", notes: "none of HTTP/2"},
		"a wrong last letter": {says: preface[:len(preface)-1] + "x", notes: "none of HTTP/2"},
		"HTTP/1":              {says: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", notes: "HTTP/1, GET"},
		"POST of HTTP/1":      {says: "POST /x HTTP/1.1\r\nHost: x\r\n\r\n", notes: "HTTP/1, POST"},
		"TLS":                 {says: "\x16\x03\x01\x00\x05", notes: "ListenTLS"},
	} {
		t.Run(name, func(t *testing.T) {
			cloud, err := fake.Start()
			require.NoError(t, err)
			var conns []net.Conn
			for _, l := range []*fake.Listener{cloud.ListenTCP(""), cloud.ListenTLS(""), cloud.ListenProxy("")} {
				conn, err := net.Dial("tcp", l.Addr())
				require.NoError(t, err)
				defer conn.Close()
				_, err = io.WriteString(conn, c.says)
				require.NoError(t, err)
				conns = append(conns, conn)
			}
			if c.notes != "" {
				said, _ := io.ReadAll(conns[0]) // until the server ends it, by a reset where it has not read all
				if strings.HasPrefix(c.notes, "HTTP/1") {
					require.Contains(t, string(said), "400 Bad Request")
					require.Contains(t, string(said), "gRPC")
				}
				requireNote(t, cloud, c.notes)
			}
			_, err = clientsOf(cloud.Conn()).List(t.Context(), anyList)
			require.NoError(t, err, "others are served")

			start := time.Now()
			require.NoError(t, cloud.Close())
			require.Less(t, time.Since(start), 4*time.Second, "it waits for none of them")
			for _, conn := range conns {
				_, err := io.Copy(io.Discard, conn)
				require.False(t, errors.Is(err, context.DeadlineExceeded), "%v", err)
			}
		})
	}
}

func TestHandshakesThatFailSayWhatToDo(t *testing.T) {
	cloud := fake.New(t)
	addr := cloud.ListenTLS("").Addr()
	_, err := tls.Dial("tcp", addr, &tls.Config{ServerName: "localhost", NextProtos: []string{"h2"}})
	require.Error(t, err)
	requireNote(t, cloud, "does not trust the server's authority")

	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, preface)
	require.NoError(t, err)
	requireNote(t, cloud, "without TLS to a listener of ListenTLS")
}

// raw is a codec whose messages are bytes.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error)      { return v.([]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = data; return nil }
func (raw) Name() string                       { return "proto" }

func TestRequestsThatCannotBeReadAreInTheRecordAsTheirCallersSawThem(t *testing.T) {
	for name, c := range map[string]struct {
		send []byte
		code codes.Code
		says string
	}{
		"oversized":      {make([]byte, 4<<20+1), codes.ResourceExhausted, "larger than max (4194305 vs. 4194304)"},
		"very large":     {make([]byte, 20<<20), codes.ResourceExhausted, "larger than max (20971520 vs. 4194304)"},
		"beyond reading": {make([]byte, 64<<20+1), codes.ResourceExhausted, "larger than max (67108865 vs. "},
		"no message":     {[]byte("\xff\xff\xff"), codes.Internal, "unmarshalling"},
		"no UTF-8":       {[]byte("\x0a\x01\xff"), codes.Internal, "UTF-8"},
		"a broken field": {[]byte("\x0a\x7f"), codes.Internal, "unmarshalling"},
	} {
		for way, connect := range allWays() {
			t.Run(name+" "+way, func(t *testing.T) {
				cloud := fake.New(t)
				cc := connect(t, cloud)
				var reply []byte
				err := cc.Invoke(t.Context(), string(compute.ImageService_Create_FullMethodName), c.send, &reply, grpc.ForceCodec(raw{}))
				require.Equal(t, c.code, status.Code(err), "%v", err)
				require.ErrorContains(t, err, c.says)
				require.NoError(t, cloud.AwaitCalls(t.Context(), 1)) // gRPC answers what it refuses before it says so
				calls := cloud.Calls()
				require.Len(t, calls, 1)
				require.Equal(t, status.Convert(err).Message(), calls[0].Status.Message())
				require.Equal(t, c.code, calls[0].Status.Code())
				require.Equal(t, fake.ImageCreate, calls[0].Method)
				require.Empty(t, cloud.Images())
				_, err = clientsOf(cc).List(t.Context(), anyList)
				require.NoError(t, err, "the connection goes on")
			})
		}
	}
}

// unheardOf compresses nothing, in a way that no server knows.
type unheardOf struct{}

func (unheardOf) Do(w io.Writer, text []byte) error { _, err := w.Write(text); return err }
func (unheardOf) Type() string                      { return "unheard-of" }

// What gRPC refuses by itself of what comes over a network is in the record as well; the other calls are there once.
func TestCompressionsThatNobodyKnowsAreInTheRecord(t *testing.T) {
	for name, connect := range map[string]func(*fake.Server, ...grpc.DialOption) (*grpc.ClientConn, error){
		"TCP": func(cloud *fake.Server, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
			return grpc.NewClient("passthrough:///"+cloud.ListenTCP("").Addr(), append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
		},
		"TLS": func(cloud *fake.Server, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
			return grpc.NewClient("passthrough:///"+cloud.ListenTLS("").Addr(), append(opts, trusting(cloud))...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t)
			cc, err := connect(cloud, grpc.WithNoProxy(), grpc.WithCompressor(unheardOf{})) //lint:ignore SA1019 others would know a registered one
			require.NoError(t, err)
			defer cc.Close()
			_, unary := clientsOf(cc).List(t.Context(), anyList)
			stream, err := reflectionpb.NewServerReflectionClient(cc).ServerReflectionInfo(t.Context())
			require.NoError(t, err)
			_, streamed := stream.Recv()
			for method, err := range map[fake.Method]error{fake.ImageList: unary, reflectionpb.ServerReflection_ServerReflectionInfo_FullMethodName: streamed} {
				require.Equal(t, codes.Unimplemented, status.Code(err), "%v", err)
				require.NoError(t, cloud.AwaitCalls(t.Context(), 1, method))
				calls := cloud.Calls(method)
				require.Len(t, calls, 1)
				require.Equal(t, status.Convert(err).Message(), calls[0].Status.Message())
				require.Contains(t, calls[0].Status.Message(), "unheard-of")
				require.Contains(t, calls[0].Peer, "127.0.0.1:")
				require.False(t, calls[0].Running())
			}
		})
	}
}

func TestStreamsOfRequestsThatCannotBeRead(t *testing.T) {
	cloud := fake.New(t)
	stream, err := cloud.Conn().NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true},
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", grpc.ForceCodec(raw{}))
	require.NoError(t, err)
	require.NoError(t, stream.SendMsg([]byte("\xff\xff\xff")))
	err = stream.RecvMsg(new([]byte))
	require.Equal(t, codes.Internal, status.Code(err), "%v", err)
	require.NoError(t, cloud.Await(t.Context(), func() bool { return !cloud.Calls()[0].Running() }))
	require.Equal(t, codes.Internal, cloud.Calls()[0].Status.Code())
}

func allWays() map[string]func(*testing.T, *fake.Server) *grpc.ClientConn {
	all := map[string]func(*testing.T, *fake.Server) *grpc.ClientConn{
		"in process": func(_ *testing.T, cloud *fake.Server) *grpc.ClientConn { return cloud.Conn() },
	}
	for name, way := range ways {
		all[name] = way
	}
	return all
}

// stalledConn is a connection whose reader falls asleep.
type stalledConn struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
	asleep func() bool
}

func (s *stalledConn) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if err == nil && s.asleep() {
		<-s.closed
	}
	return n, err
}

func (s *stalledConn) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.Conn.Close()
}

func TestAReaderThatNeverReadsHoldsNobodyUp(t *testing.T) {
	cloud, err := fake.Start(fake.WithPlan(fake.Finish(fake.ByHand())))
	require.NoError(t, err)
	for range 2000 {
		cloud.AddImages(&compute.Image{FolderId: folder, Description: strings.Repeat("x", 200)})
	}
	asleep := make(chan struct{})
	cc := connect(t, cloud.ListenTCP("").Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(_ context.Context, addr string) (net.Conn, error) {
			conn, err := net.Dial("tcp", addr)
			return &stalledConn{Conn: conn, closed: make(chan struct{}), asleep: func() bool {
				select {
				case <-asleep:
					return true
				default:
					return false
				}
			}}, err
		}))
	c := clientsOf(cc)
	_, err = c.List(t.Context(), anyList)
	require.NoError(t, err)
	close(asleep)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	const lists = 50
	for range lists {
		all.Go(func() { _, _ = c.List(ctx, &compute.ListImagesRequest{FolderId: folder, PageSize: 1000}) })
	}
	require.NoError(t, cloud.Await(t.Context(), func() bool { return len(cloud.Calls(fake.ImageList)) == lists+1 }))
	_, err = clientsOf(cloud.Conn()).List(t.Context(), anyList)
	require.NoError(t, err, "others are served")
	start := time.Now()
	_ = cloud.Close()
	require.Less(t, time.Since(start), 8*time.Second)
	cancel()
	all.Wait()
}

func TestAFloodOfStreamsIsBounded(t *testing.T) {
	cloud, err := fake.Start()
	require.NoError(t, err)
	cloud.Inject(fake.Fault{Do: fake.Hang()})
	cc := connect(t, cloud.ListenTCP("").Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	const flood = 1000
	ends := make(chan error, flood)
	for range flood {
		go func() {
			ends <- cc.Invoke(t.Context(), compute.ImageService_List_FullMethodName, anyList, new(emptypb.Empty))
		}()
	}
	require.NoError(t, cloud.Await(t.Context(), func() bool { return len(cloud.Calls()) == flood }))
	start := time.Now()
	require.NoError(t, cloud.Close())
	require.Less(t, time.Since(start), 8*time.Second)
	for range flood {
		require.Equal(t, codes.Unavailable, status.Code(<-ends))
	}
}
