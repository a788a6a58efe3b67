package scenario

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/imagefake/imagefake/fake"
	"github.com/yandex-cloud/go-genproto/yandex/cloud/operation"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// origins tells where ids come from that calls of a run gave out: "image of this create". Ids depend on the order in which calls
// take effect; what they are the ids of does not.
type origins struct {
	of    map[string]string // by id
	given map[string]int    // how many things an ask has brought about, by ask and what they are
}

// learn takes down the ids that a call gave out. The same request may bring about several things, the second at a second try for
// example: they are told apart by their number.
func (o *origins) learn(asked ask, c *fake.Call) {
	if c.Method.Starts() {
		o.add(asked, "operation", c.OperationID)
		if !mentions(c.Request, c.ResourceID) {
			o.add(asked, "resource", c.ResourceID)
		}
	}
	if c.Reply == nil {
		return
	}
	if c.Method.Pages() {
		if token := stringField(c.Reply.ProtoReflect(), "next_page_token"); token != "" {
			o.add(asked, "next page", token)
		}
	}
	if !c.Method.Reads() && !ownMethod(c.Method) {
		for name, id := range idsIn(c.Reply) {
			if !mentions(c.Request, id) {
				o.add(asked, name, id)
			}
		}
	}
}

func (o *origins) add(asked ask, what, id string) {
	if id == "" || o.of[id] != "" {
		return
	}
	if o.of == nil {
		o.of, o.given = make(map[string]string), make(map[string]int)
	}
	origin := fmt.Sprintf("%s of %s %s %s", what, asked.caller, asked.method.FullName(), asked.request)
	o.given[origin]++
	o.of[id] = fmt.Sprintf("<%s, %d>", origin, o.given[origin])
}

// canonical returns the bytes of a message, with each id that was given out replaced by its origin: equal ones are equal requests.
func (o *origins) canonical(m proto.Message) string {
	if m == nil {
		return ""
	}
	if len(o.of) > 0 && anyString(m.ProtoReflect(), func(text string) bool { return o.of[text] != "" }) {
		m = proto.Clone(m)
		replaceStrings(m.ProtoReflect(), func(text string) string {
			if origin := o.of[text]; origin != "" {
				return origin
			}
			return text
		})
	}
	raw, err := proto.MarshalOptions{Deterministic: true, AllowPartial: true}.Marshal(m)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// digest returns a short text for a long one.
func digest(text string) string {
	h := fnv.New64a()
	h.Write([]byte(text))
	var sum [8]byte
	return hex.EncodeToString(h.Sum(sum[:0])[:6])
}

// mentions tells whether an id is anywhere in a message.
func mentions(m proto.Message, id string) bool {
	return m != nil && anyString(m.ProtoReflect(), func(text string) bool { return text == id })
}

// anyString tells whether something holds for one of the strings in a message, keys of maps excepted.
func anyString(m protoreflect.Message, holds func(string) bool) (found bool) {
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		found = anyStringIn(field, v, holds)
		return !found
	})
	return found
}

func anyStringIn(field protoreflect.FieldDescriptor, v protoreflect.Value, holds func(string) bool) (found bool) {
	one := func(kind protoreflect.Kind, v protoreflect.Value) bool {
		switch kind {
		case protoreflect.StringKind:
			return holds(v.String())
		case protoreflect.MessageKind, protoreflect.GroupKind:
			return anyString(v.Message(), holds)
		}
		return false
	}
	switch {
	case field.IsMap():
		v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
			found = one(field.MapValue().Kind(), v)
			return !found
		})
	case field.IsList():
		for i := range v.List().Len() {
			if one(field.Kind(), v.List().Get(i)) {
				return true
			}
		}
	default:
		return one(field.Kind(), v)
	}
	return found
}

// replaceStrings replaces the strings in a message, keys of maps excepted.
func replaceStrings(m protoreflect.Message, by func(string) string) {
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		one := func(kind protoreflect.Kind, v protoreflect.Value) protoreflect.Value {
			switch kind {
			case protoreflect.StringKind:
				return protoreflect.ValueOfString(by(v.String()))
			case protoreflect.MessageKind, protoreflect.GroupKind:
				replaceStrings(v.Message(), by)
			}
			return v
		}
		switch {
		case field.IsMap():
			v.Map().Range(func(key protoreflect.MapKey, have protoreflect.Value) bool {
				v.Map().Set(key, one(field.MapValue().Kind(), have))
				return true
			})
		case field.IsList():
			for i := range v.List().Len() {
				v.List().Set(i, one(field.Kind(), v.List().Get(i)))
			}
		case field.Kind() == protoreflect.StringKind:
			m.Set(field, one(field.Kind(), v))
		default:
			one(field.Kind(), v)
		}
		return true
	})
}

func stringField(m protoreflect.Message, name protoreflect.Name) string {
	field := m.Descriptor().Fields().ByName(name)
	if field == nil || field.Kind() != protoreflect.StringKind || field.IsList() {
		return ""
	}
	return m.Get(field).String()
}

// idsIn returns the ids in the reply of a neighbour, by the names of their fields: those of the message itself and, of an operation,
// those of its metadata.
func idsIn(reply proto.Message) map[string]string {
	ids := make(map[string]string)
	collect := func(m protoreflect.Message) {
		m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			name := string(field.Name())
			if field.Kind() == protoreflect.StringKind && !field.IsList() && (name == "id" || strings.HasSuffix(name, "_id")) {
				ids[name] = v.String()
			}
			return true
		})
	}
	collect(reply.ProtoReflect())
	if op, ok := reply.(*operation.Operation); ok && op.Metadata != nil {
		if metadata, err := op.Metadata.UnmarshalNew(); err == nil {
			collect(metadata.ProtoReflect())
		}
	}
	return ids
}
