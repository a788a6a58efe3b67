package assert_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/assert"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// Each rule that is not kept is a failure of its own; where all are kept there is none.
func TestMannersAreJudgedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := retried("", "")(t)
		r := new(recorder)
		require.False(t, assert.Manners(r, s.Server))
		require.Len(t, r.failures, 2)
		require.True(t, strings.HasPrefix(r.failures[0], "assert.KeysKept: "), r.failures[0])
		require.True(t, strings.HasPrefix(r.failures[1], "assert.Deadlines: "), r.failures[1])
		for _, line := range r.lines {
			require.Contains(t, line, "manners_test.go:")
		}
	})

	cloud := fake.New(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := compute.NewImageServiceClient(cloud.Conn()).List(ctx, &compute.ListImagesRequest{FolderId: "f"})
	require.NoError(t, err)
	require.True(t, assert.Manners(t, cloud))
}
