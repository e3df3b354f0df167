package demo

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// files returns a source with so many Go files in so many folders.
func files(folders, each int) *source {
	m := make(fstest.MapFS)
	for i := range folders {
		for j := range each {
			text := fmt.Sprintf("package p%d\n\n%s", i, strings.Repeat("func f() { g(1, \"two\", x.y) }\n", 20))
			m[fmt.Sprintf("p%d/f%d.go", i, j)] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return &source{root: "made up", files: m}
}

// onDisk writes the files of a source to a folder and returns it.
func onDisk(t *testing.T, s *source) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, s.files); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// broken is a file system in which some files cannot be opened. It calls opened
// before each file that can.
type broken struct {
	fs.FS
	bad    map[string]bool
	opened func(name string)
}

func (b broken) Open(name string) (fs.File, error) {
	if b.bad[name] {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	if b.opened != nil {
		b.opened(name)
	}
	return b.FS.Open(name)
}

// toDo returns work on all files of a source.
func toDo(t *testing.T, s *source, editors, rounds int, seed uint64) *work {
	t.Helper()
	all, err := s.find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := &work{source: s, editors: editors, rounds: rounds, seed: seed}
	w.folders, w.files = choose(all, 1<<20, seed)
	w.found = w.files
	return w
}

// quiet is a progress that nobody sees.
type quiet struct{}

func (quiet) begin(string) {}
func (quiet) step()        {}
func (quiet) end()         {}

// byName returns the trials of a report.
func byName(r *report) map[string]trial {
	m := make(map[string]trial)
	for _, t := range r.trials {
		m[t.Name] = t
	}
	return m
}

// execute runs the command as a user would.
func execute(ctx context.Context, args ...string) (stdout, stderr string, err error) {
	c := Command()
	c.SilenceUsage = true // as the root does
	var out, aside bytes.Buffer
	c.SetOut(&out)
	c.SetErr(&aside)
	c.SetArgs(args)
	err = c.ExecuteContext(ctx)
	return out.String(), aside.String(), err
}
