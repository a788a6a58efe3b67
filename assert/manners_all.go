package assert

import "github.com/imagefake/imagefake/fake"

// Manners checks all rules for well-behaved clients at once: [KeysKept], [Awaited], [PagesRead], [NotRepeated] and [Deadlines]. Each
// that is not kept is a failure of its own. It is meant for the end of a test:
//
//	defer assert.Manners(t, cloud)
//
// A rule that does not fit is left out by naming the others. There must have been a call.
func Manners(t fake.TB, s *fake.Server) bool {
	t.Helper()
	if _, ok := readJudged(t, "Manners", s); !ok {
		return false
	}
	kept := true
	for _, rule := range []func(fake.TB, *fake.Server) bool{KeysKept, Awaited, PagesRead, NotRepeated, deadlines} {
		kept = rule(t, s) && kept
	}
	return kept
}

func deadlines(t fake.TB, s *fake.Server) bool {
	t.Helper()
	return Deadlines(t, s)
}
