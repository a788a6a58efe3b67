package store

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"
)

// A model keeps images in a map and answers every question by looking at all of them.
type model map[string]*Image

func (m model) folder(folder string) []string {
	var ids []string
	for id, im := range m {
		if im.FolderId == folder {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (m model) latest(folder, family string) *Image {
	var candidates []*Image
	for _, im := range m {
		if im.FolderId == folder && im.Family == family && family != "" && im.Status == compute.Image_READY {
			candidates = append(candidates, im)
		}
	}
	if len(candidates) == 0 {
		return nil
	}
	return slices.MaxFunc(candidates, func(a, b *Image) int {
		return cmp.Or(cmp.Compare(a.CreatedAt.Seconds, b.CreatedAt.Seconds), cmp.Compare(a.Seq, b.Seq))
	})
}

func (m model) named(folder, name string) *Image {
	for _, im := range m {
		if im.FolderId == folder && im.Name == name && name != "" {
			return im
		}
	}
	return nil
}

func ids(images []*Image) []string {
	var ids []string
	for _, im := range images {
		ids = append(ids, im.Id)
	}
	return ids
}

// The indexes agree with the model after any sequence of changes, and clones taken on the way stay as they were.
func TestImagesAgreeWithTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, m := NewImages(), model{}
		var clones []*Images
		var models []model
		folders, families := rapid.SampledFrom([]string{"a", "b"}), rapid.SampledFrom([]string{"", "f", "f\x01", "g"})
		statuses := rapid.SampledFrom([]compute.Image_Status{compute.Image_READY, compute.Image_CREATING, compute.Image_ERROR})
		for seq := range rapid.Int64Range(1, 60).Draw(t, "changes") {
			id := fmt.Sprintf("id-%d", rapid.IntRange(0, 15).Draw(t, "id"))
			switch rapid.IntRange(0, 4).Draw(t, "change") {
			case 0:
				gone := s.Remove(id)
				require.Equal(t, m[id], gone)
				if gone != nil {
					_, past := s.Past(id)
					require.True(t, past)
				}
				delete(m, id)
			case 1:
				clones, models = append(clones, s.Clone()), append(models, maps.Clone(m))
			default:
				im := &Image{Seq: seq, Image: &compute.Image{
					Id: id, FolderId: folders.Draw(t, "folder"), Family: families.Draw(t, "family"), Status: statuses.Draw(t, "status"),
					Name:      rapid.SampledFrom([]string{"", "x", "y", "z"}).Draw(t, "name"),
					CreatedAt: &timestamppb.Timestamp{Seconds: rapid.Int64Range(0, 3).Draw(t, "created")},
				}}
				if old := m[id]; old != nil {
					im.FolderId = old.FolderId // an image stays in its folder
				}
				if s.Taken(im.FolderId, im.Name, id) {
					continue // the caller asks first
				}
				require.Equal(t, m[id], s.Put(im))
				m[id] = im
			}
		}
		agree(t, s, m)
		for i := range clones {
			agree(t, clones[i], models[i])
		}
	})
}

func agree(t require.TestingT, s *Images, m model) {
	require.Equal(t, len(m), s.Len())
	for id := range m {
		require.Same(t, m[id], s.Get(id))
	}
	for _, folder := range []string{"a", "b"} {
		want := m.folder(folder)
		require.Equal(t, want, ids(slices.Collect(s.Folder(folder, ""))))
		if len(want) > 0 {
			middle := want[len(want)/2]
			require.Equal(t, slices.DeleteFunc(slices.Clone(want), func(id string) bool { return id <= middle }), append([]string{}, ids(slices.Collect(s.Folder(folder, middle)))...))
		}
		slices.Reverse(want)
		require.Equal(t, want, ids(slices.Collect(s.FolderDescending(folder, ""))))
		for _, family := range []string{"", "f", "f\x01", "g"} {
			require.Equal(t, m.latest(folder, family), s.Latest(folder, family), "%s/%s", folder, family)
		}
		for _, name := range []string{"", "x", "y", "z"} {
			require.Equal(t, m.named(folder, name), s.Named(folder, name))
		}
	}
	require.True(t, slices.IsSortedFunc(slices.Collect(s.All()), func(a, b *Image) int { return strings.Compare(a.Id, b.Id) }))
}

func TestHeldNamesAreTaken(t *testing.T) {
	s := NewImages()
	s.Put(&Image{Image: &compute.Image{Id: "im", FolderId: "a", Name: "old"}})
	s.Hold("a", "new", "op-1", "im")
	s.Hold("a", "new", "op-2", "im")
	s.Hold("a", "", "op-3", "im")

	require.True(t, s.Taken("a", "old", ""))
	require.False(t, s.Taken("a", "old", "im"), "its own")
	require.True(t, s.Taken("a", "new", ""))
	require.False(t, s.Taken("a", "new", "im"), "promised to itself")
	require.False(t, s.Taken("b", "new", ""), "names belong to a folder")
	require.False(t, s.Taken("a", "", ""), "the empty name is free")
	clone := s.Clone()
	s.Release("a", "new", "op-1")
	require.True(t, s.Taken("a", "new", ""), "the other operation still holds it")
	s.Release("a", "new", "op-2")
	require.False(t, s.Taken("a", "new", ""))
	require.True(t, clone.Taken("a", "new", ""))
}
