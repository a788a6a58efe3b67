package contract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A Violation is the first broken rule of a message, in field-number order: a oneof counts as its first member, map keys are taken
// in sorted order, and the rule for a key comes before the one for its value. Values quoted in it are cut to quoteLimit characters.
type Violation struct {
	Field  string // as the service prints it: Name, Labels, AccessBindings: RoleId [seen]
	Path   string // in proto spelling, with the place in a list or map: name, labels["k"], access_bindings[0].role_id
	Reason string
}

// Check returns the first rule that m breaks, nil if none. A message for which there are no rules passes. A nil element of a list is
// an empty message, as it is on the wire. m must not be a nil interface. Safe for concurrent use, as long as nobody changes m.
func (r Rules) Check(m proto.Message) *Violation {
	message := m.ProtoReflect()
	return r.planOf(message.Descriptor()).run(message)
}

// CheckImage returns the first rule that an image put in by a test breaks, nil if none: the rules of Create for the fields that
// both messages have; besides, an id that is given has 1 to 50 characters, sizes are not negative and the status is one that the
// API declares [choice].
func (r Rules) CheckImage(im *compute.Image) *Violation {
	return imagePlans[r]().run(im.ProtoReflect())
}

// Name returns the reason why the name of an image is refused, "" if it is not. The empty name is fine.
func (r Rules) Name(name string) string { return nameTests[r]().text(name) }

// FilterValue returns the reason why a value in a filter of List is refused, "" if it is not. Published, it has 3 to 63 characters
// [ref]; Current, it is any name but the empty one.
func (r Rules) FilterValue(v string) string { return filterTests[r]().text(v) }

var (
	plans       [2]sync.Map // by Rules, of protoreflect.MessageDescriptor to *plan
	imagePlans  = perRules(compileImage)
	nameTests   = perRules(func(r Rules) *test { return newTest(&imageName.rules[r]) })
	filterTests = perRules(func(r Rules) *test { return newTest(&filterValue.rules[r]) })
)

// perRules puts off what build does until a set of rules is first used.
func perRules[T any](build func(Rules) T) [2]func() T {
	return [2]func() T{
		Published: sync.OnceValue(func() T { return build(Published) }),
		Current:   sync.OnceValue(func() T { return build(Current) }),
	}
}

// A plan is the checks of one message type, in the order in which their violations count.
type plan struct{ checks []check }

type check func(protoreflect.Message) *Violation

func (p *plan) run(m protoreflect.Message) *Violation {
	for _, broken := range p.checks {
		if v := broken(m); v != nil {
			return v
		}
	}
	return nil
}

// planOf goes by the descriptor, not by the name: a type made at run time has field descriptors of its own.
func (r Rules) planOf(d protoreflect.MessageDescriptor) *plan {
	if p, ok := plans[r].Load(d); ok {
		return p.(*plan)
	}
	p, _ := plans[r].LoadOrStore(d, r.compile(d, table[d.FullName()]))
	return p.(*plan)
}

func compileImage(r Rules) *plan {
	return r.compile((*compute.Image)(nil).ProtoReflect().Descriptor(), imageFields)
}

func (r Rules) compile(d protoreflect.MessageDescriptor, fields []field) *plan {
	type numbered struct {
		number protoreflect.FieldNumber
		check
	}
	var found []numbered
	for i := range fields {
		name, rule := fields[i].name, &fields[i].rules[r]
		if one := d.Oneofs().ByName(name); one != nil {
			found = append(found, numbered{one.Fields().Get(0).Number(), checkOneof(one)})
			continue
		}
		f := d.Fields().ByName(name)
		if f == nil {
			panic(fmt.Sprintf("contract: %s has no field %s: go-genproto v0.118.0 or newer is needed", d.FullName(), name))
		}
		if c := r.checkField(f, rule); c != nil {
			found = append(found, numbered{f.Number(), c})
		}
	}
	slices.SortStableFunc(found, func(a, b numbered) int { return cmp.Compare(a.number, b.number) })
	p := &plan{}
	for _, n := range found {
		p.checks = append(p.checks, n.check)
	}
	return p
}

