package fake_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/imagefake/imagefake/fake"
	"github.com/stretchr/testify/require"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

func TestARepeatedKeyAnswersTheFirstOperation(t *testing.T) {
	for name, start := range map[string]func(c clients, ctx context.Context) (*operation.Operation, error){
		"Create": func(c clients, ctx context.Context) (*operation.Operation, error) {
			return c.Create(ctx, fromDisk("web"))
		},
		"Update": func(c clients, ctx context.Context) (*operation.Operation, error) {
			return c.Update(ctx, &compute.UpdateImageRequest{ImageId: "im", Name: "new"})
		},
		"Delete": func(c clients, ctx context.Context) (*operation.Operation, error) {
			return c.Delete(ctx, &compute.DeleteImageRequest{ImageId: "im"})
		},
		"SetAccessBindings": func(c clients, ctx context.Context) (*operation.Operation, error) {
			return c.SetAccessBindings(ctx, &access.SetAccessBindingsRequest{ResourceId: "im"})
		},
		"UpdateAccessBindings": func(c clients, ctx context.Context) (*operation.Operation, error) {
			return c.UpdateAccessBindings(ctx, &access.UpdateAccessBindingsRequest{ResourceId: "im", AccessBindingDeltas: []*access.AccessBindingDelta{{
				Action: access.AccessBindingAction_ADD, AccessBinding: &access.AccessBinding{RoleId: "r", Subject: &access.Subject{Id: "i", Type: "t"}}}}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := fake.New(t)
			c := clientsOf(cloud.Conn())
			cloud.AddImages(&compute.Image{Id: "im", FolderId: folder, Name: "old"})
			ctx := withKey(t.Context(), "key")

			first, err := start(c, ctx)
			require.NoError(t, err)
			before := cloud.Snapshot().String()
			again, err := start(c, ctx)
			require.NoError(t, err)

			require.Equal(t, first.Id, again.Id)
			require.False(t, again.Done, "a repeat is no poll")
			require.Equal(t, before, cloud.Snapshot().String(), "and does nothing else")
			c.poll(t, first.Id)
			again, err = start(c, ctx)
			require.NoError(t, err)
			require.True(t, again.Done, "the current state, even if the image is gone by now")
			require.Len(t, cloud.Operations(), 1)
			require.False(t, cloud.Calls()[1].Changed)
		})
	}
}

// TestAUsedKeyAnswersItsOperation sends one key with every request of a list, first one of them: all others are answered with what
// that one started, change nothing, and are marked where they are another method's or another request.
func TestAUsedKeyAnswersItsOperation(t *testing.T) {
	requests := []proto.Message{
		fromDisk("web"), fromDisk("web-2"), describe(ready), describe(large), remove(ready), remove(large),
		setBindings(ready), addBinding(ready), addBinding(large),
	}
	for i, first := range requests {
		t.Run(fmt.Sprintf("%d %T", i, first), func(t *testing.T) {
			cloud := fake.New(t)
			stock(cloud)
			ctx := withKey(t.Context(), "key")
			reply, _, err := send(ctx, cloud.Conn(), first)
			require.NoError(t, err)
			before := cloud.Snapshot().String()

			for j, again := range requests {
				answer, _, err := send(ctx, cloud.Conn(), again)
				require.NoError(t, err)
				require.Empty(t, cmp.Diff(reply, answer, protocmp.Transform()))
				calls := cloud.Calls()
				c := calls[len(calls)-1]
				require.Equal(t, reply.(*operation.Operation).Id, c.OperationID)
				require.False(t, c.Changed)
				if j == i {
					require.Zero(t, c.KeyReused)
					continue
				}
				require.Equal(t, calls[0].Seq, c.KeyReused, "the call that the key belongs to")
			}
			require.Equal(t, before, cloud.Snapshot().String())

			fork := cloud.Fork(t)
			_, _, err = send(ctx, fork.Conn(), remove(away))
			require.NoError(t, err)
			require.Equal(t, -1, fork.Calls()[0].KeyReused, "the fork's record does not have the call")
			_, _, err = send(ctx, cloud.ConnAs("somebody else"), remove(away))
			require.NoError(t, err)
			calls := cloud.Calls()
			require.Zero(t, calls[len(calls)-1].KeyReused, "a key belongs to its caller")
			require.True(t, calls[len(calls)-1].Changed)
		})
	}
}

// Two services may take the same request: under one key it is the second one's no less another method.
func TestAUsedKeyOfAnotherServicesMethod(t *testing.T) {
	cloud := fake.New(t, fake.WithNeighbours(&compute.DiskService_ServiceDesc))
	stock(cloud)
	ctx := withKey(t.Context(), "key")
	request := setBindings(ready).(*access.SetAccessBindingsRequest)
	of, err := clientsOf(cloud.Conn()).SetAccessBindings(ctx, request)
	require.NoError(t, err)
	got, err := compute.NewDiskServiceClient(cloud.Conn()).SetAccessBindings(ctx, request)
	require.NoError(t, err)
	require.Equal(t, of.Id, got.Id)
	calls := cloud.Calls()
	require.Equal(t, calls[0].Seq, calls[1].KeyReused)
}

// TestWhoStartedAnOperation: the subject of the token, else the name of the connection, else one user for all. It is also to whom an
// idempotency key belongs.
func TestWhoStartedAnOperation(t *testing.T) {
	start := func(t *testing.T, conn *grpc.ClientConn, token string) *operation.Operation {
		ctx := withKey(t.Context(), "key")
		if token != "" {
			ctx = withToken(ctx, token)
		}
		reply, _, err := send(ctx, conn, fromDisk(""))
		require.NoError(t, err)
		return reply.(*operation.Operation)
	}
	open := fake.New(t)
	alice, bob, nobody := start(t, open.ConnAs("alice"), ""), start(t, open.ConnAs("bob"), ""), start(t, open.Conn(), "")
	require.Equal(t, []string{"alice", "bob"}, []string{alice.CreatedBy, bob.CreatedBy})
	require.Regexp(t, "^aje[0-9a-z]{17}$", nobody.CreatedBy)
	require.NotEqual(t, alice.Id, bob.Id)
	require.NotEqual(t, alice.Id, nobody.Id)

	closed := fake.New(t, fake.WithAuth("one", "two"))
	one, two, named := start(t, closed.Conn(), "one"), start(t, closed.Conn(), "two"), start(t, closed.ConnAs("alice"), "one")
	require.NotEqual(t, one.CreatedBy, two.CreatedBy)
	require.NotEqual(t, one.Id, two.Id)
	require.Equal(t, one.CreatedBy, named.CreatedBy)
	require.Equal(t, one.Id, named.Id, "one user on two connections")
}

func TestAKeyIsKeptOnlyIfAnOperationWasStarted(t *testing.T) {
	cloud := fake.New(t)
	c := clientsOf(cloud.Conn())
	taken := cloud.AddImages(named("web"))[0]
	ctx := withKey(t.Context(), "key")
	_, err := c.Create(ctx, fromDisk("web"))
	require.Equal(t, "AlreadyExists", codeName(err))

	cloud.RemoveImage(taken.Id)

	_, err = c.Create(ctx, fromDisk("web"))
	require.NoError(t, err)
}
