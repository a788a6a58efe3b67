package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake"
)

// front is the HTTP side: the HTTP API and the timeline, on a port of its own and on those of gRPC.
type front struct {
	addr    string
	server  *http.Server
	rest    *rest
	serving chan error
}

// serveHTTP serves the HTTP side of a server at an address of this machine. What it refuses is printed.
func serveHTTP(cloud *fake.Server, addr string, out io.Writer) (*front, error) {
	api, err := newREST(cloud)
	if err != nil {
		return nil, err
	}
	l, err := listenHere(addr)
	if err != nil {
		api.close()
		return nil, fmt.Errorf("-http %s: %w", addr, err)
	}
	pages := http.NewServeMux()
	pages.Handle("/", api)
	pages.HandleFunc("GET /timeline", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = cloud.WriteTimeline(w) // fails only where the browser is gone
	})
	f := &front{
		addr: l.Addr().String(), rest: api, serving: make(chan error, 2),
		server: &http.Server{Handler: showRefused(fromHere(pages), out), ReadHeaderTimeout: 10 * time.Second},
	}
	for _, l := range []net.Listener{l, cloud.HTTPListener()} {
		go func() { f.serving <- f.server.Serve(l) }()
	}
	return f, nil
}

// closeLimit is how long close waits for answers to be read.
const closeLimit = 5 * time.Second

// close ends the HTTP side. The server is closed by then, so that no call waits for it.
func (f *front) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	err := f.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = f.server.Close() // whoever does not read has had time enough
	}
	f.rest.close()
	for range cap(f.serving) {
		if ended := <-f.serving; !errors.Is(ended, http.ErrServerClosed) && !errors.Is(ended, net.ErrClosed) {
			err = errors.Join(err, fmt.Errorf("the HTTP side ended before its time: %w", ended))
		}
	}
	return err
}

// listenHere listens at an address that no other machine reaches.
func listenHere(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("%w: write host:port, as in 127.0.0.1:0 for a free port", err)
	}
	if !isHere(host) {
		return nil, errors.New("other machines reach that address, or it is none: use 127.0.0.1")
	}
	return net.Listen("tcp", addr)
}

// isHere tells whether a host is this machine, by its name alone.
func isHere(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// apiHost is where the real service begins; each of its services has a name below it.
const apiHost = "api.cloud.yandex.net"

// fromHere refuses what comes under another name than this machine's or the real service's: a web page that has had its own name lead
// here.
func fromHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !isHere(host) && host != apiHost && !strings.HasSuffix(host, "."+apiHost) {
			http.Error(w, "this port serves 127.0.0.1, localhost and what ends in "+apiHost+", under no other name", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
