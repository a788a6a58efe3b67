// Package fake serves an in-memory Yandex Compute Cloud ImageService in process, for tests.
//
//	func TestBake(t *testing.T) {
//		cloud := fake.New(t, fake.WithStandardImages())
//
//		id, err := bake(t.Context(), cloud.Conn(), "web", "ubuntu-2204-lts")
//
//		require.NoError(t, err)
//		require.Equal(t, compute.Image_READY, cloud.Image(id).Status)
//	}
//
// [New] starts a server that the test owns; it answers as the real service does, over real gRPC, without a network. Operations
// finish at their first poll, so nothing sleeps. From there on a test takes what it needs:
//
//   - clients: [Server.Conn], [Server.ConnAs], and [Server.DialOptions] with [Server.Target] for SDKs;
//   - state: [Server.AddImages], [Server.Image], [Server.Images], [Server.Snapshot], [Server.Fork];
//   - other services of the cloud, in the same state: [WithNeighbours], [WithHandler], [WithService], [Server.AddResources];
//   - operations that stop where the test wants to look: a [Plan], [Server.NextOperation], [Operation];
//   - time: a testing/synctest bubble, a [ManualClock], or any [Clock];
//   - faults: a [Fault] says where ([Matcher]), when ([Trigger]) and what ([Effect]);
//   - what happened: [Server.Calls], [Server.Events], [Server.Timeline], [Server.Transcript].
//
// # Misuse
//
// Methods that set up or steer return no errors, so that a test reads as prose. A mistake of the test itself (a step too many, an
// unknown id, a name that is taken, a fault that could never fire) fails the test at the caller's line and changes nothing. Where
// there is then nothing to go on with (no such operation, no address to listen at, no context to wait with) it also ends the test,
// as its FailNow does. A server from [Start] has no test to fail: it collects these errors for [Server.Err] and [Server.Close].
//
// # Sources
//
// Doc comments name where a behaviour comes from: [ref] the published API reference, [guide] the API design guide, [docs] other
// pages of the documentation, [proto] comments and options of go-genproto, [seen] texts seen in production, [sdk] what the
// official SDKs do, [choice] nothing is known and the kit decided. A test may rely on the code of a [choice], not on its text.
//
// # What is told first
//
// A call is looked at in this order: who makes it, faults placed early, the request by itself, its idempotency key, the state. A key
// that was used answers its operation before anything is asked of the state, permission for the folder included. Of several things in
// the way the first of these is told: the image, its folder, its status or the source of a new one, the size, the name, the quotas, the
// number of running operations; Create begins with the folder [choice]. Every answer has the headers x-request-id and
// x-server-trace-id [seen], every error a RequestInfo detail, and so has an Unimplemented, also of a method that nobody serves [choice].
//
// A page token belongs to a list as it is spelled: a filter or an order that differs in blanks alone is another list, and refuses it. In
// a list by name a page goes on behind the last name, whichever image bears it by then [choice].
//
// # Concurrency
//
// A [Server] and everything it hands out may be used from any goroutine, also while clients are calling. Messages that go in are
// copied, messages that come out belong to the caller.
//
// # What stays over versions, and what does not
//
// Names that are exported stay: a listing of them is kept beside the code, and what is in it does not vanish. Codes of errors, fields
// and rules stay as long as the service has them. Texts of pictures, of failures and of [choice] errors, the ids that a seed gives, the
// order of events that happen at one moment, and what a [Transcript][Server.Transcript] looks like hold within one version: a golden
// of them may have to be written anew with the next.
//
// # Where things are
//
// One noun is one file. A method of a served service is a row in service_<name>.go; what a request does to the cloud is in
// internal/world, its rules and texts in internal/contract. What a neighbour does by convention is in internal/resource, and what
// disks, snapshots and instances do beyond that in internal/world/adapter.go. Matchers are match.go, like.go and work.go, and are
// combined in combine.go; triggers trigger.go; effects effect_<what>.go, each a type that says where it acts and when it makes sense.
// The road that every call goes is road.go, what is kept of it record.go and event.go, the picture of that timeline.go and
// internal/timeline. What a test controls is state.go, operation.go, fault.go, plan.go and sources.go; the ways in are conn.go,
// listen.go and proxy.go. Checks are package assert, one kind a file; kinds of fault kind.go and rival.go of package scenario. Package
// plain has what all three print with.
package fake
