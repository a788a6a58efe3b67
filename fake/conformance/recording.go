package conformance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
	"google.golang.org/grpc/codes"
)

// recordingFormat is the version of the files that Save writes: a change of their form changes it.
const recordingFormat = 1

// Recording is what a target answered to the cases, in canonical form: ids are numbered in order of appearance, times and page
// tokens have no value, names are those of the cases. Nothing secret is in it: requests and headers are not. Two recordings of equal
// targets are equal. The zero value is ready to use; it is for one run at a time.
type Recording struct {
	Format int            `json:"format"`
	Target string         `json:"target"`
	Cases  []RecordedCase `json:"cases"`
}

// RecordedCase is what came in one case, up to the first step that came otherwise than the case says.
type RecordedCase struct {
	ID      string           `json:"case"`
	Source  Source           `json:"source"`
	Answers []RecordedAnswer `json:"answers"`
}

// RecordedAnswer is what came at one step.
type RecordedAnswer struct {
	Step  int    `json:"step"`
	Code  string `json:"code"`
	Text  string `json:"text,omitempty"`
	Field string `json:"field,omitempty"` // that the BadRequest detail names
	Reply string `json:"reply,omitempty"`
}

// add takes an answer down. On a nil recording it does nothing.
func (r *Recording) add(c Case, step int, known names, a answer) {
	if r == nil {
		return
	}
	r.Format = recordingFormat
	if n := len(r.Cases); n == 0 || r.Cases[n-1].ID != c.ID {
		r.Cases = append(r.Cases, RecordedCase{ID: c.ID, Source: c.row().Source})
	}
	recorded := RecordedAnswer{Step: step, Code: a.status.Code().String(), Text: a.status.Message(), Field: a.field()}
	if a.status.Code() == codes.OK {
		recorded.Text, recorded.Reply = "", plain.Redacted(a.reply)
	}
	canon := newCanon(known)
	last := &r.Cases[len(r.Cases)-1]
	recorded.Text, recorded.Reply = canon.text(recorded.Text), canon.text(recorded.Reply)
	last.Answers = append(last.Answers, recorded)
}

// A canon gives what differs from run to run a name that does not.
type canon struct {
	known []string // values of names, the longest first
	names map[string]string
	ids   map[string]string
}

func newCanon(known names) canon {
	c := canon{names: make(map[string]string), ids: make(map[string]string)}
	for name, value := range known {
		if value == "" {
			continue
		}
		if other, twice := c.names[value]; !twice || name < other {
			c.names[value] = name
		}
	}
	c.known = slices.SortedFunc(maps.Keys(c.names), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
	})
	return c
}

var (
	moment    = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	cloudID   = regexp.MustCompile(`\b[0-9a-v]{20}\b`)
	pageToken = regexp.MustCompile(`next_page_token: "[^"]+"`)
)

func (c canon) text(text string) string {
	text = moment.ReplaceAllString(text, "a time")
	text = pageToken.ReplaceAllString(text, `next_page_token: "a token"`)
	for _, value := range c.known {
		text = strings.ReplaceAll(text, value, "{"+c.names[value]+"}")
	}
	return cloudID.ReplaceAllStringFunc(text, func(id string) string {
		if c.ids[id] == "" {
			c.ids[id] = fmt.Sprintf("id-%d", len(c.ids)+1)
		}
		return c.ids[id]
	})
}

// Save writes the recording to a file, in the place of what is there.
func (r *Recording) Save(path string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o666)
}

// Load reads a recording that Save wrote.
func Load(path string) (*Recording, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(Recording)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s is no recording: %w", path, err)
	}
	if r.Format != recordingFormat {
		return nil, fmt.Errorf("%s is a recording of format %d, and this version reads %d: record again", path, r.Format, recordingFormat)
	}
	return r, nil
}

// Difference is a case in which two recordings differ.
type Difference struct {
	Case   string
	Source Source
	Step   int    // the first that differs, from 1; 0: only one of the two has the case
	What   string // in words
}

// String returns the difference in a line.
func (d Difference) String() string { return fmt.Sprintf("%s [%s]: %s", d.Case, d.Source, d.What) }

// Compare returns the cases in which two recordings differ, in the order of the older one, then those that only the newer one has.
func Compare(older, newer *Recording) []Difference {
	have := make(map[string]RecordedCase)
	for _, c := range newer.Cases {
		have[c.ID] = c
	}
	var found []Difference
	for _, was := range older.Cases {
		is, both := have[was.ID]
		delete(have, was.ID)
		if !both {
			found = append(found, Difference{Case: was.ID, Source: was.Source, What: "only the older recording has it"})
		} else if d, differ := was.difference(is); differ {
			found = append(found, d)
		}
	}
	for _, c := range newer.Cases {
		if _, left := have[c.ID]; left {
			found = append(found, Difference{Case: c.ID, Source: c.Source, What: "only the newer recording has it"})
		}
	}
	return found
}

// difference returns the first step at which two recordings of a case differ.
func (c RecordedCase) difference(other RecordedCase) (Difference, bool) {
	for i := range max(len(c.Answers), len(other.Answers)) {
		d := Difference{Case: c.ID, Source: c.Source, Step: i + 1}
		switch {
		case i >= len(c.Answers):
			d.What = fmt.Sprintf("at step %d the older one had ended, the newer one has %v", i+1, other.Answers[i])
		case i >= len(other.Answers):
			d.What = fmt.Sprintf("at step %d the older one has %v, the newer one had ended", i+1, c.Answers[i])
		case c.Answers[i] != other.Answers[i]:
			d.What = fmt.Sprintf("at step %d the older one has %v, the newer one %v", i+1, c.Answers[i], other.Answers[i])
		default:
			continue
		}
		return d, true
	}
	return Difference{}, false
}

// String returns the answer in a line.
func (a RecordedAnswer) String() string {
	if a.Code == codes.OK.String() {
		return a.Reply
	}
	return strings.TrimSuffix(a.Code+": "+a.Text, ": ")
}
