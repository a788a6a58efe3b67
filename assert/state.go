package assert

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Image checks an image: that it is there and passes the checks, or, with [Gone], that it is there no more.
//
//	assert.Image(t, cloud, id, assert.Status(compute.Image_READY), assert.Family("web"))
//
// It looks at the state itself: there is no call of it in the record, and no plan moves.
func Image(t fake.TB, s *fake.Server, id string, checks ...Check) bool {
	t.Helper()
	if !given(t, "Image", s) {
		return false
	}
	m := s.Resource(id)
	if noun := nounNow(s, id, m, "Image"); noun != "image" {
		return failed(t, s, "Image", fmt.Sprintf("expected %s to be the id of an image, and it is that of another resource, a %s: see assert.Resource", id, noun))
	}
	return checkResource(t, s, "Image", id, m, checks)
}

// Resource is [Image] for a resource of any kind: a disk, a network, an image.
//
//	assert.Resource(t, cloud, id, assert.Status(compute.Disk_READY), assert.Name("data"))
func Resource(t fake.TB, s *fake.Server, id string, checks ...Check) bool {
	t.Helper()
	if !given(t, "Resource", s) {
		return false
	}
	return checkResource(t, s, "Resource", id, s.Resource(id), checks)
}

func checkResource(t fake.TB, s *fake.Server, check, id string, m proto.Message, checks []Check) bool {
	t.Helper()
	if id == "" {
		return failed(t, s, check, "the id is empty: did the code under test return one?", existing(s, check))
	}
	if broken := brokenChecks(checks); broken != "" {
		return failed(t, s, check, broken)
	}
	noun, lower := nounNow(s, id, m, check), strings.ToLower(check)
	expected := fmt.Sprintf("expected %s %s to be there", noun, id)
	if len(checks) > 0 {
		expected = fmt.Sprintf("expected %s %s to have %s", noun, id, checkTexts(checks))
	}
	never := fmt.Sprintf(". There never was %s with this id", a(protoreflect.Name(lower)))
	switch {
	case wantsGone(checks):
		expected = fmt.Sprintf("expected %s %s to be gone", noun, id)
		if m == nil && existed(s, id) {
			return true
		}
		if m == nil {
			return failed(t, s, check, expected+never, existing(s, check))
		}
		return failed(t, s, check, expected+". It is there: "+resourceLine(m), operationsOn(s, id))
	case m == nil && existed(s, id):
		return failed(t, s, check, expected+". It is gone", operationsOn(s, id), history(s, id))
	case m == nil:
		return failed(t, s, check, expected+never, existing(s, check))
	}
	lines := differences(m, checks)
	if len(lines) == 0 {
		return true
	}
	return failed(t, s, check, expected+". It is "+resourceLine(m), block("it differs", lines...), operationsOn(s, id))
}

// Folder checks which images are in a folder: exactly those named in images, each passing its checks, in whatever order. An image
// without a name is named by its id. An empty map stands for an empty folder.
func Folder(t fake.TB, s *fake.Server, folder string, images map[string][]Check) bool {
	t.Helper()
	if !given(t, "Folder", s) {
		return false
	}
	if folder == "" {
		return failed(t, s, "Folder", "the id of the folder is empty; there are images in "+list(folders(s), "no folder at all"))
	}
	if broken := brokenImages(images); broken != "" {
		return failed(t, s, "Folder", broken)
	}
	found := make(map[string]*compute.Image)
	for _, im := range s.Images(func(im *compute.Image) bool { return im.FolderId == folder }) {
		found[nameOf(im)] = im
	}
	var lines []string
	for _, name := range names(images, found) {
		checks, wanted := images[name]
		im := found[name]
		switch {
		case im == nil && !wantsGone(checks):
			lines = append(lines, under(name, []string{"want it there, got nothing"})...)
		case im == nil:
		case !wanted:
			lines = append(lines, under(name, []string{"want nothing, got " + imageLine(im)})...)
		default:
			lines = append(lines, under(name, differences(im, checks))...)
		}
	}
	if lines == nil {
		return true
	}
	below := []string{block("it differs", cut(lines)...)}
	if len(found) == 0 {
		below = append(below, "  there is nothing in this folder; there are images in "+list(folders(s), "no folder at all"))
	}
	expected := "to have no images"
	if len(images) > 0 {
		expected = "to have exactly the images " + strings.Join(slices.Sorted(maps.Keys(images)), ", ")
	}
	return failed(t, s, "Folder", fmt.Sprintf("expected folder %s %s", folder, expected), below...)
}

