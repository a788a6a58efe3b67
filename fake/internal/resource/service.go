// Package resource knows what a service of the cloud does by the conventions of its API, from its descriptor alone.
//
// They are the same for all services: Get, List, Create, Update and Delete of a resource, which is a message with an id; requests whose
// fields are found again in the resource; the option yandex.cloud.api.operation, which names metadata and response of what runs longer.
// [Of] reads a service, and says why it cannot. A [Method] then turns requests and resources into resources, replies and metadata. All
// of it is pure: no function keeps a state, and none changes a message it is given.
package resource

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Service is a service whose resource is known. It never changes.
type Service struct {
	Name    string // "yandex.cloud.compute.v1.DiskService"
	Type    *Type  // of the resource it is about
	Methods []*Method
}

// Of reads a service. The error tells why the conventions say nothing about it.
func Of(d protoreflect.ServiceDescriptor) (*Service, error) {
	t := subjectType(d)
	if t == nil {
		return nil, fmt.Errorf("%s has no resource that the conventions of the API know: none of its methods (%s) gets, lists or creates a message with an id",
			d.FullName(), methodNames(d))
	}
	s := &Service{Name: string(d.FullName()), Type: t}
	known := false
	for i := range d.Methods().Len() {
		m := newMethod(d.Methods().Get(i), t)
		known = known || m.Kind != Unknown
		s.Methods = append(s.Methods, m)
	}
	if !known {
		return nil, fmt.Errorf("%s: the conventions of the API do not say what any of its methods (%s) does", d.FullName(), methodNames(d))
	}
	return s, nil
}

func methodNames(d protoreflect.ServiceDescriptor) string {
	names := make([]string, d.Methods().Len())
	for i := range names {
		names[i] = string(d.Methods().Get(i).Name())
	}
	return strings.Join(names, ", ")
}

// subjectType returns the type of the resource of a service: what Get returns, else another method that gets one, else what Create
// makes or List lists; nil if there is none.
func subjectType(d protoreflect.ServiceDescriptor) *Type {
	var first *Type
	consider := func(m protoreflect.MessageDescriptor) {
		if m == nil || first != nil {
			return
		}
		if t, ok := TypeOf(m); ok && m.FullName() != operationName {
			first = t
		}
	}
	methods := d.Methods()
	if get := methods.ByName("Get"); get != nil {
		consider(get.Output())
	}
	for i := range methods.Len() {
		if m := methods.Get(i); Begins(m.Name(), "Get") {
			consider(m.Output())
		}
	}
	if create := methods.ByName("Create"); create != nil {
		consider(create.Output())
		if _, response := operationTypes(create); response != nil {
			consider(response.Descriptor())
		}
	}
	if list := methods.ByName("List"); list != nil {
		if items := itemsField(list.Output()); items != nil {
			consider(items.Message())
		}
	}
	return first
}

// itemsField returns the field of a list's reply that holds what is listed, nil if there is none.
func itemsField(reply protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	for i := range reply.Fields().Len() {
		if fd := reply.Fields().Get(i); fd.IsList() && fd.Message() != nil {
			return fd
		}
	}
	return nil
}
