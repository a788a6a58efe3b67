package scenario

import (
	"slices"
	"time"

	"github.com/imagefake/imagefake/fake"
	"github.com/imagefake/imagefake/fake/plain"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Rivals are what other clients, and the cloud itself, do to the world between any two calls of a body. A rival acts as the call comes,
// before its commit, at every call where it finds something to act on; where it does not, the run is not counted. See [Rivals].
var (
	// ImageDeleted: the image that a call names, or that it creates another from, is gone; where a call is about none, the one that the
	// caller made last.
	ImageDeleted = Kind{Name: "image-deleted", called: "ImageDeleted", Act: onImage(func(s *fake.Server, im *compute.Image) { s.RemoveImage(im.Id) }), rival: true}

	// ImageDeleting: the same, but it is on its way out first: DELETING, and gone a minute later.
	ImageDeleting = Kind{Name: "image-deleting", called: "ImageDeleting", rival: true, Act: onImage(func(s *fake.Server, im *compute.Image) {
		s.SetImageStatus(im.Id, compute.Image_DELETING)
		time.AfterFunc(time.Minute, func() {
			if s.Image(im.Id).GetStatus() == compute.Image_DELETING {
				s.RemoveImage(im.Id)
			}
		})
	})}

	// ImageBroken: the image that a call names has come to the status ERROR.
	ImageBroken = Kind{Name: "image-broken", called: "ImageBroken", rival: true, Act: onImage(func(s *fake.Server, im *compute.Image) {
		s.SetImageStatus(im.Id, compute.Image_ERROR)
	})}

	// ImageRelabelled: another client gives the image that a call names other labels.
	ImageRelabelled = Kind{Name: "image-relabelled", called: "ImageRelabelled", rival: true, Act: onImage(func(s *fake.Server, im *compute.Image) {
		s.ChangeImage(im.Id, func(im *compute.Image) { im.Labels = map[string]string{"owner": "another-client"} })
	})}

	// NameTaken: another client has just made an image of the name that a Create or an Update asks for.
	NameTaken = Kind{Name: "name-taken", called: "NameTaken", rival: true, among: oneOf(fake.ImageCreate, fake.ImageUpdate), Act: takeName}

	// FamilyMovesOn: a newer image of the family that a call is about, or that the image it names belongs to, is published, and the old
	// one removed.
	FamilyMovesOn = Kind{Name: "family-moves-on", called: "FamilyMovesOn", rival: true, Act: moveFamilyOn}

	// ImageAdded: another client adds an image to the folder that is listed, as one of its pages is asked for.
	ImageAdded = Kind{Name: "image-added", called: "ImageAdded", rival: true, among: oneOf(fake.ImageList), Act: func(s *fake.Server, c *fake.Call) {
		if r, ok := c.Request.(*compute.ListImagesRequest); ok {
			s.AddImage(&compute.Image{FolderId: r.FolderId, Description: plain.MadeByAnother})
		}
	}}

	// ImageRemoved: the image that came last on the page before is removed as the next one is asked for.
	ImageRemoved = Kind{Name: "image-removed", called: "ImageRemoved", rival: true, among: oneOf(fake.ImageList), Act: removeLastListed}

	// QuotaFilled: others have used the quota of images up. From there on every Create is refused.
	QuotaFilled = rival(Kind{Name: "quota", called: "QuotaFilled", Do: fake.Return(codes.ResourceExhausted), among: oneOf(fake.ImageCreate), final: true,
		code: "fake.Return(codes.ResourceExhausted)"}.Onwards())

	// TokenRevoked: the token is no longer good. From there on every call of the caller is Unauthenticated.
	TokenRevoked = rival(Kind{Name: "token-revoked", called: "TokenRevoked", Do: fake.Return(codes.Unauthenticated).Early(), final: true, wide: true,
		code: "fake.Return(codes.Unauthenticated).Early()"}.Onwards())

	// RoleRevoked: the caller's role is taken away. From there on every call is PermissionDenied.
	RoleRevoked = rival(Kind{Name: "role-revoked", called: "RoleRevoked", Do: fake.Return(codes.PermissionDenied), final: true, wide: true,
		code: "fake.Return(codes.PermissionDenied)"}.Onwards())

	// CancelTooLate: the operation ends well just before its cancel comes.
	CancelTooLate = Kind{Name: "cancel-too-late", called: "CancelTooLate", rival: true, among: oneOf(fake.OperationCancel), Act: func(s *fake.Server, c *fake.Call) {
		for _, op := range s.Operations() {
			if op.ID() == c.OperationID && !op.Done() && op.Proto().GetError() == nil {
				op.Complete()
			}
		}
	}}
)

func rival(k Kind) Kind {
	k.rival = true
	return k
}

// allRivals are the rivals of the package.
func allRivals() []Kind {
	return []Kind{ImageDeleted, ImageDeleting, ImageBroken, ImageRelabelled, NameTaken, FamilyMovesOn, ImageAdded, ImageRemoved, QuotaFilled,
		TokenRevoked, RoleRevoked, CancelTooLate}
}

// named returns the image that a call is about: that it names or, of a Create, that it is made from. Where it is about none, it is the
// one that the caller made last, and nil if there is none.
func named(s *fake.Server, c *fake.Call) *compute.Image {
	id := c.ResourceID
	if r, ok := c.Request.(*compute.CreateImageRequest); ok {
		id = r.GetImageId()
	}
	if id != "" {
		return s.Image(id)
	}
	for _, op := range slices.Backward(s.Operations(fake.AllOf(fake.ImageCreate, fake.ByCaller(c.Caller)))) {
		if im := s.Image(op.ResourceID()); im != nil {
			return im
		}
	}
	return nil
}

// onImage acts on the image that a call is about.
func onImage(act func(*fake.Server, *compute.Image)) func(*fake.Server, *fake.Call) {
	return func(s *fake.Server, c *fake.Call) {
		if im := named(s, c); im.GetStatus() == compute.Image_READY {
			act(s, im)
		}
	}
}

// takeName makes an image of the name that a request asks for, if it is free.
func takeName(s *fake.Server, c *fake.Call) {
	folder, name := "", ""
	switch r := c.Request.(type) {
	case *compute.CreateImageRequest:
		folder, name = r.FolderId, r.Name
	case *compute.UpdateImageRequest:
		folder, name = s.Image(r.ImageId).GetFolderId(), r.Name
	}
	if folder != "" && name != "" && s.ImageNamed(folder, name) == nil {
		s.AddImage(&compute.Image{FolderId: folder, Name: name, Description: plain.MadeByAnother})
	}
}

// moveFamilyOn publishes a newer image of the family that a call is about, and removes the newest before it.
func moveFamilyOn(s *fake.Server, c *fake.Call) {
	var old *compute.Image
	if r, ok := c.Request.(*compute.GetImageLatestByFamilyRequest); ok {
		for _, im := range s.Images(func(im *compute.Image) bool {
			return im.FolderId == r.FolderId && im.Family == r.Family && im.Status == compute.Image_READY
		}) {
			if old == nil || !im.CreatedAt.AsTime().Before(old.CreatedAt.AsTime()) {
				old = im
			}
		}
	} else {
		old = named(s, c)
	}
	if old == nil || old.Family == "" {
		return
	}
	newer := timestamppb.New(old.CreatedAt.AsTime().Add(7 * 24 * time.Hour)) // the server's clock may be behind the catalogue
	s.AddImage(&compute.Image{
		FolderId: old.FolderId, Family: old.Family, Description: plain.MadeByAnother, CreatedAt: newer, MinDiskSize: old.MinDiskSize, Os: old.Os})
	s.RemoveImage(old.Id)
}

// removeLastListed removes the image that came last on the page before the one that is asked for.
func removeLastListed(s *fake.Server, c *fake.Call) {
	var page *compute.ListImagesResponse
	for _, before := range s.Calls(fake.AllOf(fake.ImageList, fake.ByCaller(c.Caller))) {
		if answered, ok := before.Reply.(*compute.ListImagesResponse); ok && len(answered.Images) > 0 {
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
