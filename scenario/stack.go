package scenario

import (
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/imagefake/imagefake/fake/plain"
)

// standing is a goroutine and where it stands.
type standing struct {
	plain.Goroutine
	place string // the innermost line that is neither the runtime's, a library's nor the kit's: "baker.go:188 (baker.sleep)"
}

// goroutines returns all goroutines for which keep holds.
func goroutines(keep func(plain.Goroutine) bool) []standing {
	var kept []standing
	for _, g := range plain.Goroutines() {
		if keep(g) {
			kept = append(kept, standing{g, userPlace(g.Trace)})
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
func whereabouts(all []standing) string {
	var places []string
	for _, g := range all {
		if g.place == "" {
			continue
		}
		text := fmt.Sprintf("at %s, in %s", g.place, g.State)
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
