package plain

import (
	"regexp"
	"runtime/debug"
	"strings"
)

// TestCommand returns the command that runs one test or subtest of the package under test alone: go test example.com/bake -run
// '^TestBake$'.
func TestCommand(test string) string { return "go test " + testedPackage() + " " + RunFlag(test) }

// RunFlag returns the flag of go test that picks one test or subtest alone: -run '^TestBake$'.
func RunFlag(test string) string {
	parts := strings.Split(test, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	pattern := strings.ReplaceAll(strings.Join(parts, "/"), "'", `'\''`)
	return "-run '" + pattern + "'"
}

// testedPackage returns the import path of the package whose tests run.
func testedPackage() string {
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasSuffix(info.Path, ".test") {
		return strings.TrimSuffix(info.Path, ".test")
	}
	return "."
}
