package fake

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake/internal/resource"
	"github.com/imagefake/imagefake/fake/internal/timeline"
	"github.com/imagefake/imagefake/fake/internal/world"
	"github.com/imagefake/imagefake/fake/plain"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// timelineWidth is how many characters a line of the timeline has at most.
const timelineWidth = 100

// Timeline returns the record as a picture in text, lines of at most 100 characters: time on the server's clock goes down, each
// caller has a lane, and the cloud another, with what happened to operations and images. A long record is cut around the last
// failure, and says so; where a check of package assert has failed, the calls at fault are marked. It is "" where nothing happened. The
// text is for people and may change.
//
// The record of a sequential test on a virtual clock gives the same text in every run. No header and no token is in it.
func (s *Server) Timeline() string { return timeline.Text(s.story(), timelineWidth, 0) }

// WriteTimeline writes the record as a page for a browser: the picture of [Server.Timeline], drawn, with a table of the events. It begins
// with what checks found wrong ([Server.NoteFailure]), of a test that failed otherwise with the latest calls that failed, then the
// faults and the command that runs the test alone. The page is one file and needs no network. Its errors are those of w.
func (s *Server) WriteTimeline(w io.Writer) error {
	if isNil(w) {
		return errors.New("WriteTimeline(nil): give it a writer")
	}
	return timeline.HTML(w, s.story())
}

// storyEvents is how many events are made into a story, at most, and storyBehind how many of them come behind the last failure: far
// more than any picture shows, and as much for a record of a thousand events as for one of a million.
const (
	storyEvents = 4000
	storyBehind = 1000
)

// story puts the record into the form that is drawn. It is cut before it is built: around the last failure, or at its end where
// nothing failed.
func (s *Server) story() timeline.Story {
	b := storyBuilder{state: s.Snapshot(), lanes: make(map[string]int), named: make(map[string]int)}
	b.Title = "the server " + s.name
	b.Failed, b.Failures = s.tb.Failed(), s.findings.list()
	if _, ofRun := s.tb.(interface{ Cloud() *Server }); !ofRun && !s.testless() { // package scenario knows better how a run is made again
		b.Again = plain.TestCommand(s.tb.Name())
	}
	var events []Event
	s.look(func(*world.World) {
		kept := slices.Collect(s.record.entries())
		from, to := storyWindow(kept, b.Failures)
		if to-from < len(kept) {
			b.Whole = wholeOf(kept)
			b.Whole.Earlier, b.Whole.Later = from, len(kept)-to
		}
		events = copiesOf(kept[from:to])
		b.Dropped = s.record.dropped()
		b.Faults = s.faults.inWords()
	})
	for _, e := range events {
		if e.Call != nil {
			b.call(e.Call)
		} else {
			b.event(e)
		}
	}
	return b.Story
}

// storyWindow returns which entries become a story.
func storyWindow(kept []entry, failures []timeline.Failure) (from, to int) {
	if len(kept) <= storyEvents {
		return 0, len(kept)
	}
	center, blamed := len(kept)-1, timeline.LastBlamed(failures)
	for i, e := range slices.Backward(kept) {
		if blamed == 0 && e.failed() || blamed != 0 && e.seq() <= blamed {
			center = i
			break
		}
	}
	to = min(len(kept), max(center+storyBehind, storyEvents))
	return to - storyEvents, to
}

// wholeOf counts what a summary tells.
func wholeOf(kept []entry) *timeline.Whole {
	w := &timeline.Whole{Start: kept[0].time(), End: kept[len(kept)-1].time()}
	callers := make(map[string]bool)
	for _, e := range kept {
		switch c := e.call; {
		case c != nil:
			w.Calls++
			callers[c.Caller] = true
			if e.failed() {
				w.Failed++
			}
			if c.Attempt > 1 {
				w.Attempts++
			}
			if c.End.After(w.End) {
				w.End = c.End
			}
		case e.other.Kind == FaultEvent:
			w.Faults++
		}
	}
	w.Callers = len(callers)
	return w
}

// storyBuilder collects a story from the record.
type storyBuilder struct {
	timeline.Story
	state *State
	lanes map[string]int // by caller
	named map[string]int // index of Names, by id
}

func (b *storyBuilder) call(c *Call) {
	lane, known := b.lanes[c.Caller]
	if !known {
		lane = len(b.Lanes)
		b.lanes[c.Caller] = lane
		b.Lanes = append(b.Lanes, c.Caller)
	}
	drawn := timeline.Call{
		Seq: c.Seq, Lane: lane, Method: c.Method.String(), Request: rowOf(c.Method).asks(c.Request), Attempt: c.Attempt,
		Changes: c.Method.Starts(), Start: c.Start, End: c.End, Last: c.Answered, Image: c.ResourceID, Operation: c.OperationID,
	}
	if drawn.Changes {
		drawn.Key = c.Key
	}
	switch {
	case c.Status == nil:
	case c.Status.Code() != codes.OK:
		drawn.Error = fmt.Sprintf("%v: %s", c.Status.Code(), c.Status.Message())
		if in, ok := c.Request.(interface{ GetFolderId() string }); ok && c.Status.Code() == codes.AlreadyExists {
			drawn.Error = words(drawn.Error, inFolder(in.GetFolderId())) // where the names clash
		}
	default:
		drawn.Result = rowOf(c.Method).answers(c.Reply) + datesThatDecided(c)
	}
	b.Calls = append(b.Calls, drawn)

	if r, ok := c.Request.(*compute.CreateImageRequest); ok {
		b.knownResource(r.GetImageId())
		b.resource(c.ResourceID, &compute.Image{Name: r.Name, FolderId: r.FolderId})
	} else {
		b.knownResource(c.ResourceID)
	}
	if op, ok := c.Reply.(*operation.Operation); ok && c.Method.Starts() {
		b.operation(op.Id, c.Method)
	}
}

