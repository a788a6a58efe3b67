package contract

import (
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// A test is a constraint ready to be applied to single values. Each method returns the reason why a value is refused, "" if it is not.
type test struct {
	*constraint
	whole *regexp.Regexp // nil without a pattern
}

func newTest(c *constraint) *test {
	t := &test{constraint: c}
	if c.pattern != "" {
		t.whole = regexp.MustCompile(`\A(?:` + c.pattern + `)\z`)
	}
	return t
}

func (t *test) text(v string) string {
	if t.required && v == "" {
		return MissingField
	}
	// No text has more characters than bytes: the common case needs no counting.
	if !t.length.unset() && (t.length.min > 0 || int64(len(v)) > t.length.max) {
		n := int64(utf8.RuneCountInString(v))
		switch {
		case n < t.length.min:
			return fmt.Sprintf("length %d is below %s", n, characters(t.length.min))
		case n > t.length.max:
			return fmt.Sprintf("length %d is over %s", n, characters(t.length.max))
		}
	}
	switch {
	case t.whole == nil || t.whole.MatchString(v):
		return ""
	case t.misfit != "":
		return t.misfit
	}
	return fmt.Sprintf("%s does not match %s", quote(v), t.pattern)
}

func (t *test) number(v int64) string {
	switch {
	case t.between.unset() || v == 0 && t.zeroMeansAbsent:
		return ""
	case v < t.between.min:
		return fmt.Sprintf("value %d is below %d", v, t.between.min)
	case v > t.between.max:
		return fmt.Sprintf("value %d is over %d", v, t.between.max)
	}
	return ""
}

func (t *test) enum(values protoreflect.EnumValueDescriptors, v protoreflect.EnumNumber) string {
	switch {
	case t.required && v == 0:
		return MissingField
	case t.declared && values.ByNumber(v) == nil:
		return fmt.Sprintf("value %d is not a declared one", v)
	}
	return ""
}

func characters(n int64) string {
	if n == 1 {
		return "1 character"
	}
	return fmt.Sprintf("%d characters", n)
}

// quoteLimit is how many characters of a value a text shows: enough for every valid id, name and label, and little enough for the
// limits on headers and trailers, which carry the texts.
const quoteLimit = 64

// quote returns v in double quotes, cut to quoteLimit characters; what does not print is escaped.
func quote(v string) string {
	n := 0
	for i := range v {
		if n++; n > quoteLimit {
			v = v[:i] + "…"
			break
		}
	}
	return strconv.Quote(v)
}
