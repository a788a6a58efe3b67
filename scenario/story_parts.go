package scenario

import (
	"sync/atomic"
	"time"

	"github.com/imagefake/imagefake/fake"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// authenticated picks the calls that need a token.
var authenticated = fake.Not(fake.AnyOf(fake.EndpointGet, fake.EndpointList, fake.TokenCreate, fake.TokenCreateForServiceAccount))

// fromCall fires on the n-th call and all later ones, of all callers together.
func fromCall(n int64) fake.Trigger {
	var calls atomic.Int64
	return fake.While(func() bool { return calls.Add(1) >= n })
}

// running returns the latest of the calls that are not answered yet: the one at which a line happens. Nil if there is none.
func running(s *fake.Server, on ...fake.Matcher) *fake.Call {
	var latest *fake.Call
	for _, c := range s.Calls(on...) {
		if c.Running() {
			latest = &c
		}
	}
	return latest
}

// requestOf returns the request of a call, if it has that type.
func requestOf[R proto.Message](c *fake.Call) (request R, ok bool) {
	if c == nil {
		return request, false
	}
	request, ok = c.Request.(R)
	return request, ok
}

// moveFamilyOn publishes a newer image of the family that the image being created from belongs to, and removes that image.
func moveFamilyOn(s *fake.Server) {
	r, ok := requestOf[*compute.CreateImageRequest](running(s, fake.ImageCreate))
	if !ok {
		return
	}
	base := s.Image(r.GetImageId())
	if base == nil {
		return
	}
	newer := timestamppb.New(base.CreatedAt.AsTime().Add(7 * 24 * time.Hour)) // the server's clock may be behind the catalogue
	s.AddImages(&compute.Image{FolderId: base.FolderId, Family: base.Family, CreatedAt: newer, MinDiskSize: base.MinDiskSize, Os: base.Os})
	s.RemoveImage(base.Id)
}

// removeLastListed removes the image that came last on the page before the one that is being asked for.
func removeLastListed(s *fake.Server) {
	var page *compute.ListImagesResponse
	for _, c := range s.Calls(fake.ImageList) {
		if answered, ok := c.Reply.(*compute.ListImagesResponse); ok && len(answered.Images) > 0 {
			page = answered
		}
	}
	if page == nil {
		return
	}
	if last := page.Images[len(page.Images)-1]; s.Image(last.Id) != nil {
		s.RemoveImage(last.Id)
	}
}
