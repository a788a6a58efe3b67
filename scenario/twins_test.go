package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A twin is a client in two forms, one with a bug that faults, rivals or faults that last bring to light, and one without.
type twin struct {
	name string
	body func(t *scenario.T, repaired bool) error
	opts []scenario.Option
	by   string // in the schedules that find it; a regular expression
}

// seeded puts three images of one family into the folder f.
var seeded = scenario.Setup(func(s *fake.Server) {
	for _, name := range []string{"web-one", "web-two", "web-three"} {
		s.AddImage(&compute.Image{FolderId: "f", Name: name, Family: "web"})
	}
})

var twins = []twin{
	{
		name: "ends a list at an empty page", by: "empty-page", opts: []scenario.Option{seeded},
		body: func(t *scenario.T, repaired bool) error {
			all, err := listed(t, func(page *compute.ListImagesResponse) bool { return !repaired && len(page.Images) == 0 })
			t.Check("a list has all images", err != nil || len(all) == 3, "images", len(all))
			return err
		},
	},
	{
		name: "loses its place where an image is removed", by: "image-removed", opts: []scenario.Option{seeded, scenario.Rivals(scenario.ImageRemoved)},
		body: func(t *scenario.T, repaired bool) error {
			var names []string
			for token := ""; ; {
				page, err := images(t).List(t.Context(), &compute.ListImagesRequest{FolderId: "f", PageSize: 1, PageToken: token})
				if err != nil {
					return err
				}
				for _, im := range page.Images {
					names = append(names, im.Name)
				}
				token = page.NextPageToken
				// By counting it knows when it is through, and does not ask for the last page.
				if token == "" || !repaired && len(names) == len(t.Cloud().Images()) {
					break
				}
			}
			for _, im := range t.Cloud().Images() {
				t.Check("what was there throughout is listed", strings.Contains(strings.Join(names, " "), im.Name), "missing", im.Name)
			}
			return nil
		},
	},
	{
		name: "takes an error for the end of an operation", by: "slow-rollback",
		body: func(t *scenario.T, repaired bool) error {
			op, err := create(t, "key")
			for err == nil && !op.Done && (repaired || op.GetError() == nil) {
				time.Sleep(10 * time.Second)
				op, err = polled(t, op)
			}
			if err != nil || op.GetError() == nil {
				return err
			}
			// Once the operation has failed the name is free.
			_, err = create(t, "another key")
			t.Check("the name is free again", status.Code(err) != codes.AlreadyExists)
			return err
		},
	},
	{
		name: "tries for ever", by: "onwards", opts: []scenario.Option{scenario.Faults(scenario.Unavailable.Onwards())},
		body: func(t *scenario.T, repaired bool) error {
			var err error
			for try := 1; try <= 5 || !repaired; try++ {
				if err = probe(t); err == nil || status.Code(err) != codes.Unavailable {
					return err
				}
				time.Sleep(time.Second)
			}
			return err
		},
	},
	{
		name: "says nothing when its three tries are used up", by: "3-times", opts: []scenario.Option{scenario.Faults(scenario.Unavailable.Times(3))},
		body: func(t *scenario.T, repaired bool) error {
			var page *compute.ListImagesResponse
			var err error
			for range 3 {
				if page, err = images(t).List(t.Context(), &compute.ListImagesRequest{FolderId: "f"}); err == nil {
					break
				}
				time.Sleep(time.Second)
			}
			if err != nil && !repaired {
				page, err = &compute.ListImagesResponse{}, nil
			}
			t.Check("no error means that there was an answer", err != nil || page.ProtoReflect().IsValid() && answered(t))
			return err
		},
	},
	{
		name: "does not bear a minute without the service", by: "for-1m0s",
		opts: []scenario.Option{scenario.Faults(scenario.Unavailable.For(time.Minute)),
			scenario.Expect(fake.ImageList, scenario.Unavailable.For(time.Minute), scenario.NoImpact)},
		body: func(t *scenario.T, repaired bool) error {
			pause, err := time.Second, error(nil)
			for range 8 {
				if err = probe(t); err == nil {
					return nil
				}
				time.Sleep(pause)
				if repaired {
					pause *= 2
				}
			}
			return err
		},
	},
	{
		name: "creates from an image that a janitor has removed", by: "family-moves-on",
		opts: []scenario.Option{seeded, scenario.Faults(scenario.Unavailable), scenario.Rivals(scenario.FamilyMovesOn)},
		body: func(t *scenario.T, repaired bool) error {
			for try := 0; ; try++ {
				base, err := again(t.Context(), func(ctx context.Context) (*compute.Image, error) {
					return images(t).GetLatestByFamily(ctx, &compute.GetImageLatestByFamilyRequest{FolderId: "f", Family: "web"})
				})
				if err != nil {
					return err
				}
				time.Sleep(time.Hour)
				op, err := again(t.Context(), func(ctx context.Context) (*operation.Operation, error) {
					return images(t).Create(ctx, &compute.CreateImageRequest{
						FolderId: "f", Name: "new", Source: &compute.CreateImageRequest_ImageId{ImageId: base.Id}})
				})
				if status.Code(err) == codes.FailedPrecondition && repaired && try < 3 {
					continue
				}
				t.Check("a newer base is found", err == nil)
				if err == nil {
					err = await(t, op)
				}
				return err
			}
		},
	},
	{
		name: "adopts another client's image", by: "name-taken",
		opts: []scenario.Option{scenario.Faults(scenario.Unavailable), scenario.Rivals(scenario.NameTaken)},
		body: func(t *scenario.T, repaired bool) error {
			op, err := create(t, "key")
			if status.Code(err) == codes.AlreadyExists {
				found := t.Cloud().ImageNamed("f", "web")
				if repaired && found.GetDescription() != "" {
					return err
				}
				_, err = images(t).Update(t.Context(), relabel(found.Id))
				t.Check("nobody else's image is touched", found.Description == "")
				return err
			}
			if err != nil {
				return err
			}
			return await(t, op)
		},
	},
	{
		name: "a janitor that fails where another was faster", by: "image-deleted",
		opts: []scenario.Option{seeded, scenario.Faults(scenario.Unavailable), scenario.Rivals(scenario.ImageDeleted)},
		body: func(t *scenario.T, repaired bool) error {
			all, err := listed(t, func(*compute.ListImagesResponse) bool { return false })
			if err != nil {
				return err
			}
			for _, im := range all {
				op, err := again(t.Context(), func(ctx context.Context) (*operation.Operation, error) {
					return images(t).Delete(ctx, &compute.DeleteImageRequest{ImageId: im.Id})
				})
				if status.Code(err) == codes.NotFound && repaired {
					continue
				}
				t.Check("what is gone is no failure", status.Code(err) != codes.NotFound)
				if err != nil {
					return err
				}
				if err := await(t, op); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		name: "waits for READY, whatever comes", by: "image-broken",
		opts: []scenario.Option{seeded, scenario.Faults(scenario.Unavailable), scenario.Rivals(scenario.ImageBroken)},
		body: func(t *scenario.T, repaired bool) error {
			for {
				im, err := again(t.Context(), func(ctx context.Context) (*compute.Image, error) {
					return images(t).Get(ctx, &compute.GetImageRequest{ImageId: t.Cloud().ImageNamed("f", "web-one").GetId()})
				})
				switch {
				case err != nil:
					return err
				case im.Status == compute.Image_READY:
					return nil
				case im.Status == compute.Image_ERROR && repaired:
					return errors.New("the image is in ERROR")
				}
				time.Sleep(time.Second)
			}
		},
	},
	{
		name: "keeps an id that another client has removed", by: "image-deleting",
		opts: []scenario.Option{seeded, scenario.Faults(scenario.Unavailable), scenario.Rivals(scenario.ImageDeleting)},
		body: func(t *scenario.T, repaired bool) error {
			cached := t.Cloud().ImageNamed("f", "web-one").GetId()
			for range 2 {
				im, err := again(t.Context(), func(ctx context.Context) (*compute.Image, error) {
					return images(t).Get(ctx, &compute.GetImageRequest{ImageId: cached})
				})
				gone := status.Code(err) == codes.NotFound || im.GetStatus() == compute.Image_DELETING
				if err != nil && !gone {
					return err
				}
				if gone && repaired {
					if fresh := t.Cloud().ImageNamed("f", "web-two"); fresh != nil {
						cached = fresh.Id
					}
					continue
				}
				t.Check("the image that is used is there", !gone)
				time.Sleep(2 * time.Minute)
			}
			return nil
		},
	},
	{
		name: "takes a cancel for the end", by: "cancel-too-late",
		opts: []scenario.Option{scenario.Faults(scenario.Unavailable), scenario.Rivals(scenario.CancelTooLate), scenario.OnServer(fake.WithPlan(fake.Stuck(), fake.ImageCreate))},
		body: func(t *scenario.T, repaired bool) error {
			op, err := create(t, "key")
			if err != nil {
				return err
			}
			time.Sleep(time.Hour)
			ended, err := again(t.Context(), func(ctx context.Context) (*operation.Operation, error) {
				return operations(t).Cancel(ctx, &operation.CancelOperationRequest{OperationId: op.Id})
			})
			if err == nil && ended.GetResponse() != nil && repaired {
				err = remove(t, t.Cloud().ImageNamed("f", "web").Id)
			}
			t.Check("nothing is left", err != nil || len(t.Cloud().Images()) == 0)
			return err
		},
	},
	{
		name: "takes a full quota for a crowd", by: "quota-onwards",
		opts: []scenario.Option{scenario.Faults(scenario.Unavailable), scenario.Rivals(scenario.QuotaFilled)},
		body: func(t *scenario.T, repaired bool) error {
			for {
				_, err := images(t).Create(t.Context(), fromDisk)
				switch code := status.Code(err); {
				case code == codes.Unavailable, code == codes.ResourceExhausted && !repaired:
					time.Sleep(time.Minute)
				default:
					return err
				}
			}
		},
	},
	{
		name: "gets a new token, and another, and another", by: "token-revoked-onwards",
		opts: []scenario.Option{scenario.Faults(scenario.Unavailable), scenario.Rivals(scenario.TokenRevoked)},
		body: func(t *scenario.T, repaired bool) error {
			for refreshed := false; ; refreshed = true {
				err := probe(t)
				if status.Code(err) != codes.Unauthenticated || refreshed && repaired {
					return err
				}
				time.Sleep(time.Second)
			}
		},
	},
	{
		name: "goes on where its role was taken away", by: "role-revoked-onwards",
		opts: []scenario.Option{scenario.Faults(scenario.Unavailable), scenario.Rivals(scenario.RoleRevoked)},
		body: func(t *scenario.T, repaired bool) error {
			first := probe(t)
			if status.Code(first) == codes.PermissionDenied && repaired {
				return first
			}
			denied := 0
			for range 3 {
				if status.Code(probe(t)) == codes.PermissionDenied {
					denied++
				}
			}
			t.Check("no call follows a refusal that stays", status.Code(first) != codes.PermissionDenied || denied == 0)
			return first
		},
	},
	{
		name: "writes over another client's labels", by: "image-relabelled",
		opts: []scenario.Option{seeded, scenario.Faults(scenario.Unavailable), scenario.Rivals(scenario.ImageRelabelled)},
		body: func(t *scenario.T, repaired bool) error {
			id := t.Cloud().ImageNamed("f", "web-one").GetId()
			request := relabel(id)
			if repaired { // it leaves labels alone
				request = &compute.UpdateImageRequest{ImageId: id, Description: "seen", UpdateMask: fields("description")}
			}
			op, err := again(t.Context(), func(ctx context.Context) (*operation.Operation, error) { return images(t).Update(ctx, request) })
			if err != nil {
				return err
			}
			err = await(t, op)
			owned := false
			for _, c := range t.Cloud().Calls(fake.ImageUpdate) {
				owned = owned || len(c.Faults) > 0 && strings.Contains(fmt.Sprint(c.Faults[0]), "image-relabelled")
			}
			labels := t.Cloud().Image(id).GetLabels()
			t.Check("the other's labels stay", !owned || labels["owner"] == "another-client", "labels", labels)
			return err
		},
	},
}

// answered tells whether one of the calls was answered well.
func answered(t *scenario.T) bool {
	for _, c := range t.Cloud().Calls() {
		if !c.Running() && c.Status.Code() == codes.OK {
			return true
		}
	}
	return false
}

// listed reads all pages of the folder f, to the last one or to one that ends it.
func listed(t *scenario.T, ends func(*compute.ListImagesResponse) bool) ([]*compute.Image, error) {
	var all []*compute.Image
	for token := ""; ; {
		page, err := again(t.Context(), func(ctx context.Context) (*compute.ListImagesResponse, error) {
			return images(t).List(ctx, &compute.ListImagesRequest{FolderId: "f", PageSize: 2, PageToken: token})
		})
		if err != nil {
			return all, err
		}
		all = append(all, page.Images...)
		if token = page.NextPageToken; token == "" || ends(page) {
			return all, nil
		}
	}
}

func polled(t *scenario.T, op *operation.Operation) (*operation.Operation, error) {
	return again(t.Context(), func(ctx context.Context) (*operation.Operation, error) {
		next, err := operations(t).Get(ctx, &operation.GetOperationRequest{OperationId: op.Id})
		if status.Code(err) == codes.NotFound { // not on all replicas yet
			return op, nil
		}
		return next, err
	})
}

// Each broken client is found in every exploration, by the kind that the table names; its twin holds.
func TestTwins(t *testing.T) {
	for _, tw := range slices.Concat(twins, orderTwins) {
		t.Run(tw.name, func(t *testing.T) {
			t.Parallel()
			for range explorations {
				found, err := scenario.Find(t, func(t *scenario.T) error { return tw.body(t, false) }, tw.opts...)
				require.NoError(t, err)
				require.NotEmpty(t, found.Broken, found.Summary)
				for schedule := range found.Broken {
					require.Regexp(t, tw.by, schedule)
				}
				require.Empty(t, found.Unrun)
				held, err := scenario.Find(t, func(t *scenario.T) error { return tw.body(t, true) }, tw.opts...)
				require.NoError(t, err)
				require.Empty(t, held.Broken, held.Summary)
			}
			scenario.Explore(t, func(t *scenario.T) error { return tw.body(t, true) }, tw.opts...)
		})
	}
}

// An expectation that no run is about is told, and one that does not hold breaks the run.
func TestExpectations(t *testing.T) {
	body := func(t *scenario.T) error { return probe(t) }
	found, err := scenario.Find(t, body, scenario.Faults(scenario.Denied, scenario.Unavailable),
		scenario.Expect(fake.ImageList, scenario.Denied, codes.PermissionDenied),
		scenario.Expect(fake.ImageList, scenario.Unavailable, scenario.NoImpact))
	require.NoError(t, err)
	require.Len(t, found.Broken, 1)
	require.Contains(t, found.Broken["ImageList#1/unavailable"], "expected: unavailable at ImageList makes no difference; it ended Unavailable")
	require.Equal(t, []string{"denied at ImageDelete ends with PermissionDenied", "throttled at ImageList makes no difference"},
		scenario.Unmet(t, body, scenario.Faults(scenario.Denied),
			scenario.Expect(fake.ImageDelete, scenario.Denied, codes.PermissionDenied),
			scenario.Expect(fake.ImageList, scenario.Throttled, scenario.NoImpact)))
	for want, opt := range map[string]scenario.Option{
		"name the calls":                       scenario.Expect(nil, scenario.Denied, codes.OK),
		"the kind has no name":                 scenario.Expect(fake.ImageList, scenario.Kind{}, codes.OK),
		"that is no gRPC code":                 scenario.Expect(fake.ImageList, scenario.Denied, 99),
		`two kinds are called "image-deleted"`: scenario.Rivals(scenario.ImageDeleted, scenario.ImageDeleted),
	} {
		_, err := scenario.Find(t, body, opt)
		require.ErrorContains(t, err, want)
	}
}

// The whole catalogue is played to one body; what it does not come to is told.
func TestPlayAll(t *testing.T) {
	scenario.PlayAll(t, func(t *scenario.T) error {
		op, err := create(t, "key")
		if err != nil {
			return err
		}
		for start := time.Now(); err == nil && !op.Done; {
			if time.Since(start) > time.Hour {
				op, err = operations(t).Cancel(t.Context(), &operation.CancelOperationRequest{OperationId: op.Id})
				continue
			}
			time.Sleep(time.Minute)
			op, err = polled(t, op)
		}
		t.Check("an end without an error is an image", err != nil || op.GetError() != nil || len(t.Cloud().Images()) == 1)
		return err
	})
	require.Equal(t, "name-taken", scenario.StoryNamed("name-taken").Name)
}
