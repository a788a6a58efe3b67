package fake_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// retrying is what the SDKs' retry options come to: a gRPC service config.
const retrying = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.001s", "maxBackoff": "0.001s",
	"backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "INTERNAL", "ABORTED"]}}]}`

// dialled returns a client of a server, with gRPC's retries or without.
func dialled(t *testing.T, cloud *fake.Server, retries bool) clients {
	option := grpc.WithDisableRetry()
	if retries {
		option = grpc.WithDefaultServiceConfig(retrying)
	}
	cc, err := grpc.NewClient(cloud.Target(), append(cloud.DialOptions(), option)...)
	require.NoError(t, err)
	t.Cleanup(func() { cc.Close() })
	return clientsOf(cc)
}

func TestWhatGRPCRetries(t *testing.T) {
	for name, c := range map[string]struct {
		do       fake.Effect
		alone    codes.Code   // what the caller sees without retries
		attempts []codes.Code // what the record shows with retries
		key      bool         // the caller sends an idempotency key
		images   int          // made in the end, with retries
	}{
		"cut":              {do: fake.Cut(), alone: codes.Unavailable, attempts: []codes.Code{codes.Unavailable, codes.OK}, images: 1},
		"cut early":        {do: fake.Cut().Early(), alone: codes.Unavailable, attempts: []codes.Code{codes.Unavailable, codes.OK}, images: 1},
		"cut late":         {do: fake.Cut().Late(), alone: codes.Unavailable, attempts: []codes.Code{codes.Unavailable, codes.AlreadyExists}, images: 1},
		"cut late, key":    {do: fake.Cut().Late(), alone: codes.Unavailable, attempts: []codes.Code{codes.Unavailable, codes.OK}, key: true, images: 1},
		"unavailable":      {do: fake.Return(codes.Unavailable), alone: codes.Unavailable, attempts: []codes.Code{codes.Unavailable, codes.OK}, images: 1},
		"throttled":        {do: fake.Throttle(time.Hour), alone: codes.ResourceExhausted, attempts: []codes.Code{codes.ResourceExhausted, codes.OK}, images: 1},
		"lost":             {do: fake.LoseReply(), alone: codes.Unavailable, attempts: []codes.Code{codes.Unavailable, codes.AlreadyExists}, images: 1},
		"lost, key":        {do: fake.LoseReply(), alone: codes.Unavailable, attempts: []codes.Code{codes.Unavailable, codes.OK}, key: true, images: 1},
		"by the service":   {do: fake.Return(codes.Internal), alone: codes.Internal, attempts: []codes.Code{codes.Internal}},
		"by its proxy":     {do: fake.Return(codes.Internal).TrailersOnly(), alone: codes.Internal, attempts: []codes.Code{codes.Internal, codes.OK}, images: 1},
		"not retried":      {do: fake.Return(codes.DataLoss).TrailersOnly(), alone: codes.DataLoss, attempts: []codes.Code{codes.DataLoss}},
		"late by service":  {do: fake.Return(codes.Aborted).Late(), alone: codes.Aborted, attempts: []codes.Code{codes.Aborted}, images: 1},
		"quota by service": {do: fake.Return(codes.ResourceExhausted), alone: codes.ResourceExhausted, attempts: []codes.Code{codes.ResourceExhausted}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, retries := range []bool{false, true} {
				cloud := fake.New(t)
				i := cloud.Inject(fake.Fault{On: fake.ImageCreate, When: fake.First(1), Do: c.do})
				ctx := t.Context()
				if c.key {
					ctx = withKey(ctx, "the-key")
				}
				attempts := c.attempts
				if !retries {
					attempts = []codes.Code{c.alone}
				}
				_, err := dialled(t, cloud, retries).Create(ctx, fromDisk("web"))
				require.Equal(t, attempts[len(attempts)-1], status.Code(err), "%v", err)

				// A cut reaches the caller before its handler has answered to nobody.
				require.NoError(t, cloud.Await(t.Context(), func() bool {
					calls := cloud.Calls()
					return len(calls) == len(attempts) && !calls[0].Running()
				}))
				calls := cloud.Calls()
				for n, want := range attempts {
					require.Equal(t, want, calls[n].Status.Code())
					require.Equal(t, n+1, calls[n].Attempt)
					require.Equal(t, n == 0, len(calls[n].Faults) == 1)
					require.Equal(t, want != codes.OK, calls[n].Reply == nil)
				}
				require.Equal(t, 1, i.Fired())
				if retries {
					require.Len(t, cloud.Images(), c.images)
				}
				changes := 0
				for _, call := range calls {
					if call.Changed {
						changes++
					}
				}
				require.Len(t, cloud.Images(), changes, "the record says which attempt changed the state")
			}
		})
	}
}

func TestRetriesGiveUp(t *testing.T) {
	cloud := fake.New(t)
	i := cloud.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Cut()})
	_, err := dialled(t, cloud, true).Get(t.Context(), &compute.GetImageRequest{ImageId: "x"})
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.NoError(t, cloud.Await(t.Context(), func() bool { return i.Fired() == 4 }))
	for n, call := range cloud.Calls() {
		require.Equal(t, n+1, call.Attempt)
		require.Equal(t, "conn-1", call.Caller, "who dials again is the same caller")
	}
}