// checkField returns nil for a kind of field that no rule speaks of.
func (r Rules) checkField(f protoreflect.FieldDescriptor, rule *constraint) check {
	var inner *plan
	if f.Message() != nil && !f.IsMap() && table[f.Message().FullName()] != nil {
		inner = r.planOf(f.Message())
	}
	switch {
	case f.IsMap():
		return checkMap(f, rule)
	case f.IsList():
		return checkList(f, rule, inner)
	case f.Message() != nil:
		return checkMessage(f, rule, inner)
	case f.Kind() == protoreflect.StringKind:
		return checkText(f, rule)
	case f.Kind() == protoreflect.Int64Kind:
		return checkValue(f, rule, func(t *test, v protoreflect.Value) string { return t.number(v.Int()) })
	case f.Kind() == protoreflect.EnumKind:
		values := f.Enum().Values()
		return checkValue(f, rule, func(t *test, v protoreflect.Value) string { return t.enum(values, v.Enum()) })
	}
	return nil
}

func checkValue(f protoreflect.FieldDescriptor, rule *constraint, reason func(*test, protoreflect.Value) string) check {
	goName, path, t := goSpelling(f.Name()), string(f.Name()), newTest(rule)
	return func(m protoreflect.Message) *Violation {
		if broken := reason(t, m.Get(f)); broken != "" {
			return &Violation{Field: goName, Path: path, Reason: broken}
		}
		return nil
	}
}

// checkText reads the ids of the most frequent calls by their getters: reading a string by reflection allocates.
func checkText(f protoreflect.FieldDescriptor, rule *constraint) check {
	slowly := checkValue(f, rule, func(t *test, v protoreflect.Value) string { return t.text(v.String()) })
	get := getters[f.Name()]
	if get == nil || f.ContainingOneof() != nil {
		return slowly
	}
	t := newTest(rule)
	return func(m protoreflect.Message) *Violation {
		if v, ok := get(m.Interface()); ok && t.text(v) == "" {
			return nil
		}
		return slowly(m)
	}
}

// getters return false for a message that has no such method: one of a type made at run time.
var getters = map[protoreflect.Name]func(proto.Message) (string, bool){
	"image_id": func(m proto.Message) (string, bool) {
		if m, ok := m.(interface{ GetImageId() string }); ok {
			return m.GetImageId(), true
		}
		return "", false
	},
	"operation_id": func(m proto.Message) (string, bool) {
		if m, ok := m.(interface{ GetOperationId() string }); ok {
			return m.GetOperationId(), true
		}
		return "", false
	},
}

func checkOneof(one protoreflect.OneofDescriptor) check {
	goName, path := goSpelling(one.Name()), string(one.Name())
	return func(m protoreflect.Message) *Violation {
		given := m.WhichOneof(one)
		switch {
		case given == nil:
			return &Violation{Field: goName, Path: path, Reason: MissingField}
		case m.Get(given).String() == "":
			return &Violation{Field: goName, Path: path, Reason: string(given.Name()) + " is empty"}
		}
		return nil
	}
}

func checkMessage(f protoreflect.FieldDescriptor, rule *constraint, inner *plan) check {
	goName, path := goSpelling(f.Name()), string(f.Name())
	return func(m protoreflect.Message) *Violation {
		switch {
		case m.Has(f):
			if inner == nil {
				return nil
			}
			return inner.run(m.Get(f).Message()).under(goName, path)
		case rule.required:
			return &Violation{Field: goName, Path: path, Reason: MissingField}
		}
		return nil
	}
}

