package fake

import (
	"context"

	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"google.golang.org/grpc/codes"
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
		identity = r.GetJwt()
	}
	if identity == "" {
		return nil, status.Error(codes.InvalidArgument, "Request validation error: Identity: required") // [choice]
	}
	return t.issue(identity), nil
}

func (t tokenService) CreateForServiceAccount(_ context.Context, r *iam.CreateIamTokenForServiceAccountRequest) (*iam.CreateIamTokenResponse, error) {
	if r.ServiceAccountId == "" {
		return nil, status.Error(codes.InvalidArgument, "Request validation error: ServiceAccountId: required") // [choice]
	}
	return t.issue(r.ServiceAccountId), nil
}

func (t tokenService) issue(identity string) *iam.CreateIamTokenResponse {
	text, expires := t.server.auth.issue(identity)
	return &iam.CreateIamTokenResponse{IamToken: text, ExpiresAt: timestamppb.New(expires)}
}
