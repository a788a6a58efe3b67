package conformance

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
	"google.golang.org/protobuf/proto"
)

// A canon says what came so that it is equal in every run: what a target chose has the name that cases call it by, ids are numbered,
// times and page tokens have no value. What a case says itself stays, even where a target happens to use the same word.
type canon struct {
	names names
	order []string // in which names are looked for
	ids   map[string]string
}

func newCanon(known names) canon { return canon{known, known.sorted(), make(map[string]string)} }

var (
	moment    = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	cloudID   = regexp.MustCompile(`\b[0-9a-v]{20}\b`)
	pageToken = regexp.MustCompile(`next_page_token: "[^"]+"`)

	quotedText = regexp.MustCompile(`(?:"?([\w-]+)"?: )?"((?:[^"\\]|\\.)*)"`) // with its field or label, if it is not further on in a list
)

// reply says a reply to a request. The images of a list without an order come in that of their ids, which differ from run to run:
// where they do, they are said by name.
func (c canon) reply(request, reply proto.Message) string {
	list, isList := reply.(*compute.ListImagesResponse)
	asked, isAsked := request.(*compute.ListImagesRequest)
	byID := func(a, b *compute.Image) int { return cmp.Compare(a.Id, b.Id) }
	if isList && isAsked && asked.OrderBy == "" && slices.IsSortedFunc(list.Images, byID) {
		list = proto.Clone(list).(*compute.ListImagesResponse)
		slices.SortStableFunc(list.Images, func(a, b *compute.Image) int { return cmp.Compare(a.Name, b.Name) })
		reply = list
	}
	text := quotedText.ReplaceAllStringFunc(plain.Redacted(reply), func(found string) string {
		parts := quotedText.FindStringSubmatch(found)
		key, value := parts[1], parts[2]
		return strings.TrimSuffix(found, value+`"`) + c.value(key, value) + `"`
	})
	return c.anonymous(text)
}

// wordy are the names whose values may be words that cases use for something else, with the fields that they stand in.
var wordy = map[string]string{
	"folder": "folder_id", "public": "folder_id", "nofolder": "folder_id", "denied": "folder_id", "family": "family", "run": runLabel,
}

// value says the value of a field, or of a label.
func (c canon) value(key, value string) string {
	for _, name := range c.order {
		if field, is := wordy[name]; value == c.names[name] && (!is || field == key) {
			return "{" + name + "}"
		}
	}
	return c.named(value)
}

// named replaces the name that the case has for its images, which stands before others and in sentences.
func (c canon) named(text string) string { return within(text, c.names["name"], "{name}", true) }

// text says the text of an error, of which the case says how it should be.
func (c canon) text(text, should string) string {
	if should != "" && c.names.fill(should) == text {
		return should
	}
	text = c.named(text)
	for _, name := range c.order {
		switch _, is := wordy[name]; {
		case name == "run": // it is in no text but within names
		case is: // as far as the text says that it is no word of its own
			text = strings.ReplaceAll(text, strconv.Quote(c.names[name]), `"{`+name+`}"`)
			text = within(text, "folder "+c.names[name], "folder {"+name+"}", false)
		default:
			text = within(text, c.names[name], "{"+name+"}", false)
		}
	}
	return c.anonymous(text)
}

// anonymous takes times, tokens and ids out of a text.
func (c canon) anonymous(text string) string {
	text = moment.ReplaceAllString(text, "a time")
	text = pageToken.ReplaceAllString(text, `next_page_token: "a token"`)
	return cloudID.ReplaceAllStringFunc(text, func(id string) string {
		if c.ids[id] == "" {
			c.ids[id] = fmt.Sprintf("id-%d", len(c.ids)+1)
		}
		return c.ids[id]
	})
}

// within replaces a word in a text, not in the midst of longer words. Where it may go on, what follows it may be "-b".
func within(text, word, by string, goesOn bool) string {
	if word == "" {
		return text
	}
	var b strings.Builder
	done := 0
	for {
		at := strings.Index(text[done:], word)
		if at < 0 {
			return b.String() + text[done:]
		}
		at += done
		after := at + len(word)
		b.WriteString(text[done:at])
		if endsInWord(text[:at]) || startsWithWord(text[after:], goesOn) {
			b.WriteString(word)
		} else {
			b.WriteString(by)
		}
		done = after
	}
}

var (
	wordEnd   = regexp.MustCompile(`[\w-]$`)
	wordStart = regexp.MustCompile(`^[\w-]`)
)

func endsInWord(text string) bool { return wordEnd.MatchString(text) }

func startsWithWord(text string, mayGoOn bool) bool {
	return wordStart.MatchString(text) && !(mayGoOn && text[0] == '-')
}
