package assert_test

import (
	"testing"

	"github.com/imagefake/imagefake/assert"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
)

// A check stops the test only through Must, and only on the goroutine that called it.
func TestMust(t *testing.T) {
	cloud := fake.New(t)
	r := new(recorder)
	must := assert.Must(r)

	require.True(t, assert.NotCalled(must, cloud))
	require.Zero(t, r.stopped, "a check that passes stops nothing")

	require.False(t, assert.Called(must, cloud))
	require.Equal(t, 1, r.stopped)

	done := make(chan bool)
	go func() { done <- assert.Called(must, cloud) }()
	require.False(t, <-done)
	require.Len(t, r.failures, 2, "a failure on another goroutine is reported")
	require.Equal(t, 1, r.stopped, "and stops nothing")
	for _, line := range r.lines {
		require.Contains(t, line, "must_test.go:", "failures are reported where the check stands")
	}
}
