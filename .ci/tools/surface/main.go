// Surface prints the exported names of packages, one a line: what users of the kit may depend on.
//
// With -check FILE it compares them with the listing in FILE, and fails when one of those has vanished or changed its form. With
// -write FILE it writes the listing anew, which is how a name is added.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	check := flag.String("check", "", "compare with the listing in this `file`")
	write := flag.String("write", "", "write the listing into this `file`")
	flag.Parse()
	if err := run(*check, *write, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(check, write string, directories []string) error {
	var lines []string
	for _, directory := range directories {
		found, err := surface(directory)
		if err != nil {
			return err
		}
		lines = append(lines, found...)
	}
	slices.Sort(lines)
	text := strings.Join(slices.Compact(lines), "\n") + "\n"
	switch {
	case write != "":
		return os.WriteFile(write, []byte(text), 0o666)
	case check == "":
		_, err := os.Stdout.WriteString(text)
		return err
	}
	listed, err := os.ReadFile(check)
	if err != nil {
		return err
	}
	return compare(check, strings.Split(strings.TrimSpace(string(listed)), "\n"), lines)
}

// compare fails when a listed line is not there any more, or a line is not listed.
func compare(file string, listed, lines []string) error {
	var gone, added []string
	for _, line := range listed {
		if !slices.Contains(lines, line) {
			gone = append(gone, line)
		}
	}
	for _, line := range lines {
		if !slices.Contains(listed, line) {
			added = append(added, line)
		}
	}
	switch {
	case gone != nil:
		return fmt.Errorf("names that users may depend on have vanished or changed their form:\n\t%s\nkeep them, beside the new ones",
			strings.Join(gone, "\n\t"))
	case added != nil:
		return fmt.Errorf("new names are not in %s:\n\t%s\nlist them with -write once they are meant to stay", file, strings.Join(added, "\n\t"))
	}
	return nil
}

// surface returns the exported names that the files of a directory declare, tests excepted.
func surface(directory string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(directory, "*.go"))
	if err != nil {
		return nil, err
	}
	if names == nil {
		return nil, fmt.Errorf("there are no Go files in %s", directory)
	}
	l := listing{files: token.NewFileSet(), prefix: filepath.ToSlash(filepath.Clean(directory)) + ": "}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(l.files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			l.declaration(decl)
		}
	}
	return l.lines, nil
}

type listing struct {
	files  *token.FileSet
	prefix string
	lines  []string
}

func (l *listing) add(format string, args ...any) {
	l.lines = append(l.lines, l.prefix+fmt.Sprintf(format, args...))
}

// text prints a piece of syntax in one line.
func (l *listing) text(node any) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, l.files, node); err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func (l *listing) declaration(decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && (d.Recv == nil || exportedType(d.Recv.List[0].Type)) {
			d.Body, d.Doc = nil, nil
			l.add("%s", l.text(d))
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if name.IsExported() {
						l.add("%v %s", d.Tok, name.Name)
					}
				}
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					l.typ(s)
				}
			}
		}
	}
}

// typ lists a type with its exported fields or methods.
func (l *listing) typ(s *ast.TypeSpec) {
	var members *ast.FieldList
	switch t := s.Type.(type) {
	case *ast.StructType:
		l.add("type %s struct", s.Name.Name)
		members = t.Fields
	case *ast.InterfaceType:
		l.add("type %s interface", s.Name.Name)
		members = t.Methods
	default:
		l.add("type %s %s", s.Name.Name, l.text(s.Type))
		return
	}
	for _, member := range members.List {
		if len(member.Names) == 0 {
			l.add("type %s: %s", s.Name.Name, l.text(member.Type))
		}
		for _, name := range member.Names {
			if name.IsExported() {
				l.add("type %s: %s %s", s.Name.Name, name.Name, l.text(member.Type))
			}
		}
	}
}

// exportedType tells whether a receiver belongs to a type that users can name.
func exportedType(receiver ast.Expr) bool {
	for {
		switch t := receiver.(type) {
		case *ast.StarExpr:
			receiver = t.X
		case *ast.IndexExpr:
			receiver = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return false
		}
	}
}
