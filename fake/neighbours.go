package fake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/imagefake/imagefake/fake/internal/resource"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// WithNeighbours adds neighbours that need no handlers: services of the cloud that the server serves from their descriptors, by the
// conventions which all of its APIs follow.
//
//	cloud := fake.New(t, fake.WithNeighbours(&compute.DiskService_ServiceDesc, &vpc.NetworkService_ServiceDesc))
//
// What their calls make is in the same state as images are: operations move by the same plans, disks and snapshots are sources of
// images, and all that a test can do to or ask of a resource ([Server.AddResources], faults, the record, [Server.Fork]) holds for them.
// Options add up. A service that the conventions say nothing about, or that is served already, is an error of New.
//
// What is served, and how deep:
//
//	Get, Get…            the resource with the id, or the first that fits what is asked for
//	List, List…          by folder or whatever else the request names, with filter on name, order_by and pages; its operations; its
//	                     bindings
//	Create               the fields of the request, in the resource's own: x_spec in x, x_id in source_x_id; id, date, ready status
//	Update               by mask, all fields without one; several may run, and each writes what it names as it ends
//	Delete               refused, as all other changes are, before the operation on the resource has ended [choice]
//	Start, Stop, Move, … the fields of the request, and a status whose name says so: STOPPING, then STOPPED
//	access bindings      kept, listed, and without effect
//	disks                sizes, product ids, key, OS from their source; sources of images and snapshots; with one instance at a time,
//	                     from the call that attaches them on
//	instances            disks made, attached, detached and deleted with them; addresses; no metadata unless the view is FULL
//	zones, disk types    there from the start, and so are host types
//	permissions          those of folders: WithFolders, WithForbiddenFolders; no others
//	between resources    no checks but those above: a subnet may name any network, a network with subnets be deleted
//	values               not checked, but for names that are taken, and what must be there for the call to mean anything
//	quotas               of operations under way; no others
//
// A field of a request that finds no place in the resource is refused by name, and is misuse: what the code under test means by it would
// be lost. So is a method whose meaning the conventions do not tell, with Unimplemented and without misuse. [WithHandler] answers
// either, and so does a fault with a [Reply].
func WithNeighbours(descs ...*grpc.ServiceDesc) Option {
	return option(func(s *settings) error {
		if len(descs) == 0 {
			return errors.New("WithNeighbours(): name the services, &compute.DiskService_ServiceDesc for example")
		}
		for i, desc := range descs {
			known, err := readNeighbour(desc)
			if err == nil && s.neighbours.has(desc.ServiceName) {
				err = fmt.Errorf("%s is given twice: leave one out", desc.ServiceName)
			}
			if err != nil {
				return fmt.Errorf("WithNeighbours: service %d: %w", i+1, err)
			}
			s.neighbours = s.neighbours.with(desc, known)
		}
		return nil
	})
}

// readNeighbour finds out what a service does.
func readNeighbour(desc *grpc.ServiceDesc) (*resource.Service, error) {
	if desc == nil {
		return nil, errors.New("it is nil")
	}
	if slices.Contains(ownServices, desc.ServiceName) {
		return nil, fmt.Errorf("%s is a service that the fake serves itself: leave it out", desc.ServiceName)
	}
	d := serviceDescriptor(desc.ServiceName)
	if d == nil {
		return nil, fmt.Errorf("the program has no descriptor of %s: use the variable of its generated package, or WithService", desc.ServiceName)
	}
	known, err := resource.Of(d)
	if err != nil {
		return nil, fmt.Errorf("%w; serve it with WithService, or single methods with WithHandler", err)
	}
	return known, nil
}

// serviceDescriptor returns the descriptor of a service, nil if the program has none.
func serviceDescriptor(name string) protoreflect.ServiceDescriptor {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	service, _ := d.(protoreflect.ServiceDescriptor)
	return service
}

// neighbours are the services that are served from their descriptors, in the order of the options. The zero value has none.
type neighbours struct{ all any } // []neighbour; a field of that type would be described to every package that mentions a Server

// A neighbour is one of them.
type neighbour struct {
	desc    *grpc.ServiceDesc
	methods map[Method]*resource.Method
}

