package conformance_test

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/imagefake/imagefake/fake/conformance"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write PROVEN.md anew")

// TestProven writes the page of what is proven, in memory, and compares it with the one there is.
func TestProven(t *testing.T) {
	const root = "../.."
	if _, err := os.Stat(filepath.Join(root, "examples/sdkv1/go.mod")); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the nested modules are not here, and neither are their tests: this is no clone of the repository")
	}
	tests, err := testsBelow(root)
	require.NoError(t, err)
	require.Empty(t, unproven(conformance.Rows(), conformance.Cases(), tests))

	mutations, equal, err := mutationsBelow(root)
	require.NoError(t, err)
	require.NotZero(t, mutations)
	page := provenPage(conformance.Rows(), conformance.Cases(), tests, mutations, equal)

	if *update {
		require.NoError(t, os.WriteFile("PROVEN.md", []byte(page), 0o666))
	}
	written, err := os.ReadFile("PROVEN.md")
	require.NoError(t, err)
	require.Equal(t, page, string(written), "go test ./fake/conformance -run TestProven -update writes it anew")
}

// The checks of the page can fail.
func TestUnprovenRowsAreNamed(t *testing.T) {
	tests := map[string]bool{"fake.TestDelete": true}
	cases := []conformance.Case{{ID: "get/id", Row: "shown"}}
	for _, tt := range []struct {
		row  conformance.Row
		want string // "": nothing is wrong
	}{
		{conformance.Row{ID: "shown"}, ""},
		{conformance.Row{ID: "tested", Tests: []string{"fake.TestDelete"}}, ""},
		{conformance.Row{ID: "bare"}, "bare: neither a case nor a test shows it"},
		{conformance.Row{ID: "bare", Tests: []string{"fake.TestDeleet"}}, "bare: there is no test fake.TestDeleet"},
		{conformance.Row{ID: "shown", Tests: []string{"TestDelete"}}, "shown: there is no test TestDelete"},
		{conformance.Row{ID: "shown", Tests: []string{"fake.TestDelete", "fake.TestDelete"}}, "shown: fake.TestDelete is named twice"},
	} {
		var want []string
		if tt.want != "" {
			want = []string{tt.want}
		}
		require.Equal(t, want, unproven([]conformance.Row{tt.row}, cases, tests))
	}
}

func TestTestsAreFoundInTheirFiles(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"a/a_test.go": "package a\nfunc TestIt() {}\nfunc Testify() {}\nfunc FuzzIt() {}\nfunc TestMain() {}\n" +
			"func (s suite) TestMethod() {}\n// func TestComment() {}",
		"a/b/b_test.go":        "package b_test\nfunc Test() {}\nfunc ExampleIt() {}\nfunc BenchmarkIt() {}",
		"a/c.go":               "package a\nfunc TestNoTest() {}",
		"a/testdata/x_test.go": "package x\nfunc TestData() {}",
		".hidden/x_test.go":    "package x\nfunc TestHidden() {}",
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o666))
	}

	tests, err := testsBelow(root)

	require.NoError(t, err)
	require.Equal(t, []string{"a.FuzzIt", "a.TestIt", "a/b.ExampleIt", "a/b.Test"}, slices.Sorted(maps.Keys(tests)))
}

// testsBelow returns the tests, fuzz targets and examples of all packages below a directory, by the path of their package and their
// name: "fake.TestDelete".
func testsBelow(root string) (map[string]bool, error) {
	found := make(map[string]bool)
	files := token.NewFileSet()
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && file != root && (name == "testdata" || name[0] == '.' || name[0] == '_'):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		parsed, err := parser.ParseFile(files, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		for _, d := range parsed.Decls {
			if f, is := d.(*ast.FuncDecl); is && f.Recv == nil && isTest(f.Name.Name) {
				found[filepath.ToSlash(dir)+"."+f.Name.Name] = true
			}
		}
		return nil
	})
	return found, err
}

// isTest tells whether go test would run a func of that name.
func isTest(name string) bool {
	for _, kind := range []string{"Test", "Fuzz", "Example"} {
		if rest, is := strings.CutPrefix(name, kind); is {
			first, _ := utf8.DecodeRuneInString(rest)
			return name != "TestMain" && !unicode.IsLower(first)
		}
	}
	return false
}

// mutationsBelow counts the ways of breaking the code that are listed, and those of them that nobody can notice.
func mutationsBelow(root string) (all, equal int, err error) {
	lists, err := filepath.Glob(filepath.Join(root, ".ci/mutations/*.txt"))
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			return 0, 0, err
		}
		all += strings.Count("\n"+string(text), "\n== ")
		equal += strings.Count(string(text), "\nequal: ")
	}
	return all, equal, err
}

// unproven tells what is wrong with the proof of rows, nil if nothing is.
func unproven(rows []conformance.Row, cases []conformance.Case, tests map[string]bool) (wrong []string) {
	for _, r := range rows {
		if len(r.Tests) == 0 && len(casesOf(r, cases)) == 0 {
			wrong = append(wrong, r.ID+": neither a case nor a test shows it")
		}
		for i, test := range r.Tests {
			switch {
			case !tests[test]:
				wrong = append(wrong, fmt.Sprintf("%s: there is no test %s", r.ID, test))
			case slices.Contains(r.Tests[:i], test):
				wrong = append(wrong, fmt.Sprintf("%s: %s is named twice", r.ID, test))
			}
		}
	}
	return wrong
}