func checkList(f protoreflect.FieldDescriptor, rule *constraint, inner *plan) check {
	goName, path := goSpelling(f.Name()), string(f.Name())
	var each *test
	if rule.each != nil {
		each = newTest(rule.each)
	}
	return func(m protoreflect.Message) *Violation {
		list := m.Get(f).List()
		if reason := rule.count(list.Len(), f.Name()); reason != "" {
			return &Violation{Field: goName, Path: path, Reason: reason}
		}
		for i := range list.Len() {
			place := fmt.Sprintf("%s[%d]", path, i)
			if inner != nil {
				if v := inner.run(list.Get(i).Message()); v != nil {
					return v.under(goName, place)
				}
			}
			if each != nil {
				if reason := each.text(list.Get(i).String()); reason != "" {
					return &Violation{Field: goName, Path: place, Reason: reason}
				}
			}
		}
		return nil
	}
}

// checkMap checks labels, the only maps that there are rules for.
func checkMap(f protoreflect.FieldDescriptor, rule *constraint) check {
	if rule.keys == nil || rule.values == nil {
		return nil
	}
	goName, path, keys, values := goSpelling(f.Name()), string(f.Name()), newTest(rule.keys), newTest(rule.values)
	return func(m protoreflect.Message) *Violation {
		entries := m.Get(f).Map()
		if reason := rule.count(entries.Len(), f.Name()); reason != "" {
			return &Violation{Field: goName, Path: path, Reason: reason}
		}
		var least, reason string // of the entries that break a rule
		entries.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			if reason != "" && k.String() >= least {
				return true
			}
			if keys.text(k.String()) != "" {
				least, reason = k.String(), fmt.Sprintf("invalid label key %s", quote(k.String())) // [choice]
			} else if values.text(v.String()) != "" {
				least, reason = k.String(), fmt.Sprintf("invalid label value %s", quote(v.String())) // [seen]
			}
			return true
		})
		if reason == "" {
			return nil
		}
		return &Violation{Field: goName, Path: path + "[" + quote(least) + "]", Reason: reason}
	}
}

// Missing is the violation of a request without a field that it must have.
func Missing(field protoreflect.Name) *Violation {
	return &Violation{Field: goSpelling(field), Path: string(field), Reason: MissingField}
}

// First returns the one that counts of two violations of m: that of the field with the lower number, a if both are of one field.
// Either may be nil.
func First(m proto.Message, a, b *Violation) *Violation {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	fields := m.ProtoReflect().Descriptor()
	if b.number(fields) < a.number(fields) {
		return b
	}
	return a
}

// number returns the number of the field at the top of the message; a oneof has that of its first member.
func (v *Violation) number(d protoreflect.MessageDescriptor) protoreflect.FieldNumber {
	name, _, _ := strings.Cut(v.Path, ".")
	name, _, _ = strings.Cut(name, "[")
	if one := d.Oneofs().ByName(protoreflect.Name(name)); one != nil {
		return one.Fields().Get(0).Number()
	}
	return d.Fields().ByName(protoreflect.Name(name)).Number()
}

// under returns v as a violation of a field within the one named: names are joined by colons [seen].
func (v *Violation) under(goName, path string) *Violation {
	if v == nil {
		return nil
	}
	return &Violation{Field: goName + ": " + v.Field, Path: path + "." + v.Path, Reason: v.Reason}
}

// count returns the reason why a list or map of n items is refused, "" if it is not.
func (c *constraint) count(n int, field protoreflect.Name) string {
	items := strings.ReplaceAll(string(field), "_", " ")
	switch {
	case n < c.minItems:
		return fmt.Sprintf("%d %s are below %d", n, items, c.minItems)
	case c.maxItems > 0 && n > c.maxItems:
		return fmt.Sprintf("%d %s are over %d", n, items, c.maxItems)
	}
	return ""
}

// goSpelling turns role_id into RoleId.
func goSpelling(name protoreflect.Name) string {
	var b strings.Builder
	for word := range strings.SplitSeq(string(name), "_") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
