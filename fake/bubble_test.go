package fake_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// waitAsSDK polls as the SDKs do: at once, then when the reply's header says, after a second without one. It returns the number of
// polls, which it also limits: a wait that spins would never let the bubble's time move.
func waitAsSDK(ctx context.Context, c clients, id string) (polls int, err error) {
	const most = 10_000
	for polls < most {
		polls++
		var header metadata.MD
		op, err := c.ops.Get(ctx, &operation.GetOperationRequest{OperationId: id}, grpc.Header(&header))
		if err != nil || op.Done {
			return polls, err
		}
		pause := time.Second
		if values := header.Get("x-operation-poll-interval"); len(values) > 0 {
			if pause, err = time.ParseDuration(values[0] + "s"); err != nil {
				return polls, err
			}
		}
		time.Sleep(pause)
	}
	return polls, status.Errorf(codes.Internal, "%d polls and no end: the wait spins", polls)
}

func TestHoursOfWaitingTakeFewPolls(t *testing.T) {
	for name, c := range map[string]struct {
		options  []fake.Option
		fault    fake.Fault
		deadline time.Duration // of the waiter; 0: none
		polls    int           // at most
		want     codes.Code
		took     time.Duration
	}{
		"held":              {polls: 3*3600/20 + 2, took: 3 * time.Hour},
		"paced":             {options: []fake.Option{fake.WithPollInterval(2 * time.Second)}, polls: 3*3600/2 + 2, took: 3 * time.Hour},
		"own deadline":      {deadline: time.Hour, polls: 3600/20 + 10, want: codes.DeadlineExceeded, took: time.Hour},
		"short deadline":    {deadline: 50 * time.Millisecond, polls: 10, want: codes.DeadlineExceeded, took: 50 * time.Millisecond},
		"no time for it":    {deadline: 3 * time.Millisecond, polls: 2, want: codes.DeadlineExceeded, took: 3 * time.Millisecond},
		"replica that lags": {fault: fake.Fault{On: fake.OperationGet, When: fake.Until(2 * time.Hour), Do: fake.Lag(1)}, polls: 3 * 3600, took: 3 * time.Hour},
		"delayed":           {fault: fake.Fault{On: fake.OperationGet, When: fake.Nth(2), Do: fake.Delay(2 * time.Hour)}, polls: 200, took: 3 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				plan := fake.Plan{Steps: []fake.Step{{"queue", fake.After(time.Minute)}, {"copy", fake.After(3*time.Hour - time.Minute)}}}
				cloud := fake.New(t, append(c.options, fake.WithPlan(plan))...)
				client := clientsOf(cloud.Conn())
				op, image := client.create(t, fromDisk("web"))
				start := time.Now()
				if c.fault.Do.String() != "" {
					time.Sleep(2 * time.Minute) // a lagging replica has something to lag behind
					cloud.Inject(c.fault)
				}
				ctx := t.Context()
				if c.deadline > 0 {
					bounded, cancel := context.WithTimeout(ctx, c.deadline)
					defer cancel()
					ctx = bounded
				}
				polls, err := waitAsSDK(ctx, client, op.Id)
				require.Equal(t, c.want, status.Code(err), "after %d polls: %v", polls, err)
				require.LessOrEqual(t, polls, c.polls)
				require.InDelta(t, c.took, time.Since(start), float64(2*time.Second))
				if c.want == codes.OK {
					require.Equal(t, compute.Image_READY, cloud.Image(image).Status)
				} else {
					require.Equal(t, c.deadline, time.Since(start), "a wait ends at its deadline, to the nanosecond")
				}
			})
		})
	}
}

func TestAHoldEndsBeforeItsCallersDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithPlan(fake.Stuck()))
		c := clientsOf(cloud.Conn())
		op, _ := c.create(t, fromDisk("web"))
		c.poll(t, op.Id) // whoever comes back at once after this is held
		for _, left := range []time.Duration{
			6 * time.Millisecond, 20 * time.Millisecond, time.Second, 10 * time.Second, 21 * time.Second, time.Minute, 5 * time.Hour,
		} {
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), left)
			seen, err := c.ops.Get(ctx, &operation.GetOperationRequest{OperationId: op.Id})
			cancel()
			require.NoError(t, err, "%v before the deadline", left)
			require.False(t, seen.Done)
			require.Less(t, time.Since(start), left)
			require.LessOrEqual(t, time.Since(start), 20*time.Second)
			require.Greater(t, time.Since(start), min(left, 20*time.Second)/10, "held, not answered at once")
		}
	})
}

