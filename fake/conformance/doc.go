// Package conformance is the contract of the ImageService as cases that anybody can run: against the fake, against the fake over
// TLS, and, by whoever has an account, against the real service.
//
//	func TestConformance(t *testing.T) {
//		cloud := fake.New(t, fake.WithStandardImages())
//
//		conformance.Run(t, conformance.Target{
//			Name: "the fake", Compute: cloud.Conn(), Operation: cloud.Conn(), Folder: "b1gfolder",
//			Disk: "epd00000000000000000",
//		})
//	}
//
// Every [Case] is data: what it shows, the row of the contract that it belongs to, the requests, and what must come. [Cases] has
// them all, [Rows] the contract with the source of each row. What is known of the service ([ref], [guide], [docs], [proto], [seen],
// [sdk]) must hold everywhere. What the kit had to decide ([choice]) must hold for the fake; the real service is only asked, and what
// it answers is written into the [Recording], so that one run by one person settles for everybody what is a choice today.
//
// # Against the real service
//
// Never by default: the test TestReal of this package, and [FromEnvironment] for one's own, run only where the environment says
// so. IMAGEFAKE_REAL_TOKEN is an IAM token, IMAGEFAKE_REAL_FOLDER the folder to use; the rest is optional: _COMPUTE and _OPERATION
// for endpoints, _DISK, _SNAPSHOT and _OBJECT for sources, _NO_OBJECT for an address without an object, _NO_FOLDER for an id that no
// folder has, _DENIED_FOLDER for a folder that is denied, _RECORDING for the file that the answers go to.
//
//	IMAGEFAKE_REAL_TOKEN=t1.… IMAGEFAKE_REAL_FOLDER=b1g… go test -v -timeout 2h -run TestReal github.com/imagefake/imagefake/fake/conformance
//
// A run writes to that folder alone, gives every image the label imagefake-run, and deletes what it made at the end of each case.
// [Sweep] deletes what an interrupted run left behind; every run begins with it, and it is a command of its own, as is the dry run,
// which lists what a run would create:
//
//	go run github.com/imagefake/imagefake/fake/conformance/conform dry-run
//	go run github.com/imagefake/imagefake/fake/conformance/conform sweep
//	go run github.com/imagefake/imagefake/fake/conformance/conform compare old.json new.json
//
// In a recording ids are numbered and what the target chose has the names of the cases, so that two recordings differ where the
// services answer otherwise, and nowhere else.
//
// # What is proven
//
// PROVEN.md beside this file lists every row with its source, the cases that show it and the tests of the kit that show it, what is
// not proven, and the commands of the model, the explorations and the fuzz targets. It is written by
//
//	go test ./fake/conformance -run TestProven -update
//
// # What is not promised
//
// Ids of cases and rows stay; their number grows, and what they ask may become stricter. Nobody has run this suite against
// production yet: what that would bring to light is open.
package conformance
