package fake_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// ofFamily picks the Create of an image of a family: the racers below all create one name, and differ in that.
func ofFamily(family string) fake.Matcher {
	return fake.Match(func(r *compute.CreateImageRequest) bool { return r.Family == family })
}

// race creates one image for each family at the same time, all of that name, and returns the family of the one that was made.
func race(t *testing.T, cloud *fake.Server, name string, families ...string) (winner string) {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, family := range families {
		wg.Go(func() {
			_, err := compute.NewImageServiceClient(cloud.Conn()).Create(t.Context(), &compute.CreateImageRequest{
				FolderId: "f", Name: name, Family: family, Source: &compute.CreateImageRequest_DiskId{DiskId: "d"}})
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				winner += family
			}
		})
	}
	wg.Wait()
	return winner
}

func TestOrderDecidesWhoIsFirst(t *testing.T) {
	families := []string{"aaa", "bbb", "ccc"}
	for _, first := range families {
		for _, last := range families {
			if first == last {
				continue
			}
			middle := families[slices.IndexFunc(families, func(f string) bool { return f != first && f != last })]
			t.Run(first+middle+last, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cloud := fake.New(t)
					cloud.Order(ofFamily(first), ofFamily(middle), ofFamily(last))
					race(t, cloud, "", families...)
					var order []string
					for _, im := range cloud.Images() {
						order = append(order, im.Family)
					}
					require.Equal(t, []string{first, middle, last}, order)
				})
				synctest.Test(t, func(t *testing.T) {
					cloud := fake.New(t)
					cloud.Order(ofFamily(first), ofFamily(middle), ofFamily(last))
					require.Equal(t, first, race(t, cloud, "web", families...))
				})
			})
		}
	}
}

func TestOrderLetsOthersPass(t *testing.T) {
	cloud := fake.New(t)
	cloud.Order(ofFamily("bbb"), ofFamily("ccc"))
	require.Equal(t, "aaa", race(t, cloud, "web", "aaa"), "no matcher stands for it")
	cloud.RemoveImage(cloud.Images()[0].Id)
	require.Equal(t, "bbb", race(t, cloud, "web", "ccc", "bbb"))
	cloud.RemoveImage(cloud.Images()[0].Id)
	require.Equal(t, "ccc", race(t, cloud, "web", "ccc"), "the order has been gone through")
}

// A matcher named twice stands for two calls. A poll that is held has taken effect.
func TestOrderCountsCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.After(10*time.Second))))
		cloud.Order(ofFamily("aaa"), fake.OperationGet, fake.OperationGet, fake.OperationGet, fake.OperationGet, fake.ImageList)
		images := compute.NewImageServiceClient(cloud.Conn())
		listed := make(chan *compute.ListImagesResponse, 1)
		go func() {
			page, err := images.List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
			if err != nil {
				t.Errorf("list: %v", err)
			}
			listed <- page
		}()
		op, err := images.Create(t.Context(), &compute.CreateImageRequest{FolderId: "f", Family: "aaa", Source: &compute.CreateImageRequest_DiskId{DiskId: "d"}})
		require.NoError(t, err)
		polls := operation.NewOperationServiceClient(cloud.Conn())
		_, err = polls.Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
		require.NoError(t, err, "the first poll of a caller is answered at once, the next is held")
		var other sync.WaitGroup
		other.Go(func() {
			for range 2 {
				_, err := operation.NewOperationServiceClient(cloud.ConnAs("other")).Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
				if err != nil {
					t.Errorf("poll: %v", err)
				}
			}
		})
		synctest.Wait()
		require.True(t, cloud.Calls(fake.ImageList)[0].Running())
		op, err = polls.Get(t.Context(), &operation.GetOperationRequest{OperationId: op.Id})
		require.NoError(t, err)
		require.True(t, op.Done)
		require.Equal(t, compute.Image_CREATING, (<-listed).Images[0].Status, "the list came when the last poll was held, before the end")
		other.Wait()
	})
}

