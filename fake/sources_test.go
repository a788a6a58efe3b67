package fake_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

// TestWhatAnImageInherits: an image is encrypted with the key of its source, in whatever row of images it stands.
func TestWhatAnImageInherits(t *testing.T) {
	key := &compute.KMSKey{KeyId: "abj", VersionId: "abj1"}
	generation2 := &compute.HardwareGeneration{Features: &compute.HardwareGeneration_Generation2Features{
		Generation2Features: &compute.Generation2HardwareFeatures{}}}
	for name, row := range map[string]struct {
		request  proto.Message
		key      *compute.KMSKey
		hardware *compute.HardwareGeneration // nil: legacy
		pooled   bool
	}{
		"encrypted disk":     {fromDiskOf("encrypted", 0), key, generation2, true},
		"encrypted snapshot": {fromSnapshot("encrypted", 0), key, generation2, true},
		"encrypted image":    {fromImage("encrypted-image"), key, nil, false},
		"plain disk":         {fromDiskOf("plain", 0), nil, nil, false},
		"unknown disk":       {fromDiskOf("unknown", 0), nil, nil, false},
		"object":             {fromObject("https://storage.yandexcloud.net/b/o"), nil, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			sources := []fake.Source{
				{Disk: "encrypted", KMSKey: key, Hardware: generation2, Pooled: true}, {Snapshot: "encrypted", KMSKey: key, Hardware: generation2, Pooled: true},
				{Disk: "plain", Size: gib},
			}
			cloud := fake.New(t, atOnce, fake.WithSources(sources...))
			cloud.AddImages(&compute.Image{Id: "encrypted-image", FolderId: folder, KmsKey: key, Pooled: true})
			_, _, err := send(t.Context(), cloud.Conn(), row.request)
			require.NoError(t, err)

			images := cloud.Images()
			made := images[len(images)-1]
			require.Empty(t, cmp.Diff(row.key, made.KmsKey, protocmp.Transform()))
			require.Equal(t, row.pooled, made.Pooled)
			if row.hardware != nil {
				require.Empty(t, cmp.Diff(row.hardware, made.HardwareGeneration, protocmp.Transform()))
			}
			again, _, err := send(t.Context(), cloud.Conn(), fromImage(made.Id))
			require.NoError(t, err)
			require.NotNil(t, again)
			images = cloud.Images()
			require.Empty(t, cmp.Diff(row.key, images[len(images)-1].KmsKey, protocmp.Transform()), "and an image made from that one")
		})
	}
}

// TestSourcesComeAndGo: a source that is added while the server runs counts from then on, one that is taken away is gone.
func TestSourcesComeAndGo(t *testing.T) {
	const uri = "https://storage.yandexcloud.net/b/o"
	for name, row := range map[string]struct {
		source  fake.Source
		request func() proto.Message
		gone    outcome // of the call, or of the operation
	}{
		"disk":     {fake.Source{Disk: "d"}, func() proto.Message { return fromDiskOf("d", 0) }, noSource("Disk", "d")},
		"snapshot": {fake.Source{Snapshot: "d"}, func() proto.Message { return fromSnapshot("d", 0) }, noSource("Snapshot", "d")},
		"object": {fake.Source{Object: uri}, func() proto.Message { return fromObject(uri + "?signed") },
			outcome{code: codes.InvalidArgument, text: "url source not found"}},
	} {
		for closed, options := range map[string][]fake.Option{"open": nil, "closed": {fake.WithOnlySources()}} {
			t.Run(name+", "+closed, func(t *testing.T) {
				cloud := fake.New(t, options...)
				c := clientsOf(cloud.Conn())
				create := func(want outcome) {
					t.Helper()
					reply, _, err := send(t.Context(), cloud.Conn(), row.request())
					if name != "object" || want.code == codes.OK {
						require.Equal(t, want.code.String(), codeName(err))
					}
					if err == nil {
						op := c.poll(t, reply.(interface{ GetId() string }).GetId())
						require.Equal(t, want.text, op.GetError().GetMessage())
					}
				}
				if closed == "closed" {
					create(row.gone)
				} else {
					create(outcome{})
				}

				for _, size := range []int64{gib, 8 * gib} {
					sized := row.source
					sized.Size = size
					cloud.AddSources(sized)
					create(outcome{})
					images := cloud.Images()
					require.Equal(t, size, images[len(images)-1].Size)
				}
				before := cloud.Snapshot()
				cloud.RemoveSources(row.source)
				create(row.gone)
				cloud.Restore(before)
				create(outcome{})
			})
		}
	}
}

func TestMisuseOfSources(t *testing.T) {
	tb := &recorder{T: t}
	cloud := fake.New(tb, fake.WithOnlySources(fake.Source{Disk: "d"}))
	for text, do := range map[string]func(){
		"AddSources: source 2: exactly one of":                        func() { cloud.AddSources(fake.Source{Disk: "e"}, fake.Source{}) },
		"AddSources: source 1: only disks and snapshots have KMSKey":  func() { cloud.AddSources(fake.Source{Object: "https://storage.yandexcloud.net/b/o", Pooled: true}) },
		`AddSources: source 1: the object "s3://b/o" cannot be named`: func() { cloud.AddSources(fake.Source{Object: "s3://b/o"}) },
		`RemoveSources: source 1: there is no snapshot "d"`:           func() { cloud.RemoveSources(fake.Source{Snapshot: "d"}) },
		`RemoveSources: source 2: there is no disk "d"`:               func() { cloud.RemoveSources(fake.Source{Disk: "d"}, fake.Source{Disk: "d"}) },
	} {
		do()
		told := tb.take()
		require.Len(t, told, 1)
		require.Contains(t, told[0], text)
		cloud.AddSources(fake.Source{Disk: "d"})
	}
}
