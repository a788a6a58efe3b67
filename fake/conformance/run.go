package conformance

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake/plain"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// runLabel is the label that every image of a run carries, with the id of the run.
const runLabel = "imagefake-run"

// Run runs all cases against a target, each as a subtest of t. First it sweeps away what an interrupted run left behind. What a case
// makes is deleted at its end.
//
// A case fails if something else comes than it says. On a target that is Real, one that belongs to a row with the source [Choice]
// is asked: what came is logged and recorded, and nothing fails. A case that is among the target's Deviations must fail.
func Run(t *testing.T, target Target) { RunCases(t, target, Cases()) }

// RunCases is [Run] for some of the cases, or for one's own.
func RunCases(t *testing.T, target Target, cases []Case) {
	t.Helper()
	if wrong := target.wrong(cases); wrong != nil {
		t.Fatalf("conformance: %v", wrong)
	}
	target = target.filled()
	if r := target.Recording; r != nil && r.Target == "" {
		r.Target = target.Name
	}
	swept, err := Sweep(t.Context(), target)
	for _, name := range swept {
		t.Logf("an interrupted run left the image %s: it is deleted", name)
	}
	if err != nil {
		t.Fatalf("conformance: %v", err)
	}
	base, err := target.base(t.Context())
	if err != nil {
		t.Fatalf("conformance: %v", err)
	}
	for i, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			if missing := target.missing(c); missing != nil {
				t.Skipf("%s does not have what the case needs: %v", target.Name, missing)
			}
			r := newRun(target, c, base, i+1)
			f := r.perform(t.Context())
			if err := r.clean(t.Context()); err != nil {
				t.Error(err)
			}
			r.judge(t, f)
		})
	}
}

// Check runs one case against a target and returns what came otherwise than it says, nil if nothing did. It knows no Deviations, and
// judges rows of every source. What the case made is deleted.
func Check(ctx context.Context, target Target, c Case) error {
	if err := target.wrong([]Case{c}); err != nil {
		return err
	}
	target = target.filled()
	if missing := target.missing(c); missing != nil {
		return fmt.Errorf("%s does not have what the case needs: %v", target.Name, missing)
	}
	base, err := target.base(ctx)
	if err != nil {
		return err
	}
	r := newRun(target, c, base, 1)
	var wrong error
	if f := r.perform(ctx); f != nil {
		wrong = errors.New(r.tell(f))
	}
	return errors.Join(wrong, r.clean(ctx))
}

// incomplete returns what the target lacks that is needed to call it.
func (target Target) incomplete() error {
	switch {
	case target.Compute == nil || target.Operation == nil:
		return errors.New("the target needs connections: set Compute and Operation")
	case target.Folder == "":
		return errors.New("the target needs a folder of its own: set Folder")
	}
	return nil
}

// wrong returns why cases cannot be run against the target.
func (target Target) wrong(cases []Case) error {
	if err := target.incomplete(); err != nil {
		return err
	}
	for id := range target.Deviations {
		if !slices.ContainsFunc(cases, func(c Case) bool { return c.ID == id }) {
			return fmt.Errorf("the deviation %q is that of no case: take it out", id)
		}
	}
	return nil
}

// filled returns the target with defaults for what is not given.
func (target Target) filled() Target {
	if target.Name == "" {
		target.Name = "the target"
	}
	if target.Family == "" {
		target.Family = "ubuntu-2204-lts"
	}
	if target.PublicFolder == "" {
		target.PublicFolder = "standard-images"
	}
	if target.RunID == "" {
		target.RunID = "test"
		if target.Real {
			var random [4]byte
			_, _ = rand.Read(random[:]) // never fails
			target.RunID = hex.EncodeToString(random[:])
		}
	}
	return target
}

// base returns the id of the public image that cases start from.
func (target Target) base(ctx context.Context) (string, error) {
	a := target.call(ctx, latest(target.PublicFolder, target.Family), "")
	if a.status.Code() != codes.OK {
		return "", fmt.Errorf("there is no public image to start from, of family %q in folder %q: %w", target.Family, target.PublicFolder, a.status.Err())
	}
	return a.reply.(*compute.Image).Id, nil
}

// A run is one case being run.
type run struct {
	target Target
	c      Case
	names  names
	made   []string // ids of the images that the case has asked for
}

