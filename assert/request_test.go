package assert_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/imagefake/imagefake/assert"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
)

// A matcher is a value: what it was made of may change, and it may stand wherever package fake takes one.
func TestMatchersOfRequests(t *testing.T) {
	cloud := fake.New(t)
	partial := &compute.GetImageRequest{ImageId: "a"}
	like, exactly := fake.Like(partial), fake.Exactly(partial)
	field := fake.Field[*compute.GetImageRequest]("image_id", "a")
	partial.ImageId = "b"

	for _, m := range []fake.Matcher{like, exactly, field, fake.Work(like), fake.AllOf(like, exactly, fake.Not(fake.Not(field)))} {
		fault := cloud.Inject(fake.Fault{On: m, Do: fake.Return(codes.Unavailable)})
		before := len(cloud.Calls(m))
		for _, id := range []string{"a", "b"} {
			_, err := compute.NewImageServiceClient(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: id})
			require.Error(t, err)
		}
		require.Equal(t, 1, fault.Fired(), "%v", m)
		require.Len(t, cloud.Calls(m), before+1, "%v", m)
		fault.Remove()
	}
}

// go-cmp panics where options are ambiguous, and sees that only when it comes to a value of the type.
func TestExactlyWithOptionsThatTurnOutBroken(t *testing.T) {
	cloud := fake.New(t)
	_, err := compute.NewImageServiceClient(cloud.Conn()).Get(t.Context(), &compute.GetImageRequest{ImageId: "a"})
	require.Error(t, err)
	same := func(a, b string) bool { return a == b }
	r := new(recorder)

	require.False(t, assert.Called(r, cloud, fake.Exactly(&compute.GetImageRequest{}, gocmp.Comparer(same), gocmp.Comparer(same))))
	require.Len(t, r.failures, 1)
}
