package fake_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
)

// BenchmarkNetwork compares calls over a network with those of a bare server on a listener of the same kind. The ratio is one of
// times: 1.11 is nine tenths of the calls a second.
func BenchmarkNetwork(b *testing.B) {
	for name, secured := range map[string]bool{"tcp": false, "tls": true} {
		b.Run(name, func(b *testing.B) {
			cloud := fake.New(b, fake.WithStandardImages())
			image := cloud.Images()[0]
			ours, client, server := cloud.ListenTCP(""), insecure.NewCredentials(), insecure.NewCredentials()
			if secured {
				ours = cloud.ListenTLS("")
				client, server = credentials.NewClientTLSFromCert(cloud.CertPool(), ""), benchCredentials(b)
			}
			theirs, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			bareServer := grpc.NewServer(grpc.Creds(server))
			compute.RegisterImageServiceServer(bareServer, bare{image: proto.Clone(image).(*compute.Image)})
			go func() { _ = bareServer.Serve(theirs) }()
			defer bareServer.Stop()
			calls := func(addr string, c credentials.TransportCredentials) func() {
				cc, err := grpc.NewClient("passthrough:///"+addr, grpc.WithNoProxy(), grpc.WithTransportCredentials(c))
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { cc.Close() })
				images := compute.NewImageServiceClient(cc)
				return func() {
					for range 200 {
						if _, err := images.Get(context.Background(), &compute.GetImageRequest{ImageId: image.Id}); err != nil {
							b.Fatal(err)
						}
					}
				}
			}
			bareClient := client
			if secured {
				bareClient = credentials.NewTLS(&tls.Config{InsecureSkipVerify: true}) // its own certificate; both connect once
			}
			compare(b, calls(ours.Addr(), client), calls(theirs.Addr().String(), bareClient))
		})
	}
}

// benchCredentials are those of a bare server: a certificate that signs itself.
func benchCredentials(b *testing.B) credentials.TransportCredentials {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		b.Fatal(err)
	}
	return credentials.NewServerTLSFromCert(&tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key})
}
