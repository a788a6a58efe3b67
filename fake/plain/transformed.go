package plain

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

var messageType = reflect.TypeFor[protocmp.Message]()

const messageKind = reflect.Map // of protocmp.Message

// wholeValue tells whether a value that protocmp has transformed is a message that counts as one value.
func wholeValue(v reflect.Value) bool {
	if !v.IsValid() {
		return false
	}
	m, ok := v.Interface().(protocmp.Message)
	return ok && m != nil && whole(m.Descriptor().FullName())
}

// transformed prints a value of the form that protocmp gives to messages; "" for one that is not there.
func (p printer) transformed(v reflect.Value) string {
	if !v.IsValid() {
		return ""
	}
	switch known := v.Interface().(type) {
	case protocmp.Message:
		return p.message(known.Unwrap())
	case protocmp.Enum:
		return known.String()
	case proto.Message:
		return p.message(known)
	case string:
		return p.quoted(known)
	case []byte:
		return hex.EncodeToString(known)
	}
	switch v.Kind() {
	case reflect.Slice:
		entries := make([]string, v.Len())
		for i := range entries {
			entries[i] = p.transformed(v.Index(i))
		}
		return "[" + strings.Join(entries, ", ") + "]"
	case reflect.Map:
		entries := make([]string, 0, v.Len())
		for _, key := range v.MapKeys() {
			text := hidden
			if !p.hide || key.Kind() != reflect.String || !Secret(key.String()) {
				text = p.transformed(v.MapIndex(key))
			}
			entries = append(entries, p.transformed(key)+": "+text)
		}
		slices.Sort(entries)
		return "{" + strings.Join(entries, ", ") + "}"
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			return p.transformed(v.Elem())
		}
		return "nil"
	}
	return fmt.Sprint(v.Interface())
}
