package main

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake/plain"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

// program is the program at work.
type program struct {
	t         *testing.T
	out       *paper
	interrupt context.CancelFunc
	ended     chan error
}

// start runs the program and waits until it serves.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, interrupt := context.WithCancel(context.Background())
	p := &program{t: t, out: newPaper(), interrupt: interrupt, ended: make(chan error, 1)}
	started++
	args = append([]string{"-seed", strconv.Itoa(started)}, args...)
	go func() {
		p.ended <- run(ctx, args, p.out)
		p.out.close()
	}()
	t.Cleanup(interrupt)
	p.out.await(t, `What is called:`)
	return p
}

// started is how many programs have been. Each has a seed of its own, the same in every run of the tests.
var started int

// sorted goes through cases in the order of their names, so that what the program sees is equal in every run.
func sorted[V any](cases map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, name := range slices.Sorted(maps.Keys(cases)) {
			if !yield(name, cases[name]) {
				return
			}
		}
	}
}

// stop interrupts the program and returns how it ended.
func (p *program) stop() error {
	p.interrupt()
	return <-p.ended
}

// tls returns a client connection over TLS, with what the program says about connecting and nothing else.
func (p *program) tls() *grpc.ClientConn {
	p.t.Helper()
	where := p.out.await(p.t, `gRPC, TLS +(\S+), for clients that trust '(.*)'`)
	trust, err := credentials.NewClientTLSFromFile(where[2], "")
	require.NoError(p.t, err)
	cc, err := grpc.NewClient("passthrough:///"+where[1], grpc.WithTransportCredentials(trust), grpc.WithNoProxy())
	require.NoError(p.t, err)
	p.t.Cleanup(func() { cc.Close() })
	return cc
}

// http returns the address of the HTTP side.
func (p *program) http() string { return p.out.await(p.t, `HTTP API +(\S+)`)[1] }

func TestServesOverTLS(t *testing.T) {
	p := start(t, "-standard-images")
	images := compute.NewImageServiceClient(p.tls())

	base, err := images.GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{FolderId: "standard-images", Family: "debian-12"})
	require.NoError(t, err)
	require.Equal(t, compute.Image_READY, base.Status)
	_, err = images.Get(t.Context(), &compute.GetImageRequest{ImageId: "fd8nothing"})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = compute.NewFilesystemServiceClient(p.tls()).Get(t.Context(), &compute.GetFilesystemRequest{FilesystemId: "epd"})
	require.Equal(t, codes.Unimplemented, status.Code(err))

	p.out.await(t, `(?m)^\d\d:\d\d:\d\d  conn-\d+ +ImageGetLatestByFamily `+base.Id+` OK$`)
	p.out.await(t, `(?m)^\d\d:\d\d:\d\d  conn-\d+ +ImageGet +fd8nothing +NotFound: Image "fd8nothing" not found$`)
	p.out.await(t, `(?m)^\d\d:\d\d:\d\d  conn-\d+ +FilesystemGet +- +Unimplemented: `)
	require.NoError(t, p.stop())
	require.NotContains(t, p.out.text(), "not shown")
	require.Equal(t, 1, strings.Count(p.out.text(), "NotFound: "), "each call has one line")
}

func TestWhatAClientChoseStaysOnItsLine(t *testing.T) {
	p := start(t)
	_, err := compute.NewImageServiceClient(p.tls()).Get(t.Context(), &compute.GetImageRequest{ImageId: "a\n00:00:00  eve\x1b[2J"})
	require.Error(t, err)
	p.out.await(t, `ImageGet +a\\n00:00:00  eve\\`)
	require.NoError(t, p.stop())
	require.NotContains(t, p.out.text(), "\x1b")
	require.NotRegexp(t, `(?m)^00:00:00  eve`, p.out.text())
}

func TestEnvironmentCanBePasted(t *testing.T) {
	p := start(t)
	for _, name := range []string{"SSL_CERT_FILE", "https_proxy", "HTTPS_PROXY", "YC_TOKEN", "YC_SERVICE_ACCOUNT_KEY_FILE", "NO_PROXY"} {
		p.out.await(t, `(?m)^export `+name+`='[^']*'$`)
	}
	require.Equal(t, `'it'\''s'`, quote("it's"))
	require.NoError(t, p.stop())
}

// An interrupt comes while a call hangs, and connections of both kinds are open.
func TestInterruptLeavesNothing(t *testing.T) {
	before := make(map[string]bool)
	for _, g := range plain.Goroutines() {
		before[g.ID] = true
	}
	p := start(t, "-fault", "ImageList:hang")
	cc := p.tls()
	hung := make(chan error, 1)
	go func() {
		_, err := compute.NewImageServiceClient(cc).List(context.Background(), &compute.ListImagesRequest{FolderId: "f"})
		hung <- err
	}()
	api := newAPI(p)
	require.Eventually(t, func() bool { return api.page("/timeline", "ImageList") }, time.Minute, time.Millisecond)
	api.get(200, "/endpoints")

	require.NoError(t, p.stop())

	require.Equal(t, codes.Unavailable, status.Code(<-hung))
	p.out.await(t, `ImageList +- +Unavailable`)
	cc.Close()
	api.client.CloseIdleConnections()
	self := plain.CurrentGoroutine().ID
	var left []string
	ended := func() bool { // those that end say so before they are gone
		left = nil
		for _, g := range plain.Goroutines() {
			if !before[g.ID] && g.ID != self && !strings.Contains(g.Trace, "testify/assert.Eventually") {
				left = append(left, g.Trace)
			}
		}
		return left == nil
	}
	require.Eventually(t, ended, time.Minute, 10*time.Millisecond, "goroutines that did not end: %v", &left)
}

// paper is what a program prints on.
type paper struct {
	mu     sync.Mutex
	buffer bytes.Buffer
	more   chan struct{} // closed as something is printed
	closed bool
}

func newPaper() *paper { return &paper{more: make(chan struct{})} }

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.more)
	p.more = make(chan struct{})
	return p.buffer.Write(b)
}

func (p *paper) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	close(p.more)
	p.more = make(chan struct{})
}

func (p *paper) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buffer.String()
}

// await waits until something is printed that fits, and returns it with its groups.
func (p *paper) await(t *testing.T, pattern string) []string {
	t.Helper()
	fits := regexp.MustCompile(pattern)
	for {
		p.mu.Lock()
		found, more, closed := fits.FindStringSubmatch(p.buffer.String()), p.more, p.closed
		p.mu.Unlock()
		if found != nil {
			return found
		}
		if closed {
			require.Failf(t, "the program ended without printing it", "expected %s, printed was:\n%s", pattern, p.text())
		}
		select {
		case <-more:
		case <-time.After(time.Minute):
			require.Failf(t, "it was not printed within a minute", "expected %s, printed was:\n%s", pattern, p.text())
		}
	}
}
