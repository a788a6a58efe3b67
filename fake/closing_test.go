package fake_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
)

// waiting is what a call may wait for when its server closes, each with the fault that makes it wait.
var waiting = map[string]fake.Effect{
	"held":       {},
	"hanging":    fake.Hang(),
	"delayed":    fake.Delay(24 * time.Hour),
	"late hang":  fake.Hang().Late(),
	"early hang": fake.Hang().Early(),
}

func TestCallsUnderWayAreAnsweredByClose(t *testing.T) {
	for name, effect := range waiting {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud, err := fake.Start(fake.WithPlan(fake.Finish(fake.ByHand())))
				require.NoError(t, err)
				own, err := grpc.NewClient(cloud.Target(), cloud.DialOptions()...)
				require.NoError(t, err)
				defer own.Close()
				op, _ := clientsOf(cloud.Conn()).create(t, fromDisk("web"))
				if effect.String() != "" {
					cloud.Inject(fake.Fault{On: fake.OperationGet, Do: effect})
				}
				ends := make(chan error, 3)
				conns := []*grpc.ClientConn{cloud.Conn(), cloud.ConnAs("another"), own}
				for _, cc := range conns {
					if effect.String() == "" {
						clientsOf(cc).poll(t, op.Id) // whoever comes back at once is held
					}
				}
				for _, cc := range conns {
					go func() {
						_, err := clientsOf(cc).ops.Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
						ends <- err
					}()
				}
				waited := make(chan error, 1)
				go func() { waited <- cloud.Operation(op.Id).Wait(t.Context()) }()
				synctest.Wait()

				start := time.Now()
				require.NoError(t, cloud.Close())
				require.Zero(t, time.Since(start), "nothing has to be waited for")
				for range conns {
					err := <-ends
					require.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
				}
				require.ErrorContains(t, <-waited, "the server is closed")
				polls := cloud.Calls(fake.OperationGet)
				for _, c := range polls[len(polls)-len(conns):] {
					require.Equal(t, codes.Unavailable, c.Status.Code(), "the record has how %v ended", &c)
				}
			})
		})
	}
}

func TestCloseInAnyOrder(t *testing.T) {
	for name, run := range map[string]func(t *testing.T, cloud *fake.Server) error{
		"at once":    func(_ *testing.T, cloud *fake.Server) error { return cloud.Close() },
		"twice":      func(_ *testing.T, cloud *fake.Server) error { _ = cloud.Close(); return cloud.Close() },
		"conn first": func(_ *testing.T, cloud *fake.Server) error { cloud.Conn().Close(); return cloud.Close() },
		"by many": func(_ *testing.T, cloud *fake.Server) error {
			var all sync.WaitGroup
			for range 5 {
				all.Go(func() { _ = cloud.Close() })
			}
			all.Wait()
			return cloud.Close()
		},
		"among first calls": func(t *testing.T, cloud *fake.Server) error {
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					_, err := clientsOf(cloud.ConnAs(fmt.Sprint("caller ", i))).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
					require.Contains(t, []codes.Code{codes.OK, codes.Unavailable}, status.Code(err), "%v", err)
				})
			}
			all.Go(func() { _ = cloud.Close() })
			all.Wait()
			return cloud.Close()
		},
		"among calls": func(t *testing.T, cloud *fake.Server) error {
			c := clientsOf(cloud.Conn())
			var all sync.WaitGroup
			for i := range 4 {
				all.Go(func() {
					for n := 0; ; n++ {
						if _, err := c.Create(t.Context(), fromDisk(fmt.Sprintf("web-%d-%d", i, n))); err != nil {
							require.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
							return
						}
					}
				})
			}
			require.NoError(t, cloud.Await(t.Context(), func() bool { return len(cloud.Images()) > 20 }))
			err := cloud.Close()
			all.Wait()
			return err
		},
		"calls afterwards": func(t *testing.T, cloud *fake.Server) error {
			own, err := grpc.NewClient(cloud.Target(), cloud.DialOptions()...)
			require.NoError(t, err)
			defer own.Close()
			before := map[string]*grpc.ClientConn{"own": own, "Conn": cloud.Conn(), "ConnAs, unused": cloud.ConnAs("b")}
			clientsOf(own).create(t, fromDisk("one"))
			clientsOf(cloud.Conn()).create(t, fromDisk("two"))
			closed := cloud.Close()
			before["ConnAs, made afterwards"] = cloud.ConnAs("c")
			for name, cc := range before {
				_, err := clientsOf(cc).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
				require.Equal(t, codes.Unavailable, status.Code(err), "%s: %v", name, err)
				require.ErrorContains(t, err, "is closed")
				stream, err := reflectionpb.NewServerReflectionClient(cc).ServerReflectionInfo(t.Context())
				require.Equal(t, codes.Unavailable, status.Code(err), "%s: %v, %v", name, stream, err)
			}
			return closed
		},
		"state is still there": func(t *testing.T, cloud *fake.Server) error {
			op, image := clientsOf(cloud.Conn()).create(t, fromDisk("web"))
			err := cloud.Close()
			require.Equal(t, "web", cloud.Image(image).Name)
			require.Len(t, cloud.Calls(), 1)
			require.Contains(t, cloud.Snapshot().String(), op.Id)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			cloud, err := fake.Start()
			require.NoError(t, err)
			require.NoError(t, run(t, cloud))
		})
	}
}

func TestCloseFromACallbackComesToAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud, err := fake.Start()
		require.NoError(t, err)
		closed := make(chan error, 1)
		cloud.Inject(fake.Fault{Do: fake.Run(func(*fake.Call) { closed <- cloud.Close() })})
		_, err = clientsOf(cloud.Conn()).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
		require.Error(t, err)
		require.ErrorContains(t, <-closed, "ImageList by conn-1", "it names the call that it is waiting for itself")
	})
}

func TestAServerNobodyClosesIsClosedByItsTest(t *testing.T) {
	var cloud *fake.Server
	var cc *grpc.ClientConn
	w := witnessed(t, func(w *witness) {
		cloud = fake.New(w, withDisks(func(ctx context.Context, _ *compute.GetDiskRequest) (*compute.Disk, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}))
		cc = cloud.Conn()
		go func() {
			_, _ = compute.NewDiskServiceClient(cc).Get(context.Background(), &compute.GetDiskRequest{DiskId: "d"})
		}()
		require.NoError(t, cloud.Await(t.Context(), func() bool { return len(cloud.Calls()) == 1 }))
	})
	require.Empty(t, w.text(), "a handler that heeds its context holds nobody up")
	_, err := clientsOf(cc).List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
	require.Error(t, err)
}