func TestBubblesDoNotLeak(t *testing.T) {
	// With a goroutine left synctest.Test ends the process. Here is also what it cannot see: that the process stays as it was.
	for name, body := range map[string]func(t *testing.T){
		"unused":  func(t *testing.T) { fake.New(t) },
		"used":    func(t *testing.T) { clientsOf(fake.New(t).Conn()).create(t, fromDisk("web")) },
		"dialled": func(t *testing.T) { fake.New(t).DialOptions() },
		"stopped": func(t *testing.T) {
			cloud, err := fake.Start()
			require.NoError(t, err)
			clientsOf(cloud.ConnAs("a")).create(t, fromDisk("web"))
			clientsOf(cloud.ConnAs("b")).create(t, fromDisk("base"))
			require.NoError(t, cloud.Close())
		},
		"late": func(t *testing.T) {
			cloud, err := fake.Start()
			require.NoError(t, err)
			conn := cloud.Conn()
			require.NoError(t, cloud.Close())
			for _, cc := range []*grpc.ClientConn{conn, cloud.Conn(), cloud.ConnAs("late")} {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				_, err := clientsOf(cc).Get(ctx, &compute.GetImageRequest{ImageId: "x"})
				cancel()
				require.Contains(t, []codes.Code{codes.Canceled, codes.Unavailable}, status.Code(err), "%v", err)
			}
		},
		"own": func(t *testing.T) {
			cloud := fake.New(t)
			cc, err := grpc.NewClient(cloud.Target(), cloud.DialOptions()...)
			require.NoError(t, err)
			clientsOf(cc).create(t, fromDisk("web"))
			require.NoError(t, cloud.Close())
			_, err = clientsOf(cc).Get(t.Context(), &compute.GetImageRequest{ImageId: "x"})
			require.Equal(t, codes.Unavailable, status.Code(err))
			require.NoError(t, cc.Close())
		},
		"fork": func(t *testing.T) {
			cloud := fake.New(t)
			clientsOf(cloud.Fork(t).Conn()).create(t, fromDisk("web"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			if !inChild() {
				out, err := child(t)
				require.NoError(t, err, "%s", out)
				return
			}
			synctest.Test(t, body) // the first ever may start what the process keeps
			before := runtime.NumGoroutine()
			for range 3 {
				synctest.Test(t, body)
			}
			// What has ended may still have to leave, and the runtime tells nobody when it has.
			for limit := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(limit); {
				runtime.Gosched()
			}
			stacks := make([]byte, 1<<16)
			require.LessOrEqual(t, runtime.NumGoroutine(), before, "%s", stacks[:runtime.Stack(stacks, true)])
		})
	}
}

// Each use ends, or hangs, the process if the server does not see it coming.
func TestUseFromTheWrongBubbleSaysSo(t *testing.T) {
	uses := map[string]struct {
		do       func(ctx context.Context, cloud *fake.Server)
		harmless bool // in a bubble, of a server outside
	}{
		"Conn":          {do: func(_ context.Context, cloud *fake.Server) { cloud.Conn() }},
		"ConnAs":        {do: func(_ context.Context, cloud *fake.Server) { cloud.ConnAs("web") }},
		"DialOptions":   {do: func(_ context.Context, cloud *fake.Server) { cloud.DialOptions() }},
		"GetConnection": {do: func(ctx context.Context, cloud *fake.Server) { _, _ = cloud.GetConnection(ctx, "") }},
		"NextOperation": {do: func(ctx context.Context, cloud *fake.Server) { cloud.NextOperation(ctx) }},
		"Await":         {do: func(ctx context.Context, cloud *fake.Server) { _ = cloud.Await(ctx, func() bool { return false }) }},
		"Wait":          {do: func(ctx context.Context, cloud *fake.Server) { _ = cloud.Operations()[0].Wait(ctx) }},
		"Complete":      {do: func(_ context.Context, cloud *fake.Server) { cloud.Operations()[0].Complete() }, harmless: true},
		"AddImages":     {do: func(_ context.Context, cloud *fake.Server) { cloud.AddImages(named("web")) }, harmless: true},
		"Restore":       {do: func(_ context.Context, cloud *fake.Server) { cloud.Restore(cloud.Snapshot()) }, harmless: true},
	}
	// lived runs a server's life: with an operation begun and somebody waiting for it, so that each use has a channel to close.
	lived := func(t *testing.T, w *witness, during func(*fake.Server)) {
		cloud := fake.New(w, fake.WithPlan(fake.Finish(fake.ByHand())))
		c := clientsOf(cloud.Conn())
		op, err := c.Create(context.Background(), fromDisk("base"))
		require.NoError(t, err)
		waits := func(wait func(context.Context)) func() {
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan struct{})
			go func() { defer close(ended); wait(ctx) }()
			return func() { cancel(); <-ended }
		}
		poll := waits(func(ctx context.Context) { _, _ = c.ops.Get(ctx, &operation.GetOperationRequest{OperationId: op.Id}) })
		wait := waits(func(ctx context.Context) { _ = cloud.Operation(op.Id).Wait(ctx) })
		during(cloud)
		poll()
		wait()
	}
	for name, use := range uses {
		for where, run := range map[string]func(t *testing.T, w *witness){
			"outside": func(t *testing.T, w *witness) {
				servers, used := make(chan *fake.Server), make(chan struct{})
				go func() {
					cloud := <-servers
					witnessed(t, func(*witness) { use.do(context.Background(), cloud) })
					close(used)
				}()
				synctest.Test(t, func(t *testing.T) {
					w.attend(func() {
						lived(t, w, func(cloud *fake.Server) { synctest.Wait(); servers <- cloud; <-used })
					})
				})
			},
			"inside": func(t *testing.T, w *witness) {
				w.attend(func() {
					lived(t, w, func(cloud *fake.Server) {
						synctest.Test(t, func(t *testing.T) {
							ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
							defer cancel()
							witnessed(t, func(*witness) { use.do(ctx, cloud) })
						})
					})
				})
			},
		} {
			if use.harmless && where == "inside" {
				continue
			}
			t.Run(name+"_"+where, func(t *testing.T) {
				if !inChild() {
					out, err := child(t)
					require.NoError(t, err, "%s", out)
					return
				}
				w := newWitness(t)
				run(t, w)
				require.NotEmpty(t, w.complaints())
				for _, part := range []string{"bubble", "was made", "is used", "synctest.Test"} {
					require.Contains(t, w.complaints()[0].text, part)
				}
			})
		}
	}
}

