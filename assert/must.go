package assert

import (
	"bytes"
	"runtime"

	"github.com/imagefake/imagefake/fake"
)

// Must makes every check on the TB it returns stop the test when it fails, as testify's require does:
//
//	must := assert.Must(t)
//	assert.Called(must, cloud, fake.ImageCreate)
//
// Call Must on the goroutine of the test: only that one may be stopped. A check that fails on another goroutine is reported, and
// stops nothing.
func Must(t fake.TB) fake.TB { return must{t, goroutine()} }

type must struct {
	fake.TB
	home string // the goroutine of the test
}

// Errorf reports a failure and stops the test.
func (m must) Errorf(format string, args ...any) {
	m.TB.Helper()
	m.TB.Errorf(format, args...)
	if goroutine() == m.home {
		m.TB.FailNow()
	}
}

// goroutine returns the number of the goroutine it runs on. The runtime tells it nowhere but in the first line of a stack trace:
// "goroutine 7 [running]:".
func goroutine() string {
	var header [64]byte
	line, _, _ := bytes.Cut(header[:runtime.Stack(header[:], false)], []byte(" ["))
	return string(line)
}
