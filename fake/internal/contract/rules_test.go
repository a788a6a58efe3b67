package contract

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/endpoint"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/iam/v1"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// served are the methods whose requests table must cover. Services get more methods in newer versions of go-genproto.
var served = map[protoreflect.ServiceDescriptor]string{
	compute.File_yandex_cloud_compute_v1_image_service_proto.Services().ByName("ImageService"): "Get GetLatestByFamily List Create Update Delete " +
		"ListOperations ListAccessBindings SetAccessBindings UpdateAccessBindings",
	operation.File_yandex_cloud_operation_operation_service_proto.Services().ByName("OperationService"):    "Get Cancel",
	endpoint.File_yandex_cloud_endpoint_api_endpoint_service_proto.Services().ByName("ApiEndpointService"): "List Get",
	iam.File_yandex_cloud_iam_v1_iam_token_service_proto.Services().ByName("IamTokenService"):              "Create CreateForServiceAccount",
}

// requests returns the descriptors of the requests of the served methods.
func requests(t testing.TB) []protoreflect.MessageDescriptor {
	var found []protoreflect.MessageDescriptor
	for service, methods := range served {
		for name := range strings.FieldsSeq(methods) {
			method := service.Methods().ByName(protoreflect.Name(name))
			require.NotNil(t, method, "%s has no method %s", service.FullName(), name)
			found = append(found, method.Input())
		}
	}
	return found
}

// The file holds what the reference page and the API definitions say, written down apart from table.
func TestTableIsTheConstraintsFile(t *testing.T) {
	text, err := os.ReadFile("testdata/constraints.json")
	require.NoError(t, err)
	var want map[string]any
	require.NoError(t, json.Unmarshal(text, &want))
	delete(want, "_about")

	got := map[string]any{}
	for message, fields := range table {
		constrained := map[string]any{}
		for _, f := range fields {
			published, current := asJSON(&f.rules[Published]), asJSON(&f.rules[Current])
			if len(published)+len(current) > 0 {
				constrained[string(f.name)] = map[string]any{"published": published, "current": current}
			}
		}
		if len(constrained) > 0 {
			got[string(message)] = constrained
		}
	}
	require.Empty(t, cmp.Diff(want, got), "constraints.json (-) and table (+) differ")
}

// asJSON writes a constraint as constraints.json does.
func asJSON(c *constraint) map[string]any {
	m := map[string]any{}
	put := func(key string, given bool, value any) {
		if given {
			m[key] = value
		}
	}
	limits := func(s span) any { return []any{float64(s.min), float64(s.max)} }
	put("required", c.required, true)
	put("length", !c.length.unset(), limits(c.length))
	put("pattern", c.pattern != "", c.pattern)
	put("value", !c.between.unset(), limits(c.between))
	put("zero_means_absent", c.zeroMeansAbsent, true)
	put("min_items", c.minItems > 0, float64(c.minItems))
	put("max_items", c.maxItems > 0, float64(c.maxItems))
	put("declared", c.declared, true) // not in the file
	if c.keys != nil {
		m["key"] = asJSON(c.keys)
	}
	if c.values != nil {
		m["value"] = asJSON(c.values)
	}
	if c.each != nil {
		m["each"] = asJSON(c.each)
	}
	if c.exactlyOneOf != nil {
		var members []any
		for _, name := range c.exactlyOneOf {
			members = append(members, string(name))
		}
		m["exactly_one_of"] = members
	}
	return m
}

// A newer go-genproto that fails this test has a new field: give it a rule, or model it and say that it is free.
func TestTableHasTheFieldsOfTheDescriptors(t *testing.T) {
	declared, numbers := map[protoreflect.FullName][]string{}, map[protoreflect.FullName][]protoreflect.EnumNumber{}
	var visit func(protoreflect.MessageDescriptor)
	visit = func(d protoreflect.MessageDescriptor) {
		if declared[d.FullName()] != nil {
			return
		}
		for i := range d.Fields().Len() {
			f := d.Fields().Get(i)
			declared[d.FullName()] = append(declared[d.FullName()], string(f.Name()))
			switch {
			case f.Enum() != nil:
				require.False(t, f.IsList(), "%s: Unmodelled does not look into lists of enums", f.FullName())
				var values []protoreflect.EnumNumber
				for i := range f.Enum().Values().Len() {
					values = append(values, f.Enum().Values().Get(i).Number())
				}
				numbers[f.Enum().FullName()] = values
			case f.IsMap():
				require.Nil(t, f.MapValue().Message(), "%s: Unmodelled does not look into maps of messages", f.FullName())
				require.Equal(t, protoreflect.StringKind, f.MapKey().Kind())
				require.Equal(t, protoreflect.StringKind, f.MapValue().Kind())
			case f.Message() != nil:
				visit(f.Message())
			}
		}
		slices.Sort(declared[d.FullName()])
	}
	for _, d := range requests(t) {
		visit(d)
	}

	known := map[protoreflect.FullName][]string{}
	for message, fields := range table {
		for _, f := range fields {
			if f.rules[Published].exactlyOneOf == nil {
				known[message] = append(known[message], string(f.name))
			}
		}
		slices.Sort(known[message])
	}
	require.Empty(t, cmp.Diff(declared, known), "the requests (-) and table (+) differ")
	require.Empty(t, cmp.Diff(numbers, enums), "the enums (-) and enums (+) differ")
}

// Each entry of table must have come through compile as a check: a rule of a kind that compile has no check for would be lost.
func TestEveryConstraintIsChecked(t *testing.T) {
	visited := map[protoreflect.FullName]bool{}
	for _, r := range []Rules{Published, Current} {
		var visit func(protoreflect.MessageDescriptor)
		visit = func(d protoreflect.MessageDescriptor) {
			visited[d.FullName()] = true
			for _, f := range table[d.FullName()] {
				fd := d.Fields().ByName(f.name)
				switch {
				case fd == nil:
					one := d.Oneofs().ByName(f.name)
					require.NotNil(t, one, "%s has no %s", d.FullName(), f.name)
					require.Equal(t, one.Fields().Len(), len(f.rules[r].exactlyOneOf), "members of %s", one.FullName())
					for i := range one.Fields().Len() {
						require.Equal(t, one.Fields().Get(i).Name(), f.rules[r].exactlyOneOf[i])
						require.Equal(t, protoreflect.StringKind, one.Fields().Get(i).Kind())
					}
				case len(asJSON(&f.rules[r])) > 0:
					require.NotNil(t, r.checkField(fd, &f.rules[r]), "%s has a rule and no check", fd.FullName())
				}
				if fd != nil && fd.Message() != nil && !fd.IsMap() {
					visit(fd.Message())
				}
			}
		}
		for _, d := range requests(t) {
			visit(d)
		}
	}
	require.Len(t, visited, len(table), "table has messages that no request holds")
}

func TestRulesString(t *testing.T) {
	require.Equal(t, []string{"published", "current", "Rules(7)"}, []string{Published.String(), Current.String(), Rules(7).String()})
}
