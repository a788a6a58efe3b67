package conformance

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// The environment variables that name the real service.
const (
	variableToken     = "IMAGEFAKE_REAL_TOKEN"
	variableFolder    = "IMAGEFAKE_REAL_FOLDER"
	variableCompute   = "IMAGEFAKE_REAL_COMPUTE"
	variableOperation = "IMAGEFAKE_REAL_OPERATION"
	variableDisk      = "IMAGEFAKE_REAL_DISK"
	variableSnapshot  = "IMAGEFAKE_REAL_SNAPSHOT"
	variableObject    = "IMAGEFAKE_REAL_OBJECT"
	variableNoObject  = "IMAGEFAKE_REAL_NO_OBJECT"
	variableNoFolder  = "IMAGEFAKE_REAL_NO_FOLDER"
	variableDenied    = "IMAGEFAKE_REAL_DENIED_FOLDER"
	variableRecording = "IMAGEFAKE_REAL_RECORDING"
)

// ErrNotAsked is what [FromEnvironment] returns where the environment does not name the real service.
var ErrNotAsked = errors.New("the environment names no real service: set " + variableToken + " and " + variableFolder)

// FromEnvironment returns the real service as a target, as the environment names it: see the package documentation for the variables.
// Nothing is called yet. finish writes the recording, if a file is named for it and something is recorded, and closes the connections.
func FromEnvironment() (target Target, finish func() error, err error) {
	token, folder := os.Getenv(variableToken), os.Getenv(variableFolder)
	switch {
	case token == "" && folder == "":
		return Target{}, nil, ErrNotAsked
	case token == "":
		return Target{}, nil, fmt.Errorf("%s is set, and %s is not: it takes both", variableFolder, variableToken)
	case folder == "":
		return Target{}, nil, fmt.Errorf("%s is set, and %s is not: name the one folder that may be written to", variableToken, variableFolder)
	}
	compute, err := dial(cmp.Or(os.Getenv(variableCompute), "compute.api.cloud.yandex.net:443"), token)
	if err != nil {
		return Target{}, nil, fmt.Errorf("%s: %w", variableCompute, err)
	}
	operations, err := dial(cmp.Or(os.Getenv(variableOperation), "operation.api.cloud.yandex.net:443"), token)
	if err != nil {
		_ = compute.Close()
		return Target{}, nil, fmt.Errorf("%s: %w", variableOperation, err)
	}
	target = Target{
		Name: "the real service", Real: true, Poll: 2 * time.Second, Compute: compute, Operation: operations, Folder: folder,
		Disk: os.Getenv(variableDisk), Snapshot: os.Getenv(variableSnapshot), Object: os.Getenv(variableObject),
		NoObject: os.Getenv(variableNoObject), NoFolder: os.Getenv(variableNoFolder), DeniedFolder: os.Getenv(variableDenied),
		Recording: &Recording{Target: "the real service"},
	}
	recording := target.Recording
	return target, func() error {
		closed := errors.Join(compute.Close(), operations.Close())
		if path := os.Getenv(variableRecording); path != "" && len(recording.Cases) > 0 {
			return errors.Join(closed, recording.Save(path))
		}
		return closed
	}, nil
}

// dial connects to an address. Names are left to whoever connects, which may be a proxy: grpc-go before 1.71 asks DNS first else.
func dial(address, token string) (*grpc.ClientConn, error) {
	if !strings.Contains(address, "://") {
		address = "passthrough:///" + address
	}
	return grpc.NewClient(address, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})),
		grpc.WithPerRPCCredentials(bearer(token)))
}

// bearer sends a token with every call, over TLS alone.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + strings.TrimSpace(string(b))}, nil
}

func (b bearer) RequireTransportSecurity() bool { return true }

// String hides the token from whoever prints the connection's options.
func (b bearer) String() string { return "a token" }
