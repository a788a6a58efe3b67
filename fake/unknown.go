package fake

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// serves tells whether the server has a method.
func (s *Server) serves(m Method) bool {
	service, ok := s.grpc.GetServiceInfo()[m.service()]
	if !ok {
		return false
	}
	for _, method := range service.Methods {
		if "/"+m.service()+"/"+method.Name == m.FullName() {
			return true
		}
	}
	return false
}

// unknown answers calls of methods that nobody serves. They are recorded, so that a failing test shows what its code asked for.
func (s *Server) unknown(_ any, stream grpc.ServerStream) error {
	fullMethod, _ := grpc.MethodFromServerStream(stream)
	c := s.arrive(stream.Context(), errandOf(stream.Context()), fullMethod, &emptypb.Empty{})
	text := fmt.Sprintf("the fake does not serve %s: register the service with fake.WithService", fullMethod)
	_, err := s.reply(stream.Context(), c, &answer{status: status.New(codes.Unimplemented, text).Proto(), bare: true})
	return err
}
