package resource

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Noun returns what texts call the resource of a service: "Service account"; "Resource" where its name says nothing.
func Noun(service protoreflect.ServiceDescriptor) string {
	return inWords(strings.TrimSuffix(string(service.Name()), "Service"))
}

// Plural returns what many resources of a service are called, "disks", as its List answers with them; "" where it has none.
func Plural(service protoreflect.ServiceDescriptor) string {
	list := service.Methods().ByName("List")
	if list == nil {
		return ""
	}
	fields := list.Output().Fields()
	for i := range fields.Len() {
		if fd := fields.Get(i); fd.IsList() && fd.Message() != nil {
			return strings.ReplaceAll(string(fd.Name()), "_", " ")
		}
	}
	return ""
}

// SubjectField returns the field of a request that names the resource it is about, nil if there is none: for a DiskService disk_id, for
// a SymmetricKeyService symmetric_key_id, key_id or id; resource_id, as with access bindings. A Create has no subject yet: image_id in
// its request is a source.
func SubjectField(m protoreflect.MethodDescriptor) protoreflect.FieldDescriptor {
	if Begins(m.Name(), "Create") {
		return nil
	}
	service := m.Parent().(protoreflect.ServiceDescriptor)
	names := append(idFields(strings.TrimSuffix(string(service.Name()), "Service")), "resource_id")
	for _, name := range names {
		if fd := m.Input().Fields().ByName(name); isText(fd) {
			return fd
		}
	}
	return nil
}

// idFields returns the names of fields that can hold the id of a thing, the most telling first: symmetric_key_id, key_id, id.
func idFields(thing string) (names []protoreflect.Name) {
	for rest, more := snake(thing), true; more; _, rest, more = strings.Cut(rest, "_") {
		names = append(names, protoreflect.Name(rest+"_id"))
	}
	return append(names, "id")
}

// inWords returns a name in capitals-and-lower-case as texts have it: "Service account".
func inWords(name string) string {
	words := strings.ReplaceAll(snake(name), "_", " ")
	if words == "" {
		return "Resource"
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// snake returns a name in capitals-and-lower-case as fields are spelt: service_account.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

// verb returns the first word of a method's name: Attach of AttachDisk.
func verb(name protoreflect.Name) string {
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			return string(name[:i])
		}
	}
	return string(name)
}

// Begins tells whether a name in capitals-and-lower-case begins with a word: GetLatest does with Get, Getaway does not.
func Begins(name protoreflect.Name, word string) bool {
	rest, ok := strings.CutPrefix(string(name), word)
	next, _ := utf8.DecodeRuneInString(rest)
	return ok && (rest == "" || !unicode.IsLower(next))
}

// isText tells whether a field holds one text.
func isText(fd protoreflect.FieldDescriptor) bool {
	return fd != nil && fd.Kind() == protoreflect.StringKind && !fd.IsList()
}

// homeNames returns the names a field of a request may have in the resource, by the rules of the API: its own, else what
// destination_folder_id, boot_disk_spec, rule_specs and, of a source, disk_id stand for.
func homeNames(field protoreflect.Name) []protoreflect.Name {
	names := []protoreflect.Name{field}
	if rest, ok := strings.CutPrefix(string(field), "destination_"); ok {
		names = append(names, protoreflect.Name(rest))
	}
	if rest, ok := strings.CutSuffix(string(field), "_spec"); ok {
		names = append(names, protoreflect.Name(rest))
	}
	if rest, ok := strings.CutSuffix(string(field), "_specs"); ok {
		names = append(names, protoreflect.Name(rest+"s"), protoreflect.Name(rest+"es"))
	}
	if strings.HasSuffix(string(field), "_id") {
		names = append(names, "source_"+field)
	}
	return names
}

// paging are the fields of requests that say how to answer rather than what about.
var paging = []protoreflect.Name{"page_size", "page_token", "filter", "order_by", "update_mask"}

func isPaging(fd protoreflect.FieldDescriptor) bool { return slices.Contains(paging, fd.Name()) }
