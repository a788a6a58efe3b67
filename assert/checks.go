package assert

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/proto"
)

// Check says what an image is to be like, in [Image], [Folder] and [Changed]. String is what a failure text shows.
type Check interface {
	fmt.Stringer
	// check returns how an image differs. Only Gone takes one that is nil.
	check(*compute.Image) []plain.Difference
	// covers tells whether the check is about a field of images.
	covers(field string) bool
}

// partial compares with an image in which only some fields count.
type partial struct {
	image *compute.Image // the fields that count
	text  string
	whole string // field that counts as a whole
}

func (p partial) String() string { return p.text }

func (p partial) check(im *compute.Image) []plain.Difference {
	if p.whole != "" {
		return plain.Differences(p.image, only(im, p.whole))
	}
	return plain.Partial(p.image, im)
}

func (p partial) covers(field string) bool {
	if p.whole != "" {
		return field == p.whole
	}
	fd := p.image.ProtoReflect().Descriptor().Fields().ByName(fieldName(field))
	return fd != nil && p.image.ProtoReflect().Has(fd)
}

// Status checks the status of an image.
func Status(status compute.Image_Status) Check {
	return partial{&compute.Image{Status: status}, "status " + status.String(), "status"}
}

// Family checks the family of an image; "" stands for none.
func Family(family string) Check {
	return partial{&compute.Image{Family: family}, fmt.Sprintf("family %q", family), "family"}
}

// Labels checks all labels of an image: these and no others. For some of them use [Fields].
func Labels(labels map[string]string) Check {
	return partial{&compute.Image{Labels: maps.Clone(labels)}, labelText(labels), "labels"}
}

func labelText(labels map[string]string) string {
	if len(labels) == 0 {
		return "no labels"
	}
	entries := make([]string, 0, len(labels))
	for k, v := range labels {
		entries = append(entries, fmt.Sprintf("%q: %q", k, v))
	}
	slices.Sort(entries)
	return "labels {" + strings.Join(entries, ", ") + "}"
}

// Fields checks the fields of an image that are populated in want: of a message inside, those that are populated in that; of the
// labels, those that are there; a list as a whole.
func Fields(want *compute.Image) Check {
	if want == nil {
		return misuse("Fields is given a nil image: give it one with the fields that count")
	}
	want = proto.Clone(want).(*compute.Image)
	return partial{image: want, text: "fields " + plain.Redacted(want)}
}

// Gone checks that an image is not there any more. One that never was there has not gone. It is the only check of its image.
func Gone() Check { return gone{} }

type gone struct{}

func (gone) String() string { return "gone" }

func (gone) check(im *compute.Image) []plain.Difference {
	if im == nil {
		return nil
	}
	return []plain.Difference{{Path: "the image", Want: "gone", Got: im.Status.String()}}
}

func (gone) covers(string) bool { return true }

// misuse is a check that makes no sense; the text tells why.
type misuse string

func (m misuse) String() string                          { return string(m) }
func (m misuse) check(*compute.Image) []plain.Difference { return nil }
func (m misuse) covers(string) bool                      { return true }

// brokenChecks returns what is wrong with checks themselves, "" if nothing.
func brokenChecks(checks []Check) string {
	for _, c := range checks {
		switch c := c.(type) {
		case nil:
			return "one of the checks is nil"
		case misuse:
			return string(c)
		case gone:
			if len(checks) > 1 {
				return "an image that is gone has nothing else to check: leave Gone, or the others, out"
			}
		}
	}
	return ""
}

// wantsGone tells whether an image is to be gone.
func wantsGone(checks []Check) bool { return len(checks) == 1 && checks[0] == Check(gone{}) }

// checkTexts returns checks in words.
func checkTexts(checks []Check) string {
	texts := make([]string, len(checks))
	for i, c := range checks {
		texts[i] = c.String()
	}
	return strings.Join(texts, ", ")
}

// differences returns how an image differs from checks, each field once, as lines.
func differences(im *compute.Image, checks []Check) []string {
	var lines []string
	for _, c := range checks {
		for _, d := range c.check(im) {
			if line := d.String(); !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}
