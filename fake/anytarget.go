package fake

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"
)

// anyTarget resolves every target of one scheme to itself, and asks nobody: whatever address code has built in, the dialer leads to
// the server. It lives from the first use of a client connection until its Close: so the server knows which are open.
type anyTarget struct {
	scheme string
	dialer *dialer
}

// resolvers are those of the schemes that gRPC would otherwise ask DNS, a file system or a control plane about. What is known to
// none of them is taken for a DNS name [sdk].
func (d *dialer) resolvers() grpc.DialOption {
	return grpc.WithResolvers(anyTarget{"passthrough", d}, anyTarget{"dns", d}, anyTarget{"unix", d}, anyTarget{"unix-abstract", d}, anyTarget{"xds", d})
}

func (a anyTarget) Scheme() string { return a.scheme }

func (a anyTarget) Build(target resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	a.dialer.used(1)
	_ = cc.UpdateState(resolver.State{Addresses: []resolver.Address{{Addr: target.Endpoint()}}}) // fails only where cc is closed
	return a, nil
}

func (anyTarget) ResolveNow(resolver.ResolveNowOptions) {}

func (a anyTarget) Close() {
	a.dialer.noteClose()
	a.dialer.used(-1)
}
