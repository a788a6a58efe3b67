// Package covered is code under test whose coverage an exploration raises, fault by fault.
package covered

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Fetch makes a call up to twice.
func Fetch(call func() error) string {
	for range 2 {
		switch err := call(); status.Code(err) {
		case codes.OK:
			return "fetched"
		case codes.PermissionDenied:
			return "not allowed"
		}
	}
	return "not to be had"
}
