package fake_test

import (
	"fmt"
	"math"
	"strings"

	"github.com/imagefake/imagefake/fake"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/access"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/proto"
)

// The probes of every rule with a bound or a pattern: one under, at, and one over it. TestWhatTheRulesForbid sends them.

// upTo probes a text of so many characters at most, in scripts of one, two and four bytes a character.
func upTo(most int, required bool, f field[string]) (probes []probe) {
	empty := ""
	if required {
		empty = missing
	}
	probes = append(probes, f.probe("", empty))
	for _, letter := range []string{"a", "ж", "🦉"} {
		probes = append(probes,
			f.probe(strings.Repeat(letter, most-1), ""),
			f.probe(strings.Repeat(letter, most), ""),
			f.probe(strings.Repeat(letter, most+1), fmt.Sprintf("length %d is over %d characters", most+1, most)))
	}
	return probes
}

// within probes a number between bounds.
func within(least, most int64, f field[int64]) (probes []probe) {
	for _, v := range []int64{math.MinInt64, -1, least - 1, least, least + 1, most - 1, most, most + 1, math.MaxInt64} {
		switch {
		case v == 0 && least > 0: // not given
		case v < least:
			probes = append(probes, f.probe(v, fmt.Sprintf("value %d is below %d", v, least)))
			continue
		case v > most:
			probes = append(probes, f.probe(v, fmt.Sprintf("value %d is over %d", v, most)))
			continue
		}
		probes = append(probes, f.probe(v, ""))
	}
	return append(probes, f.probe(0, ""))
}

// among probes texts that are good, and texts that are refused for one reason.
func among(good, bad []string, reason func(string) string, f field[string]) (probes []probe) {
	for _, v := range good {
		probes = append(probes, f.probe(v, ""))
	}
	for _, v := range bad {
		probes = append(probes, f.probe(v, reason(v)))
	}
	return probes
}

// lengths are the probes of every text whose length has a bound.
func lengths() (probes []probe) {
	for _, id := range []struct {
		method string
		with   func(string) proto.Message
	}{{"get", get}, {"update", describe}, {"delete", remove}, {"operations", listOperations}} {
		probes = append(probes, upTo(50, true, field[string]{id.method, "ImageId", "image_id", id.with, notFoundImage})...)
	}
	for _, id := range []struct {
		method string
		with   func(string) proto.Message
	}{{"bindings", listBindings}, {"set bindings", setBindings}, {"update bindings", addBinding}} {
		probes = append(probes, upTo(64, true, field[string]{id.method, "ResourceId", "resource_id", id.with, notFoundImage})...)
	}
	for _, id := range []struct {
		method   string
		with     func(string) proto.Message
		accepted func(string) outcome
	}{
		{"family", func(v string) proto.Message { return latest(v, "web") }, func(string) outcome { return notFoundImage("web") }},
		{"list", func(v string) proto.Message { return &compute.ListImagesRequest{FolderId: v} }, nil},
		{"create", func(v string) proto.Message { return in(v, fromDisk("")) }, nil},
	} {
		probes = append(probes, upTo(50, true, field[string]{id.method, "FolderId", "folder_id", id.with, id.accepted})...)
	}
	for _, f := range []struct {
		most     int
		required bool
		field[string]
	}{
		{256, false, field[string]{"create", "Description", "description", func(v string) proto.Message {
			return creation(func(r *compute.CreateImageRequest) { r.Description = v })
		}, nil}},
		{256, false, field[string]{"update", "Description", "description", func(v string) proto.Message {
			return updating(func(r *compute.UpdateImageRequest) { r.Description = v })
		}, nil}},
		{50, false, field[string]{"create", "ProductIds", "product_ids[1]", func(v string) proto.Message {
			return creation(func(r *compute.CreateImageRequest) { r.ProductIds = []string{"first", v} })
		}, nil}},
		{64, true, field[string]{"set bindings", "AccessBindings: RoleId", "access_bindings[1].role_id", func(v string) proto.Message {
			return set(binding("viewer", "someone", "userAccount"), binding(v, "someone", "userAccount"))
		}, nil}},
		{100, true, field[string]{"set bindings", "AccessBindings: Subject: Id", "access_bindings[0].subject.id", func(v string) proto.Message {
			return set(binding("viewer", v, "userAccount"))
		}, nil}},
		{100, true, field[string]{"set bindings", "AccessBindings: Subject: Type", "access_bindings[0].subject.type", func(v string) proto.Message {
			return set(binding("viewer", "someone", v))
		}, nil}},
		{64, true, field[string]{"update bindings", "AccessBindingDeltas: AccessBinding: RoleId",
			"access_binding_deltas[0].access_binding.role_id", func(v string) proto.Message {
				return deltas(add(binding(v, "someone", "userAccount")))
			}, nil}},
		{100, true, field[string]{"update bindings", "AccessBindingDeltas: AccessBinding: Subject: Id",
			"access_binding_deltas[0].access_binding.subject.id", func(v string) proto.Message {
				return deltas(add(binding("viewer", v, "userAccount")))
			}, nil}},
		{100, true, field[string]{"update bindings", "AccessBindingDeltas: AccessBinding: Subject: Type",
			"access_binding_deltas[0].access_binding.subject.type", func(v string) proto.Message {
				return deltas(add(binding("viewer", "someone", v)))
			}, nil}},
	} {
		probes = append(probes, upTo(f.most, f.required, f.field)...)
	}
	return probes
}