func TestACutEndsTheOtherCallsOfItsConnection(t *testing.T) {
	for name, do := range map[string]fake.Effect{"before": fake.Cut(), "late": fake.Cut().Late()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())))
				mine, other := clientsOf(cloud.ConnAs("mine")), clientsOf(cloud.ConnAs("other"))
				op, _ := mine.create(t, fromDisk("base"))
				ends := map[string]chan error{"mine": make(chan error, 2), "other": make(chan error, 1)}
				poll := func(caller string, c clients) {
					go func() {
						_, err := c.ops.Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
						ends[caller] <- err
					}()
				}
				mine.poll(t, op.Id) // whoever comes back at once is held
				other.poll(t, op.Id)
				poll("mine", mine)
				poll("mine", mine)
				poll("other", other)
				synctest.Wait()
				cloud.Inject(fake.Fault{On: fake.ImageCreate, Do: do})
				_, err := mine.Create(t.Context(), fromDisk("web"))
				require.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
				for range 2 {
					err := <-ends["mine"]
					require.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
				}
				require.NoError(t, cloud.Await(t.Context(), func() bool {
					running := 0
					for _, c := range cloud.Calls() {
						if c.Running() {
							running++
						}
					}
					return running == 1
				}))
				for _, c := range cloud.Calls(fake.OperationGet) {
					if c.Status != nil && c.Status.Code() == codes.OK {
						continue // the first of each caller
					}
					require.Equal(t, c.Caller == "other", c.Running(), "%v", &c)
					if c.Caller == "mine" {
						require.Equal(t, codes.Unavailable, c.Status.Code())
						require.Contains(t, c.Status.Message(), "cut")
					}
				}
				cloud.Operation(op.Id).Complete()
				require.NoError(t, <-ends["other"], "another caller's connection is another one")
				_, err = mine.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
				require.NoError(t, err, "the next call dials again")
				require.Len(t, cloud.Images(), map[string]int{"before": 1, "late": 2}[name])
			})
		})
	}
}

// A call on a connection that is cut while its handler works has no answer, whatever the handler says: the record tells what the caller saw.
func TestAnAnswerToACutConnectionIsNone(t *testing.T) {
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	working, goOn := make(chan struct{}), make(chan struct{})
	cloud.Inject(fake.Fault{On: fake.ImageList, Do: fake.Run(func(*fake.Call) { close(working); <-goOn }).Late()})
	cloud.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Cut()})
	listed := make(chan error)
	go func() { _, err := c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder}); listed <- err }()
	<-working
	_, _ = c.Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
	require.Equal(t, codes.Unavailable, status.Code(<-listed))
	close(goOn)
	require.NoError(t, cloud.Await(t.Context(), func() bool { return !cloud.Calls(fake.ImageList)[0].Running() }))
	call := cloud.Calls(fake.ImageList)[0]
	require.Equal(t, codes.Unavailable, call.Status.Code())
	require.Nil(t, call.Reply)
}

func TestHangAndDelayHeedTheCaller(t *testing.T) {
	for name, do := range map[string]fake.Effect{
		"hang early": fake.Hang().Early(), "hang": fake.Hang(), "hang late": fake.Hang().Late(),
		"delay early": fake.Delay(time.Hour).Early(), "delay": fake.Delay(time.Hour), "delay late": fake.Delay(time.Hour).Late(),
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t, fake.WithClock(fake.NewClock(newYear)))
			i := cloud.Inject(fake.Fault{On: fake.ImageCreate, Do: do})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { _, err := clientsOf(cloud.Conn()).Create(ctx, fromDisk("web")); ended <- err }()
			require.NoError(t, cloud.Await(t.Context(), func() bool { return i.Fired() == 1 }), "it has fired as soon as it waits")
			require.True(t, cloud.Calls()[0].Running())
			cancel()
			require.Equal(t, codes.Canceled, status.Code(<-ended))
			require.NoError(t, cloud.Await(t.Context(), func() bool { return !cloud.Calls()[0].Running() }))
			call := cloud.Calls()[0]
			require.Equal(t, codes.Canceled, call.Status.Code())
			require.Equal(t, fmt.Sprint(name[len(name)-4:] == "late"), fmt.Sprint(call.Changed))
		})
	}
}

// The attempts of one call of the client share a number, those of the next have another.
func TestAttemptsOfOneCallBelongTogether(t *testing.T) {
	cloud := fake.New(t)
	cloud.Inject(fake.Fault{On: fake.ImageList, When: fake.First(2), Do: fake.Return(codes.Unavailable)})
	c := dialled(t, cloud, true)
	for range 2 {
		_, err := c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
		require.NoError(t, err)
	}
	calls := cloud.Calls(fake.ImageList)
	require.Len(t, calls, 4)
	for n, want := range []int{0, 0, 0, 3} {
		require.Equal(t, calls[want].Seq, calls[n].First)
	}
}