func casesOf(r conformance.Row, cases []conformance.Case) (ids []string) {
	for _, c := range cases {
		if c.Row == r.ID {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// provenPage writes the page.
func provenPage(rows []conformance.Row, cases []conformance.Case, tests map[string]bool, mutations, equal int) string {
	var b strings.Builder
	chosen, alone, targets := 0, 0, 0
	for _, r := range rows {
		if r.Source == conformance.Choice {
			chosen++
		}
		if len(casesOf(r, cases)) == 0 {
			alone++
		}
	}
	fmt.Fprintf(&b, provenHead, len(rows), len(rows)-alone, len(cases), alone, chosen)
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		if at := strings.LastIndex(name, ".Fuzz"); at >= 0 {
			fmt.Fprintf(&b, "bash .ci/fuzz 10m '^%s$' # in %s\n", name[at+1:], name[:at])
			targets++
		}
	}
	fmt.Fprintf(&b, provenFigures, mutations, equal, targets)
	chapter := ""
	for _, r := range rows {
		if first, _, _ := strings.Cut(r.ID, "."); first != chapter {
			chapter = first
			fmt.Fprintf(&b, "\n## %s%s\n\n| row | what it says | source | cases | tests of the kit |\n|---|---|---|---|---|\n",
				strings.ToUpper(chapter[:1]), chapter[1:])
		}
		fmt.Fprintf(&b, "| %s | %s | [%s] | %s | %s |\n", r.ID, strings.ReplaceAll(r.Says, "|", `\|`), r.Source,
			strings.Join(casesOf(r, cases), "<br>"), strings.Join(testLinks(r.Tests), "<br>"))
	}
	return b.String()
}

// testLinks returns the names of tests as links to the directories of their packages.
func testLinks(tests []string) (links []string) {
	for _, test := range tests {
		dir := test[:strings.LastIndex(test, ".")]
		links = append(links, fmt.Sprintf("[%s](%s)", test, path.Join("../..", dir)))
	}
	return links
}

const provenHead = `# What is proven, and what is not

<!-- Written by go test ./fake/conformance -run TestProven -update, from the rows, the cases and the names of the tests. Change those. -->

**Nothing here ran against production.** The cases have run against the fake alone, in process and over TLS. Whoever has an account
settles that for everybody:

` + "```sh" + `
IMAGEFAKE_REAL_TOKEN=t1.… IMAGEFAKE_REAL_FOLDER=b1g… IMAGEFAKE_REAL_RECORDING=real.json go test -v -timeout 2h -run TestReal ./fake/conformance
` + "```" + `

The contract has %d rows. %d of them are shown by the %d cases of this package, which run against any target; %d by tests of the kit
alone, because a client cannot bring about what they are about: of the real service they cannot be asked so. For %d rows the source
is [choice]: nothing is known of the real service there, and the kit decided. The other sources are, best first: [ref] the published
reference, [guide] the API design guide, [docs] other pages of the documentation, [proto] comments and options of the generated code,
[seen] what was seen in production, [sdk] what the official SDKs do. A case or a test shows examples; it does not show that there is
no exception to a row. The table says which tests are there: that they pass is what running them says.

Nor is it proven that tests which pass here would notice every fault of the fake. What looks for such faults, beside the tests:

` + "```sh" + `
# The contract as cases, against the fake and against fakes with a bug, which must be found.
go test ./fake/conformance
# A naive second implementation beside the server: random calls, plans, clocks, faults, lags, snapshots, restores, forks.
IMAGEFAKE_MODEL_STEPS=250000 go test -count=1 -timeout 1h ./fake/internal/model
# Every fault at every call of a baker, pairs of them, rivals and orders; each test twenty times.
go test -run TestEveryFault ./examples/baker && IMAGEFAKE_EXPLORATIONS=20 go test -timeout 20m ./scenario
# Concurrent clients, with faults, and an order of their calls that explains what they saw.
IMAGEFAKE_HISTORIES=2000 go -C examples/histories test -timeout 1h ./...
# Sixty-four connections over TCP and TLS at once, some of them cut: the record says of every call what its client saw.
IMAGEFAKE_SOAK=10m go test -race -timeout 20m -run TestSoak ./fake
# The tests of the examples twice in processes of their own, on one, two and four processors: their transcripts are equal to the byte.
bash .ci/determinism
# The code broken in every way that is listed, one after the other: the tests notice.
bash .ci/mutants
# All that has to hold before a change lands, with a part of each of these.
.ci/run
# What anybody may send or say, in whatever bytes: all targets for ten minutes each, or one of them.
bash .ci/fuzz 10m
`

const provenFigures = "```" + `

The lists in .ci/mutations have %d ways of breaking the code that a user would notice, each with the tests that do. Nobody can notice
%d of them, which say why. Of what is not listed nothing is known. There are %d fuzz targets; their seeds, and whatever once broke one,
run with every go test, and .ci/run feeds each for a few seconds more. Models, histories and fuzz targets make up other inputs in each
run: that they have found nothing lately is no proof that they will not.

Equal tests leave equal transcripts where one thing happens after the other, or in a testing/synctest bubble, and the transcripts of each
caller are equal where callers run side by side. It is not so where the test's goroutines race with each other, as in the histories:
which call comes first is then the machine's choice; and so it is in some tests of the SDKs, of which the comparison tells when it is
asked for them, and leaves them out otherwise. On Windows and macOS the code is vetted, and no test was run.
`
