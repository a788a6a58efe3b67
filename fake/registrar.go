package fake

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"

	"google.golang.org/grpc"
)

// registrar is what the funcs of [WithService] register their services with. gRPC ends the process where a service is registered
// twice, with a type that does not serve it, or too late: here each of these is an error that names the service.
type registrar struct {
	server *Server
	own    map[string]grpc.ServiceInfo // that the server serves itself

	mu     sync.Mutex
	taken  map[string]string // by service: the option
	option string            // whose services are registered
	broken []error
	sealed bool // the server has started
}

// registerNeighbours registers the services of the options, and returns their names.
func (s *Server) registerNeighbours() (names []string, err error) {
	if len(s.services) == 0 && s.neighbours.list() == nil && s.handlers == nil {
		return nil, nil
	}
	r := &registrar{server: s, own: s.grpc.GetServiceInfo(), taken: make(map[string]string)}
	for i, register := range s.services {
		r.begin(fmt.Sprintf("WithService number %d", i+1))
		if did := guarded(func() { register(r, s) }); did != "" {
			r.fail("its func %s", did)
		}
	}
	s.registerDescribed(r)
	err = r.end()
	return slices.Collect(maps.Keys(r.taken)), err
}

func (r *registrar) begin(option string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.option = option
}

func (r *registrar) end() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sealed = true
	return errors.Join(r.broken...)
}

// RegisterService takes a service, if it can be served.
func (r *registrar) RegisterService(desc *grpc.ServiceDesc, implementation any) {
	r.mu.Lock()
	late := r.sealed
	r.mu.Unlock()
	if late {
		r.server.misuse("WithService: %s was registered after the server had started: register it before the func given to WithService returns",
			desc.ServiceName)
		return
	}
	r.take(desc, implementation)
}

// take registers a service, unless it cannot be served.
func (r *registrar) take(desc *grpc.ServiceDesc, implementation any) {
	if why := r.refuses(desc, implementation); why != "" {
		r.fail("%s", why)
		return
	}
	r.server.grpc.RegisterService(desc, implementation)
}

// refuses returns why a service cannot be served, and remembers one that can.
func (r *registrar) refuses(desc *grpc.ServiceDesc, implementation any) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := desc.ServiceName
	if _, own := r.own[name]; own {
		return fmt.Sprintf("%s is a service that the fake serves itself: leave it out; to answer some of its calls otherwise inject faults", name)
	}
	if before := r.taken[name]; before != "" {
		if before == r.option {
			return fmt.Sprintf("%s is registered twice by the same func: leave one out", name)
		}
		return fmt.Sprintf("%s is registered already, by %s: leave one out", name, before)
	}
	if implementation != nil {
		if want := reflect.TypeOf(desc.HandlerType).Elem(); !reflect.TypeOf(implementation).Implements(want) {
			return fmt.Sprintf("a %T does not serve %s: it is no %v", implementation, name, want)
		}
	}
	r.taken[name] = r.option
	return ""
}

// taker returns the option that brought a service.
func (r *registrar) taker(service string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.taken[service]
}

func (r *registrar) fail(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = append(r.broken, fmt.Errorf("%s: %w", r.option, fmt.Errorf(format, args...)))
}

// GetServiceInfo returns the services registered so far, as reflection asks for them.
func (r *registrar) GetServiceInfo() map[string]grpc.ServiceInfo {
	return r.server.grpc.GetServiceInfo()
}
