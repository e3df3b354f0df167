package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRun builds the tree of this module's own source.
func TestRun(t *testing.T) {
	var out strings.Builder
	r, err := run(&out, filepath.Join("..", ".."), "strongNode", false)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
	if r.nodes < 500 || r.kept == 0 {
		t.Errorf("%d nodes, %d kept", r.nodes, r.kept)
	}
	if r.weakKept > r.weakWhole/4 || r.strongly < r.strongWhole*3/4 {
		t.Errorf("%+v", r)
	}
}

func TestPrint(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("a.go", "package p\n\ntype A struct{}\n\nvar x, y int\n\nfunc main() {}\n")
	write("broken.go", "package p\n\nfunc ok() {}\n\nfunc {")
	write("nothing.go", "")
	write("a.txt", "no Go")
	var out strings.Builder
	if _, err := run(&out, dir, "x", true); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"├── package p", "│   ├── file a.go", "declaration A", "declaration y", "declaration main", "declaration ok", "1 are kept; 1 of those have lost",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no %q in\n%s", line, out.String())
		}
	}
}

func TestNoFolder(t *testing.T) {
	if _, err := run(new(strings.Builder), filepath.Join(t.TempDir(), "none"), "x", false); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("error %v", err)
	}
}
