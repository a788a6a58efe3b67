package stories

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/status"
)

// Run plays every story of the catalogue, and checks the verdicts on it. A story without a verdict fails, as does a verdict on a story
// that there is not. Each has a server and a synctest bubble of its own, in which connect makes the client; connect leaves it to
// t.Cleanup to close it. The story begins when connect returns.
func Run(t *testing.T, connect func(*testing.T, *fake.Server, Options) Client) {
	on := make(map[string][]verdict)
	for _, v := range verdicts {
		on[v.story] = append(on[v.story], v)
	}
	for _, story := range scenario.Stories() {
		t.Run(story.Name, func(t *testing.T) {
			require.NotEmpty(t, on[story.Name], "the story has no verdict: add one to the table. What happens: %s", story.Happens)
			for _, v := range on[story.Name] {
				if v.name == "" {
					v.play(t, connect)
				} else {
					t.Run(v.name, func(t *testing.T) { v.play(t, connect) })
				}
			}
		})
		delete(on, story.Name)
	}
	require.Empty(t, on, "verdicts on stories that are not in the catalogue")
}

func (v verdict) play(t *testing.T, connect func(*testing.T, *fake.Server, Options) Client) {
	story := find(t, v.story)
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t, fake.WithStandardImages())
		for i, name := range v.old { // with ids, by which a list is ordered
			cloud.AddImages(&compute.Image{Id: fmt.Sprintf("fd8old%014d", i), FolderId: folder, Name: name})
		}
		client := connect(t, cloud, v.opts)
		story.Play(t, cloud)
		start, before := time.Now(), len(cloud.Calls())

		err := v.body(t.Context(), client)

		took := time.Since(start)
		calls := cloud.Calls()[before:]
		require.Equal(t, v.code, status.Code(err), "%s; the body ended with: %v", v.why, err)
		require.Equal(t, v.left, left(cloud), "%s: images in the folder", v.why)
		for method, want := range v.calls {
			n := 0
			for _, c := range calls {
				if c.Method == method {
					n++
				}
			}
			require.Equal(t, want, n, "%s: calls of %s", v.why, method)
		}
		if v.under > 0 {
			require.Less(t, took, v.under, "%s: time", v.why)
		}
		if v.took > 0 {
			require.Equal(t, v.took, took, "%s: time", v.why)
		}
	})
}

// find returns a story as new: each server uses up one.
func find(t *testing.T, name string) scenario.Story {
	t.Helper()
	stories := scenario.Stories()
	i := slices.IndexFunc(stories, func(s scenario.Story) bool { return s.Name == name })
	require.NotEqual(t, -1, i, "there is no story %q", name)
	return stories[i]
}

// left tells which images are in the folder.
func left(cloud *fake.Server) string {
	var all []string
	for _, im := range cloud.Images(func(im *compute.Image) bool { return im.FolderId == folder }) {
		all = append(all, fmt.Sprintf("%s %s", cmp.Or(im.Name, "(no name)"), im.Status))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
