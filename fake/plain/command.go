package plain

import (
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"
)

// TestCommand returns the command that runs one test or subtest of the package under test alone: go test example.com/bake -run '^TestBake$'.
func TestCommand(test string) string {
	parts := strings.Split(test, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	pattern := strings.ReplaceAll(strings.Join(parts, "/"), "'", `'\''`)
	return fmt.Sprintf("go test %s -run '%s'", testedPackage(), pattern)
}

// testedPackage returns the import path of the package whose tests run.
func testedPackage() string {
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasSuffix(info.Path, ".test") {
		return strings.TrimSuffix(info.Path, ".test")
	}
	return "."
}
