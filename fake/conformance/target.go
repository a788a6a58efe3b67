package conformance

import (
	"time"

	"google.golang.org/grpc"
)

// Target is what the cases run against. Compute, Operation and Folder must be given.
type Target struct {
	Name      string                   // for texts
	Compute   grpc.ClientConnInterface // serves the ImageService
	Operation grpc.ClientConnInterface // serves the OperationService; may be the same
	Folder    string                   // the one folder that cases write to

	Family       string // of public images to start from; "": ubuntu-2204-lts
	PublicFolder string // where that family is; "": standard-images

	Disk, Snapshot, Object string // sources of images; "": cases that need one are skipped

	// What is not there, or not for this caller; "": cases that need it are skipped.
	NoObject     string // an address in Object Storage with nothing behind it
	NoFolder     string // an id that no folder has
	DeniedFolder string // a folder that the caller may not use

	// Real says that it is not the fake: rows that the kit decided by itself are asked and recorded, not judged.
	Real bool

	// Poll is the pause between two polls of an operation. Zero: none, for a target that holds polls or is done at the first.
	Poll time.Duration

	// RunID is in the names and the label of all that the run makes. "": one that no other run has, for the real service; "test" else.
	RunID string

	// Deviations are cases known to come out otherwise, with the reason. One that is listed and passes is an error.
	Deviations map[string]string

	// Recording takes down every answer; nil: nobody asks.
	Recording *Recording
}

// missing returns what the target does not have of what a case needs.
func (target Target) missing(c Case) []Need {
	var missing []Need
	for _, need := range c.Needs {
		switch {
		case need == NeedDisk && target.Disk == "",
			need == NeedSnapshot && target.Snapshot == "",
			need == NeedObject && target.Object == "",
			need == NeedNoObject && target.NoObject == "",
			need == NeedNoFolder && target.NoFolder == "",
			need == NeedDeniedFolder && target.DeniedFolder == "",
			need == NeedEmptyFolder && target.Real:
			missing = append(missing, need)
		}
	}
	return missing
}
