package fake_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

var anyList = &compute.ListImagesRequest{FolderId: folder}

// dial makes a connection with the options of a server, and those given behind them.
func dial(t *testing.T, cloud *fake.Server, target string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	cc, err := grpc.NewClient(target, append(cloud.DialOptions(), opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() { cc.Close() })
	return cc
}

func TestAnyTargetReachesTheServerAndAsksNobody(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	for _, target := range []string{
		"compute.cloud.invalid:443", "compute.cloud.invalid", "192.0.2.1:443", "[2001:db8::1]:443", "dns:///compute.cloud.invalid:443",
		"dns://192.0.2.53/compute.cloud.invalid", "dns:compute.cloud.invalid", "passthrough:///compute.cloud.invalid", "unix:///nowhere/socket",
		"unix:socket", "unix-abstract:socket", "ipv4:192.0.2.1:443", "nobodys-scheme:///x", "",
	} {
		t.Run(target, func(t *testing.T) {
			cloud := fake.New(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := clientsOf(dial(t, cloud, target)).List(ctx, anyList)
			require.NoError(t, err)
		})
	}
}

func TestTheTargetIsTheAuthorityThatTheCallNames(t *testing.T) {
	cloud := fake.New(t)
	_, err := clientsOf(dial(t, cloud, "compute.api.cloud.yandex.net:443")).List(t.Context(), anyList)
	require.NoError(t, err)
	require.Equal(t, []string{"compute.api.cloud.yandex.net:443"}, cloud.Calls()[0].Header[":authority"])
}

func TestCallsThatWaitForAServerEndWithIt(t *testing.T) {
	calls := map[string]func(context.Context, *grpc.ClientConn) error{
		"unary": func(ctx context.Context, cc *grpc.ClientConn) error {
			_, err := clientsOf(cc).List(ctx, anyList, grpc.WaitForReady(true))
			return err
		},
		"stream": func(ctx context.Context, cc *grpc.ClientConn) error {
			_, err := healthpb.NewHealthClient(cc).Watch(ctx, &healthpb.HealthCheckRequest{}, grpc.WaitForReady(true))
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud, err := fake.Start()
				require.NoError(t, err)
				used, fresh := dial(t, cloud, cloud.Target()), dial(t, cloud, cloud.Target())
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				require.NoError(t, call(ctx, used))

				ends := make(chan error, 8)
				for range cap(ends) {
					go func() {
						for {
							if err := call(ctx, used); err != nil {
								ends <- err
								return
							}
							time.Sleep(time.Second)
						}
					}()
				}
				time.Sleep(500 * time.Millisecond)
				start := time.Now()
				require.NoError(t, cloud.Close())
				for range cap(ends) {
					require.Equal(t, codes.Unavailable, status.Code(<-ends))
				}
				for _, cc := range []*grpc.ClientConn{used, fresh} {
					err := call(ctx, cc)
					require.Equal(t, codes.Unavailable, status.Code(err))
					require.ErrorContains(t, err, "closed")
				}
				require.Less(t, time.Since(start), 2*time.Second, "whoever had slept has called by then")
			})
		})
	}
}

func TestACallerThatGivesUpIsNotToldOfTheServersEnd(t *testing.T) {
	cloud, err := fake.Start()
	require.NoError(t, err)
	cc := dial(t, cloud, cloud.Target())
	hangs := cloud.Inject(fake.Fault{Do: fake.Hang()})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_ = cloud.Await(t.Context(), func() bool { return hangs.Fired() == 1 })
		cancel()
	}()
	_, err = clientsOf(cc).List(ctx, anyList)
	require.Equal(t, codes.Canceled, status.Code(err))
	require.NoError(t, cloud.Close())
}

// secureOnly are per-call credentials that gRPC keeps off connections without transport security.
type secureOnly struct{}

func (secureOnly) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer secret"}, nil
}

func (secureOnly) RequireTransportSecurity() bool { return true }

func TestTheWayInProcessCountsAsSecure(t *testing.T) {
	cloud := fake.New(t, fake.WithAuth("secret"))
	for name, cc := range map[string]grpc.ClientConnInterface{
		"own":        cloud.Conn(),
		"dialled":    dial(t, cloud, cloud.Target()),
		"every call": dial(t, cloud, cloud.Target(), grpc.WithPerRPCCredentials(secureOnly{})),
	} {
		t.Run(name, func(t *testing.T) {
			var opts []grpc.CallOption
			if name != "every call" {
				opts = append(opts, grpc.PerRPCCredentials(credentials.PerRPCCredentials(secureOnly{})))
			}
			_, err := clientsOf(cc).List(t.Context(), anyList, opts...)
			require.NoError(t, err)
		})
	}
}

func TestWhoSaysInsecureIsServedToo(t *testing.T) {
	cloud := fake.New(t)
	_, err := clientsOf(dial(t, cloud, cloud.Target(), grpc.WithTransportCredentials(insecure.NewCredentials()))).List(t.Context(), anyList)
	require.NoError(t, err)
}