func TestOrderMisuse(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(t *testing.T, cloud *fake.Server)
		want string
	}{
		{"none", func(_ *testing.T, cloud *fake.Server) { cloud.Order() }, "Order of 0: it takes two matchers at least"},
		{"one", func(_ *testing.T, cloud *fake.Server) { cloud.Order(fake.ImageGet) }, "Order of 1: it takes two matchers at least"},
		{"nil", func(_ *testing.T, cloud *fake.Server) { cloud.Order(fake.ImageGet, nil) }, "Order: matcher 2: it is nil"},
		{"impossible", func(_ *testing.T, cloud *fake.Server) { cloud.Order(fake.OnOperation(""), fake.ImageGet) }, "Order: matcher 1: OnOperation"},
		{"nobody came", func(_ *testing.T, cloud *fake.Server) { cloud.Order(fake.ImageGet, fake.ImageDelete) },
			"the order was not gone through: no call came for ImageGet (number 1), ImageDelete (number 2)"},
		{"the first did not come", func(t *testing.T, cloud *fake.Server) {
			cloud.Order(fake.ImageGet, fake.ImageCreate)
			race(t, cloud, "web", "aaa")
		}, "waited 24h0m0s for its turn, and goes on now: ImageGet, number 1 of the order, has not taken effect"},
		{"a matcher that panics", func(t *testing.T, cloud *fake.Server) {
			cloud.Order(fake.Match(func(*compute.CreateImageRequest) bool { panic("ouch") }), fake.ImageCreate)
			race(t, cloud, "web", "aaa")
		}, "the matcher of the order at order_test.go:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := witnessed(t, func(w *witness) { c.f(t, fake.New(w)) })
				require.NotEmpty(t, w.errors)
				require.Contains(t, w.errors[0].text, c.want)
			})
		})
	}
}

// A caller that gives up leaves its turn to others.
func TestOrderOfACallThatIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t)
		cloud.Order(fake.ImageGet, ofFamily("aaa"), fake.ImageList)
		images := compute.NewImageServiceClient(cloud.Conn())
		limited, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := images.Create(limited, &compute.CreateImageRequest{FolderId: "f", Family: "aaa", Source: &compute.CreateImageRequest_DiskId{DiskId: "d"}})
		require.Equal(t, codes.DeadlineExceeded, status.Code(err))
		_, err = images.Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
		require.Equal(t, codes.NotFound, status.Code(err))
		page, err := images.List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
		require.NoError(t, err)
		require.Empty(t, page.Images, "the create never took effect")
	})
}

// gateway is a gate that notes what it is asked, and holds up what it is told to.
type gateway struct {
	mu   sync.Mutex
	told []string
	hold func(ctx context.Context, at string, c *fake.Call)
}

func (g *gateway) note(ctx context.Context, at string, c *fake.Call) {
	g.mu.Lock()
	g.told = append(g.told, at+" "+c.Method.String())
	g.mu.Unlock()
	if g.hold != nil {
		g.hold(ctx, at, c)
	}
}

func (g *gateway) Arrive(ctx context.Context, c *fake.Call, record func() int) {
	g.note(ctx, "arrive", c)
	record()
}
func (g *gateway) Commit(ctx context.Context, c *fake.Call) { g.note(ctx, "commit", c) }
func (g *gateway) Answer(ctx context.Context, c *fake.Call) {
	g.note(ctx, "answer "+c.Status.Code().String(), c)
}

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := new(gateway)
		cloud := fake.New(t, fake.WithGate(gate))
		require.Equal(t, "aaa", race(t, cloud, "web", "aaa"))
		cloud.Inject(fake.Fault{On: fake.ImageGet, Do: fake.Return(codes.Aborted)})
		images := compute.NewImageServiceClient(cloud.Conn())
		_, err := images.Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
		require.Equal(t, codes.Aborted, status.Code(err))
		require.Equal(t, []string{
			"arrive ImageCreate", "commit ImageCreate", "answer OK ImageCreate",
			"arrive ImageGet", "answer Aborted ImageGet",
		}, gate.told, "what a fault answers does not commit")

		fork := cloud.Fork(t)
		_, err = compute.NewImageServiceClient(fork.Conn()).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
		require.NoError(t, err)
		require.Len(t, gate.told, 5, "a fork has no gate")
	})
}

// Whoever gives up at the gate has changed nothing, wherever it waits.
func TestGateAndCallersThatGiveUp(t *testing.T) {
	for _, at := range []string{"arrive", "commit"} {
		t.Run(at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := &gateway{hold: func(ctx context.Context, here string, c *fake.Call) {
					if here == at && c.Method == fake.ImageCreate {
						<-ctx.Done()
					}
				}}
				cloud := fake.New(t, fake.WithGate(gate))
				limited, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := compute.NewImageServiceClient(cloud.Conn()).Create(limited, &compute.CreateImageRequest{
					FolderId: "f", Name: "web", Source: &compute.CreateImageRequest_DiskId{DiskId: "d"}})
				require.Equal(t, codes.DeadlineExceeded, status.Code(err))
				synctest.Wait()
				require.Empty(t, cloud.Images())
				require.NotEqual(t, codes.OK, cloud.Calls()[0].Status.Code())
			})
		})
	}
}

