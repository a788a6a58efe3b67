package scenario

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"google.golang.org/grpc/codes"
)

// Story is a named failure from production. [Stories] has the catalogue, [StoryNamed] one of it; a literal makes another. A story is
// used up by one server: get it anew for the next. It is played on any server, whatever its options.
type Story struct {
	Name       string // lower-case words with dashes
	Happens    string // what happens in production
	Seen       string // where it is documented or was observed; "" where it is common knowledge
	GoodClient string // what a good client does about it

	Faults []fake.Fault
	Lines  []Line

	wrong string // why it cannot be played
}

// Play lets the story happen on a server. What has not happened by the end of the test fails it: the code under test does not come to
// where the story begins. If the test fails, its log tells what happened, and what a good client does about it.
func (st Story) Play(t fake.TB, s *fake.Server) {
	t.Helper()
	from := st.Name
	if _, path, line, ok := runtime.Caller(1); ok {
		from = fmt.Sprintf("%s:%d: %s", filepath.Base(path), line, st.Name)
	}
	if st.wrong != "" {
		t.Errorf("scenario.Play: %s", st.wrong)
		return
	}
	missing := st.begin(t, s)
	t.Cleanup(func() {
		t.Helper()
		for _, what := range missing() {
			t.Errorf("%s: %s never happened; the server saw %s", from, what, callsSeen(s))
		}
		if t.Failed() {
			t.Logf("%s", st.moral())
		}
	})
}

// begin lets the story happen. missing ends it, and returns what has not happened.
func (st Story) begin(t fake.TB, s *fake.Server) (missing func() []string) {
	t.Helper()
	injected := make([]*fake.Injected, len(st.Faults))
	for i, f := range st.Faults {
		f.Optional = true // reported with the name of the story
		injected[i] = s.Inject(f)
	}
	p := stage(t, s, st.Lines)
	return func() []string {
		var what []string
		for i, f := range st.Faults {
			if !f.Optional && injected[i].Fired() == 0 {
				what = append(what, fmt.Sprintf("the fault %q", f))
			}
		}
		for _, i := range p.end() {
			what = append(what, fmt.Sprintf("line %d of its script (%s)", i+1, st.Lines[i]))
		}
		return what
	}
}

// moral tells what happens in the story, and what a good client does about it.
func (st Story) moral() string {
	return fmt.Sprintf("the story %s: %s\na good client: %s", st.Name, st.Happens, st.GoodClient)
}

// StoryNamed returns the story of the catalogue with that name, a new value at each call. A name that is not there makes a story that
// fails whatever plays it, and says which there are.
func StoryNamed(name string) Story {
	var names []string
	for _, st := range Stories() {
		if st.Name == name {
			return st
		}
		names = append(names, st.Name)
	}
	return Story{Name: name, wrong: fmt.Sprintf("there is no story %q; there are %s", name, strings.Join(names, ", "))}
}

// PlayAll plays the whole catalogue to body: each story as a subtest, with a server, a [T] and a bubble of its own, as [Explore] makes
// them. A subtest fails if body breaks, and tells then what happens in the story and what a good client does about it. Where body never
// comes to what the story begins with, the subtest is skipped and says so. The error that body returns is its outcome: what must hold
// of it body says itself, with its T.
func PlayAll(t *testing.T, body func(*T) error, opts ...Option) {
	t.Helper()
	x, err := newRunner(t, body, opts)
	if err == nil && (x.asked || x.pairs > 0 || x.orders > 0 || x.on != nil || x.rivals != nil) {
		err = errors.New("what goes wrong is in the stories: Faults, Rivals, On, Pairs and Orders are for Explore")
	}
	if err != nil {
		t.Fatalf("scenario.PlayAll: %v", err)
	}
	for _, st := range Stories() {
		r := x.run(trial{tale: &st, keep: true})
		t.Run(st.Name, func(t *testing.T) {
			t.Helper()
			switch {
			case r.broken():
				t.Error("\n" + r.story() + st.moral() + "\n" + timelineOf(r) + x.pictureLine(r))
			case r.skipped:
				t.Skip("the body was skipped")
			case len(r.missing) > 0:
				t.Skipf("the body does not come to it: %s never happened", strings.Join(r.missing, " and "))
			default:
				t.Logf("the run ended %s", r.outcome())
			}
		})
	}
}