// sources are the probes of where an image comes from.
func sources() (probes []probe) {
	for _, s := range []struct {
		name, path string
		with       func(string) proto.Message
		accepted   func(string) outcome
	}{
		{"ImageId", "image_id", func(v string) proto.Message { return fromImage(v) }, func(v string) outcome { return noSource("Image", v) }},
		{"DiskId", "disk_id", func(v string) proto.Message { return fromDiskOf(v, 0) }, nil},
		{"SnapshotId", "snapshot_id", func(v string) proto.Message { return fromSnapshot(v, 0) }, nil},
	} {
		lengths := upTo(50, false, field[string]{"create", s.name, s.path, s.with, s.accepted})
		lengths[0].want = invalid("Source", "source", s.path+" is empty")
		probes = append(probes, lengths...)
	}
	none := invalid("Source", "source", missing)
	return append(probes,
		probe{"create/no source", &compute.CreateImageRequest{FolderId: folder}, none},
		probe{"create/nil image source", &compute.CreateImageRequest{FolderId: folder, Source: (*compute.CreateImageRequest_ImageId)(nil)}, none},
		probe{"create/nil object source", &compute.CreateImageRequest{FolderId: folder, Source: (*compute.CreateImageRequest_Uri)(nil)}, none},
		probe{"create/empty object source", fromObject(""), invalid("Source", "source", "uri is empty")},
	)
}

// numbers are the probes of every number with bounds, and of every list with a bound on its length.
func numbers() (probes []probe) {
	for method, with := range map[string]func(int64) proto.Message{
		"list":       func(v int64) proto.Message { return &compute.ListImagesRequest{FolderId: folder, PageSize: v} },
		"operations": func(v int64) proto.Message { return &compute.ListImageOperationsRequest{ImageId: ready, PageSize: v} },
		"bindings":   func(v int64) proto.Message { return &access.ListAccessBindingsRequest{ResourceId: ready, PageSize: v} },
	} {
		probes = append(probes, within(0, 1000, field[int64]{method, "PageSize", "page_size", with, nil})...)
	}
	for method, with := range map[string]func(int64) proto.Message{
		"create": func(v int64) proto.Message { return sized(v, fromDisk("")) },
		"update": func(v int64) proto.Message { return resize(ready, v) },
	} {
		probes = append(probes, within(4194304, 4398046511104, field[int64]{method, "MinDiskSize", "min_disk_size", with, nil})...)
	}
	for _, n := range []int{0, 1, 999, 1000, 1001} {
		bindings, added := make([]*access.AccessBinding, n), make([]*access.AccessBindingDelta, n)
		for i := range n {
			bindings[i] = binding("viewer", fmt.Sprint("user-", i), "userAccount")
			added[i] = add(bindings[i])
		}
		s, u := probe{fmt.Sprint("set bindings/", n), set(bindings...), fine}, probe{fmt.Sprint("update bindings/", n), deltas(added...), fine}
		switch n {
		case 0:
			u.want = invalid("AccessBindingDeltas", "access_binding_deltas", "0 access binding deltas are below 1")
		case 1001:
			s.want = invalid("AccessBindings", "access_bindings", "1001 access bindings are over 1000")
			u.want = invalid("AccessBindingDeltas", "access_binding_deltas", "1001 access binding deltas are over 1000")
		}
		probes = append(probes, s, u)
	}
	return probes
}

