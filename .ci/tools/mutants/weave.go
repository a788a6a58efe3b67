package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// chosen is the environment variable that says which mutation is in force in woven code: its number, none where it is not set.
const chosen = "IMAGEFAKE_MUTANT"

// Weaving puts many mutations of one file into one text: a func that a mutation changes is there twice, and the first thing that the
// original does is to ask whether the other is meant. So a package is compiled once for all of its mutations. What is in no func (a
// table, a constant) is left out, and tried alone.

// weave returns a file with those of its mutations, by number, that can be woven into it, and the numbers of those.
func weave(file, text string, all map[int]mutation) (woven string, in []int, err error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	var others bytes.Buffer // the changed funcs
	rest := 0               // what of the text is not written yet
	for _, d := range parsed.Decls {
		original, is := d.(*ast.FuncDecl)
		if !is || original.Body == nil {
			continue
		}
		from, to := files.Position(original.Pos()).Offset, files.Position(original.End()).Offset
		var choices strings.Builder
		for _, n := range slices.Sorted(maps.Keys(all)) {
			m := all[n]
			at, end, put := m.narrowed(text)
			if at < from || end > to {
				continue
			}
			other, err := renamed(text[from:at]+put+text[end:to], otherName(n, original))
			if err != nil {
				return "", nil, fmt.Errorf("%s: %s: %w", m.place, m.name, err)
			}
			others.WriteString("\n" + other + "\n")
			choices.WriteString(choice(n, original))
			in = append(in, n)
		}
		if choices.Len() == 0 {
			continue
		}
		body := files.Position(original.Body.Lbrace).Offset
		b.WriteString(text[rest:from] + heading(original) + " {" + choices.String() + text[body+1:to])
		rest = to
	}
	b.WriteString(text[rest:])
	return b.String() + others.String(), in, nil
}

// chooser is a file that every package with woven code has beside it.
func chooser(name string) string {
	return fmt.Sprintf("package %s\n\nimport \"os\"\n\nvar mutantChosen = os.Getenv(%q)\n", name, chosen)
}

// narrowed returns where a mutation changes a text, and what it puts there, without what its two texts have in common.
func (m mutation) narrowed(text string) (from, to int, put string) {
	from = strings.Index(text, m.old)
	to, put = from+len(m.old), m.new
	for put != "" && from < to && text[from] == put[0] {
		from, put = from+1, put[1:]
	}
	for put != "" && from < to && text[to-1] == put[len(put)-1] {
		to, put = to-1, put[:len(put)-1]
	}
	return from, to, put
}

// otherName returns what a func is called with a mutation in it. It is not exported, whatever the original is.
func otherName(n int, original *ast.FuncDecl) string {
	return fmt.Sprintf("mutant%d_%s", n, original.Name.Name)
}

// renamed returns the text of a func with another name.
func renamed(text, name string) (string, error) {
	const before = "package p\n"
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "", before+text, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	if len(parsed.Decls) != 1 {
		return "", fmt.Errorf("it makes %d funcs of one", len(parsed.Decls))
	}
	f, is := parsed.Decls[0].(*ast.FuncDecl)
	if !is {
		return "", fmt.Errorf("it makes something else of a func")
	}
	at := files.Position(f.Name.Pos()).Offset - len(before)
	return text[:at] + name + text[at+len(f.Name.Name):], nil
}

// heading returns a func up to its body. Its receiver and its parameters have names from then on.
func heading(f *ast.FuncDecl) string {
	n := 0
	name := func(list *ast.FieldList) {
		if list == nil {
			return
		}
		for _, field := range list.List {
			if len(field.Names) == 0 {
				field.Names = []*ast.Ident{ast.NewIdent("_")}
			}
			for _, id := range field.Names {
				if id.Name == "_" {
					n++
					id.Name = fmt.Sprintf("mutantParam%d", n)
				}
			}
		}
	}
	name(f.Recv)
	name(f.Type.Params)
	var b strings.Builder
	_ = printer.Fprint(&b, token.NewFileSet(), &ast.FuncDecl{Recv: f.Recv, Name: f.Name, Type: f.Type})
	return b.String()
}

// choice returns the statement with which a func asks whether a mutation of it is meant.
func choice(n int, f *ast.FuncDecl) string {
	heading(f) // names all there is
	call := otherName(n, f)
	if f.Recv != nil {
		call = f.Recv.List[0].Names[0].Name + "." + call
	}
	if f.Type.TypeParams != nil {
		call += "[" + strings.Join(names(f.Type.TypeParams), ", ") + "]"
	}
	args := names(f.Type.Params)
	if last := len(f.Type.Params.List) - 1; last >= 0 {
		if _, variadic := f.Type.Params.List[last].Type.(*ast.Ellipsis); variadic {
			args[len(args)-1] += "..."
		}
	}
	call += "(" + strings.Join(args, ", ") + ")"
	if f.Type.Results == nil {
		return fmt.Sprintf("\nif mutantChosen == \"%d\" { %s; return }\n", n, call)
	}
	return fmt.Sprintf("\nif mutantChosen == \"%d\" { return %s }\n", n, call)
}

// names returns all names in a list of parameters.
func names(list *ast.FieldList) (all []string) {
	for _, field := range list.List {
		for _, id := range field.Names {
			all = append(all, id.Name)
		}
	}
	return all
}

// packageName returns the name of the package that a Go text is of.
func packageName(text string) (string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "", text, parser.PackageClauseOnly)
	if err != nil {
		return "", err
	}
	return parsed.Name.Name, nil
}

// chooserFile is where the chooser of a file's package is.
func chooserFile(file string) string { return filepath.Join(filepath.Dir(file), "mutant_chosen.go") }
