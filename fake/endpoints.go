package fake

import (
	"context"

	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// endpointIDs are the services an SDK asks the address of [sdk]. Every one is at the server's own.
var endpointIDs = []string{"compute", "endpoint", "iam", "operation", "resource-manager"}

// endpointService is the ApiEndpointService.
type endpointService struct {
	endpoint.UnimplementedApiEndpointServiceServer
	server *Server
}

func registerEndpoints(s *Server) {
	endpoint.RegisterApiEndpointServiceServer(s.grpc, endpointService{server: s})
}

func (e endpointService) Get(_ context.Context, r *endpoint.GetApiEndpointRequest) (*endpoint.ApiEndpoint, error) {
	for _, id := range endpointIDs {
		if id == r.ApiEndpointId {
			return &endpoint.ApiEndpoint{Id: id, Address: e.server.Target()}, nil
		}
	}
	return nil, status.Errorf(codes.NotFound, "Endpoint %q not found", r.ApiEndpointId) // [choice]
}

// List answers with all endpoints at once: they are fewer than any page.
func (e endpointService) List(context.Context, *endpoint.ListApiEndpointsRequest) (*endpoint.ListApiEndpointsResponse, error) {
	reply := &endpoint.ListApiEndpointsResponse{}
	for _, id := range endpointIDs {
		reply.Endpoints = append(reply.Endpoints, &endpoint.ApiEndpoint{Id: id, Address: e.server.Target()})
	}
	return reply, nil
}
