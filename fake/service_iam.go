package fake

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/imagefake/imagefake/fake/internal/contract"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

var tokenRows = service{
	register: func(s *Server) { iam.RegisterIamTokenServiceServer(s.grpc, tokenService{server: s}) },
	secret:   true,
	rows: []row{
		{
			method: TokenCreate,
			asks:   unsaid,
			check: func(_ *Server, e *errand) *contract.Violation {
				return needed(identityOf(e.Request.(*iam.CreateIamTokenRequest)), "Identity", "identity")
			},
		},
		{
			method: TokenCreateForServiceAccount,
			check: func(_ *Server, e *errand) *contract.Violation {
				return needed(e.Request.(*iam.CreateIamTokenForServiceAccountRequest).ServiceAccountId, "ServiceAccountId", "service_account_id")
			},
		},
	},
}

// needed tells that a field is missing where its value is "".
func needed(value, field, path string) *contract.Violation {
	if value == "" {
		return &contract.Violation{Field: field, Path: path, Reason: contract.MissingField}
	}
	return nil
}

// tokenService is the IamTokenService: any OAuth token or JWT is good for a token.
type tokenService struct {
	iam.UnimplementedIamTokenServiceServer
	server *Server
}

func (t tokenService) Create(_ context.Context, r *iam.CreateIamTokenRequest) (*iam.CreateIamTokenResponse, error) {
	return t.issue(identityOf(r)), nil
}

func (t tokenService) CreateForServiceAccount(_ context.Context, r *iam.CreateIamTokenForServiceAccountRequest) (*iam.CreateIamTokenResponse, error) {
	return t.issue(r.ServiceAccountId), nil
}

// identityOf returns who asks for a token, "" if the request does not say.
func identityOf(r *iam.CreateIamTokenRequest) string {
	if jwt := r.GetJwt(); jwt != "" {
		return issuerOf(jwt)
	}
	return r.GetYandexPassportOauthToken()
}

func (t tokenService) issue(identity string) *iam.CreateIamTokenResponse {
	text, expires := t.server.auth.issue(identity)
	return &iam.CreateIamTokenResponse{IamToken: text, ExpiresAt: timestamppb.New(expires)}
}

// issuerOf returns the service account that a JWT speaks for, so that all tokens of one account have one subject: its "iss" claim.
// The signature is not looked at, and what is no JWT speaks for itself: any is good for a token.
func issuerOf(jwt string) string {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return jwt
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Issuer == "" {
		return jwt
	}
	return claims.Issuer
}
