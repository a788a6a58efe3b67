package fake

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"sync"
)

// Environ returns what leads a program to the server by its environment alone, whatever endpoint it has built in:
//
//	cmd := exec.Command(program)
//	cmd.Env = append(cmd.Environ(), cloud.Environ()...)
//
// It sets the proxy variables, in both spellings, to a proxy of [Server.ListenProxy]; SSL_CERT_FILE and what gRPC, curl, Python's requests
// and Node read before it or besides it to [Server.CAFile]; YC_TOKEN and YC_IAM_TOKEN to a
// token, and YC_SERVICE_ACCOUNT_KEY_FILE to a service account's key, that the server accepts. NO_PROXY and AWS_CA_BUNDLE are
// emptied. Proxy and key are made at the first call; the token is a new one each time and lasts an hour.
//
// Go programs ignore SSL_CERT_FILE on macOS and Windows, where they ask the system whom to trust: there the program needs a way of its
// own to be told of [Server.CAFile]. On every system Go goes to localhost and 127.0.0.1 without a proxy: for these use the address of a
// [Listener].
func (s *Server) Environ() []string {
	s.tb.Helper()
	if s.misplaced("Environ") {
		return nil
	}
	ca := s.CAFile()
	keyFile, err := s.authority().file("service-account-key.json", func(*authority) []byte { return serviceAccountKey() })
	if err != nil {
		s.misused("Environ: %v", err)
		return nil
	}
	proxy := s.programProxy()
	if proxy.Addr() == "" {
		return nil
	}
	token, _ := s.auth.issue(programAccount)
	env := []string{
		"SSL_CERT_FILE=" + ca,
		"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH=" + ca,
		"CURL_CA_BUNDLE=" + ca,
		"REQUESTS_CA_BUNDLE=" + ca,
		"NODE_EXTRA_CA_CERTS=" + ca,
		"AWS_CA_BUNDLE=",
		"YC_TOKEN=" + token,
		"YC_IAM_TOKEN=" + token,
		"YC_SERVICE_ACCOUNT_KEY_FILE=" + keyFile,
	}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "grpc_proxy"} {
		env = append(env, name+"=http://"+proxy.Addr())
	}
	return append(env, "NO_PROXY=", "no_proxy=", "no_grpc_proxy=")
}

// forPrograms is what Environ keeps.
type forPrograms struct {
	mu    sync.Mutex
	proxy *Listener
}

// programProxy returns the proxy that programs are sent to.
func (s *Server) programProxy() *Listener {
	s.tb.Helper()
	s.forPrograms.mu.Lock()
	defer s.forPrograms.mu.Unlock()
	if s.forPrograms.proxy == nil {
		s.forPrograms.proxy = s.ListenProxy("")
	}
	return s.forPrograms.proxy
}

// programAccount is the service account that programs work for.
const programAccount = "ajefakeprogram000000"

// serviceAccountKey returns a key file as the cloud gives them out [docs]. The key opens nothing but fakes, so one will do for all
// servers of a process: to find its primes takes long.
var serviceAccountKey = sync.OnceValue(func() []byte {
	key := must(rsa.GenerateKey(rand.Reader, 2048))
	encode := func(what string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: what, Bytes: der}))
	}
	return must(json.MarshalIndent(map[string]string{
		"id":                 "ajefakekey0000000000",
		"service_account_id": programAccount,
		"created_at":         "2024-01-01T00:00:00Z",
		"key_algorithm":      "RSA_2048",
		"public_key":         encode("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&key.PublicKey))),
		"private_key":        encode("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key))),
	}, "", "  "))
})
