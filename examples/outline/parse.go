package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/weakref-go/weakref/tree"
)

// kind is what a node stands for.
type kind string

const (
	folder      kind = "folder"
	pack        kind = "package"
	file        kind = "file"
	declaration kind = "declaration"
)

// item is the value of a node.
type item struct {
	Kind kind
	Name string
	Text string // of a declaration
}

type node = tree.Node[item]

func newNode(k kind, name, text string) *node { return &node{Value: item{k, name, text}} }

// parse returns the tree of all Go files in and below a folder. Files with errors have
// the declarations that could be made out.
func parse(dir string) (*node, error) {
	root := newNode(folder, dir, "")
	packages := make(map[string]*node) // by folder and name
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, name := parseFile(path, source)
		key := filepath.Dir(path) + " " + name
		p := packages[key]
		if p == nil {
			p = newNode(pack, name, "")
			packages[key] = p
			if err := root.Append(p); err != nil {
				return err
			}
		}
		return p.Append(f)
	})
	return root, err
}

// parseFile returns the tree of a file, and the name of its package.
func parseFile(path string, source []byte) (*node, string) {
	set := token.NewFileSet()
	n := newNode(file, filepath.Base(path), "")
	f, _ := parser.ParseFile(set, path, source, parser.SkipObjectResolution)
	if f == nil {
		return n, "?"
	}
	for _, d := range f.Decls {
		from, to := set.Position(d.Pos()).Offset, set.Position(d.End()).Offset
		to = min(to, len(source)) // the end of a broken declaration may be anywhere
		text := string(source[min(from, to):to])
		for _, name := range names(d) {
			n.Append(newNode(declaration, name, text)) // a new node is above nobody: no error
		}
	}
	return n, f.Name.Name
}

// names returns the names that a declaration declares. A name with its own text keeps
// that text only, not the file's.
func names(d ast.Decl) (all []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		all = append(all, strings.Clone(d.Name.Name))
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				all = append(all, strings.Clone(s.Name.Name))
			case *ast.ValueSpec:
				for _, name := range s.Names {
					all = append(all, strings.Clone(name.Name))
				}
			}
		}
	}
	return all
}
