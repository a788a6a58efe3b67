package fake_test

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// callbacks are the places where a server runs code of the test while it answers a call.
var callbacks = map[string]func(f func()) (fake.Option, fake.Fault){
	"Run": func(f func()) (fake.Option, fake.Fault) {
		return nil, fake.Fault{On: diskGet, Do: fake.Run(func(*fake.Call) { f() })}
	},
	"late Run": func(f func()) (fake.Option, fake.Fault) {
		return nil, fake.Fault{On: diskGet, Do: fake.Run(func(*fake.Call) { f() }).Late()}
	},
	"Alter": func(f func()) (fake.Option, fake.Fault) {
		return nil, fake.Fault{On: diskGet, Do: fake.Alter(func(reply proto.Message) { f(); reply.(*compute.Disk).Name = "altered" })}
	},
	"Match": func(f func()) (fake.Option, fake.Fault) {
		on := fake.Match(func(*compute.GetDiskRequest) bool { f(); return true })
		return nil, fake.Fault{On: on, Do: fake.Delay(1), Optional: true}
	},
	"While": func(f func()) (fake.Option, fake.Fault) {
		when := fake.While(func() bool { f(); return true })
		return nil, fake.Fault{On: diskGet, When: when, Do: fake.Delay(1), Optional: true}
	},
	"WithPlan": func(f func()) (fake.Option, fake.Fault) {
		return fake.WithPlan(fake.AtOnce(), fake.Match(func(*compute.CreateImageRequest) bool { f(); return true })), fake.Fault{}
	},
	"handler": func(f func()) (fake.Option, fake.Fault) {
		return withDisks(func(context.Context, *compute.GetDiskRequest) (*compute.Disk, error) {
			f()
			return &compute.Disk{}, nil
		}), fake.Fault{}
	},
}

// callInto makes a call that comes past the test's code at a place, and returns what the caller got.
func callInto(ctx context.Context, w *witness, place string, f func(*fake.Server)) error {
	var cloud *fake.Server
	option, fault := callbacks[place](func() { f(cloud) })
	options := []fake.Option{fake.WithPlan(fake.AtOnce())}
	if place != "handler" {
		options = append(options, withDisks(func(context.Context, *compute.GetDiskRequest) (*compute.Disk, error) { return &compute.Disk{}, nil }))
	}
	if option != nil {
		options = append(options, option)
	}
	cloud = fake.New(w, options...)
	if fault.Do.String() != "" {
		cloud.Inject(fault)
	}
	if place == "WithPlan" {
		_, err := clientsOf(cloud.Conn()).Create(ctx, fromDisk("web"))
		return err
	}
	_, err := compute.NewDiskServiceClient(cloud.Conn()).Get(ctx, &compute.GetDiskRequest{DiskId: "d"})
	return err
}

// What escapes a callback ends or hangs the whole process: each place gets one of its own.
func TestACallbackThatBreaksIsAnswered(t *testing.T) {
	for place := range callbacks {
		t.Run(strings.ReplaceAll(place, " ", ""), func(t *testing.T) {
			if !inChild() {
				out, err := child(t)
				require.NoError(t, err, "the test's own code ended the process:\n%s", out)
				return
			}
			synctest.Test(t, func(t *testing.T) {
				for said, breaks := range map[string]func(){"t.FailNow": runtime.Goexit, "panicked: bang": func() { panic("bang") }} {
					var err error
					w := witnessed(t, func(w *witness) {
						ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
						defer cancel()
						err = callInto(ctx, w, place, func(*fake.Server) { breaks() })
					})
					require.Equal(t, codes.Internal, status.Code(err), "%v", err)
					require.Contains(t, w.text(), said)
					require.Regexp(t, `\(at callbacks_test\.go:\d+`, w.text(), "the line that broke")
				}
			})
		})
	}
}

func TestACallbackMayUseServerAndClients(t *testing.T) {
	for place := range callbacks {
		t.Run(place, func(t *testing.T) {
			entered := 0
			w := witnessed(t, func(w *witness) {
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				defer cancel()
				err := callInto(ctx, w, place, func(cloud *fake.Server) {
					entered++
					_, err := clientsOf(cloud.Conn()).List(ctx, &compute.ListImagesRequest{FolderId: folder})
					require.NoError(t, err)
					_, err = clientsOf(cloud.ConnAs("another")).Get(ctx, &compute.GetImageRequest{ImageId: cloud.AddImages(&compute.Image{FolderId: folder})[0].Id})
					require.NoError(t, err)
					require.NotEmpty(t, cloud.Images())
					require.NotEmpty(t, cloud.Calls(fake.ImageList))
					require.NotEmpty(t, cloud.Timeline())
					cloud.Restore(cloud.Snapshot())
					cloud.Inject(fake.Fault{Do: fake.Delay(1), Optional: true}).Remove()
					require.NoError(t, cloud.Await(ctx, func() bool { return true }))
				})
				require.NoError(t, err)
			})
			require.Empty(t, w.text())
			require.Equal(t, 1, entered)
		})
	}
}

// What a func does to the call that it is shown is its own affair.
func TestACallbackIsShownACopy(t *testing.T) {
	cloud := fake.New(t)
	cloud.AddImages(&compute.Image{Id: "im", FolderId: folder, Name: "web"})
	for _, do := range []fake.Effect{fake.Run(spoil), fake.Run(spoil).Late()} {
		cloud.Inject(fake.Fault{On: fake.ImageGet, Do: do})
	}
	im, err := clientsOf(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: "im"})
	require.NoError(t, err)
	require.Equal(t, "web", im.Name)
	call := cloud.Calls()[0]
	require.Equal(t, "im", call.Request.(*compute.GetImageRequest).ImageId)
	require.Equal(t, "web", call.Reply.(*compute.Image).Name)
	require.Equal(t, "web", cloud.Image("im").Name)
}

func spoil(c *fake.Call) {
	c.Request.(*compute.GetImageRequest).ImageId = "spoilt"
	if im, ok := c.Reply.(*compute.Image); ok {
		im.Name = "spoilt"
	}
	c.Header["spoilt"] = []string{"spoilt"}
}

func TestACallbackThatOutlivesItsServerDoesNotReportToAFinishedTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		w := witnessed(t, func(w *witness) {
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				_ = callInto(ctx, w, "handler", func(*fake.Server) { <-release; panic("late") })
			}()
			synctest.Wait()
		})
		require.Contains(t, w.text(), "DiskGet", "Close names what still ran")
		close(release)
		synctest.Wait()
		for _, c := range w.complaints() {
			require.False(t, c.late, "testing.T panics when a finished test is told: %v", c)
		}
	})
}

// childMark is in the environment of a test that runs in a process of its own, because it may end it.
const childMark = "IMAGEFAKE_CHILD"

func inChild() bool { return os.Getenv(childMark) != "" }

// child runs the present test again, in a process of its own.
func child(t *testing.T) (output string, err error) {
	var pattern []string
	for _, name := range strings.Split(t.Name(), "/") {
		pattern = append(pattern, "^"+name+"$")
	}
	again := exec.Command(os.Args[0], "-test.run="+strings.Join(pattern, "/"), "-test.count=1", "-test.timeout=30s", "-test.shuffle=off")
	again.Env = append(os.Environ(), childMark+"=1", "GORACE=atexit_sleep_ms=0")
	out, err := again.CombinedOutput()
	return string(out), err
}
