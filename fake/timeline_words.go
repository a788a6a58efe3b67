package fake

import (
	"fmt"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// requestWords returns what matters of a request by the conventions of the API: its subject; of a list, what is asked for; of an
// update, which fields. Where that says nothing, its first fields speak. Nothing secret is in the words.
func requestWords(request proto.Message, subject string) string {
	said := subject
	if r, ok := request.(interface{ GetPageToken() string }); ok {
		var folder, filter, order string
		var size int64
		if r, ok := request.(interface{ GetFolderId() string }); ok {
			folder = r.GetFolderId()
		}
		if r, ok := request.(interface{ GetFilter() string }); ok {
			filter = r.GetFilter()
		}
		if r, ok := request.(interface{ GetOrderBy() string }); ok {
			order = r.GetOrderBy()
		}
		if r, ok := request.(interface{ GetPageSize() int64 }); ok {
			size = r.GetPageSize()
		}
		said = words(said, inFolder(folder), filtered(filter), ordered(order), paged(size, r.GetPageToken()))
	}
	if r, ok := request.(interface {
		GetUpdateMask() *fieldmaskpb.FieldMask
	}); ok {
		fields := "all fields"
		if paths := r.GetUpdateMask().GetPaths(); len(paths) > 0 {
			fields = "fields " + strings.Join(paths, ", ")
		}
		said = words(said, fields)
	}
	if said == "" {
		return fieldWords(request)
	}
	return said
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

// fieldWords returns the first fields of a request that the kit does not know, without those that may be secret.
func fieldWords(m proto.Message) string {
	if m == nil {
		return ""
	}
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

// replyWords returns what matters of a reply by the conventions of the API: how an operation stands, how many a page holds, a
// resource's id and status. It is "" where there is nothing to say but OK. Nothing secret is in the words.
func replyWords(reply proto.Message) string {
	if reply == nil {
		return ""
	}
	if op, ok := reply.(*operation.Operation); ok {
		return operationWords(op)
	}
	r := reply.ProtoReflect()
	fields := r.Descriptor().Fields()
	if next := fields.ByName("next_page_token"); next != nil && next.Kind() == protoreflect.StringKind {
		for i := range fields.Len() {
			if fd := fields.Get(i); fd.IsList() {
				return listed(r.Get(fd).List().Len(), strings.ReplaceAll(string(fd.Name()), "_", " "), r.Get(next).String())
			}
		}
	}
	id, status := fields.ByName("id"), fields.ByName("status")
	if id == nil || id.Kind() != protoreflect.StringKind || id.IsList() {
		return ""
	}
	said := r.Get(id).String()
	if status != nil && status.Kind() == protoreflect.EnumKind && !status.IsList() {
		if value := status.Enum().Values().ByNumber(r.Get(status).Enum()); value != nil {
			said = words(said, string(value.Name()))
		}
	}
	return said
}

func operationWords(op *operation.Operation) string {
	switch failure := op.GetError(); {
	case failure != nil && op.Done:
		return fmt.Sprintf("%s failed: %v: %s", op.Id, codes.Code(failure.Code), failure.Message)
	case failure != nil:
		return fmt.Sprintf("%s rolling back: %v: %s", op.Id, codes.Code(failure.Code), failure.Message)
	case op.Done:
		return op.Id + " done"
	}
	return op.Id + " running"
}

// listed returns how many of what, in the plural, a page has.
func listed(n int, what, next string) string {
	if n == 1 {
		what = strings.TrimSuffix(what, "s")
	}
	text := fmt.Sprintf("%d %s", n, what)
	if next != "" {
		text += ", more follow"
	}
	return text
}

// updatedWords tells which fields of a resource an update has changed, and which of them it has emptied: an Update without a mask
// empties what its request does not repeat.
func updatedWords(before, after proto.Message) string {
	if before == nil || after == nil || before.ProtoReflect().Descriptor() != after.ProtoReflect().Descriptor() {
		return ""
	}
	var changed, emptied []string
	was, is := before.ProtoReflect(), after.ProtoReflect()
	fields := was.Descriptor().Fields()
	for i := range fields.Len() {
		switch fd := fields.Get(i); {
		case was.Get(fd).Equal(is.Get(fd)), unsaidFields[fd.Name()]:
		case !is.Has(fd):
			emptied = append(emptied, string(fd.Name()))
		default:
			changed = append(changed, string(fd.Name()))
		}
	}
	text := ""
	if changed != nil {
		text = ": " + strings.Join(changed, ", ")
	}
	if emptied != nil {
		text += "; now empty: " + strings.Join(emptied, ", ")
	}
	return text
}

// unsaidFields change with every update, or are told otherwise.
var unsaidFields = map[protoreflect.Name]bool{"status": true, "updated_at": true, "modified_at": true}
