package conformance

import (
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// A Case shows one thing about the service. It is data: whoever runs it may read it first.
type Case struct {
	ID    string // "create/visible-at-once": stays the same over versions
	Shows string // in a sentence
	Row   string // the [Row] of the contract it belongs to
	Needs []Need // what a target must have for it
	Steps []Step
}

// Need is something that not every target has.
type Need string

const (
	NeedDisk        Need = "a disk"                      // Target.Disk
	NeedSnapshot    Need = "a snapshot"                  // Target.Snapshot
	NeedObject      Need = "an object that is an image"  // Target.Object
	NeedEmptyFolder Need = "a folder with nothing in it" // before the case begins

	NeedNoObject     Need = "an address without an object" // Target.NoObject
	NeedNoFolder     Need = "an id that no folder has"     // Target.NoFolder
	NeedDeniedFolder Need = "a folder that is denied"      // Target.DeniedFolder
)

// A Step is one call, or the wait for the end of an operation.
//
// Texts in requests and expectations may have names in braces: {folder}, {name} (a name of this case's own, which others may be
// built on: {name}-b), {base} (a public image), {family} and {public} (its family and folder), {disk}, {snapshot}, {object}, {noobject},
// {nofolder}, {denied} (a folder), {nowhere} (an id that no image has), and what earlier steps saved.
type Step struct {
	Do    proto.Message // the request; its type tells the method. Nil: the step waits for the operation Wait
	Wait  string        // "{op}": polls that operation until it is done; what must come is how it ended
	Key   string        // idempotency key
	Save  string        // what the reply's id is called from here on; of an operation also its resource: {op.image}; of a page its token: {page.next}
	Want  Want
	Aside bool // it only prepares the case: if it comes out otherwise, the case was not run, and nothing is shown
}

// Want is what must come. The zero value asks for success and no more.
type Want struct {
	Code  codes.Code
	Text  string        // of the status, in full; "": any
	Form  string        // a regular expression that all of the text matches; "": any
	Field string        // what the BadRequest detail names; "": any or none
	Reply proto.Message // every field that is populated here is equal there; in a list, the elements as a whole and in this order
	Zero  []string      // top-level fields of the reply that are not populated

	Headers     []string // of the response: each is there, of an error too
	RequestInfo bool     // the error has a RequestInfo detail, with the id that the header x-request-id has

	// Check tells what else is wrong with a reply, "" if nothing; names returns what earlier steps saved.
	Check func(reply proto.Message, names func(string) string) string
}

// Cases returns all cases, in the order of the contract.
func Cases() []Case {
	return slices.Concat(readCases(), listCases(), createCases(), updateCases(), deleteCases(), operationCases(), keyCases(), bindingCases(),
		ruleCases(), answerCases())
}

// row returns the row a case belongs to.
func (c Case) row() Row {
	i := slices.IndexFunc(Rows(), func(r Row) bool { return r.ID == c.Row })
	if i < 0 {
		return Row{ID: c.Row, Source: Choice}
	}
	return Rows()[i]
}

// Creates tells how many images the case makes, as far as it goes well.
func (c Case) Creates() (images int) {
	for _, s := range c.Steps {
		if isCreate(s.Do) && s.Want.Code == codes.OK {
			images++
		}
	}
	return images
}