func TestOptionsDialledFromTheWrongBubbleSaySo(t *testing.T) {
	if !inChild() {
		out, err := child(t)
		require.NoError(t, err, "%s", out)
		return
	}
	options := fake.New(t).DialOptions()
	synctest.Test(t, func(t *testing.T) {
		cc, err := grpc.NewClient("passthrough:///imagefake", options...)
		require.NoError(t, err)
		defer cc.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = clientsOf(cc).Get(ctx, &compute.GetImageRequest{ImageId: "x"})
		require.ErrorContains(t, err, "bubble")
	})
}
func TestAConnFirstUsedInAnotherBubble(t *testing.T) {
	cloud, err := fake.Start()
	require.NoError(t, err)
	cc := cloud.Conn()
	synctest.Test(t, func(t *testing.T) {
		_, err := clientsOf(cc).List(t.Context(), anyList)
		require.ErrorContains(t, err, "make it, and use it, inside the same func given to synctest.Test")
	})
	require.NoError(t, cloud.Close())
}

// Client and server learn of a deadline at the same moment, in either order. The record says what the client saw.
// A client that outlives its bubble is told why nothing answers: a server that is closed touches nothing of the bubble's.
func TestAClientThatOutlivesItsBubble(t *testing.T) {
	for used, says := range map[bool]string{true: "is closed", false: "make it, and use it, inside the same func given to synctest.Test"} {
		var images compute.ImageServiceClient
		synctest.Test(t, func(t *testing.T) {
			images = compute.NewImageServiceClient(fake.New(t).Conn())
			if used {
				_, err := images.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
				require.NoError(t, err)
			}
		})
		_, err := images.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
		require.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
		require.ErrorContains(t, err, says)
	}
}

func TestADeadlineIsNoCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t)
		cloud.Inject(fake.Fault{Do: fake.Hang()})
		c := clientsOf(cloud.Conn())
		for range 500 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := c.Get(ctx, &compute.GetImageRequest{ImageId: "web"})
			cancel()
			require.Equal(t, codes.DeadlineExceeded, status.Code(err))
		}
		synctest.Wait()
		for _, call := range cloud.Calls() {
			require.Equal(t, codes.DeadlineExceeded, call.Status.Code(), "%v", call)
		}
	})
}
