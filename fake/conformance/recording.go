package conformance

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"google.golang.org/grpc/codes"
)

// recordingFormat is the version of the files that Save writes: a change of their form changes it.
const recordingFormat = 2

// Recording is what a target answered to the cases, in canonical form: ids are numbered in order of appearance, times and page
// tokens have no value, names are those of the cases. Nothing secret is in it: requests and headers are not, nor is what a case
// cleans up. Two recordings of equal targets are equal. The zero value is ready to use; it is for one run at a time.
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
	Wrong string `json:"wrong,omitempty"` // what came otherwise than the case says
}

// add takes down the answer to a step, and what is wrong with it. On a nil recording it does nothing.
func (r *Recording) add(c Case, step int, known names, a answer, wrong string) {
	if r == nil {
		return
	}
	r.Format = recordingFormat
	if n := len(r.Cases); n == 0 || r.Cases[n-1].ID != c.ID {
		r.Cases = append(r.Cases, RecordedCase{ID: c.ID, Source: c.row().Source})
	}
	said, canon := c.Steps[step-1], newCanon(known)
	recorded := RecordedAnswer{Step: step, Code: a.status.Code().String(), Field: a.field()}
	if a.status.Code() == codes.OK {
		recorded.Reply = canon.reply(said.Do, a.reply)
	} else {
		recorded.Text = canon.text(a.status.Message(), said.Want.Text)
	}
	recorded.Wrong = canon.text(wrong, "")
	last := &r.Cases[len(r.Cases)-1]
	last.Answers = append(last.Answers, recorded)
}

// Save writes the recording to a file, in the place of what is there. Nothing is written if nothing is recorded: that would take the
// place of a recording.
func (r *Recording) Save(path string) error {
	if r == nil || len(r.Cases) == 0 {
		return fmt.Errorf("nothing is recorded: %s is as it was", path)
	}
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

// Compare returns the cases in which two recordings differ, in the order of the older one, then those that only the newer one has. A
// nil recording has no cases.
func Compare(older, newer *Recording) []Difference {
	if older == nil {
		older = new(Recording)
	}
	if newer == nil {
		newer = new(Recording)
	}
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
		case c.Answers[i].Code != other.Answers[i].Code:
			d.What = fmt.Sprintf("at step %d the older one has %s, the newer one %s", i+1, c.Answers[i].outcome(), other.Answers[i].outcome())
		case c.Answers[i] != other.Answers[i]:
			was, is := parted(c.Answers[i].String(), other.Answers[i].String())
			d.What = fmt.Sprintf("at step %d the older one has %s, the newer one %s", i+1, was, is)
		default:
			continue
		}
		return d, true
	}
	return Difference{}, false
}

// outcome returns how a call ended, without what it was answered with.
func (a RecordedAnswer) outcome() string { return strings.TrimSuffix(a.Code+": "+a.Text, ": ") }

// String returns the answer in a line.
func (a RecordedAnswer) String() string {
	text := a.Reply
	if a.Code != codes.OK.String() {
		text = a.outcome()
	}
	if a.Field != "" {
		text += " (field " + a.Field + ")"
	}
	if a.Wrong != "" {
		text += " (" + strings.ReplaceAll(a.Wrong, "\n", "; ") + ")"
	}
	return text
}

// around is how much of what two texts have in common is said beside what they do not.
const around = 40

// parted returns two texts without what they have in common far from where they differ.
func parted(a, b string) (string, string) {
	as, bs := strings.SplitAfter(a, " "), strings.SplitAfter(b, " ")
	same := 0
	for same < min(len(as), len(bs)) && as[same] == bs[same] {
		same++
	}
	end := 0
	for end < min(len(as), len(bs))-same && as[len(as)-1-end] == bs[len(bs)-1-end] {
		end++
	}
	from := same
	for length := 0; from > 0 && length+len(as[from-1]) <= around; from-- {
		length += len(as[from-1])
	}
	to := end
	for length := 0; to > 0 && length+len(as[len(as)-to]) <= around; to-- {
		length += len(as[len(as)-to])
	}
	cut := func(words []string) string {
		text := strings.TrimSpace(strings.Join(words[from:len(words)-to], ""))
		if from > 0 {
			text = "… " + text
		}
		if to > 0 {
			text += " …"
		}
		return text
	}
	return cut(as), cut(bs)
}
