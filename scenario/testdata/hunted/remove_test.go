package hunted

import (
	"os"
	"strconv"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// runsFile is the file that has a byte for each run. Package scenario looks at it: the workers of the fuzzer are processes of their own.
var runsFile = os.Getenv("RUNS_FILE")

func count(t *scenario.T) {
	if runsFile == "" {
		return
	}
	file, err := os.OpenFile(runsFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err == nil {
		_, err = file.Write([]byte{'.'})
		_ = file.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func body(t *scenario.T) error {
	count(t)
	id, sure := RemoveFirst(t.Context(), t.Cloud().ConnAs("trial-"+os.Getenv("TRIAL")), "f")
	im := t.Cloud().Image(id)
	t.Check("what it is sure of is so", !sure || im == nil || im.Status == compute.Image_DELETING)
	return nil
}

var opts = []scenario.Option{scenario.Setup(func(s *fake.Server) {
	s.AddImages(&compute.Image{FolderId: "f", Name: "one"}, &compute.Image{FolderId: "f", Name: "two"})
})}

func FuzzRemove(f *testing.F) { scenario.Fuzz(f, body, opts...) }

func TestChaos(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("SEEDS"))
	if err != nil {
		t.Skip("a test of package scenario says how many seeds")
	}
	scenario.Chaos(t, n, 0.5, body, opts...)
}
