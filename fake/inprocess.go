package fake

import (
	"context"
	"net"

	"google.golang.org/grpc/credentials"
)

// inProcess are the credentials of a connection that never leaves the process. It is as private as one can be, so per-call
// credentials that gRPC gives to secure connections only go over it too.
type inProcess struct{}

func (inProcess) ClientHandshake(_ context.Context, _ string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return conn, inProcessInfo, nil
}

func (inProcess) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return conn, inProcessInfo, nil
}

func (inProcess) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: inProcessInfo.AuthType()}
}

func (i inProcess) Clone() credentials.TransportCredentials { return i }

func (inProcess) OverrideServerName(string) error { return nil }

type privateInfo struct{ credentials.CommonAuthInfo }

func (privateInfo) AuthType() string { return "in process" }

var inProcessInfo = privateInfo{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}
