package fake

import (
	"fmt"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	iam "github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// requestWords returns what matters of a request, in words. Nothing secret is in them.
func requestWords(request proto.Message) string {
	switch r := request.(type) {
	case *compute.GetImageLatestByFamilyRequest:
		return words(r.Family, inFolder(r.FolderId))
	case *compute.ListImagesRequest:
		return words(inFolder(r.FolderId), filtered(r.Filter), ordered(r.OrderBy), paged(r.PageSize, r.PageToken))
	case *compute.CreateImageRequest:
		name := r.Name
		if name == "" {
			name = "without a name"
		}
		return words(name, sourceWords(r))
	case *compute.UpdateImageRequest:
		if paths := r.GetUpdateMask().GetPaths(); len(paths) > 0 {
			return words(r.ImageId, "fields", strings.Join(paths, ", "))
		}
		return words(r.ImageId, "all fields")
	case *compute.ListImageOperationsRequest:
		return words(r.ImageId, paged(r.PageSize, r.PageToken))
	case *access.ListAccessBindingsRequest:
		return words(r.ResourceId, paged(r.PageSize, r.PageToken))
	case *access.SetAccessBindingsRequest:
		return words(r.ResourceId, fmt.Sprintf("to %d bindings", len(r.AccessBindings)))
	case *access.UpdateAccessBindingsRequest:
		return words(r.ResourceId, fmt.Sprintf("by %d deltas", len(r.AccessBindingDeltas)))
	case *iam.CreateIamTokenRequest:
		return "" // it is a secret
	case interface{ GetImageId() string }:
		return r.GetImageId()
	case interface{ GetOperationId() string }:
		return r.GetOperationId()
	case proto.Message:
		return fieldWords(r)
	}
	return ""
}

// words joins what is not empty.
func words(parts ...string) string {
	var said []string
	for _, part := range parts {
		if part != "" {
			said = append(said, part)
		}
	}
	return strings.Join(said, " ")
}

func inFolder(folder string) string {
	if folder == "" {
		return ""
	}
	return "in " + folder
}

func filtered(filter string) string {
	if filter == "" {
		return ""
	}
	return "where " + filter
}

func ordered(by string) string {
	if by == "" {
		return ""
	}
	return "by " + by
}

func paged(size int64, token string) string {
	text := ""
	if token != "" {
		text = "next page"
	}
	if size != 0 {
		text = words(text, fmt.Sprintf("of at most %d", size))
	}
	return text
}

func sourceWords(r *compute.CreateImageRequest) string {
	switch source := r.Source.(type) {
	case *compute.CreateImageRequest_ImageId:
		return "from " + source.ImageId
	case *compute.CreateImageRequest_DiskId:
		return "from disk " + source.DiskId
	case *compute.CreateImageRequest_SnapshotId:
		return "from snapshot " + source.SnapshotId
	case *compute.CreateImageRequest_Uri:
		return "from " + plain.Masked(source.Uri) // the query of a signed URI is a secret
	}
	return ""
}

// fieldWords returns the first fields of a request that the kit does not know, without those that may be secret.
func fieldWords(m proto.Message) string {
	const most = 3
	var said []string
	reflected := m.ProtoReflect()
	fields := reflected.Descriptor().Fields()
	for i := 0; i < fields.Len() && len(said) < most; i++ {
		fd := fields.Get(i)
		if fd.IsList() || fd.IsMap() || fd.Message() != nil || fd.Kind() == protoreflect.BytesKind || !reflected.Has(fd) || plain.Secret(string(fd.Name())) {
			continue
		}
		value := fmt.Sprint(reflected.Get(fd).Interface())
		if value := []rune(value); len(value) > 40 {
			said = append(said, fmt.Sprintf("%s=%s…", fd.Name(), string(value[:40])))
			continue
		}
		said = append(said, fmt.Sprintf("%s=%s", fd.Name(), value))
	}
	return strings.Join(said, " ")
}

// replyWords returns what matters of a reply, in words; "" where there is nothing to say but OK. Nothing secret is in them.
func replyWords(reply proto.Message) string {
	switch r := reply.(type) {
	case *operation.Operation:
		switch failure := r.GetError(); {
		case failure != nil && r.Done:
			return fmt.Sprintf("%s failed: %v: %s", r.Id, codes.Code(failure.Code), failure.Message)
		case failure != nil:
			return fmt.Sprintf("%s rolling back: %v: %s", r.Id, codes.Code(failure.Code), failure.Message)
		case r.Done:
			return r.Id + " done"
		}
		return r.Id + " running"
	case *compute.Image:
		return words(r.Id, r.Status.String())
	case *compute.ListImagesResponse:
		return listed(len(r.Images), "image", r.NextPageToken)
	case *compute.ListImageOperationsResponse:
		return listed(len(r.Operations), "operation", r.NextPageToken)
	case *access.ListAccessBindingsResponse:
		return listed(len(r.AccessBindings), "binding", r.NextPageToken)
	}
	return ""
}

func listed(n int, what, next string) string {
	text := fmt.Sprintf("%d %ss", n, what)
	if n == 1 {
		text = "1 " + what
	}
	if next != "" {
		text += ", more follow"
	}
	return text
}
