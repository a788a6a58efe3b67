package world

import (
	"cmp"
	"encoding/binary"
	"iter"
	"slices"

	"github.com/imagefake/imagefake/fake/internal/contract"
	"github.com/imagefake/imagefake/fake/internal/listing"
	"github.com/imagefake/imagefake/fake/internal/lro"
	"github.com/imagefake/imagefake/fake/internal/store"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

// defaultPageSize is what page_size 0 means [guide].
const defaultPageSize = 100

func pageSize(asked int64) int { return int(cmp.Or(asked, defaultPageSize)) }

// Get answers ImageService.Get.
func (w *World) Get(r *compute.GetImageRequest) (*compute.Image, *spb.Status) {
	im, refused := w.image(r.ImageId, false)
	if refused != nil {
		return nil, refused
	}
	return im.Image, nil
}

// GetLatestByFamily answers ImageService.GetLatestByFamily. The empty family finds nothing [choice].
func (w *World) GetLatestByFamily(r *compute.GetImageLatestByFamilyRequest) (*compute.Image, *spb.Status) {
	if refused := w.may(r.FolderId, false); refused != nil {
		return nil, refused
	}
	im := w.images.Latest(r.FolderId, r.Family)
	if im == nil {
		return nil, contract.ImageNotFound(r.Family)
	}
	return im.Image, nil
}

// ListQuery is a list request that has been understood.
type ListQuery struct {
	folder string
	filter listing.Filter
	by     listing.Order
	order  order
	after  *store.Image // nil: from the start
	size   int
	scope  listing.Scope
}

// ParseList reads the filter, the order and the page token of a list request.
func (s Settings) ParseList(r *compute.ListImagesRequest) (*ListQuery, *contract.Violation) {
	q := &ListQuery{folder: r.FolderId, size: pageSize(r.PageSize)}
	q.scope = imagesScope(r)
	var key []byte
	var err error
	if r.PageToken != "" {
		if key, err = q.scope.Key(r.PageToken); err != nil {
			return nil, badToken(err)
		}
	}
	if q.filter, err = listing.ParseFilter(r.Filter, "name", s.Rules.FilterValue); err != nil {
		return nil, &contract.Violation{Field: "Filter", Path: "filter", Reason: err.Error()}
	}
	if q.by, err = listing.ParseOrder(r.OrderBy, sortFields); err != nil {
		return nil, &contract.Violation{Field: "OrderBy", Path: "order_by", Reason: err.Error()}
	}
	q.order = orders[cmp.Or(q.by.Field, "id")]
	if q.by.Desc {
		q.order = q.order.descending()
	}
	if len(key) > 0 { // an empty key is the start
		if q.after, err = q.order.pivot(key); err != nil {
			return nil, badToken(err)
		}
	}
	return q, nil
}

// List answers ImageService.List.
func (w *World) List(q *ListQuery) (*compute.ListImagesResponse, *spb.Status) {
	if refused := w.may(q.folder, false); refused != nil {
		return nil, refused
	}
	page, more := listing.Page(w.matching(q), q.size)
	reply := &compute.ListImagesResponse{Images: make([]*compute.Image, len(page))}
	for i, im := range page {
		reply.Images[i] = im.Image
	}
	if more {
		reply.NextPageToken = q.scope.Token(q.order.key(page[len(page)-1]))
	}
	return reply, nil
}

// matching yields the images of a query in its order, from behind its page token.
func (w *World) matching(q *ListQuery) iter.Seq[*store.Image] {
	if names, pinned := q.filter.Only(); pinned {
		var found []*store.Image
		for _, name := range names {
			if im := w.images.Named(q.folder, name); im != nil && q.filter.Match(name) && q.behind(im) {
				found = append(found, im)
			}
		}
		slices.SortFunc(found, q.order.compare)
		return slices.Values(slices.Compact(found))
	}
	if cmp.Or(q.by.Field, "id") == "id" {
		from := ""
		if q.after != nil {
			from = q.after.Id
		}
		if q.by.Desc {
			return q.filtered(w.images.FolderDescending(q.folder, from))
		}
		return q.filtered(w.images.Folder(q.folder, from))
	}
	var found []*store.Image
	for im := range q.filtered(w.images.Folder(q.folder, "")) {
		if q.behind(im) {
			found = append(found, im)
		}
	}
	return slices.Values(q.order.least(found, q.size+1))
}

func (q *ListQuery) behind(im *store.Image) bool {
	return q.after == nil || q.order.compare(im, q.after) > 0
}

func (q *ListQuery) filtered(images iter.Seq[*store.Image]) iter.Seq[*store.Image] {
	return func(yield func(*store.Image) bool) {
		for im := range images {
			if q.filter.Match(im.Name) && !yield(im) {
				return
			}
		}
	}
}

// ListOperations answers ImageService.ListOperations: newest first [seen]. The history of an image that is gone stays
// readable [choice].
func (w *World) ListOperations(r *compute.ListImageOperationsRequest) (*compute.ListImageOperationsResponse, *spb.Status) {
	scope := operationsScope(r)
	before, broken := sequence(scope, r.PageToken)
	if broken != nil {
		return nil, contract.InvalidRequest(broken)
	}
	if gone, past := w.images.Past(r.ImageId); w.images.Get(r.ImageId) == nil && past {
		if refused := w.may(gone.FolderID, false); refused != nil {
			return nil, refused
		}
	} else if _, refused := w.image(r.ImageId, false); refused != nil {
		return nil, refused
	}
	page, more := listing.Page(w.ops.Of(r.ImageId, before), pageSize(r.PageSize))
	reply := &compute.ListImageOperationsResponse{}
	var last *lro.Operation
	for _, last = range page {
		reply.Operations = append(reply.Operations, last.Operation)
	}
	if more {
		reply.NextPageToken = sequenceToken(scope, last.Seq)
	}
	return reply, nil
}

// sequence reads a page token that stands for a running number; 0 if there is no token.
func sequence(scope listing.Scope, token string) (int64, *contract.Violation) {
	if token == "" {
		return 0, nil
	}
	key, err := scope.Key(token)
	if err == nil && len(key) == 0 {
		return 0, nil // an empty key is the start
	}
	if err == nil && len(key) != 8 {
		err = errKey
	}
	if err != nil {
		return 0, badToken(err)
	}
	return int64(binary.BigEndian.Uint64(key)), nil
}

func badToken(err error) *contract.Violation {
	return &contract.Violation{Field: "PageToken", Path: "page_token", Reason: err.Error()}
}

func sequenceToken(scope listing.Scope, n int64) string {
	return scope.Token(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// StartToken returns a token that names the start of the listing a request asks for, "" if the request is no list request that
// pages. No reply of the service carries one; faults that hand out odd tokens do.
func StartToken(request proto.Message) string {
	switch r := request.(type) {
	case *compute.ListImagesRequest:
		return imagesScope(r).Token(nil)
	case *compute.ListImageOperationsRequest:
		return operationsScope(r).Token(nil)
	case *access.ListAccessBindingsRequest:
		return bindingsScope(r).Token(nil)
	}
	return ""
}

func imagesScope(r *compute.ListImagesRequest) listing.Scope {
	return listing.NewScope("images", r.FolderId, r.Filter, r.OrderBy)
}

func operationsScope(r *compute.ListImageOperationsRequest) listing.Scope {
	return listing.NewScope("operations", r.ImageId)
}

func bindingsScope(r *access.ListAccessBindingsRequest) listing.Scope {
	return listing.NewScope("bindings", r.ResourceId)
}

// Check refuses what can be wrong with a request by itself beyond the field rules: page tokens and update masks. List requests are
// checked by ParseList.
func Check(request proto.Message) (broken *contract.Violation) {
	switch r := request.(type) {
	case *compute.ListImageOperationsRequest:
		_, broken = sequence(operationsScope(r), r.PageToken)
	case *access.ListAccessBindingsRequest:
		_, broken = sequence(bindingsScope(r), r.PageToken)
	case *compute.UpdateImageRequest:
		broken = checkMask(r)
	}
	return broken
}
