package scenario

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/imagefake/imagefake/fake/plain"
)

// replayVariable is the environment variable that holds a replay token. A flag would be unknown to test binaries of packages that
// do not import this one.
const replayVariable = "IMAGEFAKE_REPLAY"

func replayToken() string { return os.Getenv(replayVariable) }

// tokenFormat begins every token: a change of the format changes it.
const tokenFormat = "2"

// A token names one run of one body in one line: format, test, version of the body, seed, order, schedule.
type token struct {
	test    string
	version string
	seed    uint64
	order   string // that of answers begins with an a
	faults  string
}

func (tk token) String() string {
	return strings.Join([]string{tokenFormat, url.QueryEscape(tk.test), tk.version, strconv.FormatUint(tk.seed, 10), tk.order, tk.faults}, ";")
}

func parseToken(text string) (token, error) {
	parts := strings.SplitN(text, ";", 6)
	if parts[0] != tokenFormat {
		return token{}, fmt.Errorf("it begins with %q, this version writes tokens that begin with %q", parts[0], tokenFormat)
	}
	if len(parts) != 6 {
		return token{}, errors.New("it is cut short: copy all of it, quotes included")
	}
	test, err := url.QueryUnescape(parts[1])
	if err != nil {
		return token{}, fmt.Errorf("the name of the test: %w", err)
	}
	seed, err := strconv.ParseUint(parts[3], 10, 64)
	if err != nil {
		return token{}, fmt.Errorf("the seed: %w", err)
	}
	return token{test: test, version: parts[2], seed: seed, order: parts[4], faults: parts[5]}, nil
}

// tokenOf returns the token of a run. The version is learnt from the run without faults.
func (x *runner) tokenOf(r *result) token {
	order := r.order.String()
	if r.answers {
		order = "a" + order
	}
	return token{test: x.t.Name(), version: x.version, seed: r.seed, order: order, faults: r.schedule.exact()}
}

// command returns the shell command that makes a run again, alone.
func (x *runner) command(r *result) string {
	return fmt.Sprintf("%s='%s' %s", replayVariable, x.tokenOf(r), plain.TestCommand(x.t.Name()))
}

// named returns the run that -run asks for alone, by the name of its subtest; false if it asks for no subtest.
func (x *runner) named() (trial, bool) {
	pattern := flag.Lookup("test.run")
	if pattern == nil {
		return trial{}, false
	}
	parts := strings.Split(pattern.Value.String(), "/")
	above := strings.Count(x.t.Name(), "/") + 1
	if len(parts) <= above {
		return trial{}, false
	}
	parts = parts[above:]
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(part, "^"), "$"), `\`, "")
	}
	one := trial{keep: true}
	faults, last := strings.Join(parts, "/"), ""
	if at := strings.LastIndexByte(faults, '+') + 1; strings.HasPrefix(faults[at:], "order-") || strings.HasPrefix(faults[at:], "answers-") {
		faults, last = strings.TrimSuffix(faults[:at], "+"), faults[at:]
	}
	var err error
	if last != "" {
		var text string
		text, one.answers = strings.CutPrefix(last, "answers-")
		if one.order, err = parseOrder(strings.TrimPrefix(text, "order-")); err != nil {
			return trial{}, false
		}
	}
	one.schedule, err = parseSchedule(faults, x.kinds)
	return one, err == nil && len(one.schedule)+len(one.order) > 0 // any other pattern picks from what the whole exploration finds
}

// alone makes one run in the place of all, as the subtest that it would have been.
func (x *runner) alone(one trial) {
	x.t.Helper()
	_, err := x.learn()
	if err == nil {
		one.schedule, err = x.resolve(one.schedule)
	}
	if err != nil {
		x.t.Fatalf("scenario.Explore: %v", err)
	}
	r := x.run(one)
	text, picture := x.story(r), x.pictureLine(r)
	x.t.Run(r.name(), func(t *testing.T) {
		t.Helper()
		if r.broken() {
			t.Error(text)
			return
		}
		t.Logf("it holds: %s%s", r.held(), picture)
	})
}

// replay makes the run of a token alone, and shows what happened whether it breaks or holds.
func (x *runner) replay(text string) {
	x.t.Helper()
	r, err := x.rerun(text)
	if err != nil {
		x.t.Fatalf("scenario: the token in %s cannot be replayed: %v", replayVariable, err)
	}
	if r.broken() {
		x.t.Errorf("%v breaks:\n%s", r.name(), indent(x.story(r), "\t"))
		return
	}
	x.t.Logf("%v holds: %s%s", r.name(), r.held(), x.pictureLine(r))
}

// held tells how a run ended that did not break.
func (r *result) held() string {
	note := ""
	if !r.happened() {
		note = "; not all of the faults happened, because the calls came out differently"
	}
	return fmt.Sprintf("the run ended %s%s\n%s", r.outcome(), note, timelineOf(r))
}

// rerun makes the run of a token.
func (x *runner) rerun(text string) (*result, error) {
	if tk, err := parseToken(text); err == nil && tk.test != x.t.Name() {
		return nil, fmt.Errorf("it is for %s, and this is %s: run that test alone, with %s", tk.test, x.t.Name(), plain.RunFlag(tk.test))
	}
	if _, err := x.learn(); err != nil {
		return nil, err
	}
	tr, err := x.trialOf(text)
	if err != nil {
		return nil, fmt.Errorf("%w; explore again, without %s", err, replayVariable)
	}
	tr.keep = true
	return x.run(tr), nil
}

// trialOf returns the run that a token names, of the body that was learnt.
func (x *runner) trialOf(text string) (trial, error) {
	tk, err := parseToken(text)
	if err != nil {
		return trial{}, err
	}
	faults, err := parseSchedule(tk.faults, x.kinds)
	if err != nil {
		return trial{}, err
	}
	text, answers := strings.CutPrefix(tk.order, "a")
	order, err := parseOrder(text)
	if err != nil {
		return trial{}, err
	}
	if x.version != tk.version {
		return trial{}, fmt.Errorf("it was made for another version of the body: without faults, this one calls %s", x.base.summary())
	}
	if faults, err = x.resolve(faults); err != nil {
		return trial{}, err
	}
	return trial{schedule: faults, seed: tk.seed, order: order, answers: answers}, nil
}
