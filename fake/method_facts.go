package fake

import (
	"strings"
	"sync"

	"github.com/imagefake/imagefake/fake/internal/resource"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// methodFacts is what follows from the descriptor of a method.
type methodFacts struct {
	descriptor           protoreflect.MethodDescriptor
	short                string
	starts, reads, pages bool
	row                  func() *row // of a neighbour
}

// facts returns what is known of a method, nil if the program has no descriptor of it. Facts are made once per method and process.
// That nothing is known is not kept: names come over the network too, and packages register their descriptors one after another.
func (m Method) facts() *methodFacts {
	if f, ok := factsOf.Load(m); ok {
		return f.(*methodFacts)
	}
	d := m.descriptor()
	if d == nil {
		return nil
	}
	f, _ := factsOf.LoadOrStore(m, &methodFacts{
		descriptor: d, row: sync.OnceValue(func() *row { return neighbourRow(d) }), short: m.short(), starts: startsOperation(d), reads: readsOnly(d), pages: answersInPages(d),
	})
	return f.(*methodFacts)
}

var factsOf sync.Map // Method → *methodFacts

func (m Method) descriptor() protoreflect.MethodDescriptor {
	name, rooted := strings.CutPrefix(string(m), "/")
	if !rooted || strings.Count(name, "/") != 1 {
		return nil
	}
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(strings.Replace(name, "/", ".", 1)))
	if err != nil {
		return nil
	}
	method, _ := d.(protoreflect.MethodDescriptor)
	return method
}

// nicknames are what services are called whose names would be long, or would begin as no constant does.
var nicknames = map[string]string{"ApiEndpointService": "Endpoint", "IamTokenService": "Token"}

func (m Method) short() string {
	service, method, _ := strings.Cut(strings.TrimPrefix(string(m), "/"), "/")
	service = service[strings.LastIndexByte(service, '.')+1:]
	if nickname, ok := nicknames[service]; ok {
		return nickname + method
	}
	return strings.TrimSuffix(service, "Service") + method
}

const (
	operationMessage = "yandex.cloud.operation.Operation"
	operationPackage = "yandex.cloud.operation"
)

// startsOperation goes by the reply. The option yandex.cloud.api.operation would say the same: in go-genproto v0.118.0 the methods
// that have it are those that answer with an operation and are not of the OperationService.
func startsOperation(d protoreflect.MethodDescriptor) bool {
	return isUnary(d) && d.Output().FullName() == operationMessage && d.ParentFile().Package() != operationPackage
}

func readsOnly(d protoreflect.MethodDescriptor) bool {
	switch {
	case !isUnary(d) || startsOperation(d):
		return false
	case resource.Begins(d.Name(), "Get"), resource.Begins(d.Name(), "List"), resource.Begins(d.Name(), "BatchGet"):
		return true
	}
	return overHTTP(d) == "get" && d.Output().FullName() != operationMessage
}

func answersInPages(d protoreflect.MethodDescriptor) bool {
	return isUnary(d) && hasText(d.Input(), "page_token") && hasText(d.Output(), "next_page_token")
}

func isUnary(d protoreflect.MethodDescriptor) bool {
	return !d.IsStreamingClient() && !d.IsStreamingServer()
}

func hasText(d protoreflect.MessageDescriptor, field protoreflect.Name) bool {
	fd := d.Fields().ByName(field)
	return fd != nil && fd.Kind() == protoreflect.StringKind && !fd.IsList()
}

// overHTTP returns the HTTP verb of a method in lower case, as its option google.api.http has it; "" without one. The option is
// found by its name, because its package would be one more for every user to import.
func overHTTP(d protoreflect.MethodDescriptor) (verb string) {
	d.Options().ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.FullName() != "google.api.http" {
			return true
		}
		if pattern := fd.Message().Oneofs().ByName("pattern"); pattern != nil {
			if set := v.Message().WhichOneof(pattern); set != nil {
				verb = string(set.Name())
			}
		}
		return false
	})
	return verb
}
