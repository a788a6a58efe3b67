package fake

import (
	"strings"
	"sync"
	"time"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/world"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// defaultUser is who calls where nothing tells who it is: auth is off, and the connection has no name.
const defaultUser = "ajefakedefaultuser00"

// tokenLife is how long a token of the IAM service is good. It runs on the wall clock, whatever the server's clock says: SDKs
// compare its end with time.Now, and a past one would cost them an exchange per call [sdk].
const tokenLife = time.Hour

// openServices need no token [sdk]: clients find out with them where and how to get one.
var openServices = map[string]bool{
	endpoint.ApiEndpointService_ServiceDesc.ServiceName: true,
	iam.IamTokenService_ServiceDesc.ServiceName:         true,
	healthpb.Health_ServiceDesc.ServiceName:             true,
	"grpc.reflection.v1.ServerReflection":               true,
	"grpc.reflection.v1alpha.ServerReflection":          true,
}

// auth is the tokens a server knows. Its lock is its own: tokens are no part of the state.
type auth struct {
	required bool
	seed     uint64

	mu     *sync.Mutex
	tokens map[string]*token
	issued uint64
}

type token struct {
	subject string
	expires time.Time // zero: never
	revoked bool
}

func newAuth(s settings) auth {
	a := auth{required: s.auth, seed: s.world.Seed, mu: new(sync.Mutex), tokens: make(map[string]*token)}
	for _, given := range s.tokens {
		a.tokens[given] = &token{subject: subjectOf(given)}
	}
	return a
}

// subjectOf returns the id of the user or service account that an identity belongs to, always the same one.
func subjectOf(identity string) string { return world.ID("aje", 0, identity, 0) }

// issue makes a token for an identity.
func (a *auth) issue(identity string) (text string, expires time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.issued++
	// Exactly two dots: by that Packer knows a token from what it has to exchange for one [sdk].
	text = "t1." + world.ID("", a.seed, "token", a.issued) + "." + world.ID("", a.seed, "token signature", a.issued)
	expires = time.Now().Add(tokenLife)
	a.tokens[text] = &token{subject: subjectOf(identity), expires: expires}
	return text, expires
}

// revoke makes a token invalid, and tells whether it was known.
func (a *auth) revoke(text string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.tokens[text]
	if known == nil {
		return false
	}
	known.revoked = true
	return true
}

// identify finds out whose token a call was made with, "" where none is asked for; or why nobody knows.
func (a *auth) identify(c *Call) (subject string, refused *spb.Status) {
	if !a.required || openServices[c.Method.Service()] {
		return "", nil
	}
	var given string
	if values := c.Header["authorization"]; len(values) > 0 {
		scheme, text, _ := strings.Cut(values[0], " ")
		if strings.EqualFold(scheme, "bearer") {
			given = text
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.tokens[given]
	switch {
	case known == nil || known.revoked:
		return "", contract.TokenInvalid()
	case !known.expires.IsZero() && !time.Now().Before(known.expires):
		return "", contract.TokenExpired()
	}
	return known.subject, nil
}

// RevokeToken makes a token invalid from now on: one of [WithAuth], or one that the IAM service gave. An unknown token is misuse.
func (s *Server) RevokeToken(token string) {
	s.tb.Helper()
	if !s.auth.revoke(token) {
		s.misuse("RevokeToken: the server never knew the token; name one given to WithAuth or got from the IAM service")
	}
}