// History checks what has become of a resource, such as an image: each status as it got it, and what else the record tells of it.
//
//	assert.History(t, cloud, id, fake.Creating, fake.Ready, fake.Updated, fake.Deleting, fake.Gone)
//
// Who did it does not matter: an image that the test added READY has been fake.Ready.
func History(t fake.TB, s *fake.Server, id string, want ...fake.Change) bool {
	t.Helper()
	if !given(t, "History", s) {
		return false
	}
	if s.Dropped() > 0 {
		return failed(t, s, "History", record{dropped: s.Dropped()}.gap())
	}
	found := past(s, id)
	expected := fmt.Sprintf("expected %s %s to have been %s", nounNow(s, id, s.Resource(id), "Image"), id, inWords(want))
	switch {
	case len(want) == 0:
		return failed(t, s, "History", "there is nothing to compare with: name what the image went through", history(s, id))
	case len(found) == 0:
		return failed(t, s, "History", expected+". There never was a resource with this id", existing(s, "Resource"))
	case slices.Equal(found, want):
		return true
	}
	return failed(t, s, "History", expected+". It has been "+inWords(found), operationsOn(s, id))
}

// past returns what became of a resource.
func past(s *fake.Server, id string) []fake.Change {
	var changes []fake.Change
	for e := range s.Events() {
		if e.Kind == fake.ResourceEvent && e.ResourceID == id {
			changes = append(changes, e.Step)
		}
	}
	return changes
}

func inWords(changes []fake.Change) string {
	words := make([]string, len(changes))
	for i, change := range changes {
		words[i] = string(change)
	}
	return strings.Join(words, ", ")
}

func history(s *fake.Server, id string) string {
	if changes := past(s, id); len(changes) > 0 {
		return "  it has been " + inWords(changes)
	}
	return ""
}

// existed tells whether there was a resource with an id that is not there now.
func existed(s *fake.Server, id string) bool {
	return len(past(s, id)) > 0 || s.Snapshot().Gone(id)
}

// nounNow returns what a resource is, or was last where it is nil, in a word or two; where there never was one, what a check is about.
func nounNow(s *fake.Server, id string, now proto.Message, check string) string {
	if now != nil {
		return nounOf(now)
	}
	noun := strings.ToLower(check)
	for e := range s.Events() {
		if m := cmp.Or(e.Resource, e.Before); e.Kind == fake.ResourceEvent && e.ResourceID == id && m != nil {
			noun = nounOf(m)
		}
	}
	return noun
}

// existing lists what there is of what a check is about: images, or all resources, those of the public catalogue aside.
func existing(s *fake.Server, check string) string {
	var lines []string
	for _, m := range s.Resources(func(m proto.Message) bool { return textIn(m, "folder_id") != fake.StandardImages }) {
		switch _, is := m.(*compute.Image); {
		case is && check == "Image":
			lines = append(lines, plain.Line(idOf(m))+": "+resourceLine(m))
		case check != "Image":
			lines = append(lines, fmt.Sprintf("%s %s: %s", nounOf(m), plain.Line(idOf(m)), resourceLine(m)))
		}
	}
	what := strings.ToLower(check) + "s"
	if lines == nil {
		return fmt.Sprintf("  there are no %s outside the public catalogue", what)
	}
	return block(fmt.Sprintf("the %s that there are", what), cut(lines)...)
}

// operationsOn lists the operations on a resource.
func operationsOn(s *fake.Server, id string) string {
	var lines []string
	for _, op := range s.Operations() {
		if op.ResourceID() == id {
			lines = append(lines, op.String())
		}
	}
	return block("its operations", cut(lines)...)
}

// imageLine returns an image in a few words: READY, "web" of family "web" in folder f.
func imageLine(im *compute.Image) string {
	text := im.Status.String()
	if im.Name != "" {
		text += fmt.Sprintf(", %q", im.Name)
	}
	if im.Family != "" {
		text += fmt.Sprintf(" of family %q", im.Family)
	}
	return plain.Line(text + " in folder " + im.FolderId)
}

func nameOf(im *compute.Image) string {
	if im.Name == "" {
		return im.Id
	}
	return im.Name
}

// folders returns the folders that have images.
func folders(s *fake.Server) []string {
	ids := make(map[string]bool)
	for _, im := range s.Images() {
		ids[im.FolderId] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

// under puts the name of an image before lines.
func under(name string, lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = plain.Line(name + ": " + line)
	}
	return out
}

// names returns all keys of both maps, sorted.
func names[A, B any](a map[string]A, b map[string]B) []string {
	all := slices.Collect(maps.Keys(a))
	all = slices.AppendSeq(all, maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}

func brokenImages(images map[string][]Check) string {
	for _, name := range slices.Sorted(maps.Keys(images)) {
		if broken := brokenChecks(images[name]); broken != "" {
			return "the checks of " + name + ": " + broken
		}
	}
	return ""
}

func fieldName(s string) protoreflect.Name { return protoreflect.Name(s) }
