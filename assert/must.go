package assert

import (
	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
)

// Must makes every check on the TB it returns stop the test when it fails, as testify's require does:
//
//	must := assert.Must(t)
//	assert.Called(must, cloud, fake.ImageCreate)
//
// Call Must on the goroutine of the test: only that one may be stopped. A check that fails on another goroutine is reported, and
// stops nothing.
func Must(t fake.TB) fake.TB { return must{t, plain.CurrentGoroutine().ID} }

type must struct {
	fake.TB
	home string // the goroutine of the test
}

// Errorf reports a failure and stops the test.
func (m must) Errorf(format string, args ...any) {
	m.TB.Helper()
	m.TB.Errorf(format, args...)
	if plain.CurrentGoroutine().ID == m.home {
		m.TB.FailNow()
	}
}
