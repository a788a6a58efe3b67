package fake_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

// The rows of TestSettled that are about operations under way.

func aNameHeldForAnImageThatIsGone(t *testing.T) {
	for name, lose := range map[string]func(*testing.T, *fake.Server){
		"deleted": func(t *testing.T, cloud *fake.Server) {
			_, _, err := send(t.Context(), cloud.Conn(), remove(ready))
			require.NoError(t, err)
			cloud.NextOperation(t.Context(), fake.ImageDelete).Complete()
		},
		"removed": func(_ *testing.T, cloud *fake.Server) { cloud.RemoveImage(ready) },
	} {
		for ending, end := range map[string]func(*fake.Operation){
			"complete": (*fake.Operation).Complete, "step": (*fake.Operation).Step, "cancel": (*fake.Operation).Cancel,
		} {
			t.Run(name+", "+ending, func(t *testing.T) {
				cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())))
				stock(cloud)
				_, _, err := send(t.Context(), cloud.Conn(), rename(ready, "promised"))
				require.NoError(t, err)
				update := cloud.NextOperation(t.Context(), fake.ImageUpdate)
				lose(t, cloud)
				_, header, err := send(t.Context(), cloud.Conn(), fromDisk("promised"))
				requireOutcome(t, nameTaken("promised"), header, err)
				_, _, err = send(t.Context(), cloud.Conn(), fromDisk(ready))
				require.NoError(t, err, "the old name was free as soon as the image was gone")

				end(update)

				require.Error(t, update.Wait(t.Context()))
				_, _, err = send(t.Context(), cloud.Conn(), fromDisk("promised"))
				require.NoError(t, err)
			})
		}
	}
}

func anUpdateThatEndsOnWhatIsNotReady(t *testing.T) {
	slow := fake.Finish(fake.ByHand())
	slow.Rollback = fake.ByHand()
	for _, plan := range []fake.Plan{fake.Finish(fake.ByHand()), slow, fake.Finish(fake.Polls(1))} {
		for _, st := range []compute.Image_Status{compute.Image_CREATING, compute.Image_ERROR, compute.Image_DELETING} {
			for name, end := range map[string]func(*fake.Operation){"step": (*fake.Operation).Step, "complete": (*fake.Operation).Complete} {
				t.Run(fmt.Sprint(st, " ", name), func(t *testing.T) {
					cloud := fake.New(t, fake.WithPlan(plan))
					stock(cloud)
					_, _, err := send(t.Context(), cloud.Conn(), describe(ready))
					require.NoError(t, err)
					cloud.SetImageStatus(ready, st)
					before := cloud.Image(ready)

					op := cloud.NextOperation(t.Context())
					end(op)

					require.True(t, op.Done(), "there is nothing to roll back: it ends in one step")
					want := notReady(ready, st.String())
					require.Equal(t, want.text, status.Convert(op.Wait(t.Context())).Message())
					require.Equal(t, want.code, status.Code(op.Wait(t.Context())))
					require.Empty(t, cmp.Diff(before, cloud.Image(ready), protocmp.Transform()))
				})
			}
		}
	}
}

// meddledWith shows what becomes of operations whose image a test changes by hand meanwhile.
func meddledWith(kinds ...string) func(*testing.T) {
	const gone = compute.Image_STATUS_UNSPECIFIED
	start := map[string]proto.Message{"create": fromDisk("new"), "update": describe(ready), "delete": remove(ready), "bind": setBindings(ready)}
	lost := func(id string) outcome { return noSource("Image", id) }
	well := func(string) outcome { return outcome{} }
	broken := func(string) outcome { return outcome{code: codes.DataLoss, text: "disk read error"} }
	not := func(id string) outcome { return notReady(id, "ERROR") }
	table := []struct {
		kind  string
		to    compute.Image_Status // gone: the image is removed
		fail  bool                 // the operation fails by hand; else it is completed
		want  func(id string) outcome
		after compute.Image_Status
	}{
		{"create", compute.Image_READY, false, well, compute.Image_READY},
		{"create", compute.Image_ERROR, false, well, compute.Image_READY},
		{"create", gone, false, lost, gone},
		{"create", compute.Image_READY, true, broken, gone},
		{"create", gone, true, broken, gone},
		{"update", compute.Image_ERROR, false, not, compute.Image_ERROR},
		{"update", gone, false, lost, gone},
		{"update", compute.Image_ERROR, true, broken, compute.Image_ERROR},
		{"update", gone, true, broken, gone},
		{"delete", compute.Image_READY, false, well, gone},
		{"delete", compute.Image_ERROR, false, well, gone},
		{"delete", gone, false, well, gone},
		{"delete", compute.Image_ERROR, true, broken, compute.Image_ERROR},
		{"delete", gone, true, broken, gone},
		{"bind", compute.Image_ERROR, false, well, compute.Image_ERROR},
		{"bind", compute.Image_DELETING, false, well, compute.Image_DELETING},
		{"bind", gone, false, lost, gone},
		{"bind", compute.Image_ERROR, true, broken, compute.Image_ERROR},
		{"bind", gone, true, broken, gone},
	}
	return func(t *testing.T) {
		for _, row := range table {
			if !slices.Contains(kinds, row.kind) {
				continue
			}
			t.Run(fmt.Sprintf("%s, to %v, fail %v", row.kind, row.to, row.fail), func(t *testing.T) {
				cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())))
				stock(cloud)
				_, _, err := send(t.Context(), cloud.Conn(), start[row.kind])
				require.NoError(t, err)
				op := cloud.NextOperation(t.Context())

				if row.to == gone {
					cloud.RemoveImage(op.ResourceID())
				} else {
					cloud.SetImageStatus(op.ResourceID(), row.to)
				}
				require.False(t, op.Done(), "it goes on")
				if row.fail {
					op.Fail(codes.DataLoss, "disk read error")
				} else {
					op.Complete()
				}

				ended, want := status.Convert(op.Wait(t.Context())), row.want(op.ResourceID())
				require.Equal(t, want.code, ended.Code())
				require.Equal(t, want.text, ended.Message())
				require.Equal(t, row.after, cloud.Image(op.ResourceID()).GetStatus())
			})
		}
	}
}

