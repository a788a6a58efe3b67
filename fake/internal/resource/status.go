package resource

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Statuses of resources are told by their names, as the enum of the resource has them.
var (
	coming  = []string{"CREATING", "PROVISIONING"}
	settled = []string{"READY", "ACTIVE", "RUNNING", "UP", "ENABLED"}
)

// meant are the statuses that a verb leads to where no value is its participle: INACTIVE of Disable.
var meant = map[string][]string{
	"Start": settled, "Restart": settled, "Resume": settled, "Enable": settled, "Activate": settled, "Reactivate": settled,
	"Disable": {"INACTIVE"}, "Deactivate": {"INACTIVE"}, "Suspend": {"INACTIVE"},
}

// statusField returns the field that tells how a resource stands, nil if it has none.
func statusField(d protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	fd := d.Fields().ByName("status")
	if fd == nil || fd.Enum() == nil || fd.IsList() {
		return nil
	}
	return fd
}

// value returns the first of the names that an enum has; ok is false if it has none.
func value(e protoreflect.EnumDescriptor, names ...string) (n protoreflect.EnumNumber, ok bool) {
	for _, name := range names {
		if v := e.Values().ByName(protoreflect.Name(name)); v != nil {
			return v.Number(), true
		}
	}
	return 0, false
}

// inflected returns the value of an enum that is a verb with an ending: STOPPING and DELETING of Stop and Delete with ING.
func inflected(e protoreflect.EnumDescriptor, verb, ending string) (n protoreflect.EnumNumber, ok bool) {
	verb = strings.ToUpper(verb)
	stems := []string{verb, strings.TrimSuffix(verb, "E"), verb + verb[len(verb)-1:]}
	for i := range e.Values().Len() {
		v := e.Values().Get(i)
		if stem, has := strings.CutSuffix(string(v.Name()), ending); has && slices.Contains(stems, stem) {
			return v.Number(), true
		}
	}
	return 0, false
}

// ready returns the status of a resource that is as it should be: by its name, else the first that says something.
func ready(e protoreflect.EnumDescriptor) protoreflect.EnumNumber {
	if n, ok := value(e, settled...); ok {
		return n
	}
	for i := range e.Values().Len() {
		if n := e.Values().Get(i).Number(); n != 0 {
			return n
		}
	}
	return 0
}

// during returns the status that a resource has while a method is at work on it, and whether it has one.
func during(e protoreflect.EnumDescriptor, method protoreflect.Name) (protoreflect.EnumNumber, bool) {
	switch verb := verb(method); verb {
	case "Create":
		if n, ok := value(e, coming...); ok {
			return n, true
		}
		return ready(e), true
	case "Update":
		return 0, false // several may run, and each leaves alone what the others do
	default:
		return inflected(e, verb, "ING")
	}
}

// after returns the status that a resource has when a method has done its work, and whether it gives one.
func after(e protoreflect.EnumDescriptor, method protoreflect.Name) (protoreflect.EnumNumber, bool) {
	switch verb := verb(method); verb {
	case "Create":
		return ready(e), true
	case "Update":
		return 0, false
	default:
		if n, ok := inflected(e, verb, "ED"); ok {
			return n, true
		}
		return value(e, meant[verb]...)
	}
}