// A Match on any message is asked about the requests of all methods.
func TestMatchOfAnyRequest(t *testing.T) {
	cloud := fake.New(t)
	inFolder := fake.Match(func(r proto.Message) bool {
		of, ok := r.(interface{ GetFolderId() string })
		return ok && of.GetFolderId() == "f"
	})
	cloud.Inject(fake.Fault{On: inFolder, Do: fake.Return(codes.Aborted)})
	images := compute.NewImageServiceClient(cloud.Conn())
	_, err := images.List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
	require.Equal(t, codes.Aborted, status.Code(err))
	_, err = images.List(t.Context(), &compute.ListImagesRequest{FolderId: "g"})
	require.NoError(t, err)
	_, err = images.Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
	require.Equal(t, codes.NotFound, status.Code(err))
	require.Len(t, cloud.Calls(inFolder), 1)
}

// A combination looks at the calls of all methods if one of its parts does.
func TestAnyOfAMethodAndAnyCall(t *testing.T) {
	cloud := fake.New(t)
	images := compute.NewImageServiceClient(cloud.Conn())
	_, _ = images.List(t.Context(), &compute.ListImagesRequest{FolderId: "f"})
	_, _ = images.Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
	all := fake.Match(func(proto.Message) bool { return true })
	require.Len(t, cloud.Calls(fake.AnyOf(fake.ImageGet, all)), 2)
	require.Len(t, cloud.Calls(fake.AnyOf(all, fake.ImageGet)), 2)
	require.Len(t, cloud.Calls(fake.AnyOf(fake.ImageGet, fake.ImageCreate)), 1)
}

// A call that the clock woke, and that waits for its turn then, is not what the clock waits for.
func TestTheClockDoesNotWaitForATurn(t *testing.T) {
	clock := fake.NewClock(newYear)
	cloud := fake.New(t, fake.WithClock(clock), atOnce)
	c := clientsOf(cloud.Conn())
	cloud.Inject(fake.Fault{On: fake.ImageCreate, Do: fake.Delay(time.Minute)})
	cloud.Order(fake.ImageList, fake.ImageCreate)
	created := make(chan error)
	go func() { _, err := c.Create(t.Context(), fromDisk("web")); created <- err }()
	require.NoError(t, clock.AwaitWaiters(t.Context(), 1))
	clock.Advance(time.Minute) // fails the test if the call it wakes neither answers nor waits
	_, err := c.List(t.Context(), &compute.ListImagesRequest{FolderId: folder})
	require.NoError(t, err)
	require.NoError(t, <-created)
}

// A call that is refused has its turn as well, whatever refuses it: the one behind it waits for that, and it waits for the one before it.
func TestOrderCountsWhatIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		do    fake.Effect
		image string // the name that is asked for
		code  codes.Code
		gone  bool // the caller does not wait for its turn
	}{
		"by a fault":       {do: fake.Return(codes.Unavailable), code: codes.Unavailable},
		"by an early one":  {do: fake.Return(codes.Unavailable).Early(), code: codes.Unavailable},
		"by its request":   {image: "Not A Name", code: codes.InvalidArgument},
		"by a broken wire": {do: fake.Cut(), code: codes.Unavailable, gone: true},
	} {
		for _, refusedFirst := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, first: %v", name, refusedFirst), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cloud := fake.New(t)
					if row.do.String() != "" {
						cloud.Inject(fake.Fault{On: ofFamily("refused"), Do: row.do})
					}
					want := map[string]codes.Code{"refused": row.code, "made": codes.OK}
					first, second := "refused", "made"
					if !refusedFirst {
						first, second = second, first
					}
					cloud.Order(ofFamily(first), ofFamily(second))
					var wg sync.WaitGroup
					create := func(family string) {
						wg.Go(func() {
							r := &compute.CreateImageRequest{FolderId: "f", Family: family, Source: &compute.CreateImageRequest_DiskId{DiskId: "d"}}
							if family == "refused" {
								r.Name = row.image
							}
							_, err := compute.NewImageServiceClient(cloud.ConnAs(family)).Create(t.Context(), r)
							if got := status.Code(err); got != want[family] {
								t.Errorf("%s: want %v, got %v", family, want[family], err)
							}
						})
					}
					create(second)
					synctest.Wait()
					require.Equal(t, refusedFirst || !row.gone, cloud.Calls(ofFamily(second))[0].Running(), "its turn has not come")
					create(first)
					wg.Wait()
				})
			})
		}
	}
}
