package conformance

import (
	"fmt"
	"strconv"
	"strings"
)

// DryRun tells what a run of the cases would do to a target, without calling it: which cases are skipped, and how many images each
// of the others makes.
func DryRun(target Target, cases []Case) string {
	var b strings.Builder
	made, most := 0, 0
	for _, c := range cases {
		if missing := target.missing(c); missing != nil {
			fmt.Fprintf(&b, "skip  %s: needs %v\n", c.ID, missing)
			continue
		}
		n := c.Creates()
		made, most = made+n, max(most, n)
		asked := ""
		if target.Real && c.row().Source == Choice {
			asked = ", asked only"
		}
		fmt.Fprintf(&b, "run   %s: %s%s\n", c.ID, images(n), asked)
	}
	folder := "of the target"
	if target.Folder != "" {
		folder = strconv.Quote(target.Folder)
	}
	fmt.Fprintf(&b, "In all %s made in the folder %s, at most %d at a time, each deleted at the end of its case. What the service charges "+
		"is the storage of an image, of the size of the public one it is made from, for the minutes that a case takes.\n", images(made), folder, most)
	return b.String()
}

func images(n int) string {
	switch n {
	case 0:
		return "no image"
	case 1:
		return "1 image"
	}
	return fmt.Sprintf("%d images", n)
}
