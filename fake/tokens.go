package fake

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/imagefake/imagefake/fake/internal/contract"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// tokenService is the IamTokenService: any OAuth token or JWT is good for a token.
type tokenService struct {
	iam.UnimplementedIamTokenServiceServer
	server *Server
}

func registerTokens(s *Server) { iam.RegisterIamTokenServiceServer(s.grpc, tokenService{server: s}) }

func (t tokenService) Create(_ context.Context, r *iam.CreateIamTokenRequest) (*iam.CreateIamTokenResponse, error) {
	var identity string
	switch r.Identity.(type) {
	case *iam.CreateIamTokenRequest_YandexPassportOauthToken:
		identity = r.GetYandexPassportOauthToken()
	case *iam.CreateIamTokenRequest_Jwt:
		identity = issuerOf(r.GetJwt())
	}
	if identity == "" {
		return nil, status.ErrorProto(contract.InvalidField("Identity", "identity", "required"))
	}
	return t.issue(identity), nil
}

func (t tokenService) CreateForServiceAccount(_ context.Context, r *iam.CreateIamTokenForServiceAccountRequest) (*iam.CreateIamTokenResponse, error) {
	if r.ServiceAccountId == "" {
		return nil, status.ErrorProto(contract.InvalidField("ServiceAccountId", "service_account_id", "required"))
	}
	return t.issue(r.ServiceAccountId), nil
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
