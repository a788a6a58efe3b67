package scenario_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/scenario"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// raw is a client without any manners: it shows what a story does to a caller.
type raw struct {
	*testing.T
	cloud  *fake.Server
	images compute.ImageServiceClient
	ops    operation.OperationServiceClient
}

func (r raw) create() (*operation.Operation, error) {
	return r.images.Create(r.Context(), &compute.CreateImageRequest{FolderId: "f", Name: "web", Source: fromDisk.Source})
}

func (r raw) created() *operation.Operation {
	op, err := r.create()
	require.NoError(r, err)
	return op
}

func (r raw) poll(op *operation.Operation) (*operation.Operation, error) {
	return r.ops.Get(r.Context(), &operation.GetOperationRequest{OperationId: op.Id})
}

// polls returns the codes of n polls.
func (r raw) polls(op *operation.Operation, n int) []codes.Code {
	all := make([]codes.Code, n)
	for i := range all {
		_, err := r.poll(op)
		all[i] = status.Code(err)
	}
	return all
}

func (r raw) get(id string) (*compute.Image, error) {
	return r.images.Get(r.Context(), &compute.GetImageRequest{ImageId: id})
}

func (r raw) delete(id string) (*operation.Operation, error) {
	return r.images.Delete(r.Context(), &compute.DeleteImageRequest{ImageId: id})
}

func (r raw) page(token string) (*compute.ListImagesResponse, error) {
	return r.images.List(r.Context(), &compute.ListImagesRequest{FolderId: "f", PageSize: 2, PageToken: token})
}

// gets returns the codes of n calls that nothing should be wrong with.
func (r raw) gets(n int) []codes.Code {
	fourImages(r.cloud)
	id := r.cloud.Images()[0].Id
	all := make([]codes.Code, n)
	for i := range all {
		_, err := r.get(id)
		all[i] = status.Code(err)
	}
	return all
}

// names lists all images of folder f, two a page.
func (r raw) names() (names []string) {
	for token := ""; ; {
		page, err := r.page(token)
		require.NoError(r, err)
		for _, im := range page.Images {
			names = append(names, im.Name)
		}
		if token = page.NextPageToken; token == "" {
			return names
		}
	}
}

var (
	ok          = codes.OK
	notFound    = codes.NotFound
	unavailable = codes.Unavailable
)

