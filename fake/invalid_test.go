package fake_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// verdict is what the rules say of a request. What reported has is in the one error that the test is told; without it there is none.
type verdict struct {
	outcome
	reported []string
}

// A probe is a request at, or just over, the edge of what the rules allow.
type probe struct {
	name    string
	request proto.Message
	want    verdict
}

// fine is the verdict on a request that the rules allow and the state as well.
var fine verdict

// invalid is the refusal of one field: name as the text has it, path as the detail does.
func invalid(name, path, reason string) verdict {
	return verdict{outcome: outcome{
		code: codes.InvalidArgument,
		text: "Request validation error: " + name + ": " + reason,
		details: []proto.Message{&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: path, Description: reason},
		}}},
	}}
}

// A field is one field of one request: its two names, and a request that is good but for the value given to it.
type field[V any] struct {
	method, name, path string
	with               func(V) proto.Message
	accepted           func(V) outcome // nil: success
}

func (f field[V]) probe(value V, reason string) probe {
	p := probe{fmt.Sprintf("%s/%s/%.40q", f.method, f.path, fmt.Sprint(value)), f.with(value), fine}
	switch {
	case reason != "":
		p.want = invalid(f.name, f.path, reason)
	case f.accepted != nil:
		p.want.outcome = f.accepted(value)
	}
	return p
}

// A recorder is a test that keeps the errors it is told, so that what a server has to say of a request can be looked at.
type recorder struct {
	*testing.T
	mu     sync.Mutex
	errors []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// take returns the errors since it was last called.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.errors
	r.errors = nil
	return taken
}

// TestWhatTheRulesForbid sends requests on both sides of every rule. One that is refused leaves no trace but in the record: the
// state is the same to the last byte, page tokens lead where they led, and the next ids are those of a server that never saw it.
func TestWhatTheRulesForbid(t *testing.T) {
	for rules, name := range map[fake.Rules]string{fake.Published: "published", fake.Current: "current"} {
		t.Run(name, func(t *testing.T) {
			tb := &recorder{T: t}
			cloud := fake.New(tb, fake.WithRules(rules), atOnce)
			fillPages(t, cloud)
			tokens := takeTokens(t, cloud)
			pages := readPages(t, cloud, tokens)
			before := cloud.Snapshot()
			text := before.String()

			for _, probes := range [][]probe{
				lengths(), sources(), numbers(), patterns(rules), combinations(), filters(rules), orders(), masks(), forgedTokens(tokens), strangers(),
			} {
				for _, p := range probes {
					t.Run(p.name, func(t *testing.T) {
						_, header, err := send(t.Context(), cloud.Conn(), p.request)
						requireOutcome(t, p.want.outcome, header, err)
						told := tb.take()
						require.Len(t, told, min(1, len(p.want.reported)), "what the test was told: %q", told)
						for _, name := range p.want.reported {
							require.Contains(t, told[0], name)
						}
						if p.want.code == codes.OK {
							cloud.Restore(before)
							return
						}
						require.Equal(t, text, cloud.Snapshot().String())
					})
				}
			}

			require.Equal(t, pages, readPages(t, cloud, tokens))
			untouched := fake.New(t, fake.WithRules(rules), atOnce)
			fillPages(t, untouched)
			want, image := clientsOf(untouched.Conn()).create(t, fromDisk("next"))
			got, same := clientsOf(cloud.Conn()).create(t, fromDisk("next"))
			require.Equal(t, want.Id, got.Id)
			require.Equal(t, image, same)
		})
	}
}

// The good requests that fields are put into.

func creation(change func(*compute.CreateImageRequest)) proto.Message {
	r := fromDisk("")
	change(r)
	return r
}

func updating(change func(*compute.UpdateImageRequest)) proto.Message {
	r := &compute.UpdateImageRequest{ImageId: ready}
	change(r)
	return r
}

func list(change func(*compute.ListImagesRequest)) proto.Message {
	r := &compute.ListImagesRequest{FolderId: folder}
	change(r)
	return r
}

func set(bindings ...*access.AccessBinding) proto.Message {
	return &access.SetAccessBindingsRequest{ResourceId: ready, AccessBindings: bindings}
}

func deltas(d ...*access.AccessBindingDelta) proto.Message {
	return &access.UpdateAccessBindingsRequest{ResourceId: ready, AccessBindingDeltas: d}
}

func add(b *access.AccessBinding) *access.AccessBindingDelta {
	return &access.AccessBindingDelta{Action: access.AccessBindingAction_ADD, AccessBinding: b}
}

func binding(role, subject, kind string) *access.AccessBinding {
	return &access.AccessBinding{RoleId: role, Subject: &access.Subject{Id: subject, Type: kind}}
}

func notFoundImage(id string) outcome { return notFound("Image", id) }
