//lint:file-ignore SA1019 The paging fields are deprecated, and old clients still send them: no field is ignored unnoticed.

package fake

import (
	"cmp"
	"context"
	"slices"
	"strings"

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
			check: func(s *Server, e *errand) *contract.Violation {
				_, broken := s.endpointsBehind(e.Request.(*endpoint.ListApiEndpointsRequest))
				return broken
			},
		},
	},
}

func endpointNotFound(id string) *spb.Status {
	return status.Newf(codes.NotFound, "Endpoint %q not found", id).Proto() // [choice]
}

// alwaysEndpoints are the ids that are there whatever is served: SDKs ask for them first [sdk].
var alwaysEndpoints = []string{"compute", "endpoint", "iam", "operation", "resource-manager"}

// endpointIDs returns the ids of the endpoints, sorted: one for the package of every service that is served. Every one is where the
// question came in.
func (s *Server) endpointIDs() []string {
	ids := slices.Clone(alwaysEndpoints)
	for service := range s.grpc.GetServiceInfo() {
		ids = append(ids, endpointsOf(service)...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// endpointsOf returns the ids that SDKs know a service by: its package without version, in one word (yandex.cloud.vpc.v1 is vpc,
// yandex.cloud.serverless.functions.v1 is serverless-functions), or what SDK v1 calls it instead [sdk]. There are none for services
// that are not of the cloud.
func endpointsOf(service string) []string {
	path, ours := strings.CutPrefix(service, "yandex.cloud.")
	if !ours {
		return nil
	}
	words := strings.Split(path, ".")
	words = words[:len(words)-1] // the service itself
	if version := slices.IndexFunc(words, isVersion); version >= 0 {
		words = words[:version]
	}
	id := strings.Join(words, "-")
	if database, managed := strings.CutPrefix(id, "mdb-"); managed {
		id = "managed-" + database
	}
	if known := sdkEndpoints[id]; known != nil {
		return known
	}
	return []string{id}
}

func isVersion(word string) bool {
	return len(word) > 1 && word[0] == 'v' && word[1] >= '0' && word[1] <= '9'
}

// sdkEndpoints are the ids that are not what the package is called [sdk].
var sdkEndpoints = map[string][]string{
	"airflow":             {"managed-airflow"},
	"apploadbalancer":     {"alb"},
	"cloudregistry":       {"cloud-registry"},
	"connectionmanager":   {"connection-manager"},
	"containerregistry":   {"container-registry"},
	"k8s":                 {"managed-kubernetes"},
	"kms":                 {"kms", "kms-crypto"},
	"loadbalancer":        {"load-balancer"},
	"lockbox":             {"lockbox", "lockbox-payload"},
	"logging":             {"log-ingestion", "log-reading", "logging"},
	"metastore":           {"managed-metastore"},
	"organizationmanager": {"organization-manager"},
	"quotamanager":        {"quota-manager"},
	"resourcemanager":     {"resource-manager"},
	"smartcaptcha":        {"smart-captcha"},
	"smartwebsecurity":    {"smart-web-security"},
	"storage":             {"storage", "storage-api"},
	"ytsaurus":            {"managed-ytsaurus"},
}

// endpointService is the ApiEndpointService.
type endpointService struct {
	endpoint.UnimplementedApiEndpointServiceServer
	server *Server
}

func (e endpointService) Get(ctx context.Context, r *endpoint.GetApiEndpointRequest) (*endpoint.ApiEndpoint, error) {
	if !slices.Contains(e.server.endpointIDs(), r.ApiEndpointId) {
		return nil, status.ErrorProto(endpointNotFound(r.ApiEndpointId))
	}
	return e.endpoint(ctx, r.ApiEndpointId), nil
}

// List pages as the other lists do [choice]; its default page holds all there are.
func (e endpointService) List(ctx context.Context, r *endpoint.ListApiEndpointsRequest) (*endpoint.ListApiEndpointsResponse, error) {
	behind, broken := e.server.endpointsBehind(r)
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
func (s *Server) endpointsBehind(r *endpoint.ListApiEndpointsRequest) ([]string, *contract.Violation) {
	if r.PageSize < 0 || r.PageSize > 1000 {
		return nil, &contract.Violation{Field: "PageSize", Path: "page_size", Reason: "the page size must be 0 to 1000"}
	}
	ids := s.endpointIDs()
	if r.PageToken == "" {
		return ids, nil
	}
	after, err := endpointsScope.Key(r.PageToken)
	if err != nil {
		return nil, &contract.Violation{Field: "PageToken", Path: "page_token", Reason: err.Error()}
	}
	from, _ := slices.BinarySearch(ids, string(after)+"\x00")
	return ids[from:], nil
}

func (e endpointService) endpoint(ctx context.Context, id string) *endpoint.ApiEndpoint {
	return &endpoint.ApiEndpoint{Id: id, Address: e.server.addressOf(id, errandOf(ctx).conn)}
}
