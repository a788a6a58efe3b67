package scenario

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/imagefake/imagefake/fake/plain"
)

// artifactsVariable names the environment variable that says where pages go, as package fake reads it.
const artifactsVariable = "IMAGEFAKE_ARTIFACTS"

// keepsArtifacts tells whether pages are asked for: by go test -artifacts, which Go has had since 1.26, or by the variable.
func keepsArtifacts() bool {
	asked := flag.Lookup("test.artifacts")
	return asked != nil && asked.Value.String() == "true" || os.Getenv(artifactsVariable) != ""
}

// artifactPath returns where an artifact of a test goes, without what tells it from others of the same name.
func artifactPath(t *testing.T, name string) string {
	asked := flag.Lookup("test.artifacts")
	if keeper, keeps := any(t).(interface{ ArtifactDir() string }); keeps && asked != nil && asked.Value.String() == "true" {
		return filepath.Join(keeper.ArtifactDir(), fileName(name))
	}
	return filepath.Join(os.Getenv(artifactsVariable), fileName(t.Name()+"/"+name))
}

// writeArtifact writes a page into a new file, whose name gets a number if there is one of that name.
func writeArtifact(t *testing.T, name string, page []byte) (path string, err error) {
	to := artifactPath(t, name)
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
		_, err = file.Write(page)
		return path, errors.Join(err, file.Close())
	}
}

// maxFileName is how many characters of a name become that of a file.
const maxFileName = 100

// fileName makes a file's name of that of a test or a run.
func fileName(name string) string {
	safe := []rune(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r) {
			return r
		}
		return '_'
	}, name))
	return strings.TrimLeft(string(safe[:min(len(safe), maxFileName)]), ".")
}

// A picture is the page of one run. It is drawn at the end of the run, and written when it is first told where it is.
type picture struct {
	page []byte
	path string
	err  error
}

// paint draws the picture of a run, if it is to be kept and somebody asks for pages.
func (r *run) paint() {
	if !r.keep && (r.dice == nil || !r.result.broken()) || r.test.cloud == nil || !keepsArtifacts() {
		return
	}
	if r.result.broken() {
		r.test.cloud.NoteFailure(r.caption())
	}
	var page bytes.Buffer
	err := r.test.cloud.WriteTimeline(&page)
	r.result.picture = &picture{page: page.Bytes(), err: err}
}

// caption returns what the page of a broken run begins with: what broke it, and how to see it again.
func (r *run) caption() string {
	test, moral := r.t.Name(), ""
	switch {
	case r.tale != nil:
		test, moral = test+"/"+r.tale.Name, r.tale.moral()+"\n"
	case len(r.schedule) > 0 || r.result.turns != nil:
		return r.told(r.result)
	}
	return fmt.Sprintf("%s%sagain:\n\t%s\n", r.result.story(), moral, plain.TestCommand(test))
}

// pictureName returns what the picture of a run is called.
func (r *result) pictureName() string {
	switch {
	case r.tale != nil:
		return "story-" + r.tale.Name
	case r.seed != 0:
		return fmt.Sprintf("seed-%d-%s", r.seed, r.name())
	}
	return r.name()
}

// pictured returns where the picture of a run is, "" if there is none.
func (x *runner) pictured(r *result) string {
	p := r.picture
	if p == nil {
		return ""
	}
	if p.path == "" && p.err == nil {
		p.path, p.err = writeArtifact(x.t, r.pictureName(), p.page)
		p.page = nil
	}
	return p.path
}

// pictureLine tells where the picture of a run is, in a line.
func (x *runner) pictureLine(r *result) string {
	switch path := x.pictured(r); {
	case path != "":
		return "as a page for a browser: " + path + "\n"
	case r.picture != nil:
		return fmt.Sprintf("the page for a browser could not be written: %v\n", r.picture.err)
	}
	return ""
}
