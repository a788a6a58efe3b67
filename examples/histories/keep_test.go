package histories_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagefake/imagefake/examples/histories"
)

// keep writes the page of a part that was refused where the pages of failed tests go, and returns where that is, or how to get it.
func keep(t *testing.T, r histories.Refused, n int) string {
	directory := os.Getenv("IMAGEFAKE_ARTIFACTS")
	keeper, keeps := any(t).(interface{ ArtifactDir() string }) // since Go 1.26
	if asked := flag.Lookup("test.artifacts"); keeps && asked != nil && asked.Value.String() == "true" {
		directory = keeper.ArtifactDir()
	}
	if directory == "" {
		return "as a page for a browser: set IMAGEFAKE_ARTIFACTS to a directory"
	}
	path := filepath.Join(directory, fmt.Sprintf("%s-history-%d.html", strings.ReplaceAll(t.Name(), "/", "_"), n+1))
	if err := writePage(r, path); err != nil {
		return fmt.Sprintf("the page for a browser could not be written: %v", err)
	}
	return "as a page for a browser: " + path
}

func writePage(r histories.Refused, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := r.WritePage(file); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}