func newRun(target Target, c Case, base string, number int) *run {
	return &run{target: target, c: c, names: names{
		"folder": target.Folder, "name": fmt.Sprintf("cf-%s-%d", target.RunID, number), "base": base, "family": target.Family, "run": target.RunID,
		"public": target.PublicFolder, "disk": target.Disk, "snapshot": target.Snapshot, "object": target.Object,
		"nowhere": "fd8" + strings.Repeat("0", 16) + "1", "noobject": target.NoObject, "nofolder": target.NoFolder, "denied": target.DeniedFolder,
	}}
}

// A finding is what came otherwise than a step says.
type finding struct {
	step  int // from 1
	text  string
	aside bool
}

// perform makes the calls of the case, up to the first that comes otherwise than it should.
func (r *run) perform(ctx context.Context) *finding {
	for i, step := range r.c.Steps {
		a := r.step(ctx, step)
		text := r.compare(step.Want, a)
		r.target.Recording.add(r.c, i+1, r.names, a, text)
		if text != "" {
			return &finding{step: i + 1, text: text, aside: step.Aside}
		}
		r.save(step, a)
	}
	return nil
}

// step makes one call, or waits.
func (r *run) step(ctx context.Context, step Step) answer {
	if step.Do == nil {
		return r.wait(ctx, r.names.fill(step.Wait))
	}
	request := r.names.in(step.Do)
	switch request := request.(type) {
	case *compute.CreateImageRequest:
		request.Labels = r.labelled(request.Labels)
	case *compute.UpdateImageRequest:
		if mask := request.GetUpdateMask().GetPaths(); len(mask) == 0 || slices.Contains(mask, "labels") {
			request.Labels = r.labelled(request.Labels) // or the sweep would not know it any more
		}
	}
	a := r.target.call(ctx, request, r.names.fill(step.Key))
	if op, ok := a.reply.(*operation.Operation); ok && isCreate(request) {
		r.made = append(r.made, resourceOf(op))
	}
	return a
}

// labelled adds the label of the run.
func (r *run) labelled(labels map[string]string) map[string]string {
	if labels == nil {
		labels = make(map[string]string)
	}
	labels[runLabel] = r.target.RunID
	return labels
}

// maxWait is how long an operation of the real service may take.
const maxWait = 20 * time.Minute

// wait polls an operation until it is done, and answers with how it ended: its response, or its error.
func (r *run) wait(ctx context.Context, id string) answer {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	for {
		a := r.target.call(ctx, poll(id), "")
		op, _ := a.reply.(*operation.Operation)
		switch {
		case op == nil:
			return a
		case op.Done && op.GetError() != nil:
			return answer{status: status.FromProto(op.GetError())}
		case op.Done:
			response, err := op.GetResponse().UnmarshalNew()
			if err != nil {
				return answer{status: status.Newf(codes.Internal, "the response of operation %s: %v", id, err)}
			}
			return answer{reply: response, status: status.New(codes.OK, "")}
		}
		if r.target.Poll == 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return answer{status: status.FromContextError(ctx.Err())}
		case <-time.After(r.target.Poll):
		}
	}
}

// save keeps what later steps may name.
func (r *run) save(step Step, a answer) {
	if step.Save == "" {
		return
	}
	switch reply := a.reply.(type) {
	case *operation.Operation:
		r.names[step.Save], r.names[step.Save+".image"] = reply.Id, resourceOf(reply)
	case *compute.Image:
		r.names[step.Save] = reply.Id
	case interface{ GetNextPageToken() string }:
		r.names[step.Save+".next"] = reply.GetNextPageToken()
	}
}