func aBadSourceByHand(t *testing.T) {
	poll := func(t *testing.T, cloud *fake.Server, op *fake.Operation) { clientsOf(cloud.Conn()).poll(t, op.ID()) }
	for name, row := range map[string]struct {
		move func(*testing.T, *fake.Server, *fake.Operation)
		well bool
	}{
		"complete": {func(_ *testing.T, _ *fake.Server, op *fake.Operation) { op.Complete() }, true},
		"step": {func(t *testing.T, cloud *fake.Server, op *fake.Operation) {
			op.Step()
			require.False(t, op.Done(), "both phases of a failure are reachable by hand")
			require.Equal(t, "url source not found", op.Proto().GetError().Message)
			op.Step()
		}, false},
		"another plan": {func(t *testing.T, cloud *fake.Server, op *fake.Operation) {
			op.Replan(fake.Finish(fake.Polls(1)))
			poll(t, cloud, op)
		}, false},
		"another plan, at once": {func(t *testing.T, cloud *fake.Server, op *fake.Operation) {
			op.Replan(fake.AtOnce())
			poll(t, cloud, op)
		}, false},
		"another plan, then complete": {func(t *testing.T, cloud *fake.Server, op *fake.Operation) {
			op.Replan(fake.Stuck())
			op.Complete()
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t, fake.WithPlan(fake.Finish(fake.ByHand())), fake.WithOnlySources())
			_, id := clientsOf(cloud.Conn()).create(t, fromObject("https://storage.yandexcloud.net/bucket/none"))
			op := cloud.NextOperation(t.Context())

			row.move(t, cloud, op)

			require.True(t, op.Done())
			if row.well {
				require.NoError(t, op.Wait(t.Context()))
				require.Equal(t, compute.Image_READY, cloud.Image(id).Status)
				return
			}
			require.ErrorContains(t, op.Wait(t.Context()), "url source not found")
			require.Nil(t, cloud.Image(id))
		})
	}
}

func nothingButStepEndsARollback(t *testing.T) {
	for name, move := range map[string]func(*fake.Operation){
		"Complete": (*fake.Operation).Complete,
		"Fail":     func(op *fake.Operation) { op.Fail(codes.Aborted, "again") },
		"RollBack": func(op *fake.Operation) { op.RollBack(codes.Aborted, "again") },
		"Replan":   func(op *fake.Operation) { op.Replan(fake.AtOnce()) },
		"Cancel":   (*fake.Operation).Cancel, // as a client's: no misuse, and no effect
	} {
		t.Run(name, func(t *testing.T) {
			w := witnessed(t, func(w *witness) {
				cloud := fake.New(w, fake.WithPlan(fake.Finish(fake.ByHand())))
				c := clientsOf(cloud.Conn())
				started, _ := c.create(t, fromDisk("web"))
				op := cloud.Operation(started.Id)
				op.RollBack(codes.DataLoss, "disk read error", &errdetails.ErrorInfo{Reason: "BAD_SECTOR"})
				before := cloud.Snapshot().String()

				move(op)

				require.Equal(t, before, cloud.Snapshot().String())
				answer, err := c.ops.Cancel(t.Context(), &operation.CancelOperationRequest{OperationId: started.Id})
				require.NoError(t, err)
				require.Equal(t, "disk read error", answer.GetError().Message)
				op.Step()
				require.True(t, op.Done())
			})
			if name == "Cancel" {
				require.Empty(t, w.complaints())
				return
			}
			require.Len(t, w.complaints(), 1)
			require.Contains(t, w.complaints()[0].text, name+": ")
			require.Contains(t, w.complaints()[0].text, "rolling back")
		})
	}
}
