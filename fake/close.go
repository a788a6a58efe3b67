package fake

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// lifetime is how a server comes to its end.
type lifetime struct {
	once    sync.Once
	err     error         // what Close returns
	closing chan struct{} // closed as Close begins
	begun   atomic.Bool   // it has: a flag may be asked for from anywhere, a channel of a bubble only inside of that
	serving sync.WaitGroup
}

func newLifetime() lifetime { return lifetime{closing: make(chan struct{})} }

// closed tells whether Close has begun.
func (l *lifetime) closed() bool { return l.begun.Load() }

// beginClosing answers whatever waits.
func (l *lifetime) beginClosing() {
	l.begun.Store(true)
	close(l.closing)
}

// serve accepts the connections of one listener until the server closes. After that there is nobody to wait for another one.
func (s *Server) serve(l net.Listener) {
	s.mu.Lock()
	closed := s.closed()
	if !closed {
		s.serving.Add(1)
	}
	s.mu.Unlock()
	if closed {
		_ = l.Close() // whoever dials is told by the listener
		return
	}
	go func() {
		defer s.serving.Done()
		_ = s.grpc.Serve(l) // ends with the server; whoever dials then is told by the listener
	}()
}

// closeLimit is how long Close waits for handlers that do not end, in real time.
const closeLimit = 5 * time.Second

// Close ends the server: calls under way are answered with Unavailable, connections are closed, nothing keeps running. It waits
// five seconds at most; if something still runs then (the func of a fault, or the handler of a service added by [WithService], that
// does not heed its context), the error names the calls. The error also names faults that never fired and, for a server from
// [Start], all misuse; for one from [New] the end of the test reports it. Close may be called again and returns the same.
func (s *Server) Close() error {
	s.tb.Helper()
	if away := s.away(); away != "" {
		return errors.New(away)
	}
	s.once.Do(func() { s.err = s.close() })
	return s.err
}

func (s *Server) close() error {
	s.tb.Helper()
	s.mu.Lock()
	busy := s.waiters.running > 0
	s.beginClosing()
	s.mu.Unlock()
	if s.manual != nil {
		s.manual.detach(s)
	}
	s.http.close()
	s.conns.closeUngreeted()
	ended := make(chan struct{})
	go func() { defer close(ended); s.stop(busy) }()
	limit := time.NewTimer(closeLimit)
	defer limit.Stop()
	var stuck error
	select {
	case <-ended:
	case <-limit.C:
		stuck = fmt.Errorf("Close gave up after %v: still running are %s", closeLimit, s.stillRunning())
		s.conns.end()
		go s.grpc.Stop()
	}
	s.conns.closeClients()
	s.parting.come()
	return errors.Join(stuck, s.ca.remove(), s.unfired(), s.unordered(), s.Err())
}

// unfired returns an error that names the faults which never happened.
func (s *Server) unfired() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.unfired()
}

// stop ends the server, and lets answers that are on their way reach their callers first. A graceful stop holds a lock of grpc-go
// while it waits for handlers, so it has to wait until none is left that might not end. busy: calls were under way as Close began.
func (s *Server) stop(busy bool) {
	if busy {
		s.awaitIdle()
		s.deliver()
	}
	s.conns.end()
	s.grpc.Stop()
	s.serving.Wait()
}

// readLimit is how long Close waits for clients to read their answers, in real time. In a bubble time passes only when nobody there
// has anything left to do, so that any time is enough.
const (
	readLimit       = 500 * time.Millisecond
	readLimitBubble = time.Nanosecond
)

// deliver waits until clients have read their answers, but not for those that do not read.
func (s *Server) deliver() {
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.grpc.GracefulStop()
		s.conns.read()
	}()
	patience := readLimit
	if s.home != "" {
		patience = readLimitBubble
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-read:
	case <-limit.C:
	}
}

// awaitIdle waits until no call is running.
func (s *Server) awaitIdle() {
	if idle := s.untilNoCall(); idle != nil {
		<-idle
	}
}

// untilNoCall returns a channel that is closed when no call is running, nil if none is now.
func (c *core) untilNoCall() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiters.untilIdle()
}

// stillRunning names the calls that have not been answered, the first of many.
func (s *Server) stillRunning() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	const most = 10
	var calls []string
	for e := range s.record.kept() {
		if len(calls) < most && e.Call != nil && e.Call.Running() {
			calls = append(calls, e.Call.String())
		}
	}
	running := s.waiters.running
	switch {
	case running == 0:
		return "connections of clients that do not close"
	case len(calls) == most && running > most:
		calls = append(calls, fmt.Sprintf("and %d more", running-most))
	case len(calls) < running:
		calls = append(calls, fmt.Sprintf("%d that are not in the record", running-len(calls)))
	}
	return strings.Join(calls, "; ")
}
