//lint:file-ignore SA1019 The paging fields are deprecated, and old clients still send them: no field is ignored unnoticed.

package fake

import (
	"cmp"
	"context"
	"slices"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/listing"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var endpointRows = service{
	register: func(s *Server) {
		endpoint.RegisterApiEndpointServiceServer(s.grpc, endpointService{server: s})
	},
	rows: []row{
		{method: EndpointGet, missing: func(e *errand) *spb.Status { return endpointNotFound(e.ResourceID) }},
		{
			method: EndpointList,
			check: func(_ *Server, e *errand) *contract.Violation {
				_, broken := endpointsBehind(e.Request.(*endpoint.ListApiEndpointsRequest))
				return broken
			},
		},
	},
}

func endpointNotFound(id string) *spb.Status {
	return status.Newf(codes.NotFound, "Endpoint %q not found", id).Proto() // [choice]
}

// endpointIDs are the services an SDK asks the address of [sdk], sorted. Every one is where the question came in.
var endpointIDs = []string{"compute", "endpoint", "iam", "operation", "resource-manager"}

// endpointService is the ApiEndpointService.
type endpointService struct {
	endpoint.UnimplementedApiEndpointServiceServer
	server *Server
}

func (e endpointService) Get(ctx context.Context, r *endpoint.GetApiEndpointRequest) (*endpoint.ApiEndpoint, error) {
	if !slices.Contains(endpointIDs, r.ApiEndpointId) {
		return nil, status.ErrorProto(endpointNotFound(r.ApiEndpointId))
	}
	return e.endpoint(ctx, r.ApiEndpointId), nil
}

// List pages as the other lists do [choice]; its default page holds all there are.
func (e endpointService) List(ctx context.Context, r *endpoint.ListApiEndpointsRequest) (*endpoint.ListApiEndpointsResponse, error) {
	behind, broken := endpointsBehind(r)
	if broken != nil {
		return nil, status.ErrorProto(contract.InvalidRequest(broken))
	}
	page, more := listing.Page(slices.Values(behind), int(cmp.Or(r.PageSize, 100)))
	reply := &endpoint.ListApiEndpointsResponse{}
	for _, id := range page {
		reply.Endpoints = append(reply.Endpoints, e.endpoint(ctx, id))
	}
	if more {
		reply.NextPageToken = endpointsScope.Token([]byte(page[len(page)-1]))
	}
	return reply, nil
}

var endpointsScope = listing.NewScope("endpoints")

// endpointsBehind returns the endpoints that a request's page begins with, and those that follow.
func endpointsBehind(r *endpoint.ListApiEndpointsRequest) ([]string, *contract.Violation) {
	if r.PageSize < 0 || r.PageSize > 1000 {
		return nil, &contract.Violation{Field: "PageSize", Path: "page_size", Reason: "the page size must be 0 to 1000"}
	}
	if r.PageToken == "" {
		return endpointIDs, nil
	}
	after, err := endpointsScope.Key(r.PageToken)
	if err != nil {
		return nil, &contract.Violation{Field: "PageToken", Path: "page_token", Reason: err.Error()}
	}
	from, _ := slices.BinarySearch(endpointIDs, string(after)+"\x00")
	return endpointIDs[from:], nil
}

func (e endpointService) endpoint(ctx context.Context, id string) *endpoint.ApiEndpoint {
	return &endpoint.ApiEndpoint{Id: id, Address: e.server.addressOf(id, errandOf(ctx).conn)}
}
