package assert_test

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/imagefake/imagefake/assert"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
)

// Checks that fail mark the calls at fault in the picture of the failed test. The calls: 1 and 2 Gets that fail in the same way, 3 a
// Create, 4 a List with more pages than one.
func TestChecksMarkTheCallsAtFault(t *testing.T) {
	one := func(m fake.Matcher) []fake.Matcher { return []fake.Matcher{m} }
	for name, tt := range map[string]struct {
		check func(fake.TB, *fake.Server) bool
		marks []int
	}{
		"NotCalled":       {func(t fake.TB, s *fake.Server) bool { return assert.NotCalled(t, s, fake.ImageGet) }, []int{1, 2}},
		"CalledTimes":     {func(t fake.TB, s *fake.Server) bool { return assert.CalledTimes(t, s, 1, fake.ImageGet) }, []int{2}},
		"CalledTimes few": {func(t fake.TB, s *fake.Server) bool { return assert.CalledTimes(t, s, 5, fake.ImageGet) }, nil},
		"Outcomes": {func(t fake.TB, s *fake.Server) bool {
			return assert.Outcomes(t, s, fake.ImageGet, codes.NotFound, codes.OK)
		}, []int{2}},
		"Sequence": {func(t fake.TB, s *fake.Server) bool { return assert.Sequence(t, s, fake.ImageGet, fake.ImageList) }, []int{2}},
		"Gaps": {func(t fake.TB, s *fake.Server) bool {
			return assert.Gaps(t, s, fake.ImageGet, assert.Pauses{AtLeast: 1e15})
		}, []int{1, 2}},
		"Before": {func(t fake.TB, s *fake.Server) bool { return assert.Before(t, s, fake.ImageCreate, fake.ImageGet) }, []int{1, 3}},
		"NeverConcurrent": {func(t fake.TB, s *fake.Server) bool {
			return assert.NeverConcurrent(t, s, fake.Work(fake.ImageCreate), fake.ImageList)
		}, []int{3, 7}},
		"NotRepeated": {assert.NotRepeated, []int{2}},
		"Awaited":     {assert.Awaited, []int{3}},
		"PagesRead":   {assert.PagesRead, []int{7}},
		"Deadlines":   {func(t fake.TB, s *fake.Server) bool { return assert.Deadlines(t, s, one(fake.ImageCreate)...) }, []int{3}},
		"Called":      {func(t fake.TB, s *fake.Server) bool { return assert.Called(t, s, fake.ImageDelete) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t, fake.WithPlan(fake.Stuck()))
			images := compute.NewImageServiceClient(cloud.Conn())
			for range 2 {
				_, err := images.Get(t.Context(), &compute.GetImageRequest{ImageId: "none"})
				require.Error(t, err)
			}
			_, err := images.Create(t.Context(), &compute.CreateImageRequest{FolderId: "b1g", Name: "web", Source: &compute.CreateImageRequest_DiskId{DiskId: "epd"}})
			require.NoError(t, err)
			cloud.AddImage(&compute.Image{FolderId: "b1g", Name: "cache"})
			_, err = images.List(t.Context(), &compute.ListImagesRequest{FolderId: "b1g", PageSize: 1})
			require.NoError(t, err)

			require.NotContains(t, cloud.Timeline(), "◀")
			r := &recorder{}
			require.False(t, tt.check(r, cloud))
			var marks []int
			for _, found := range regexp.MustCompile(`(\d+)  .*\n.*◀ +at fault`).FindAllStringSubmatch(cloud.Timeline(), -1) {
				seq, err := strconv.Atoi(found[1])
				require.NoError(t, err)
				marks = append(marks, seq)
			}
			require.Equal(t, tt.marks, marks, cloud.Timeline())
		})
	}
}