// Stories returns the catalogue of known failures, new values at each call. They work on any server, at whatever calls the code
// under test makes, and use its clock and the time package: play the slow ones in a testing/synctest bubble, as [PlayAll] does. They
// are made of the kinds of this package, each at the place where it was seen.
func Stories() []Story {
	return []Story{
		{
			Name:       "replica-lag",
			Happens:    "The first three polls of a new operation are answered by replicas that have not heard of it: NotFound.",
			Seen:       "Both official SDKs forgive three NotFound in total while they wait, because not all replicas know a new operation at once.",
			GoodClient: "Polls on: an operation id that the service has just given out exists.",
			Faults:     []fake.Fault{{On: fake.OperationGet, When: fake.First(3), Do: fake.Return(codes.NotFound)}},
		},
		{
			Name:       "replica-lag-too-long",
			Happens:    "The first four polls of a new operation are answered NotFound.",
			Seen:       "The fourth NotFound ends the wait of both official SDKs with an error, although the operation goes on.",
			GoodClient: "Does not take the error for a failed operation: it looks for the image, by name or by the id in the metadata, before it tries again or cleans up.",
			Faults:     []fake.Fault{{On: fake.OperationGet, When: fake.First(4), Do: fake.Return(codes.NotFound)}},
		},
		{
			Name:       "image-lags",
			Happens:    "The operation is done, and the first reads of the image still show it as it was before.",
			GoodClient: "Takes the image from the response of the operation, or reads again until it is READY.",
			Faults:     []fake.Fault{{On: fake.ImageGet, When: fake.First(2), Do: ReplicaLag.Do}},
		},
		{
			Name:       "create-reply-lost",
			Happens:    "The image is being created, and the reply is lost on the way: the caller sees Unavailable.",
			Seen:       "The API design guide: the idempotency-key header exists for it.",
			GoodClient: "Sends the same idempotency key with every try, and so gets the operation of the first.",
			Faults:     []fake.Fault{{On: fake.ImageCreate, When: fake.Nth(1), Do: LostReply.Do}},
		},
		{
			Name:       "delete-reply-lost",
			Happens:    "The image is being deleted, and the reply is lost: a second try finds it DELETING or gone.",
			Seen:       "The API design guide: the idempotency-key header exists for it.",
			GoodClient: "Sends the same idempotency key with every try, or takes NotFound for an answer.",
			Faults:     []fake.Fault{{On: fake.ImageDelete, When: fake.Nth(1), Do: LostReply.Do}},
		},
		{
			Name:       "unavailable-burst",
			Happens:    "The service cannot be reached for a moment: three calls in a row are Unavailable.",
			GoodClient: "Tries again with growing pauses, a few times.",
			Faults:     []fake.Fault{{When: fake.First(3), Do: Unavailable.Do}},
		},
		{
			Name:       "throttled",
			Happens:    "Too many requests: two calls are answered ResourceExhausted, and asked to come back in five seconds.",
			Seen:       "google.rpc.RetryInfo says when; a full quota has the same code, and no RetryInfo.",
			GoodClient: "Waits as long as it is told, then tries again; does not do so for a quota.",
			Faults:     []fake.Fault{{When: fake.First(2), Do: fake.Throttle(5 * time.Second)}},
		},
		{
			Name:       "quota-midway",
			Happens:    "The quota of images is used up: the second create and all later ones are refused.",
			Seen:       "The text of production: The limit on maximum number of images has exceeded.",
			GoodClient: "Does not try again; keeps or removes what it has made so far, and says which.",
			Faults:     []fake.Fault{{On: fake.ImageCreate, When: fromCall(2), Do: fake.Return(codes.ResourceExhausted)}},
		},
		{
			Name:       "token-expires",
			Happens:    "The IAM token is no longer good at the third call: Unauthenticated.",
			Seen:       "IAM tokens live for twelve hours at most, and image operations wait long. The text of production: The token has expired.",
			GoodClient: "Gets a new token and makes the call again.",
			Faults: []fake.Fault{{On: authenticated, When: fake.Nth(3),
				Do: fake.Return(codes.Unauthenticated).Text("The token has expired").Early()}},
		},
		{
			Name:       "permission-taken-away",
			Happens:    "Somebody takes the role away: from the third call on everything is PermissionDenied.",
			Seen:       "The text of production: Permission denied to folder <id>.",
			GoodClient: "Stops, and says what it leaves behind: it can clean nothing up any more.",
			Faults:     []fake.Fault{{On: authenticated, When: fromCall(3), Do: Denied.Do}},
		},
		{
			Name:       "operation-stuck",
			Happens:    "The operation never ends: polls are answered, and nothing moves.",
			GoodClient: "Waits with a limit of its own, then cancels the operation and says so.",
			Lines:      []Line{begins(func(op *fake.Operation) { op.Replan(fake.Stuck()) })},
		},
		{
			Name:       "slow-rollback",
			Happens:    "The operation fails midway, after a minute and a half, and is rolled back for five more: it has an error and is not done.",
			Seen:       "The API design guide: an operation can have an error before it is done, as long as it is being rolled back.",
			GoodClient: "Waits until the operation is done, not only until it has an error: until then the name is taken.",
			Lines:      []Line{begins(func(op *fake.Operation) { op.Replan(failsMidway) })},
		},
		{
			Name:       "cancel-too-late",
			Happens:    "The operation ends just before its cancel arrives: the cancel is answered OK, with the operation done.",
			Seen:       "The API design guide: a cancel is a best effort.",
			GoodClient: "Looks at what the cancelled operation has become, and deletes the image if it is there.",
			Lines:      []Line{meets(fake.OperationCancel, fake.Once(), CancelTooLate)},
		},
		{
			Name:       "image-vanishes",
			Happens:    "An image that was there a moment ago, in a list or by its family, is gone when it is asked for.",
			GoodClient: "Takes NotFound for what it is, and goes on with the rest.",
			Lines:      []Line{meets(fake.AnyOf(fake.ImageGet, fake.ImageUpdate, fake.ImageDelete), fake.Once(), ImageDeleted)},
		},
		{
			Name:       "family-moves-on",
			Happens:    "Between the lookup of a family's newest image and the create from it, a newer one is published and the old one removed.",
			Seen:       "Public images are replaced about every week.",
			GoodClient: "Takes FailedPrecondition at the create as a reason to look the family up again.",
			Lines:      []Line{meets(fake.ImageCreate, fake.Once(), FamilyMovesOn)},
		},
		{
			Name:       "name-taken",
			Happens:    "Another client takes the name just before the create arrives: AlreadyExists.",
			Seen:       "Names are unique in a folder.",
			GoodClient: "Does not take the other's image for its own: it looks at who made it, by labels or description, or reports the conflict.",
			Lines:      []Line{meets(fake.ImageCreate, fake.Once(), NameTaken)},
		},
		{
			Name:       "page-token-expires",
			Happens:    "The token of the second page is no longer good: InvalidArgument.",
			GoodClient: "Begins the list again, once or twice, and not for ever.",
			Faults:     []fake.Fault{{On: fake.ImageList, When: fake.Nth(2), Do: fake.ExpirePage()}},
		},
		{
			Name:       "empty-page",
			Happens:    "The first page is empty and has a token: what is wanted comes on the next.",
			Seen:       "The API design guide allows it; iterators that stop at an empty page lose the rest.",
			GoodClient: "Ends a list at the page without a token, and nowhere else.",
			Faults:     []fake.Fault{{On: fake.ImageList, When: fake.Nth(1), Do: EmptyPage.Do}},
		},
		{
			Name:       "insert-between-pages",
			Happens:    "An image is added while a list is read page by page.",
			GoodClient: "Is content to see it or not, and sees all others exactly once.",
			Lines:      []Line{meets(fake.ImageList, fake.Nth(2), ImageAdded)},
		},
		{
			Name:       "delete-between-pages",
			Happens:    "The last image of the first page is deleted before the second is asked for.",
			GoodClient: "Misses none of the others.",
			Lines:      []Line{meets(fake.ImageList, fake.Nth(2), ImageRemoved)},
		},
		{
			Name:       "connection-cut",
			Happens:    "The connection ends at the second call, after the service has done what was asked.",
			GoodClient: "Treats it as a lost reply: an idempotency key on what changes something, a new try for the rest.",
			Faults:     []fake.Fault{{When: fake.Nth(2), Do: ConnectionCut.Do.Late()}},
		},
		{
			Name:       "slow-everything",
			Happens:    "Every call takes ten seconds.",
			GoodClient: "Has deadlines that allow for it, or fails in time and leaves nothing behind.",
			Faults:     []fake.Fault{{Do: fake.Delay(10 * time.Second)}},
		},
		{
			Name:       "bad-day",
			Happens:    "A burst of Unavailable, throttling, the reply of the create lost, and the polls lag, all in one run.",
			GoodClient: "Comes through: each of these alone is harmless to it.",
			Faults: []fake.Fault{
				{On: fake.ImageCreate, When: fake.First(2), Do: Unavailable.Do},
				{On: fake.ImageCreate, When: fake.Nth(3), Do: LostReply.Do},
				{On: fake.OperationGet, When: fake.Nth(1), Do: fake.Throttle(2 * time.Second)},
				{On: fake.OperationGet, When: fake.Nth(2), Do: fake.Return(codes.NotFound)},
			},
		},
	}
}
