package plain

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// ArtifactsVariable names the environment variable that says in which directory pages go.
const ArtifactsVariable = "IMAGEFAKE_ARTIFACTS"

// KeepsArtifacts tells whether pages are asked for: by go test -artifacts, which Go has had since 1.26, or by the variable.
func KeepsArtifacts() bool { return keptByGo() || os.Getenv(ArtifactsVariable) != "" }

func keptByGo() bool {
	asked := flag.Lookup("test.artifacts")
	return asked != nil && asked.Value.String() == "true"
}

// ArtifactPath returns where a page of a test goes, "" if it goes nowhere: in the test's own directory, where go test -artifacts makes
// one, under the name own, else in that of the variable, which all tests share, under the name shared. Names may have slashes, and
// whatever a subtest is called.
func ArtifactPath(test any, own, shared string) string {
	if keeper, keeps := test.(interface{ ArtifactDir() string }); keeps && keptByGo() {
		return filepath.Join(keeper.ArtifactDir(), fileName(own))
	}
	if directory := os.Getenv(ArtifactsVariable); directory != "" {
		return filepath.Join(directory, fileName(shared))
	}
	return ""
}

// fileName makes a file's name of that of a test.
func fileName(test string) string {
	const most = 100 // characters
	name := []rune(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r) {
			return r
		}
		return '_'
	}, test))
	return strings.TrimLeft(string(name[:min(len(name), most)]), ".")
}

// WriteArtifact lets a page be written into a new file, and returns what that is called: to.html, with a number before the dot where
// there are files of that name. Directories are made.
func WriteArtifact(to string, write func(io.Writer) error) (path string, err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		path = to + ".html"
		if n > 1 {
			path = fmt.Sprintf("%s-%d.html", to, n)
		}
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		return path, errors.Join(write(file), file.Close())
	}
}
