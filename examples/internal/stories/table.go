package stories

import (
	"strings"
	"time"

	"github.com/imagefake/imagefake/fake"
	"google.golang.org/grpc/codes"
)

// verdict is what a client's user gets from a body while a story happens.
type verdict struct {
	story string
	name  string // for stories with more than one verdict
	body  body
	opts  Options
	old   []string // images that are in the folder before

	code codes.Code // of the body's error; OK: the body survives
	left string     // images that are in the folder afterwards, in order of names: "web READY, web-2 CREATING"
	why  string

	calls map[fake.Method]int // how many of them come, where that matters
	took  time.Duration       // 0: does not matter
	under time.Duration       // it takes less; 0: does not matter
}

var oldImages = strings.Fields("old-0 old-1 old-2 old-3")

const oldLeft = "old-0 READY, old-1 READY, old-2 READY, old-3 READY"

var (
	// bare is a client as it comes.
	bare Options
	// retrying makes a call again as the documentation of the SDKs shows it: after Unavailable, and without keys.
	retrying = Options{Retry: []codes.Code{codes.Unavailable}}
	// careful sends keys too.
	careful = Options{Retry: []codes.Code{codes.Unavailable}, Keys: true}
	// tireless makes a call again after whatever may pass, and as often as the SDKs allow.
	tireless = Options{Retry: []codes.Code{codes.Unavailable, codes.ResourceExhausted}, Persistent: true, Keys: true}
)

