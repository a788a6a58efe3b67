package histories_test

import (
	"fmt"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
)

// tally is what happened in all histories together: a check of histories in which nothing happens shows nothing.
type tally struct {
	calls, overlapping int
	faults             map[string]int
	answers            map[fake.Method]map[codes.Code]int
	ends               map[fake.Change]int
	repeats            int // calls that a used key answered
}

func (n *tally) count(cloud *fake.Server) {
	if n.answers == nil {
		*n = tally{faults: make(map[string]int), answers: make(map[fake.Method]map[codes.Code]int), ends: make(map[fake.Change]int)}
	}
	latest := 0
	for _, c := range cloud.Calls() {
		n.calls++
		if c.Seq <= latest {
			n.overlapping++
		}
		latest = max(latest, c.Answered)
		if n.answers[c.Method] == nil {
			n.answers[c.Method] = make(map[codes.Code]int)
		}
		n.answers[c.Method][c.Status.Code()]++
		if c.Method.Starts() && c.Status.Code() == codes.OK && !c.Changed {
			n.repeats++
		}
	}
	for e := range cloud.Events() {
		switch e.Kind {
		case fake.FaultEvent:
			n.faults[e.Fault.String()]++
		case fake.OperationEvent:
			n.ends[e.Step]++
		}
	}
}

func (n *tally) String() string {
	faults := 0
	for _, happened := range n.faults {
		faults += happened
	}
	return fmt.Sprintf("%d calls, %d overlapping, %d faults, %d answered by a used key; operations: %v", n.calls, n.overlapping, faults, n.repeats, n.ends)
}

// requireAll checks that all that matters has happened somewhere.
func (n *tally) requireAll(t *testing.T) {
	t.Helper()
	require.NotZero(t, n.overlapping, "no two calls overlapped: %v", n)
	require.NotEmpty(t, n.faults, "no fault happened: %v", n)
	require.NotZero(t, n.repeats, "no key was used twice: %v", n)
	for _, step := range []fake.Change{fake.Started, fake.Done, fake.Failed, fake.RollingBack} {
		require.NotZero(t, n.ends[step], "no operation was %s: %v", step, n)
	}
	for method, expected := range map[fake.Method][]codes.Code{
		fake.ImageCreate:            {codes.OK, codes.AlreadyExists, codes.FailedPrecondition, codes.Unavailable},
		fake.ImageUpdate:            {codes.OK, codes.AlreadyExists, codes.FailedPrecondition, codes.NotFound},
		fake.ImageDelete:            {codes.OK, codes.FailedPrecondition, codes.NotFound},
		fake.ImageGet:               {codes.OK, codes.NotFound},
		fake.ImageGetLatestByFamily: {codes.OK, codes.NotFound},
		fake.ImageList:              {codes.OK},
		fake.ImageListOperations:    {codes.OK},
		fake.OperationGet:           {codes.OK},
		fake.OperationCancel:        {codes.OK},
	} {
		for _, code := range expected {
			require.NotZero(t, n.answers[method][code], "no %v was answered with %v", method, code)
		}
	}
}
