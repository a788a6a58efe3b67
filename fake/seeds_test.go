package fake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// A client that sorts by created_at sees images in the order in which the test added them.
func TestImagesAddedWithoutADateHaveAnOrder(t *testing.T) {
	clock := fake.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 500, time.UTC))
	cloud := fake.New(t, fake.WithClock(clock))
	added := cloud.AddImages(named("one"), named("two"))
	for i := range 10 {
		added = append(added, cloud.AddImage(named(fmt.Sprintf("more-%d", i))))
	}
	clock.Advance(time.Hour)
	added = append(added, cloud.AddImage(named("later")))
	require.True(t, slices.IsSortedFunc(added, func(a, b *compute.Image) int {
		require.NotEqual(t, a.CreatedAt.AsTime(), b.CreatedAt.AsTime())
		return a.CreatedAt.AsTime().Compare(b.CreatedAt.AsTime())
	}))
	for _, im := range added {
		require.False(t, im.CreatedAt.AsTime().After(clock.Now()), "%v is in the future", im.CreatedAt.AsTime())
		require.Zero(t, im.CreatedAt.Nanos)
	}
	require.Equal(t, 12*time.Hour+58*time.Minute, added[12].CreatedAt.AsTime().Sub(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)))
	for range 200 { // more than there are seconds
		require.False(t, cloud.AddImage(&compute.Image{FolderId: folder}).CreatedAt.AsTime().After(clock.Now()))
	}
}

func TestTheFolderIsShownWhereNamesClash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := fake.New(t)
		cloud.AddImages(named("web"), &compute.Image{FolderId: "b1gother", Name: "web"})
		_, err := clientsOf(cloud.Conn()).Create(t.Context(), fromDisk("web"))
		require.Equal(t, codes.AlreadyExists, status.Code(err))
		picture := strings.Join(strings.Fields(cloud.Timeline()), " ")
		require.Contains(t, picture, `AlreadyExists: Image with name "web" already exists in `+folder)
		require.Contains(t, picture, "image web of b1gother added by the test")
	})
}

// Equal servers answer with equal bytes: the order of a map's entries is not left to chance.
func TestEqualServersAnswerWithEqualBytes(t *testing.T) {
	labels := make(map[string]string)
	for i := range 16 {
		labels[fmt.Sprintf("label-%d", i)] = "x"
	}
	var first []byte
	for range 20 {
		cloud := fake.New(t, fake.WithPlan(fake.AtOnce()), fake.WithClock(fake.NewClock(time.Unix(0, 0))))
		request := fromDisk("web")
		request.Labels = labels
		op, _ := clientsOf(cloud.Conn()).create(t, request)
		if first == nil {
			first = op.GetResponse().Value
		}
		require.Equal(t, first, op.GetResponse().Value)
	}
	im := new(compute.Image)
	require.NoError(t, proto.Unmarshal(first, im))
	require.Equal(t, labels, im.Labels)
}

func TestAttemptsThatCannotBe(t *testing.T) {
	cloud := fake.New(t)
	for header, want := range map[string]int{
		"9223372036854775807": 1_000_001, "-3": 1, "garbage": 1, "": 1, "2": 3, "18446744073709551616": 1_000_001,
	} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "grpc-previous-rpc-attempts", header)
		_, err := clientsOf(cloud.Conn()).List(ctx, anyList)
		require.NoError(t, err)
		calls := cloud.Calls()
		require.Equal(t, want, calls[len(calls)-1].Attempt, "%q", header)
	}
}

// Attempts belong to the call whose attempt before they follow, also where another call of the same kind came between.
func TestAttemptsOfCallsSideBySide(t *testing.T) {
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	for _, previous := range []string{"0", "1", "0", "2"} {
		_, err := c.List(metadata.AppendToOutgoingContext(t.Context(), "grpc-previous-rpc-attempts", previous), anyList)
		require.NoError(t, err)
	}
	var firsts []int
	for _, call := range cloud.Calls() {
		firsts = append(firsts, call.First)
	}
	require.Equal(t, []int{1, 1, 3, 1}, firsts)
}

// The families that public code asks for are there, and every public image is pooled.
func TestTheCatalogue(t *testing.T) {
	cloud := fake.New(t, fake.WithStandardImages())
	for _, family := range strings.Fields(`ubuntu-1604-lts ubuntu-1804-lts ubuntu-2004-lts ubuntu-2204-lts ubuntu-2404-lts
		ubuntu-2204-lts-oslogin ubuntu-2404-lts-oslogin ubuntu-2004-lts-gpu debian-10 debian-11 debian-12 centos-7 centos-stream-8
		centos-stream-9-oslogin almalinux-8 almalinux-9 rocky-9-oslogin fedora-35 fedora-37 nat-instance-ubuntu
		nat-instance-ubuntu-2204 lemp lamp gitlab opensuse-15-3 toolbox container-optimized-image`) {
		im, err := clientsOf(cloud.Conn()).GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{FolderId: fake.StandardImages, Family: family})
		require.NoError(t, err, family)
		require.True(t, im.Pooled, family)
		all := cloud.Images(func(im *compute.Image) bool { return im.Family == family })
		require.Greater(t, len(all), 1, family)
	}
	smallest, err := clientsOf(cloud.Conn()).GetLatestByFamily(t.Context(), &compute.GetImageLatestByFamilyRequest{FolderId: fake.StandardImages, Family: "ubuntu-1804-lts"})
	require.NoError(t, err)
	require.LessOrEqual(t, smallest.MinDiskSize, int64(4)<<30)
	require.NotEmpty(t, cloud.Images(func(im *compute.Image) bool { return im.GetOs().GetType() == compute.Os_WINDOWS }))
}
