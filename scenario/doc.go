// Package scenario plays failures against code that uses the ImageService: known ones, scripted ones, every one.
//
//	func TestBake(t *testing.T) {
//		scenario.Explore(t, func(t *scenario.T) error {
//			_, err := bake(t.Context(), t.Cloud().Conn(), "web", "ubuntu-2204-lts")
//			left := t.Cloud().Images(func(im *compute.Image) bool { return im.Name == "web" })
//			t.Check("success means one READY image", err != nil || len(left) == 1 && left[0].Status == compute.Image_READY)
//			t.Check("failure leaves nothing behind", err == nil || len(left) == 0)
//			return err
//		}, scenario.OnServer(fake.WithStandardImages()))
//	}
//
// [Explore] runs the body under every single fault at every single call, on virtual time, and reports the shortest schedule of
// faults that breaks it: as a failed subtest, as Go code to paste, as a picture of what happened, and as a command that runs it
// alone. From there on:
//
//   - [Run] makes one run without faults: bubble, server and limit in one call;
//   - [Rivals] adds what other clients do between any two calls, [Orders] the orders of calls that are under way at once;
//   - [Expect] says what a body promises under a fault, as data;
//   - [Chaos] draws many faults at once from a seed, and shrinks what breaks the body to the fewest;
//   - [Fuzz] lets the bytes of Go's fuzzer decide what goes wrong, so that go test -fuzz hunts for new paths;
//   - [Play] puts a script on a server: at 30 s the create fails, as the first Create comes another client takes the name;
//   - [Stories] is a catalogue of known failures from production, each with what a good client does about it; [PlayAll] plays it all.
//
// # Runs
//
// Each run has a server, a [T] and a testing/synctest bubble of its own: waits cost nothing, and runs do not see each other. A
// body must therefore do everything through its T: its server, its Context. It ends by itself, or at a limit of virtual time or of
// calls (see [Limit]), or, where it spins without calls, after ten seconds of real time; a run that does not end by itself is
// broken, and the report says at which line it waits. What cannot be ended even then stays behind; after three such runs an
// exploration stops.
//
// In a bubble operations take a minute of its time, unless [OnServer] says otherwise: where a poll fails for good, the operation does not
// wait for another. Runs that break in the same way are reported together, after the shortest of them was made once more.
//
// # Faults that last, and rivals
//
// A kind of fault happens to one call. [Kind.Times], [Kind.For] and [Kind.Onwards] make one that lasts, and count as one fault. A rival
// is a kind that acts on the world: [ImageDeleted], [NameTaken], [FamilyMovesOn] and others, or a literal with Act:
//
//	scenario.Explore(t, body,
//		scenario.Faults(scenario.Unavailable, scenario.Denied, scenario.Unavailable.For(time.Minute)),
//		scenario.Rivals(scenario.FamilyMovesOn, scenario.Kind{Name: "squatter", Act: func(s *fake.Server, c *fake.Call) {
//			s.AddImage(&compute.Image{FolderId: "b1g", Name: "squatter"})
//		}}),
//		scenario.Expect(fake.OperationGet, scenario.Unavailable, scenario.NoImpact),
//		scenario.Expect(fake.ImageCreate, scenario.Denied, codes.PermissionDenied))
//
// # Orders
//
// Calls that are under way at the same time are let through one at a time: the next when everything that follows from the one before
// has come to rest. Who is first is decided by caller, method and request, so a concurrent body does the same in every run, and a
// fault stays with the call it was meant for. [Orders] tries the other orders:
//
//	scenario.Explore(t, func(t *scenario.T) error {
//		err := bakeAll(t.Context(), t.Cloud().Conn(), "web", "db", "cache") // side by side
//		t.Check("all or nothing", len(t.Cloud().Images()) == 3 || err != nil && len(t.Cloud().Images()) == 0)
//		return err
//	}, scenario.Orders(500))
//
// Locks may be held across calls; then runs take about ten times as long. But no time passes in a bubble while a goroutine waits for a
// sync.Mutex: where its owner waits for time (a deadline, a pause, an operation) the run stands still. Such runs are told and not
// judged; a channel of capacity one in the place of the lock, or [RealTime], has none. A body must not call synctest.Wait: the gate
// does, and one of the two that comes while the other waits breaks the run.
//
// # Other services
//
// With [fake.WithNeighbours] in [OnServer] a body may make disks, snapshots, instances and what else the cloud has: their calls and
// operations meet the same kinds of fault, and [Orders] tries their order with that of all others. Rivals of them are kinds of one's own.
//
// # Pages
//
// With go test -artifacts, or the environment variable IMAGEFAKE_ARTIFACTS set to a directory, Explore writes its report as a page for a
// browser: what became of each kind at each call, and the ways in which body breaks, each one click away from the picture of its
// shortest run. Chaos, Fuzz, Run and PlayAll write the pictures of the runs that they report.
//
// # Replay
//
// The environment variable IMAGEFAKE_REPLAY holds the token of one run. With it Explore and Chaos make that run alone and show what
// happens, whether it breaks or holds. The command that a report prints sets it. A token is good for the test that printed it, as
// long as its body, without faults, makes the same calls.
//
// With IMAGEFAKE_KEEP set, Explore keeps the shortest schedule of each way in which a body breaks in testdata/imagefake, and tries
// what is kept there first from then on, with the variable or without. A schedule that the body no longer comes to is reported stale.
package scenario