// storyTests has a test for every entry of the catalogue.
var storyTests = map[string]func(raw){
	"replica-lag": func(r raw) {
		require.Equal(r, []codes.Code{notFound, notFound, notFound, ok}, r.polls(r.created(), 4))
	},
	"replica-lag-too-long": func(r raw) {
		require.Equal(r, []codes.Code{notFound, notFound, notFound, notFound, ok}, r.polls(r.created(), 5))
	},
	"image-lags": func(r raw) {
		op := r.created()
		require.Equal(r, []codes.Code{ok}, r.polls(op, 1))
		for _, want := range []compute.Image_Status{compute.Image_CREATING, compute.Image_CREATING, compute.Image_READY} {
			im, err := r.get(made(op))
			require.NoError(r, err)
			require.Equal(r, want, im.Status)
		}
	},
	"create-reply-lost": func(r raw) {
		_, err := r.create()
		require.Equal(r, unavailable, status.Code(err))
		require.Len(r, r.cloud.Images(), 1)
		_, err = r.create()
		require.Equal(r, codes.AlreadyExists, status.Code(err))
	},
	"delete-reply-lost": func(r raw) {
		fourImages(r.cloud)
		id := r.cloud.Images()[0].Id
		_, err := r.delete(id)
		require.Equal(r, unavailable, status.Code(err))
		require.Equal(r, compute.Image_DELETING, r.cloud.Image(id).Status)
	},
	"unavailable-burst": func(r raw) {
		require.Equal(r, []codes.Code{unavailable, unavailable, unavailable, ok}, r.gets(4))
	},
	"throttled": func(r raw) {
		require.Equal(r, []codes.Code{codes.ResourceExhausted}, r.gets(1))
		_, err := r.page("")
		retry, given := status.Convert(err).Details()[0].(*errdetails.RetryInfo)
		require.True(r, given)
		require.Equal(r, 5*time.Second, retry.RetryDelay.AsDuration())
		_, err = r.page("")
		require.NoError(r, err)
	},
	"quota-midway": func(r raw) {
		r.created()
		for range 2 {
			_, err := r.images.Create(r.Context(), &compute.CreateImageRequest{FolderId: "f", Source: fromDisk.Source})
			require.Equal(r, codes.ResourceExhausted, status.Code(err))
			require.Contains(r, err.Error(), "maximum number of images")
		}
	},
	"token-expires": func(r raw) {
		require.Equal(r, []codes.Code{ok, ok, codes.Unauthenticated, ok}, r.gets(4))
	},
	"permission-taken-away": func(r raw) {
		require.Equal(r, []codes.Code{ok, ok, codes.PermissionDenied, codes.PermissionDenied}, r.gets(4))
	},
	"operation-stuck": func(r raw) {
		op := r.created()
		time.Sleep(24 * time.Hour)
		op, err := r.poll(op)
		require.NoError(r, err)
		require.False(r, op.Done)
		op, err = r.ops.Cancel(r.Context(), &operation.CancelOperationRequest{OperationId: op.Id})
		require.NoError(r, err)
		require.True(r, op.Done)
		require.Empty(r, r.cloud.Images())
	},
	"slow-rollback": func(r raw) {
		op, start := r.created(), time.Now()
		var err error
		for op.GetError() == nil {
			op, err = r.poll(op)
			require.NoError(r, err)
		}
		require.False(r, op.Done)
		require.Equal(r, 90*time.Second, time.Since(start))
		_, err = r.create()
		require.Equal(r, codes.AlreadyExists, status.Code(err))
		for !op.Done {
			op, err = r.poll(op)
			require.NoError(r, err)
		}
		require.Equal(r, 6*time.Minute+30*time.Second, time.Since(start))
		require.Empty(r, r.cloud.Images())
	},
	"cancel-too-late": func(r raw) {
		op, err := r.ops.Cancel(r.Context(), &operation.CancelOperationRequest{OperationId: r.created().Id})
		require.NoError(r, err)
		require.True(r, op.Done)
		require.NotNil(r, op.GetResponse())
		require.Equal(r, compute.Image_READY, r.cloud.Image(made(op)).Status)
	},
	"image-vanishes": func(r raw) {
		fourImages(r.cloud)
		page, err := r.page("")
		require.NoError(r, err)
		_, err = r.get(page.Images[0].Id)
		require.Equal(r, notFound, status.Code(err))
		_, err = r.get(page.Images[1].Id)
		require.NoError(r, err)
	},
	"family-moves-on": func(r raw) {
		lookup := func() *compute.Image {
			im, err := r.images.GetLatestByFamily(r.Context(), &compute.GetImageLatestByFamilyRequest{FolderId: "standard-images", Family: "debian-12"})
			require.NoError(r, err)
			return im
		}
		base := lookup()
		_, err := r.images.Create(r.Context(), &compute.CreateImageRequest{FolderId: "f", Source: &compute.CreateImageRequest_ImageId{ImageId: base.Id}})
		require.Equal(r, codes.FailedPrecondition, status.Code(err))
		newer := lookup()
		require.Greater(r, newer.CreatedAt.AsTime(), base.CreatedAt.AsTime())
		_, err = r.images.Create(r.Context(), &compute.CreateImageRequest{FolderId: "f", Source: &compute.CreateImageRequest_ImageId{ImageId: newer.Id}})
		require.NoError(r, err)
	},
	"name-taken": func(r raw) {
		_, err := r.create()
		require.Equal(r, codes.AlreadyExists, status.Code(err))
		require.Equal(r, "made by another client", r.cloud.Images()[0].Description)
	},
	"page-token-expires": func(r raw) {
		fourImages(r.cloud)
		page, err := r.page("")
		require.NoError(r, err)
		_, err = r.page(page.NextPageToken)
		require.Equal(r, codes.InvalidArgument, status.Code(err))
		require.Len(r, r.names(), 4)
	},
	"empty-page": func(r raw) {
		fourImages(r.cloud)
		page, err := r.page("")
		require.NoError(r, err)
		require.Empty(r, page.Images)
		page, err = r.page(page.NextPageToken)
		require.NoError(r, err)
		require.Len(r, page.Images, 2)
	},
	"insert-between-pages": func(r raw) {
		fourImages(r.cloud)
		require.Subset(r, r.names(), []string{"image-0", "image-1", "image-2", "image-3"})
		require.Len(r, r.cloud.Images(), 5)
	},
	"delete-between-pages": func(r raw) {
		fourImages(r.cloud)
		require.ElementsMatch(r, []string{"image-0", "image-1", "image-2", "image-3"}, r.names())
		require.Len(r, r.cloud.Images(), 3)
	},
	"connection-cut": func(r raw) {
		r.created()
		_, err := r.images.Create(r.Context(), &compute.CreateImageRequest{FolderId: "f", Source: fromDisk.Source})
		require.Equal(r, unavailable, status.Code(err))
		require.Len(r, r.cloud.Images(), 2)
		_, err = r.page("")
		require.NoError(r, err)
	},
	"slow-everything": func(r raw) {
		start := time.Now()
		op := r.created()
		require.Equal(r, []codes.Code{ok}, r.polls(op, 1))
		require.Equal(r, 20*time.Second, time.Since(start))
		short, cancel := context.WithTimeout(r.Context(), 9*time.Second)
		defer cancel()
		_, err := r.images.Get(short, &compute.GetImageRequest{ImageId: made(op)})
		require.Equal(r, codes.DeadlineExceeded, status.Code(err))
	},
	"bad-day": func(r raw) {
		var seen []codes.Code
		for range 4 {
			_, err := r.create()
			seen = append(seen, status.Code(err))
		}
		op := r.cloud.Operations()[0].Proto()
		require.Equal(r, []codes.Code{unavailable, unavailable, unavailable, codes.AlreadyExists}, seen)
		require.Equal(r, []codes.Code{codes.ResourceExhausted, notFound, ok}, r.polls(op, 3))
	},
}

