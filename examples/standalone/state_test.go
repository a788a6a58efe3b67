package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

// all returns the images of a folder, as a client sees them.
func (p *program) all(folder string) []*compute.Image {
	p.t.Helper()
	page, err := compute.NewImageServiceClient(p.tls()).List(p.t.Context(), &compute.ListImagesRequest{FolderId: folder, PageSize: 1000})
	require.NoError(p.t, err)
	return page.Images
}

func TestStateRoundTrip(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cloud.json")
	first := start(t, "-state", file, "-standard-images", "-plan", "at-once", "-plan", "ImageDelete:stuck")
	images := compute.NewImageServiceClient(first.tls())
	for _, name := range []string{"web", "data"} {
		_, err := images.Create(t.Context(), &compute.CreateImageRequest{FolderId: "f", Name: name, Labels: map[string]string{"a": "b"},
			Source: &compute.CreateImageRequest_DiskId{DiskId: "epd"}})
		require.NoError(t, err)
	}
	mine, public := first.all("f"), first.all("standard-images")
	require.Len(t, mine, 2)
	require.NotEmpty(t, public)
	_, err := images.Delete(t.Context(), &compute.DeleteImageRequest{ImageId: mine[0].Id})
	require.NoError(t, err)
	require.NoError(t, first.stop())

	second := start(t, "-state", file, "-standard-images", "-plan", "stuck")
	require.Empty(t, cmp.Diff(mine, second.all("f"), protocmp.Transform()), "the delete has not happened")
	require.Empty(t, cmp.Diff(public, second.all("standard-images"), protocmp.Transform()))
	_, err = compute.NewImageServiceClient(second.tls()).Create(t.Context(), &compute.CreateImageRequest{FolderId: "f", Name: "half",
		Source: &compute.CreateImageRequest_DiskId{DiskId: "epd"}})
	require.NoError(t, err)
	require.Len(t, second.all("f"), 3)
	require.NoError(t, second.stop())

	third := start(t, "-from", file)
	require.Empty(t, cmp.Diff(mine, third.all("f"), protocmp.Transform()), "what was being created has not come about")
	require.NoError(t, third.stop())
}

func TestBadStateFiles(t *testing.T) {
	whole, err := encode([]proto.Message{&compute.Image{Id: "fd8a", FolderId: "f", Name: "web", Status: compute.Image_READY}})
	require.NoError(t, err)
	const file = `{"kind": %q, "version": %d, "images": [%s]}`
	for name, c := range sorted(map[string]struct{ text, says string }{
		"empty":               {"", "is empty"},
		"cut short":           {string(whole[:len(whole)/2]), "cut short"},
		"another version":     {fmt.Sprintf(file, savedKind, 3, ""), "of version 3, and this program reads versions up to 2"},
		"without a version":   {`{"kind": "imagefake state", "images": []}`, "of version 0"},
		"another kind":        {fmt.Sprintf(file, "recipe", 1, ""), `its kind is "recipe"`},
		"no JSON":             {"images: none", "no file of this program"},
		"without images":      {`{"kind": "imagefake state", "version": 1}`, `no "images"`},
		"more behind it":      {string(whole) + "{}", "something follows"},
		"a field that's none": {fmt.Sprintf(file, savedKind, 1, `{"id": "fd8a"}, {"colour": "red"}`), "image 2 of 2"},
		"an invalid image":    {fmt.Sprintf(file, savedKind, 1, `{"id": "fd8a", "folderId": "f", "name": "-"}`), "name"},
		"a type that is none": {`{"kind": "imagefake state", "version": 2, "images": [], "resources": [{"@type": "type.googleapis.com/yandex.cloud.No", "id": "x"}]}`, "resource 1 of 1"},
		"no resource":         {`{"kind": "imagefake state", "version": 2, "images": [], "resources": [{"@type": "type.googleapis.com/google.protobuf.Empty", "value": {}}]}`, "no resource"},
		"one image twice":     {fmt.Sprintf(file, savedKind, 1, `{"id": "fd8a", "folderId": "f"}, {"id": "fd8a", "folderId": "f"}`), "is taken"},
	}) {
		t.Run(name, func(t *testing.T) {
			at := filepath.Join(t.TempDir(), "cloud.json")
			require.NoError(t, os.WriteFile(at, []byte(c.text), 0o600))
			require.ErrorContains(t, run(context.Background(), []string{"-state", at}, io.Discard), c.says)
			requireOnly(t, at, c.text)
		})
	}
	missing := filepath.Join(t.TempDir(), "none.json")
	require.ErrorContains(t, run(context.Background(), []string{"-from", missing}, io.Discard), "none.json")
}

