package stories

import (
	"slices"
	"testing"

	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
)

// The clients are in modules of their own: here a story that the table has forgotten, or a verdict nobody would miss, shows sooner.
func TestTableIsComplete(t *testing.T) {
	var want, got []string
	for _, story := range scenario.Stories() {
		want = append(want, story.Name)
	}
	for _, v := range verdicts {
		got = append(got, v.story)
		require.NotEmpty(t, v.why, "the verdict on %s says no reason", v.story)
	}
	require.Equal(t, want, slices.Compact(got), "the stories that there are verdicts on, in the order of the catalogue")
}
