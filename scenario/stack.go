package scenario

import (
	"bytes"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
)

// identity tells which goroutine the caller is, "7", and which testing/synctest bubble it runs in, "synctest bubble 3" or "". The
// runtime says so nowhere but in the first line of a stack trace: "goroutine 7 [running, synctest bubble 3]:".
func identity() (goroutine, bubble string) {
	var buf [128]byte
	header, _, _ := strings.Cut(string(buf[:runtime.Stack(buf[:], false)]), "\n")
	g := parseHeader(header)
	return g.id, g.bubble
}

// A goroutine is one of a stack dump.
type goroutine struct {
	id     string
	state  string // "select", "chan receive", "running" …
	bubble string
	place  string // the innermost line that is neither the runtime's, a library's nor the kit's: "baker.go:188 (baker.sleep)"
}

func parseHeader(line string) goroutine {
	id, rest, _ := strings.Cut(strings.TrimPrefix(line, "goroutine "), " ")
	rest = strings.TrimSuffix(strings.TrimPrefix(rest, "["), "]:")
	g := goroutine{id: id}
	for i, part := range strings.Split(rest, ", ") {
		switch {
		case i == 0:
			g.state = strings.TrimSuffix(part, " (durable)")
		case strings.HasPrefix(part, "synctest bubble"):
			g.bubble = part
		}
	}
	return g
}

// goroutines returns all goroutines for which keep holds.
func goroutines(keep func(goroutine) bool) []goroutine {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	var kept []goroutine
	for block := range bytes.SplitSeq(buf, []byte("\n\n")) {
		header, frames, _ := strings.Cut(string(block), "\n")
		if g := parseHeader(header); keep(g) {
			g.place = userPlace(frames)
			kept = append(kept, g)
		}
	}
	return kept
}

// userPlace returns the innermost line of a trace that belongs to the user's code, "" if there is none.
func userPlace(trace string) string {
	lines := strings.Split(strings.TrimSpace(trace), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		call, created := strings.CutPrefix(lines[i], "created by ")
		file, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " ")
		if created { // not where it waits, but better than nothing
			call, _, _ = strings.Cut(call, " in goroutine ")
		} else if paren := strings.LastIndexByte(call, '('); paren > 0 {
			call = call[:paren]
		}
		if !foreign(call, file) {
			place := fmt.Sprintf("%s (%s)", shortFile(file), call[strings.LastIndexByte(call, '/')+1:])
			if created {
				return "a goroutine started at " + place
			}
			return place
		}
	}
	return ""
}

const ownPackage = "github.com/imagefake/imagefake/scenario"

// kitCode tells whether a frame belongs to the kit itself, its tests excepted.
func kitCode(function, file string) bool {
	kit := strings.HasPrefix(function, ownPackage+".") || strings.HasPrefix(function, "github.com/imagefake/imagefake/fake")
	return kit && !strings.HasSuffix(file, "_test.go")
}

// foreign tells whether a frame belongs to the standard library, to gRPC and what is generated for it, or to the kit.
func foreign(function, file string) bool {
	for _, prefix := range []string{
		"google.golang.org/", "golang.org/x/", "github.com/yandex-cloud/", "github.com/stretchr/testify/", "runtime.",
	} {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	path, _, _ := strings.Cut(file, ".go:")
	return kitCode(function, path+".go") || strings.HasPrefix(file, standardLibrary) || function == "panic"
}

// standardLibrary is the directory that the standard library was compiled in, with its slash.
var standardLibrary = func() string {
	file, _ := runtime.FuncForPC(reflect.ValueOf(strings.ToUpper).Pointer()).FileLine(0)
	if root := strings.TrimSuffix(file, "strings/strings.go"); root != "" && root != file {
		return root
	}
	return "strings/" // -trimpath: no directory to go by, and no harm done
}()

func shortFile(file string) string { return filepath.Base(file) }

// whereabouts returns where goroutines stand, each place once, three at most: "at baker.go:188 (baker.sleep), in select".
func whereabouts(all []goroutine) string {
	var places []string
	for _, g := range all {
		if g.place == "" {
			continue
		}
		text := fmt.Sprintf("at %s, in %s", g.place, g.state)
		if !slices.Contains(places, text) {
			places = append(places, text)
		}
	}
	if len(places) == 0 {
		return "at no line of the body itself"
	}
	if more := len(places) - 3; more > 0 {
		places = append(places[:3], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(places, "; ")
}