func TestOldFileStaysWhereTheNewOneFails(t *testing.T) {
	at := filepath.Join(t.TempDir(), "cloud.json")
	require.NoError(t, os.WriteFile(at, []byte("old"), 0o600))
	full := errors.New("the disk is full")
	err := replace(at, func(w io.Writer) error {
		_, err := w.Write([]byte("ne"))
		return errors.Join(err, full)
	})
	require.ErrorIs(t, err, full)
	requireOnly(t, at, "old")
}

// requireOnly requires that a file is the only one in its directory, and is as it was.
func requireOnly(t *testing.T, at, text string) {
	t.Helper()
	is, err := os.ReadFile(at)
	require.NoError(t, err)
	require.Equal(t, text, string(is))
	beside, err := os.ReadDir(filepath.Dir(at))
	require.NoError(t, err)
	require.Len(t, beside, 1)
}

func TestTimelineAtTheEnd(t *testing.T) {
	at := filepath.Join(t.TempDir(), "timeline.html")
	p := start(t, "-timeline", at)
	p.all("f")
	require.NoError(t, p.stop())
	page, err := os.ReadFile(at)
	require.NoError(t, err)
	require.Contains(t, string(page), "ImageList")
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// FuzzStateFile: a file is refused, or holds images that are written and read again as they were, and that a server takes or refuses
// one by one.
func FuzzStateFile(f *testing.F) {
	whole, err := encode([]proto.Message{
		&compute.Image{Id: "fd8a", FolderId: "f", Name: "web", Status: compute.Image_READY, Labels: map[string]string{"a": "b"}, MinDiskSize: 4 << 20},
		&compute.Disk{Id: "epda", FolderId: "f", Name: "data", Status: compute.Disk_READY, Size: 4 << 30},
		&compute.Image{Id: "fd8b", FolderId: "f", Os: &compute.Os{Type: compute.Os_LINUX}, Status: compute.Image_ERROR},
	})
	require.NoError(f, err)
	const file = `{"kind": "imagefake state", "version": 1, "images": [%s]}`
	for _, text := range []string{
		"", "{}", "null", "[]", string(whole), string(whole[:len(whole)/2]), string(whole) + "{}", `{"kind": "imagefake state", "version": 1}`,
		`{"kind": "imagefake state", "version": 1e0, "images": null}`, fmt.Sprintf(file, ""), fmt.Sprintf(file, "null"), fmt.Sprintf(file, "1"),
		fmt.Sprintf(file, `{"id": "fd8a", "folderId": "f", "status": "CREATING"}, {"id": "x", "folderId": "f", "status": "DELETING"}`),
		fmt.Sprintf(file, `{"id": "fd8a", "folderId": "f"}, {"id": "fd8a"}`), fmt.Sprintf(file, `{"status": 99, "createdAt": "9999-12-31T23:59:59.9Z"}`),
		fmt.Sprintf(file, `{"name": "\u0000\ud800"}`), fmt.Sprintf(file, `{"minDiskSize": "-9223372036854775808", "folderId": "f"}`),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		resources, err := decode(text)
		if err != nil {
			require.Nil(t, resources)
			return
		}
		cloud, err := fake.Start(fake.WithPlan(fake.Stuck()))
		require.NoError(t, err)
		taken := cloud.AddResources(resources...)
		require.LessOrEqual(t, len(taken), len(resources))
		require.Equal(t, len(taken) < len(resources), cloud.Close() != nil)

		settled := make([]proto.Message, 0, len(taken)) // what was under way has not happened
		for _, m := range taken {
			if im, is := m.(*compute.Image); !is || im.Status != compute.Image_CREATING {
				settled = append(settled, m)
			}
		}
		slices.SortStableFunc(settled, func(a, b proto.Message) int { return btoi(isImage(b)) - btoi(isImage(a)) })
		saved, err := encode(taken)
		require.NoError(t, err)
		again, err := decode(saved)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(settled, again, protocmp.Transform()))
	})
}
