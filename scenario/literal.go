package scenario

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
)

// literal returns a message as a Go literal of its generated type: &compute.GetImageRequest{ImageId: "fd8…"}.
func literal(m proto.Message) string { return literalOf(reflect.ValueOf(m)) }

func literalOf(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.Kind() == reflect.Interface {
			return literalOf(v.Elem())
		}
		if v.Elem().Kind() != reflect.Struct { // an optional field
			return fmt.Sprintf("proto.%s(%s)", titled(v.Elem().Kind().String()), literalOf(v.Elem()))
		}
		return "&" + literalOf(v.Elem())
	case reflect.Struct:
		var fields []string
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !v.Field(i).IsZero() {
				fields = append(fields, f.Name+": "+literalOf(v.Field(i)))
			}
		}
		return v.Type().String() + "{" + strings.Join(fields, ", ") + "}"
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return fmt.Sprintf("[]byte(%q)", v.Bytes())
		}
		var items []string
		for i := range v.Len() {
			items = append(items, literalOf(v.Index(i)))
		}
		return v.Type().String() + "{" + strings.Join(items, ", ") + "}"
	case reflect.Map:
		var items []string
		for _, key := range v.MapKeys() {
			items = append(items, literalOf(key)+": "+literalOf(v.MapIndex(key)))
		}
		slices.Sort(items)
		return v.Type().String() + "{" + strings.Join(items, ", ") + "}"
	case reflect.String:
		return fmt.Sprintf("%q", v.String())
	}
	if v.Type().PkgPath() != "" { // an enum
		return fmt.Sprintf("%s(%d)", v.Type(), v.Int())
	}
	return fmt.Sprint(v.Interface())
}

func titled(word string) string { return strings.ToUpper(word[:1]) + word[1:] }
