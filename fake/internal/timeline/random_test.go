package timeline

import (
	"fmt"
	"time"

	"pgregory.net/rapid"
)

// start is when the stories of the tests start.
var start = time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)

// hostile are texts that break what does not take care.
var hostile = []string{
	"", "web", "a b", `"quoted"`, "<script>alert(1)</script>", "</title><img src=x onerror=alert(1)>", "]]>", "--><b>", "&amp;", "'",
	"line\nbreak", "tab\there", "\x1b[31mred\x1b[0m", "\u202eright to left", "\u2028", "bad \xff utf8", "→ → →", "日本語の名前",
	"a-name-that-is-much-longer-than-any-name-may-be-in-the-service-and-goes-on-and-on-and-on-for-more-than-a-hundred-characters",
}

// randomStory draws any story, also such as no server tells. Where others have their say it has one of the texts; without any, hostile
// and random ones.
func randomStory(t *rapid.T, texts ...string) Story {
	said := rapid.OneOf(rapid.SampledFrom(hostile), rapid.StringN(0, 60, 200))
	if len(texts) > 0 {
		said = rapid.SampledFrom(texts)
	}
	text := func(label string) string { return said.Draw(t, label) }
	chance := func(label string) bool { return rapid.Bool().Draw(t, label) }
	s := Story{Title: text("title"), Dropped: rapid.IntRange(0, 3).Draw(t, "dropped")}
	for range rapid.IntRange(1, 40).Draw(t, "lanes") {
		s.Lanes = append(s.Lanes, text("lane"))
	}
	var images, operations []string
	for i := range rapid.IntRange(1, 12).Draw(t, "things") {
		images = append(images, fmt.Sprintf("fd8image%012d", i))
		operations = append(operations, fmt.Sprintf("fd8operat%011d", i))
		s.Names = append(s.Names, Name{ID: images[i], Kind: Image, Text: text("name")}, Name{ID: operations[i], Kind: Operation, Text: "ImageCreate"})
	}
	pause := rapid.SampledFrom([]time.Duration{0, 1, time.Microsecond, time.Millisecond, time.Second, time.Minute, 100 * time.Hour})
	at := start
	seq := 0
	for range rapid.IntRange(0, 150).Draw(t, "events") {
		seq++
		at = at.Add(pause.Draw(t, "pause"))
		image, op := "", ""
		if chance("of an image") {
			image = rapid.SampledFrom(images).Draw(t, "image")
		}
		if chance("of an operation") {
			op = rapid.SampledFrom(operations).Draw(t, "operation")
		}
		if chance("an event") {
			e := Event{Seq: seq, At: at, Kind: rapid.SampledFrom([]Kind{Image, Operation, Fault, Clock, Note}).Draw(t, "kind"), Text: text("text"),
				Bad: chance("bad"), Over: chance("over"), Image: image, Operation: op, Call: rapid.IntRange(0, seq).Draw(t, "call")}
			s.Events = append(s.Events, e)
			continue
		}
		c := Call{Seq: seq, Lane: rapid.IntRange(0, len(s.Lanes)-1).Draw(t, "of caller"), Method: rapid.SampledFrom([]string{"ImageCreate", "OperationGet", "<b>"}).Draw(t, "method"),
			Request: rapid.SampledFrom([]string{op, image, text("request")}).Draw(t, "asks"), Attempt: rapid.IntRange(1, 3).Draw(t, "attempt"),
			Changes: chance("changes"), Start: at, Image: image, Operation: op}
		if chance("with a key") {
			c.Key = text("key")
		}
		if chance("answered") {
			c.End = at.Add(pause.Draw(t, "duration"))
			if chance("failed") {
				c.Error = "Internal: " + text("error")
			} else {
				c.Result = text("result")
			}
			if chance("last known") {
				c.Last = seq + rapid.IntRange(0, 20).Draw(t, "last")
			}
		}
		s.Calls = append(s.Calls, c)
	}
	for range rapid.IntRange(0, 3).Draw(t, "failures") {
		s.Failures = append(s.Failures, Failure{
			Text:  rapid.SampledFrom([]string{"assert.Gaps: ", ""}).Draw(t, "check") + text("failure"),
			Calls: rapid.SliceOfN(rapid.IntRange(-1, seq+1), 0, 4).Draw(t, "at fault"),
		})
		s.Faults = append(s.Faults, text("injected"))
		s.Again = text("again")
	}
	return s
}
