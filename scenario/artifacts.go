package scenario

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/imagefake/imagefake/fake/plain"
)

// A picture is the page of one run. It is drawn at the end of the run, and written when it is first told where it is.
type picture struct {
	page []byte
	path string
	err  error
}

// paint draws the picture of a run, if it is to be kept and somebody asks for pages.
func (r *run) paint() {
	if !r.keep && (r.dice == nil || !r.result.broken()) || r.test.cloud == nil || !plain.KeepsArtifacts() {
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

// writeArtifact writes a page of a test, and returns where it is.
func writeArtifact(t *testing.T, name string, page []byte) (path string, err error) {
	return plain.WriteArtifact(plain.ArtifactPath(t, name, t.Name()+"/"+name), func(w io.Writer) error {
		_, err := w.Write(page)
		return err
	})
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