func (b *storyBuilder) event(e Event) {
	drawn := timeline.Event{
		Seq: e.Seq, At: e.Time, Kind: timeline.Note, Text: cmp.Or(e.phrase, e.Text), By: e.By, Image: e.ResourceID, Operation: e.OperationID,
	}
	switch e.Kind {
	case ClockEvent:
		drawn.Kind = timeline.Clock
	case FaultEvent:
		drawn.Kind, drawn.Call, drawn.By = timeline.Fault, e.By, 0
	case OperationEvent:
		drawn.Kind, drawn.Call, drawn.Over = timeline.Operation, e.starter, e.Operation.GetDone()
		b.knownResource(e.ResourceID)
		b.operation(e.OperationID, e.method)
		if failure := e.Operation.GetError(); failure != nil {
			drawn.Bad = true
			what, _, _ := strings.Cut(e.phrase, ":")
			drawn.Text = fmt.Sprintf("%s: %v: %s", what, codes.Code(failure.Code), failure.Message)
		}
	case ResourceEvent:
		drawn.Kind, drawn.Over, drawn.Bad = timeline.Image, e.Resource == nil, hasFailed(e.Resource)
		if e.Step == Updated {
			drawn.Text += updatedWords(e.Before, e.Resource)
		}
		b.resource(e.ResourceID, cmp.Or(e.Resource, e.Before))
	}
	b.Events = append(b.Events, drawn)
}

// datesThatDecided tells when images were created, where a call asked for the newest, or for them in that order.
func datesThatDecided(c *Call) string {
	const form = "2006-01-02 15:04:05"
	switch reply := c.Reply.(type) {
	case *compute.Image:
		if c.Method == ImageGetLatestByFamily {
			return ", created " + reply.CreatedAt.AsTime().Format(form)
		}
	case *compute.ListImagesResponse:
		by := strings.ToLower(c.Request.(*compute.ListImagesRequest).GetOrderBy())
		if n := len(reply.Images); n > 0 && strings.HasPrefix(by, "created") {
			return fmt.Sprintf(", created %s to %s", reply.Images[0].CreatedAt.AsTime().Format(form), reply.Images[n-1].CreatedAt.AsTime().Format(form))
		}
	}
	return ""
}

// folderOf returns the folder of a resource, "" if it has none.
func folderOf(resource proto.Message) string {
	if in, is := resource.(interface{ GetFolderId() string }); is {
		return in.GetFolderId()
	}
	return ""
}

// nameOf returns the name of a resource, "" if it has none.
func nameOf(resource proto.Message) string {
	if named, is := resource.(interface{ GetName() string }); is {
		return named.GetName()
	}
	return ""
}

// nounOf returns what a resource is, "disk"; "" if nothing tells.
func nounOf(m proto.Message) string {
	t, ok := resource.TypeOf(m.ProtoReflect().Descriptor())
	if !ok {
		return ""
	}
	return strings.ToLower(t.Kind)
}

// hasFailed tells whether a resource has the status ERROR.
func hasFailed(m proto.Message) bool {
	if m == nil {
		return false
	}
	t, known := resource.TypeOf(m.ProtoReflect().Descriptor())
	return known && t.Status(m) == string(Errored)
}

// resource notes what a resource is called.
func (b *storyBuilder) resource(id string, m proto.Message) {
	if id != "" {
		b.name(timeline.Name{ID: id, Kind: timeline.Image, Text: nameOf(m), Folder: folderOf(m), Noun: nounOf(m)})
	}
}

// knownResource notes what a resource is called, if there is one with that id.
func (b *storyBuilder) knownResource(id string) {
	if _, named := b.named[id]; named || id == "" {
		return
	}
	if m := b.state.world.Resource(id); m != nil {
		b.resource(id, m)
	}
}

// operation notes what started an operation.
func (b *storyBuilder) operation(id string, by Method) {
	b.name(timeline.Name{ID: id, Kind: timeline.Operation, Text: by.String()})
}

func (b *storyBuilder) name(n timeline.Name) {
	i, named := b.named[n.ID]
	if !named {
		b.named[n.ID] = len(b.Names)
		b.Names = append(b.Names, n)
	} else if b.Names[i].Text == "" {
		b.Names[i].Text = n.Text
	}
}

// farewell returns what the log of a failed test ends with: the timeline, and where the page of it is or how to get one. It is ""
// where nothing happened.
func (s *Server) farewell(t TB) string {
	picture := s.Timeline()
	if picture == "" {
		return ""
	}
	text := fmt.Sprintf("what the server of %s saw:\n%s%s", t.Name(), picture, s.unpolled())
	to := plain.ArtifactPath(t, "timeline", t.Name())
	if to == "" {
		byGo := ""
		if _, keeps := t.(interface{ ArtifactDir() string }); keeps && flag.Lookup("test.artifacts") != nil {
			byGo = "go test -artifacts, or "
		}
		return text + "as a page for a browser: " + byGo + "set " + plain.ArtifactsVariable + " to a directory"
	}
	path, err := plain.WriteArtifact(to, s.WriteTimeline)
	if err != nil {
		return text + fmt.Sprintf("the page for a browser could not be written: %v", err)
	}
	return text + "as a page for a browser: " + path
}
