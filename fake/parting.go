package fake

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A parting ends the calls of clients that wait for a server which will never be back: gRPC lets a wait-for-ready call wait for a
// connection as long as its context lasts, and the one that clients with DialOptions wait for cannot come any more.
type parting struct {
	mu    sync.Mutex
	over  bool
	calls map[*waitingCall]struct{}
}

type waitingCall struct{ cancel context.CancelFunc }

// begin returns the context of a call that ends with the server, too.
func (p *parting) begin(ctx context.Context) (context.Context, *waitingCall) {
	ctx, cancel := context.WithCancel(ctx)
	call := &waitingCall{cancel}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		cancel()
		return ctx, call
	}
	if p.calls == nil {
		p.calls = make(map[*waitingCall]struct{})
	}
	p.calls[call] = struct{}{}
	return ctx, call
}

func (p *parting) end(call *waitingCall) {
	call.cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.calls, call)
}

// come ends all calls, and those that begin later.
func (p *parting) come() {
	p.mu.Lock()
	calls := p.calls
	p.calls, p.over = nil, true
	p.mu.Unlock()
	for call := range calls {
		call.cancel()
	}
}

func (p *parting) isOver() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over
}

// isClosed is what a call is told that cannot reach the server any more.
func (d *dialer) isClosed() error {
	return status.Errorf(codes.Unavailable, "the fake server %s is closed", d.server.name)
}

// explain returns the error of a call whose own context, ctx, may still have had time. over tells whether the server is closed, as far
// as that ends the calls of the connection.
func (d *dialer) explain(ctx context.Context, err error, over func() bool) error {
	if status.Code(err) == codes.Canceled && ctx.Err() == nil && over() {
		return d.isClosed()
	}
	return err
}

// gone returns why a call through DialOptions cannot reach the server any more or from where it is made, nil if it can.
func (d *dialer) gone() error {
	if d.server.parting.isOver() {
		return d.isClosed()
	}
	return d.misplaced()
}

// untilGone is the interceptor of calls through DialOptions.
func (d *dialer) untilGone(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if err := d.gone(); err != nil {
		return err
	}
	within, call := d.server.parting.begin(ctx)
	defer d.server.parting.end(call)
	return d.explain(ctx, invoker(within, method, req, reply, cc, opts...), d.server.parting.isOver)
}

// streamUntilGone is the interceptor of streams through DialOptions. A stream's context is its caller's to end: the server remembers
// it until then.
func (d *dialer) streamUntilGone(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if err := d.gone(); err != nil {
		return nil, err
	}
	within, call := d.server.parting.begin(ctx)
	context.AfterFunc(within, func() { d.server.parting.end(call) })
	stream, err := streamer(within, desc, cc, method, opts...)
	if err != nil {
		d.server.parting.end(call)
	}
	return stream, d.explain(ctx, err, d.server.parting.isOver)
}

// fromHome is the interceptor of calls over the server's own connections, which are closed with it: gRPC would call that Canceled.
// Until they have reached it they must not come from another bubble: gRPC would start a connection's goroutines there, and the runtime
// ends the process when bubble and server then meet.
func (d *dialer) fromHome(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if err := d.left(); err != nil {
		return err
	}
	return d.explain(ctx, invoker(ctx, method, req, reply, cc, opts...), d.server.closed)
}

func (d *dialer) streamFromHome(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if err := d.left(); err != nil {
		return nil, err
	}
	stream, err := streamer(ctx, desc, cc, method, opts...)
	return stream, d.explain(ctx, err, d.server.closed)
}

// left returns why a call over a connection of the server's own cannot reach it, nil if it can.
func (d *dialer) left() error {
	if err := d.misplaced(); err != nil {
		return err
	}
	if d.server.closed() {
		return d.isClosed()
	}
	return nil
}

// misplaced returns why a connection must not be used where it is, nil if it may.
func (d *dialer) misplaced() error {
	if d.reached.Load() {
		return nil
	}
	if away := d.server.away(); away != "" {
		return status.Error(codes.Unavailable, away)
	}
	return nil
}