// verdicts has at least one verdict on each story. They hold for both official SDKs.
var verdicts = []verdict{
	{
		story: "replica-lag", body: bake, opts: bare, left: "web READY",
		why:   "a wait forgives three polls that are answered NotFound",
		calls: map[fake.Method]int{fake.OperationGet: 4},
	},
	{
		story: "replica-lag-too-long", body: bake, opts: tireless, code: codes.NotFound, left: "web CREATING",
		why:   "a wait does not forgive the fourth, and no retry helps: the answers have headers",
		calls: map[fake.Method]int{fake.OperationGet: 4},
	},
	{
		story: "image-lags", name: "get after wait", body: bakeAndGet, opts: tireless, code: codes.FailedPrecondition, left: "web READY",
		why: "the response of the operation has the image READY, a Get after it does not: the SDKs know nothing of that",
	},
	{
		story: "create-reply-lost", name: "as it comes", body: bake, opts: bare, code: codes.Unavailable, left: "web CREATING",
		why: "without retries the reply is lost for good, and nobody knows of the image",
	},
	{
		story: "create-reply-lost", name: "retries", body: bake, opts: retrying, code: codes.AlreadyExists, left: "web CREATING",
		why: "the second try finds the name taken, by the first",
	},
	{
		story: "create-reply-lost", name: "retries with keys", body: bake, opts: careful, left: "web READY",
		why:   "the second try has the key of the first, and gets its operation",
		calls: map[fake.Method]int{fake.ImageCreate: 2},
	},
	{
		story: "delete-reply-lost", name: "retries", body: deleteAll, opts: retrying, old: oldImages[:1],
		code: codes.FailedPrecondition, left: "old-0 DELETING",
		why: "the second try finds the image DELETING, because of the first",
	},
	{
		story: "delete-reply-lost", name: "retries with keys", body: deleteAll, opts: careful, old: oldImages[:1],
		why:   "the second try has the key of the first, and gets its operation",
		calls: map[fake.Method]int{fake.ImageDelete: 2},
	},
	{
		story: "unavailable-burst", name: "retries", body: bake, opts: careful, code: codes.Unavailable,
		why:   "four tries are allowed, but the budget for retries of short-lived programs ends at the third failure",
		calls: map[fake.Method]int{fake.ImageGetLatestByFamily: 3},
	},
	{
		story: "unavailable-burst", name: "persistent retries", body: bake,
		opts: Options{Retry: []codes.Code{codes.Unavailable}, Persistent: true}, left: "web READY",
		why:   "the fourth try succeeds, and the budget for long-lived programs allows it",
		calls: map[fake.Method]int{fake.ImageGetLatestByFamily: 4},
	},
	{
		story: "throttled", name: "retries", body: bake, opts: careful, code: codes.ResourceExhausted,
		why:   "the SDKs do not try again after ResourceExhausted unless told to",
		calls: map[fake.Method]int{fake.ImageGetLatestByFamily: 1},
	},
	{
		story: "throttled", name: "retries when throttled", body: bake, opts: tireless, left: "web READY",
		why:   "told to, they try again, at once and not after the time that RetryInfo asks for",
		calls: map[fake.Method]int{fake.ImageGetLatestByFamily: 3},
		under: 5 * time.Second,
	},
	{
		story: "quota-midway", body: bakeTwo, opts: tireless, code: codes.ResourceExhausted, left: "web READY",
		why:   "a full quota is an answer of the service, with headers, and not tried again even where throttling is",
		calls: map[fake.Method]int{fake.ImageCreate: 2},
	},
	{
		story: "token-expires", body: bake, opts: tireless, code: codes.Unauthenticated, left: "web CREATING",
		why: "the SDKs renew a token by its expiry, not because of an answer: the wait ends, the operation goes on",
	},
	{
		story: "permission-taken-away", body: bake, opts: tireless, code: codes.PermissionDenied, left: "web CREATING",
		why: "the wait ends at the first poll that is refused, the operation goes on",
	},
	{
		story: "operation-stuck", body: bakeOrCancel, opts: bare, code: codes.DeadlineExceeded,
		why:  "a wait has no limit but the caller's; a cancel cleans up",
		took: 10 * time.Minute,
	},
	{
		story: "slow-rollback", body: bake, opts: bare, code: codes.Internal,
		why:  "a wait goes on until the operation is done, not only until it has an error",
		took: 6*time.Minute + 30*time.Second,
	},
	{
		story: "cancel-too-late", body: cancel, opts: bare,
		why: "a cancel that is not heeded is no error, and the wait behind it tells that the image is there",
	},
	{
		story: "image-vanishes", body: deleteAll, opts: tireless, old: oldImages, code: codes.NotFound,
		left:  "old-1 READY, old-2 READY, old-3 READY",
		why:   "NotFound is the caller's to understand: this one leaves the rest undone",
		calls: map[fake.Method]int{fake.ImageDelete: 1},
	},
	{
		story: "family-moves-on", name: "one lookup", body: bake, opts: tireless, code: codes.FailedPrecondition,
		why: "no try of the same create can succeed",
	},
	{
		story: "family-moves-on", name: "lookup again", body: bakeAfresh, opts: careful, left: "web READY",
		why: "a create of another base has a key of its own, and so is a new one",
	},
	{
		story: "name-taken", body: bake, opts: careful, code: codes.AlreadyExists, left: "web READY",
		why:   "the other's image is not taken for the result of a lost try",
		calls: map[fake.Method]int{fake.ImageCreate: 1},
	},
	{
		story: "page-token-expires", body: list, opts: tireless, old: oldImages, code: codes.InvalidArgument, left: oldLeft,
		why:   "the iterators do not begin again",
		calls: map[fake.Method]int{fake.ImageList: 2},
	},
	{
		story: "empty-page", body: list, opts: tireless, old: oldImages, code: codes.DataLoss, left: oldLeft,
		why:   "the iterators of both SDKs end at an empty page, token or not, and report no error: all is lost that comes behind it",
		calls: map[fake.Method]int{fake.ImageList: 1},
	},
	{
		story: "insert-between-pages", body: list, opts: bare, old: oldImages, left: "(no name) READY, " + oldLeft,
		why: "a token says behind which image to go on",
	},
	{
		story: "delete-between-pages", body: list, opts: bare, old: oldImages, left: "old-0 READY, old-2 READY, old-3 READY",
		why: "a token says behind which image to go on, also when that has gone",
	},
	{
		story: "connection-cut", name: "as it comes", body: bake, opts: bare, code: codes.Unavailable, left: "web CREATING",
		why: "the create is done, and its reply is gone with the connection",
	},
	{
		story: "connection-cut", name: "retries with keys", body: bake, opts: careful, left: "web READY",
		why: "the second try comes on a new connection with the key of the first",
	},
	{
		story: "slow-everything", name: "patient", body: bake, opts: bare, left: "web READY",
		why:  "the SDKs set no deadlines of their own",
		took: 30 * time.Second,
	},
	{
		story: "slow-everything", name: "in a hurry", body: within(15*time.Second, bake), opts: tireless, code: codes.DeadlineExceeded,
		why:  "the deadline of the caller ends the create before the service begins with it",
		took: 15 * time.Second,
	},
	{
		story: "bad-day", body: create, opts: tireless, left: "web READY",
		why: "retries with keys for the create, retries for the throttled poll, and the wait forgives the NotFound",
	},
}
