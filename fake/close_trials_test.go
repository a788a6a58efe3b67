package fake_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
)

// talk is a neighbour with one stream of messages in both directions.
func talk(handle func(grpc.ServerStream) error) fake.Option {
	desc := grpc.ServiceDesc{ServiceName: "neighbour.Talk", HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{{
		StreamName: "Talk", ServerStreams: true, ClientStreams: true,
		Handler: func(_ any, stream grpc.ServerStream) error { return handle(stream) },
	}}}
	return fake.WithService(func(r grpc.ServiceRegistrar, _ *fake.Server) { r.RegisterService(&desc, struct{}{}) })
}

func startTalk(ctx context.Context, cc *grpc.ClientConn) (grpc.ClientStream, error) {
	return cc.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/neighbour.Talk/Talk")
}

func TestStreamsEndAsCloseBegins(t *testing.T) {
	image := &compute.Image{Description: strings.Repeat("x", 1<<19)}
	for name, trial := range map[string]struct {
		handle func(grpc.ServerStream) error
		open   func(ctx context.Context, cc *grpc.ClientConn) (grpc.ClientStream, error)
	}{
		"reflection": {nil, func(ctx context.Context, cc *grpc.ClientConn) (grpc.ClientStream, error) {
			return reflectionpb.NewServerReflectionClient(cc).ServerReflectionInfo(ctx)
		}},
		"health": {nil, func(ctx context.Context, cc *grpc.ClientConn) (grpc.ClientStream, error) {
			return healthpb.NewHealthClient(cc).Watch(ctx, &healthpb.HealthCheckRequest{})
		}},
		"waits for the client": {func(s grpc.ServerStream) error { return s.RecvMsg(new(compute.Image)) }, startTalk},
		"waits for the client, whatever happens": {func(s grpc.ServerStream) error {
			for {
				if err := s.RecvMsg(new(compute.Image)); err != nil {
					return nil
				}
			}
		}, startTalk},
		"sends to a client that does not read": {func(s grpc.ServerStream) error {
			for {
				if err := s.SendMsg(image); err != nil {
					return err
				}
			}
		}, startTalk},
		"waits for its context": {func(s grpc.ServerStream) error { <-s.Context().Done(); return s.Context().Err() }, startTalk},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				options := []fake.Option{}
				if trial.handle != nil {
					options = append(options, talk(trial.handle))
				}
				cloud, err := fake.Start(options...)
				require.NoError(t, err)
				stream, err := trial.open(t.Context(), cloud.Conn())
				require.NoError(t, err)
				synctest.Wait()
				require.Len(t, cloud.Calls(), 1)

				start := time.Now()
				require.NoError(t, cloud.Close())
				require.LessOrEqual(t, time.Since(start), time.Nanosecond, "nothing has to be waited for")
				for err = nil; err == nil; {
					err = stream.RecvMsg(new(compute.Image))
				}
				if name != "waits for the client, whatever happens" {
					ends := []codes.Code{codes.Unavailable}
					if strings.Contains(name, "does not read") {
						ends = append(ends, codes.Canceled) // the end came behind what it had not read when its connection was closed
					}
					require.Contains(t, ends, status.Code(err), "%v", err)
					require.Equal(t, codes.Unavailable, cloud.Calls()[0].Status.Code())
				}
			})
		})
	}
}

// frame is a frame of HTTP/2.
func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))[1:]
	head = append(head, kind, flags)
	return append(binary.BigEndian.AppendUint32(head, stream), payload...)
}

// plainField is a header field as HPACK writes it without any compression.
func plainField(name, value string) string {
	return "\x00" + string(rune(len(name))) + name + string(rune(len(value))) + value
}

func TestCloseDoesNotWaitForClientsThatSayOrReadNothing(t *testing.T) {
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	settings := frame(4, 0, 0, nil)
	shut := frame(4, 0, 0, []byte{0, 4, 0, 0, 0, 0}) // a window of 0 bytes
	headers := frame(1, 4, 1, []byte(plainField(":method", "POST")+plainField(":scheme", "http")+plainField(":authority", "x")+
		plainField(":path", compute.ImageService_List_FullMethodName)+plainField("content-type", "application/grpc")+plainField("te", "trailers")))
	list := frame(0, 1, 1, []byte("\x00\x00\x00\x00\x05\x0a\x03b1g"))
	for name, says := range map[string]string{
		"nothing":                      "",
		"half a preface":               preface[:7],
		"no settings":                  preface,
		"no call":                      preface + string(settings),
		"half a call":                  preface + string(settings) + string(headers),
		"a call, and its window is 0":  preface + string(shut) + string(headers) + string(list),
		"half a frame":                 preface + string(settings) + string(headers[:11]),
		"a call, and nobody reads it":  preface + string(settings) + string(headers) + string(list),
		"half a call in a window of 0": preface + string(shut) + string(headers),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, err := fake.Start()
			require.NoError(t, err)
			cloud.AddImages(&compute.Image{FolderId: "b1g"})
			hangs := cloud.Inject(fake.Fault{Do: fake.Hang(), Optional: true})
			conn, err := net.Dial("tcp", cloud.ListenTCP("").Addr())
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, says)
			require.NoError(t, err)
			if strings.Contains(name, "a call, and") {
				require.NoError(t, cloud.Await(t.Context(), func() bool { return hangs.Fired() == 1 }))
			}
			require.NoError(t, cloud.Close(), "it gave nothing up")
		})
	}
}

