package fake_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// TestSoak lets 64 connections over TCP and TLS make mixed calls, some of which are cut, with one client among them that reads
// slowly. The record must say of every call what its client saw. IMAGEFAKE_SOAK=30s makes it last; otherwise each client makes a few
// calls.
func TestSoak(t *testing.T) {
	lasting := time.Duration(0)
	if text := os.Getenv("IMAGEFAKE_SOAK"); text != "" {
		var err error
		lasting, err = time.ParseDuration(text)
		require.NoError(t, err)
	}
	before := runtime.NumGoroutine()
	cloud, err := fake.Start(fake.WithRecord(5_000_000))
	require.NoError(t, err)
	plain, secured := cloud.ListenTCP("").Addr(), cloud.ListenTLS("").Addr()
	cloud.Inject(fake.Fault{On: fake.ByHeader("soak-cut", "yes"), Do: fake.Cut(), Optional: true})

	const clients, fewCalls = 64, 30
	var saw sync.Map // codes.Code by the number of a call
	var all sync.WaitGroup
	var made atomic.Int64
	end := time.Now().Add(lasting)
	for i := range clients {
		all.Go(func() {
			option, addr := grpc.WithTransportCredentials(insecure.NewCredentials()), plain
			if i%2 == 1 {
				option, addr = trusting(cloud), secured
			}
			opts := []grpc.DialOption{option, grpc.WithNoProxy(), grpc.WithDisableRetry(),
				grpc.WithDefaultCallOptions(grpc.WaitForReady(true))}
			if i == 0 {
				opts = append(opts, grpc.WithContextDialer(dialSlow))
			}
			cc, err := grpc.NewClient("passthrough:///"+addr, opts...)
			if err != nil {
				t.Error(err)
				return
			}
			defer cc.Close()
			c := soaking{clientsOf(cc), rand.New(rand.NewPCG(1, uint64(i))), fmt.Sprint(i)}
			for n := 0; n < fewCalls || time.Now().Before(end); n++ {
				id := fmt.Sprintf("%d-%d", i, n)
				ctx := metadata.AppendToOutgoingContext(t.Context(), "soak-id", id)
				if c.random.IntN(20) == 0 {
					ctx = metadata.AppendToOutgoingContext(ctx, "soak-cut", "yes")
				}
				saw.Store(id, status.Code(c.anyCall(ctx, n)))
				made.Add(1)
			}
		})
	}
	all.Wait()
	require.NoError(t, cloud.Await(t.Context(), func() bool {
		for _, c := range cloud.Calls() {
			if c.Running() {
				return false
			}
		}
		return true
	}), "whoever was cut is answered, to nobody")

	recorded := make(map[string]codes.Code)
	for _, c := range cloud.Calls() {
		id := c.Header["soak-id"][0]
		_, twice := recorded[id]
		require.False(t, twice, "call %s is in the record twice", id)
		recorded[id] = c.Status.Code()
	}
	require.EqualValues(t, made.Load(), len(recorded))
	saw.Range(func(id, code any) bool {
		require.Equal(t, code, recorded[id.(string)], "call %s", id)
		return true
	})
	t.Logf("%d calls", made.Load())
	require.NoError(t, cloud.Close())
	requireGoroutines(t, before)
}

// requireGoroutines waits until no more goroutines run than before.
func requireGoroutines(t *testing.T, before int) {
	t.Helper()
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+2 }, time.Minute, 10*time.Millisecond, "goroutines are left")
}

// soaking is a client that calls at random.
type soaking struct {
	clients
	random *rand.Rand
	name   string
}

func (s soaking) anyCall(ctx context.Context, n int) error {
	var err error
	switch s.random.IntN(5) {
	case 0:
		var op *operation.Operation
		if op, err = s.Create(ctx, fromDisk(fmt.Sprintf("soak-%s-%d", s.name, n))); err == nil && op == nil {
			err = errors.New("no operation")
		}
	case 1:
		_, err = s.Get(ctx, &compute.GetImageRequest{ImageId: "fd8nowhere0000000000"})
	case 2:
		_, err = s.ops.Get(ctx, &operation.GetOperationRequest{OperationId: "fd8nowhere0000000000"})
	case 3:
		_, err = s.List(ctx, &compute.ListImagesRequest{FolderId: folder, PageSize: 100})
	case 4:
		_, err = s.Create(ctx, &compute.CreateImageRequest{FolderId: folder, Description: strings.Repeat("x", 10_000)})
	}
	return err
}

// dialSlow makes a connection whose client reads a few bytes at a time.
func dialSlow(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	return slowConn{conn}, err
}

type slowConn struct{ net.Conn }

func (s slowConn) Read(b []byte) (int, error) {
	runtime.Gosched()
	return s.Conn.Read(b[:min(len(b), 16)])
}
