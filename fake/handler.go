package fake

import (
	"context"
	"fmt"
	"maps"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// WithHandler answers the calls of one method of a neighbour with a func, whoever serves the rest of its service: [WithNeighbours],
// [WithService], or nobody. The call walks the same road as all others, and what handle returns is passed on as it is.
//
//	fake.WithHandler(compute.DiskService_Relocate_FullMethodName, func(ctx context.Context, r *compute.RelocateDiskRequest) (*operation.Operation, error) {
//		cloud, _ := fake.Serving(ctx)
//		return cloud.StartOperation(ctx, fake.Job{Description: "Relocate disk", ResourceID: r.DiskId})
//	})
//
// handle must not keep the request, and may run for several calls at once. Its context ends when the server closes, too. Of two
// handlers for one method the later counts. A method that the server serves itself is an error of New, and so are a stream, one of which
// the program has no descriptor, and a func on other messages than the method's.
func WithHandler[Q, A proto.Message](method Method, handle func(context.Context, Q) (A, error)) Option {
	if handle == nil {
		return handlerOption(method, nil, nil, nil)
	}
	return handlerOption(method, typeOf[Q](), typeOf[A](), func(ctx context.Context, request any) (any, error) {
		return handle(ctx, request.(Q))
	})
}

func handlerOption(method Method, takes, answers protoreflect.MessageDescriptor, handle grpc.UnaryHandler) Option {
	return option(func(s *settings) error {
		if why := brokenHandler(method, takes, answers, handle); why != "" {
			return fmt.Errorf("WithHandler(%v): %s", method, why)
		}
		handlers := make(map[Method]grpc.UnaryHandler, len(s.handlers)+1)
		maps.Copy(handlers, s.handlers)
		handlers[method] = handle
		s.handlers = handlers
		return nil
	})
}

// brokenHandler tells why a method cannot be answered by a handler, "" if it can.
func brokenHandler(method Method, takes, answers protoreflect.MessageDescriptor, handle grpc.UnaryHandler) string {
	f := method.facts()
	switch {
	case handle == nil:
		return "the func is nil: leave the option out, or give it one that answers"
	case rowOf(method).own:
		return "the fake serves it itself; to answer some of its calls otherwise inject faults, Reply for example"
	case f == nil:
		return fmt.Sprintf("the program has no descriptor of %q: use the constant of its generated package, DiskService_Get_FullMethodName for example", string(method))
	case !isUnary(f.descriptor):
		return "it is a stream: serve it with WithService"
	case takes == nil || answers == nil:
		return "the func must take and return messages of concrete types"
	case takes.FullName() != f.descriptor.Input().FullName() || answers.FullName() != f.descriptor.Output().FullName():
		return fmt.Sprintf("it takes %s and answers with %s, and the func has %s and %s",
			a(f.descriptor.Input().Name()), a(f.descriptor.Output().Name()), a(takes.Name()), a(answers.Name()))
	}
	return ""
}