// patterns are the probes of names, families and labels.
func patterns(rules fake.Rules) (probes []probe) {
	good := []string{"", "abc", "a-c", "a1b", "a--z", "abc1", strings.Repeat("a", 62), strings.Repeat("a", 63)}
	bad := []string{"ABC", "Abc", "abC", "1abc", "-abc", "abc-", "abc_", "_abc", "a.c", "a c", " abc", "abc ", "abc\n", "имя", "аbc", "abс",
		"ab\x00", strings.Repeat("a", 64), strings.Repeat("a", 62) + "-", strings.Repeat("ж", 63)}
	edge := []string{"a", "ab", "a-", "a_c", "a_1", "a" + strings.Repeat("_", 61) + "z"}
	families := append([]string{"a", "ab", "a-", "a_c"}, bad...)
	badName := func(string) string { return "invalid resource name" }
	goodNames, badNames := good, append(edge[:len(edge):len(edge)], bad...)
	if rules == fake.Current {
		goodNames = append([]string{"a", "ab", "a_c", "a_1", "a" + strings.Repeat("_", 61) + "z"}, good...)
		badNames = append([]string{"a-", "a_"}, bad...)
	}
	probes = append(probes, among(goodNames, badNames, badName, field[string]{"create", "Name", "name",
		func(v string) proto.Message { return fromDisk(v) }, nil})...)
	probes = append(probes, among(goodNames, badNames, badName, field[string]{"update", "Name", "name",
		func(v string) proto.Message { return rename(ready, v) }, nil})...)
	probes = append(probes, among(good, families, badName, field[string]{"create", "Family", "family", func(v string) proto.Message {
		return creation(func(r *compute.CreateImageRequest) { r.Family = v })
	}, nil})...)
	probes = append(probes, among(good, families, badName, field[string]{"family", "Family", "family",
		func(v string) proto.Message { return latest(folder, v) }, notFoundImage})...)

	for method, with := range map[string]func(map[string]string) proto.Message{
		"create": func(l map[string]string) proto.Message {
			return creation(func(r *compute.CreateImageRequest) { r.Labels = l })
		},
		"update": func(l map[string]string) proto.Message {
			return updating(func(r *compute.UpdateImageRequest) { r.Labels = l })
		},
	} {
		for _, p := range labels(rules, with) {
			p.name = method + "/labels/" + p.name
			probes = append(probes, p)
		}
	}
	return probes
}

// labels are the probes of the labels that with puts into a request.
func labels(rules fake.Rules, with func(map[string]string) proto.Message) (probes []probe) {
	a := func(n int) string { return strings.Repeat("a", n) }
	for _, n := range []int{0, 63, 64, 65} {
		many := make(map[string]string)
		for i := range n {
			many[fmt.Sprint("k", i)] = ""
		}
		p := probe{fmt.Sprint(n), with(many), fine}
		if n > 64 {
			p.want = invalid("Labels", "labels", "65 labels are over 64")
		}
		probes = append(probes, p)
	}
	at := func(key, value, reason string) {
		p := probe{fmt.Sprintf("%.30q=%.30q", key, value), with(map[string]string{key: value, "z": ""}), fine}
		if reason != "" {
			p.want = invalid("Labels", `labels["`+key+`"]`, reason)
		}
		probes = append(probes, p)
	}
	key := func(v string) string { return fmt.Sprintf(`invalid label key "%s"`, v) }
	value := func(v string) string { return fmt.Sprintf(`invalid label value "%s"`, v) }
	at("a", a(62), "")
	at("a", a(63), "")
	at("a", a(64), value(a(64)))
	at(a(62), "", "")
	at(a(63), "", "")
	at(a(64), "", key(a(64)))
	at("", "", key(""))
	for _, n := range []int{63, 64} {
		long := strings.Repeat("ж", n)
		at("a", long, value(long))
		at(long, "", key(long))
	}
	at("a-_9", "-_9z", "")
	for _, v := range []string{"A", "a b", "ключ", "a:b", "a="} {
		at(v, "", key(v))
		at("a", v, value(v))
	}
	at("1a", "", key("1a"))
	at("_a", "", key("_a"))
	for _, v := range []string{"a.b", "a/b", "a@b"} {
		if rules == fake.Current {
			at(v, v, "")
			continue
		}
		at(v, "", key(v))
		at("a", v, value(v))
	}
	return append(probes,
		probe{"backslash", with(map[string]string{"a": `a\b`}), invalid("Labels", `labels["a"]`, value(`a\\b`))},
		probe{"the first in sorted order", with(map[string]string{"b": "B", "a": "A", "c": "C"}), invalid("Labels", `labels["a"]`, value("A"))},
		probe{"the key before its value", with(map[string]string{"B": "B", "b": "B"}), invalid("Labels", `labels["B"]`, key("B"))})
}
