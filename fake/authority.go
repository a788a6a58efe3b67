package fake

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// ownNames are what every certificate of a server is good for: this machine, and the real service's hosts.
func ownNames() []string {
	return []string{"localhost", "127.0.0.1", "::1", apiHost, "*." + apiHost}
}

// apiHost is where the real service begins; each of its services has a name below it [seen].
const apiHost = "api.cloud.yandex.net"

// CAFile returns a file with the certificate of the server's own authority, in PEM: what clients have to trust to reach
// [Server.ListenTLS] and [Server.ListenProxy]. The authority is made when first asked for, its key never leaves memory, and Close
// removes the file.
func (s *Server) CAFile() string {
	s.tb.Helper()
	if s.misplaced("CAFile") {
		return ""
	}
	file, err := s.authority().file("ca.pem", func(a *authority) []byte { return a.pem })
	if err != nil {
		s.misused("CAFile: %v", err)
	}
	return file
}

// CertPool returns a pool that holds the certificate of [Server.CAFile], and belongs to the caller.
func (s *Server) CertPool() *x509.CertPool {
	s.tb.Helper()
	if s.misplaced("CertPool") {
		return x509.NewCertPool()
	}
	pool := x509.NewCertPool()
	pool.AddCert(s.authority().cert)
	return pool
}

// authority is what vouches for a server. It costs nothing until it is asked for.
type authority struct {
	once sync.Once
	cert *x509.Certificate
	key  crypto.Signer // not its own type, which reaches all of elliptic: see .ci/importer-cost
	pem  []byte

	mu    sync.Mutex
	dir   string // of its files; "" before the first
	files map[string]string
	gone  bool
}

func (s *Server) authority() *authority {
	s.ca.once.Do(s.ca.found)
	return &s.ca
}

// certificateLife is longer than any test, and shorter than the strictest platforms ask of a certificate.
const certificateLife = 7 * 24 * time.Hour

func (a *authority) found() {
	a.key = newKey()
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "imagefake, for one test"},
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der := a.sign(template, template, a.key.Public())
	a.cert = must(x509.ParseCertificate(der))
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// serve returns what a listener needs to serve TLS under these names, or which of them no certificate can have.
func (a *authority) serve(names []string) (*tls.Config, error) {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "imagefake"},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
			continue
		}
		if wrong := wrongHostName(name); wrong != "" {
			return nil, fmt.Errorf("no certificate can have the name %q: %s", name, wrong)
		}
		template.DNSNames = append(template.DNSNames, strings.ToLower(name))
	}
	key := newKey()
	der := a.sign(template, a.cert, &key.PublicKey)
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key, Leaf: must(x509.ParseCertificate(der))}},
		NextProtos:   []string{"h2"},
		MinVersion:   tls.VersionTLS12,
	}, nil
}

// wrongHostName returns why a name is no host's, "" if it may be one.
func wrongHostName(name string) string {
	labels := strings.Split(name, ".")
	if labels[0] == "*" {
		labels = labels[1:]
		if len(labels) < 2 {
			return "a * stands for the first of at least three parts"
		}
	}
	switch {
	case name == "":
		return "it is empty"
	case strings.Contains(name, "://"), strings.Contains(name, "/"):
		return "it is a URL, and only the host of one is a name"
	case strings.Contains(name, "*") && slices.ContainsFunc(labels, func(l string) bool { return strings.Contains(l, "*") }):
		return "a * can only stand for the whole first part"
	case strings.Contains(name, ":"):
		return "it has a port, and a certificate is good for all ports"
	case len(name) > 253:
		return "it is longer than 253 characters"
	}
	for _, label := range labels {
		switch {
		case label == "" || len(label) > 63:
			return "the parts between its dots must have 1 to 63 characters"
		case strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-"):
			return fmt.Sprintf("its part %q begins or ends with a hyphen", label)
		case strings.ContainsFunc(label, notOfHostNames):
			return fmt.Sprintf("its part %q must consist of ASCII letters, digits, hyphens and underscores; write other alphabets as xn--…", label)
		}
	}
	return ""
}

func notOfHostNames(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
}

// sign makes a certificate. Its times are those of the time package, whatever the server's clock says: clients look at theirs.
func (a *authority) sign(template, parent *x509.Certificate, key crypto.PublicKey) []byte {
	template.SerialNumber = must(rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)))
	template.NotBefore = time.Now().Add(-time.Hour) // clocks of containers differ
	template.NotAfter = time.Now().Add(certificateLife)
	return must(x509.CreateCertificate(rand.Reader, template, parent, key, a.key))
}

func newKey() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }

// must returns a value that only fails to be made where this package is wrong.
func must[V any](v V, err error) V {
	if err != nil {
		panic("fake: " + err.Error())
	}
	return v
}

// file writes a file once, for the eyes of this user, and returns its path.
func (a *authority) file(name string, content func(*authority) []byte) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone {
		return "", errors.New("the server is closed")
	}
	if path := a.files[name]; path != "" {
		return path, nil
	}
	if a.dir == "" {
		dir, err := os.MkdirTemp("", "imagefake-")
		if err != nil {
			return "", err
		}
		a.dir, a.files = dir, make(map[string]string)
	}
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, content(a), 0o600); err != nil {
		return "", err
	}
	a.files[name] = path
	return path, nil
}

// remove removes the files; no more are made.
func (a *authority) remove() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gone = true
	if a.dir == "" {
		return nil
	}
	return os.RemoveAll(a.dir)
}