// A call that has come, and is still on its way to its commit as Close begins, takes no effect.
func TestCallsOnTheirWayAsCloseBeginsTakeNoEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud, err := fake.Start(atOnce)
		require.NoError(t, err)
		goOn := make(chan struct{})
		cloud.Inject(fake.Fault{On: fake.ImageCreate, Do: fake.Run(func(*fake.Call) { <-goOn })})
		created, closed := make(chan error), make(chan error)
		go func() { _, err := clientsOf(cloud.Conn()).Create(t.Context(), fromDisk("web")); created <- err }()
		synctest.Wait()
		go func() { closed <- cloud.Close() }()
		synctest.Wait()
		close(goOn)
		require.Equal(t, codes.Unavailable, status.Code(<-created))
		require.NoError(t, <-closed)
		require.Empty(t, cloud.Images())
	})
}

func TestCallsThatComeWhileCloseWaitsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cloud *fake.Server
		calls := 0
		handled := make(chan struct{}, 1)
		deaf := make(chan struct{})
		option := withDisks(func(ctx context.Context, r *compute.GetDiskRequest) (*compute.Disk, error) {
			if r.DiskId == "deaf" {
				<-deaf
				return nil, nil
			}
			calls++
			handled <- struct{}{}
			return &compute.Disk{Id: r.DiskId}, nil
		})
		cloud, err := fake.Start(option)
		require.NoError(t, err)
		disks := compute.NewDiskServiceClient(cloud.Conn())
		for range 25 {
			go func() { _, _ = disks.Get(t.Context(), &compute.GetDiskRequest{DiskId: "deaf"}) }()
		}
		synctest.Wait()

		closed := make(chan error)
		start := time.Now()
		go func() { closed <- cloud.Close() }()
		synctest.Wait()
		for range 10 {
			_, err = disks.Get(t.Context(), &compute.GetDiskRequest{DiskId: "late"})
			require.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
		}
		require.Zero(t, calls)
		err = <-closed
		require.Equal(t, 5*time.Second, time.Since(start))
		require.ErrorContains(t, err, "and 15 more")
		require.Equal(t, 10, strings.Count(err.Error(), "DiskGet by conn-1"), "%v", err)
		close(deaf)
	})
}

func TestAServiceThatCannotBeServedIsAnErrorOfStart(t *testing.T) {
	disk := func(r grpc.ServiceRegistrar, _ *fake.Server) {
		compute.RegisterDiskServiceServer(r, compute.UnimplementedDiskServiceServer{})
	}
	for name, trial := range map[string]struct {
		register []func(grpc.ServiceRegistrar, *fake.Server)
		says     []string
	}{
		"twice": {[]func(grpc.ServiceRegistrar, *fake.Server){disk, disk},
			[]string{"WithService number 2", "yandex.cloud.compute.v1.DiskService", "number 1"}},
		"twice in one": {[]func(grpc.ServiceRegistrar, *fake.Server){func(r grpc.ServiceRegistrar, s *fake.Server) { disk(r, s); disk(r, s) }},
			[]string{"yandex.cloud.compute.v1.DiskService", "twice by the same func"}},
		"the fake's own": {[]func(grpc.ServiceRegistrar, *fake.Server){func(r grpc.ServiceRegistrar, _ *fake.Server) {
			compute.RegisterImageServiceServer(r, compute.UnimplementedImageServiceServer{})
		}}, []string{"yandex.cloud.compute.v1.ImageService", "serves itself"}},
		"health": {[]func(grpc.ServiceRegistrar, *fake.Server){func(r grpc.ServiceRegistrar, _ *fake.Server) {
			healthpb.RegisterHealthServer(r, healthpb.UnimplementedHealthServer{})
		}}, []string{"grpc.health.v1.Health", "serves itself"}},
		"of another type": {[]func(grpc.ServiceRegistrar, *fake.Server){func(r grpc.ServiceRegistrar, _ *fake.Server) {
			r.RegisterService(&compute.DiskService_ServiceDesc, "disks")
		}}, []string{"a string does not serve yandex.cloud.compute.v1.DiskService"}},
		"panics": {[]func(grpc.ServiceRegistrar, *fake.Server){func(grpc.ServiceRegistrar, *fake.Server) { panic("no disks") }},
			[]string{"WithService number 1", "panicked: no disks"}},
		"exits": {[]func(grpc.ServiceRegistrar, *fake.Server){func(grpc.ServiceRegistrar, *fake.Server) { runtime.Goexit() }},
			[]string{"WithService number 1", "ended its goroutine"}},
	} {
		t.Run(name, func(t *testing.T) {
			var options []fake.Option
			for _, register := range trial.register {
				options = append(options, fake.WithService(register))
			}
			cloud, err := fake.Start(options...)
			require.Nil(t, cloud)
			for _, says := range trial.says {
				require.ErrorContains(t, err, says)
			}
		})
	}
}

func TestAServiceRegisteredTooLateIsMisuse(t *testing.T) {
	var later grpc.ServiceRegistrar
	cloud, err := fake.Start(fake.WithService(func(r grpc.ServiceRegistrar, _ *fake.Server) { later = r }))
	require.NoError(t, err)
	compute.RegisterDiskServiceServer(later, compute.UnimplementedDiskServiceServer{})
	require.ErrorContains(t, cloud.Close(), fmt.Sprint(compute.DiskService_ServiceDesc.ServiceName, " was registered after"))
}
