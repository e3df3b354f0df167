package demo

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func TestParse(t *testing.T) {
	s := &source{files: fstest.MapFS{
		"good.go":  {Data: []byte("package p\n\n// F does.\nfunc F() {}\n")},
		"bad.go":   {Data: []byte("package p\n\nfunc G() {}\n\nfunc H( {\n")},
		"empty.go": {Data: nil},
	}}
	tree, err := s.parse(t.Context(), "good.go")
	if err != nil || tree.Err != nil {
		t.Fatal(err, tree.Err)
	}
	f := tree.File.Decls[0].(*ast.FuncDecl)
	if f.Doc.Text() != "F does.\n" || tree.Fset.Position(f.Pos()).String() != "good.go:4:1" {
		t.Errorf("%q at %v", f.Doc.Text(), tree.Fset.Position(f.Pos()))
	}
	for _, path := range []string{"bad.go", "bad.go", "empty.go"} {
		tree, err := s.parse(t.Context(), path)
		if err != nil || tree.File == nil || tree.Err == nil {
			t.Errorf("%s: %v, %v, %v", path, tree, err, tree.Err)
		}
	}
	if tree, _ := s.parse(t.Context(), "bad.go"); tree.File.Decls[0].(*ast.FuncDecl).Name.Name != "G" {
		t.Error("what comes before the error is missing")
	}
	for range 2 {
		if _, err := s.parse(t.Context(), "missing.go"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("missing: %v", err)
		}
	}
	if unreadable, unparsable := s.counts(); unreadable != 1 || unparsable != 2 {
		t.Errorf("%d unreadable and %d unparsable; each file counts once", unreadable, unparsable)
	}
	said := strings.Join(s.problems(), "\n")
	for _, want := range []string{"1 file could not be read", "missing.go", "2 files could not be parsed", "bad.go:5:9"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in:\n%s", want, said)
		}
	}
}

func TestParseEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := files(1, 1)
	if _, err := s.parse(ctx, "p0/f0.go"); err != context.Canceled {
		t.Error(err)
	}
	if unreadable, _ := s.counts(); unreadable != 0 {
		t.Error("an interrupt counts as a fault of the file")
	}
}

func TestManyProblemsAreSaidInShort(t *testing.T) {
	var s source
	for i := range 100 {
		s.note(&s.unparsable, fmt.Sprintf("%03d.go", i), fmt.Errorf("%03d.go: bad", i))
	}
	said := strings.Join(s.problems(), "\n")
	if strings.Count(said, "\n") > 8 || !strings.Contains(said, "100 files") || !strings.Contains(said, "000.go") || !strings.Contains(said, "95 more") {
		t.Error(said)
	}
}
