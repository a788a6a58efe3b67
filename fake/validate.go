package fake

import (
	"slices"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/world"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
)

// validate checks a request of the server's own services; nil lets it pass. All that can be wrong with a request by itself is found
// here, so that a fault before the commit meets only calls which passed.
func (s *Server) validate(e *errand) *answer {
	if !slices.Contains(served, e.Method) {
		return nil
	}
	if path := contract.Unmodelled(e.Request); path != "" {
		s.misuse("%v was sent the field %s, which this fake does not model: what the code under test means by it is lost here", e.Call, path)
		return &answer{status: contract.NotModelled(e.Method.String(), path)}
	}
	if broken := contract.First(e.Request, s.settings.world.Rules.Check(e.Request), s.checkBeyondRules(e)); broken != nil {
		return &answer{status: contract.InvalidRequest(broken)}
	}
	return nil
}

// checkBeyondRules checks what the field rules do not cover.
func (s *Server) checkBeyondRules(e *errand) (broken *contract.Violation) {
	switch r := e.Request.(type) {
	case *compute.ListImagesRequest:
		e.list, broken = s.settings.world.ParseList(r)
	case *iam.CreateIamTokenRequest:
		if identityOf(r) == "" {
			broken = &contract.Violation{Field: "Identity", Path: "identity", Reason: contract.MissingField}
		}
	case *iam.CreateIamTokenForServiceAccountRequest:
		if r.ServiceAccountId == "" {
			broken = &contract.Violation{Field: "ServiceAccountId", Path: "service_account_id", Reason: contract.MissingField}
		}
	case *endpoint.ListApiEndpointsRequest:
		_, broken = endpointsBehind(r)
	default:
		broken = world.Check(e.Request)
	}
	return broken
}