// compare tells what is wrong with an answer, "" if nothing.
func (r *run) compare(want Want, a answer) string {
	var wrong []string
	note := func(what, want, got string) {
		wrong = append(wrong, fmt.Sprintf("%s: want %s, got %s", what, want, got))
	}
	if got := a.status.Code(); got != want.Code {
		return fmt.Sprintf("want %v, got %v: %s", want.Code, got, a.status.Message())
	}
	if text := r.names.fill(want.Text); text != "" && a.status.Message() != text {
		note("text", text, a.status.Message())
	}
	if form := regexp.MustCompile("^(?:" + want.Form + ")$"); want.Form != "" && !form.MatchString(a.status.Message()) {
		note("text", "one that matches "+want.Form, a.status.Message())
	}
	for _, name := range want.Headers {
		if len(a.header.Get(name)) == 0 {
			note("header "+name, "one", "none")
		}
	}
	if id := strings.Join(a.header.Get("x-request-id"), ", "); want.RequestInfo && (id == "" || a.requestID() != id) {
		note("RequestInfo detail", fmt.Sprintf("the id of the header x-request-id, %q", id), fmt.Sprintf("%q", a.requestID()))
	}
	if want.Field != "" && a.field() != want.Field {
		note("field of the BadRequest detail", want.Field, fmt.Sprintf("%q", a.field()))
	}
	if want.Reply != nil {
		for _, d := range plain.Partial(r.names.in(want.Reply), a.reply) {
			wrong = append(wrong, d.String())
		}
	}
	for _, name := range want.Zero {
		m := a.reply.ProtoReflect()
		fd := m.Descriptor().Fields().ByName(protoreflect.Name(name))
		if fd == nil {
			wrong = append(wrong, "the case names a field that the reply cannot have: "+name)
		} else if m.Has(fd) {
			note(name, "nothing", fmt.Sprint(m.Get(fd).Interface()))
		}
	}
	if want.Check != nil && a.reply != nil {
		if text := want.Check(a.reply, func(name string) string { return r.names[name] }); text != "" {
			wrong = append(wrong, text)
		}
	}
	return strings.Join(wrong, "\n")
}

// judge tells the test what a case has shown.
func (r *run) judge(t *testing.T, f *finding) {
	t.Helper()
	why, known := r.target.Deviations[r.c.ID]
	asked := r.target.Real && r.c.row().Source == Choice
	switch {
	case f == nil && known:
		t.Errorf("%s is a known deviation (%s), and it came as it should: take it out of the list", r.c.ID, why)
	case f == nil:
	case known:
		t.Logf("a known deviation (%s): step %d: %s", why, f.step, f.text)
	case asked:
		t.Logf("%s answers otherwise than the kit chose (%s): step %d: %s", r.target.Name, r.c.Shows, f.step, f.text)
	case f.aside:
		t.Skipf("the case could not be prepared: step %d: %s", f.step, f.text)
	default:
		t.Error(r.tell(f))
	}
}

// tell says what a case shows, and what came instead.
func (r *run) tell(f *finding) string {
	return fmt.Sprintf("%s\nbut, at step %d (%s):\n%s", r.c.Shows, f.step, r.stepText(f.step), f.text)
}

func (r *run) stepText(n int) string {
	step := r.c.Steps[n-1]
	if step.Do == nil {
		return "the end of " + step.Wait
	}
	return plain.Redacted(r.names.in(step.Do))
}

// clean deletes what the case made.
func (r *run) clean(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxWait)
	defer cancel()
	made := slices.Clone(r.made)
	if slices.Contains(made, "") { // an answer that did not name its image: it is found by its label
		labelled, err := Leftovers(ctx, r.target)
		if err != nil {
			return err
		}
		made = slices.DeleteFunc(made, func(id string) bool { return id == "" })
		for _, im := range labelled {
			if im.Labels[runLabel] == r.target.RunID && !slices.Contains(made, im.Id) {
				made = append(made, im.Id)
			}
		}
	}
	var left []error
	for _, id := range made {
		if err := r.target.delete(ctx, id); err != nil {
			left = append(left, fmt.Errorf("the image %s of this case stays behind: %w; Sweep deletes it", id, err))
		}
	}
	return errors.Join(left...)
}

// delete deletes an image and waits until it is gone. One that is not there any more is fine.
func (target Target) delete(ctx context.Context, id string) error {
	r := run{target: target}
	for {
		a := target.call(ctx, remove(id), "")
		switch a.status.Code() {
		case codes.NotFound:
			return nil
		case codes.OK:
			if ended := r.wait(ctx, a.reply.(*operation.Operation).Id); ended.status.Code() != codes.OK {
				return ended.status.Err()
			}
			return nil
		case codes.FailedPrecondition: // it is being made, or deleted: that ends
			if err := target.settle(ctx, id); err != nil {
				return err
			}
		default:
			return a.status.Err()
		}
	}
}

// settle waits for the operations on an image.
func (target Target) settle(ctx context.Context, id string) error {
	a := target.call(ctx, history(id), "")
	if a.status.Code() != codes.OK {
		return a.status.Err()
	}
	r := run{target: target}
	for _, op := range a.reply.(*compute.ListImageOperationsResponse).Operations {
		if !op.Done {
			r.wait(ctx, op.Id)
			return nil
		}
	}
	return errors.New("it can be deleted in no way: it is not READY, and nothing works on it")
}