func TestEveryStory(t *testing.T) {
	stories := scenario.Stories()
	require.Len(t, stories, len(storyTests), "one test for each story, and no other")
	for i, story := range stories {
		t.Run(story.Name, func(t *testing.T) {
			test := storyTests[story.Name]
			require.NotNil(t, test, "the story has no test")
			require.NotEmpty(t, story.Happens)
			require.NotEmpty(t, story.GoodClient)
			synctest.Test(t, func(t *testing.T) {
				cloud := fake.New(t, fake.WithStandardImages())
				for _, im := range cloud.Images() {
					if im.Family != "debian-12" {
						cloud.RemoveImage(im.Id)
					}
				}
				if story.Name != "family-moves-on" {
					for _, im := range cloud.Images() {
						cloud.RemoveImage(im.Id)
					}
				}
				story.Play(t, cloud)
				test(raw{t, cloud, compute.NewImageServiceClient(cloud.Conn()), operation.NewOperationServiceClient(cloud.Conn())})
			})
			require.False(t, t.Failed(), "the story %d has played", i)
		})
	}
}

// A story that the code under test never comes to fails its test, and says what it waited for.
func TestStoryThatNeverHappens(t *testing.T) {
	for _, story := range scenario.Stories() {
		t.Run(story.Name, func(t *testing.T) {
			found, err := scenario.Find(t, func(t *scenario.T) error {
				story.Play(t, fake.New(t)) // which nobody calls
				_, err := images(t).Get(t.Context(), &compute.GetImageRequest{ImageId: "x"})
				return err
			})
			require.ErrorContains(t, err, story.Name)
			require.ErrorContains(t, err, "never happened")
			require.ErrorContains(t, err, "the server saw no calls")
			require.Empty(t, found.Broken)
		})
	}
}