func (n neighbours) list() []neighbour {
	all, _ := n.all.([]neighbour)
	return all
}

// with returns neighbours with one more. Options are values: what was there may be another server's.
func (n neighbours) with(desc *grpc.ServiceDesc, known *resource.Service) neighbours {
	one := neighbour{desc, make(map[Method]*resource.Method)}
	for _, m := range known.Methods {
		one.methods[Method(m.Name)] = m
	}
	return neighbours{append(slices.Clone(n.list()), one)}
}

func (n neighbours) has(service string) bool {
	return slices.ContainsFunc(n.list(), func(one neighbour) bool { return one.desc.ServiceName == service })
}

// method returns what a method of a neighbour does, nil if no neighbour has it.
func (n neighbours) method(m Method) *resource.Method {
	for _, one := range n.list() {
		if known := one.methods[m]; known != nil {
			return known
		}
	}
	return nil
}

// without returns the names of the services that others do not have.
func (n neighbours) without(others neighbours) (names []string) {
	for _, one := range n.list() {
		if !others.has(one.desc.ServiceName) {
			names = append(names, one.desc.ServiceName)
		}
	}
	return names
}

// servedFrom returns a service that answers each unary method of a descriptor by one handler, on the messages that the method speaks of.
func servedFrom(d protoreflect.ServiceDescriptor, metadata any, handle grpc.UnaryHandler) *grpc.ServiceDesc {
	served := &grpc.ServiceDesc{ServiceName: string(d.FullName()), HandlerType: (*any)(nil), Metadata: metadata}
	for i := range d.Methods().Len() {
		m := d.Methods().Get(i)
		request, err := protoregistry.GlobalTypes.FindMessageByName(m.Input().FullName())
		if !isUnary(m) || err != nil {
			continue
		}
		info := grpc.UnaryServerInfo{FullMethod: fmt.Sprintf("/%s/%s", d.FullName(), m.Name())}
		served.Methods = append(served.Methods, grpc.MethodDesc{
			MethodName: string(m.Name()),
			Handler: func(_ any, ctx context.Context, decode func(any) error, road grpc.UnaryServerInterceptor) (any, error) {
				q := request.New().Interface()
				if err := decode(q); err != nil {
					return nil, err
				}
				return road(ctx, q, &info, handle)
			},
		})
	}
	return served
}

// registerDescribed registers what is served from descriptors: the neighbours, and the services of which only handlers are given.
func (s *Server) registerDescribed(r *registrar) {
	for _, one := range s.neighbours.list() {
		r.begin("WithNeighbours")
		r.take(servedFrom(serviceDescriptor(one.desc.ServiceName), one.desc.Metadata, s.serveNeighbour), nil)
	}
	for _, m := range slices.Sorted(maps.Keys(s.handlers)) {
		r.begin("WithHandler")
		served, others := s.grpc.GetServiceInfo()[m.Service()]
		if d := serviceDescriptor(m.Service()); !others {
			r.take(servedFrom(d, d.ParentFile().Path(), unhandled), nil)
		} else if !slices.ContainsFunc(served.Methods, func(one grpc.MethodInfo) bool { return string(m) == "/"+m.Service()+"/"+one.Name }) {
			r.fail("%v is a method that the description of its service, as %s registers it, leaves out", m, r.taker(m.Service()))
		}
	}
}

// unhandled answers the calls of a service that only WithHandler serves, where it has no handler for them.
func unhandled(ctx context.Context, _ any) (any, error) {
	m := errandOf(ctx).Method
	return nil, status.Errorf(codes.Unimplemented, "of %s the fake serves only the methods that WithHandler gives it, and %v is none of them: "+
		"add a fake.WithHandler for it, or serve the rest with fake.WithNeighbours", m.Service(), m)
}

// serveNeighbour is the handler of all methods of the neighbours.
func (s *Server) serveNeighbour(ctx context.Context, request any) (any, error) {
	reply, err := s.answerNeighbour(ctx, request.(proto.Message))
	if err != nil {
		return nil, err
	}
	return reply, nil
}
