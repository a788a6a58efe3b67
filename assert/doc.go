// Package assert checks the calls, state and operations of a fake server, and says what is wrong when a check fails.
//
//	func TestBake(t *testing.T) {
//		cloud := fake.New(t, fake.WithStandardImages())
//
//		id, err := bake(t.Context(), cloud.Conn(), "web", "ubuntu-2204-lts")
//
//		require.NoError(t, err)
//		assert.Image(t, cloud, id, assert.Status(compute.Image_READY), assert.Family("web"))
//		assert.Sequence(t, cloud, fake.ImageGetLatestByFamily, fake.ImageCreate, fake.OperationGet)
//		assert.KeysKept(t, cloud)
//	}
//
// What there is:
//
//   - calls: [Called], [NotCalled], [CalledTimes], [Sequence], [Subsequence], [Outcomes], [Faulted]; the requests themselves with
//     [Request] and [Requests]; they are picked by the matchers of package fake, of which [fake.Like], [fake.Exactly] and
//     [fake.Field] explain why they do not pick one;
//   - time and order on the server's clock: [Before], [Overlapping], [NeverConcurrent], [Gaps], [Backoff];
//   - rules for well-behaved clients: [KeysKept], [Awaited], [PagesRead], [NotRepeated], [Deadlines], all of them at once with
//     [Manners]; [NothingLeft];
//   - state: [Image], [Resource], [Folder], [Changed], [Unchanged], [History];
//   - [Eventually], which waits without sleeping.
//
// A check that fails calls Errorf, at the line of the test, and returns false; with [Must] it stops the test too. Nothing panics
// because of what it is given: a nil server or a matcher that can pick nothing is a failure that says so. The picture of all that
// happened is not in these texts: a server of [fake.New] logs it once, at the end of a test that failed.
//
// Checks look at the server as it is when they are called. While clients are still calling they are safe, but what they find is a
// moment: wait first, for the code under test or with [Eventually].
//
// What a check needs to know of the past must be in the record. If the server has dropped events, because there were more than
// [fake.WithRecord] keeps, checks that cannot be sure fail and say so.
//
// # Beside testify
//
// Testify's package is called assert too. Use testify's require beside this one:
//
//	import (
//		"github.com/imagefake/imagefake/assert"
//		"github.com/stretchr/testify/require"
//	)
//
// or, where testify's assert is in use already, gives this one another:
//
//	import (
//		cloudassert "github.com/imagefake/imagefake/assert"
//		"github.com/stretchr/testify/assert"
//	)
package assert
