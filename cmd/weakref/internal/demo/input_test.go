package demo

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"b.go", "a.go", "sub/c.go", "sub/sub/d.go",
		"readme.md", "go", ".hidden.go", "_old.go",
		"testdata/x.go", ".git/x.go", "_build/x.go", "sub/testdata/x.go",
	} {
		write(t, dir, name, "package p")
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.go"), 0o777); err != nil {
		t.Fatal(err)
	}
	linked := os.Symlink("a.go", filepath.Join(dir, "link.go")) == nil // not everybody may on Windows
	s, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []folder{{"a.go", "b.go"}, {"sub/c.go"}, {"sub/sub/d.go"}}
	if !reflect.DeepEqual(all, want) {
		t.Errorf("found %q (with a link: %v), want %q", all, linked, want)
	}
}

func TestOpenFollowsALink(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "real/a.go", "package p")
	link := filepath.Join(dir, "link")
	if err := os.Symlink("real", link); err != nil {
		t.Skip(err)
	}
	s, err := open(link)
	if err != nil {
		t.Fatal(err)
	}
	if all, err := s.find(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("found %q, %v", all, err)
	}
}

func TestFolderThatCannotBeRead(t *testing.T) {
	s := files(3, 2)
	s.files = broken{FS: s.files, bad: map[string]bool{"p1": true}}
	all, err := s.find(t.Context())
	if err != nil || len(all) != 2 {
		t.Errorf("found %q, %v", all, err)
	}
	if unreadable, _ := s.counts(); unreadable != 1 {
		t.Errorf("%d are noted", unreadable)
	}
	s = files(1, 1)
	s.files = broken{FS: s.files, bad: map[string]bool{"p0": true}}
	if _, err := s.find(t.Context()); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("if there is nothing else: %v", err)
	}
}

func TestFindEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := files(2, 2).find(ctx); err != context.Canceled {
		t.Error(err)
	}
}

func TestChoose(t *testing.T) {
	all, _ := files(10, 5).find(t.Context())
	chosen, n := choose(all, 12, 3)
	if n != 12 || len(chosen) != 3 || len(chosen[0]) != 5 || len(chosen[1]) != 5 || len(chosen[2]) != 2 {
		t.Errorf("12 of 50: %d, %q", n, chosen)
	}
	if again, _ := choose(all, 12, 3); !reflect.DeepEqual(again, chosen) {
		t.Error("the same seed chose others")
	}
	if other, _ := choose(all, 12, 4); reflect.DeepEqual(other, chosen) {
		t.Error("another seed chose the same")
	}
	chosen, n = choose(all, 1000, 3)
	paths := slices.Sorted(slices.Values(slices.Concat(chosen...)))
	if n != 50 || len(slices.Compact(paths)) != 50 {
		t.Errorf("all of 50: %d, %d different", n, len(paths))
	}
}

func TestGoSource(t *testing.T) {
	dir, err := goSource(t.Context())
	if err != nil {
		t.Skip("this Go has no source:", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "fmt", "print.go")); err != nil {
		t.Error(err)
	}
}

func TestNoGoSource(t *testing.T) {
	t.Run("no source", func(t *testing.T) {
		t.Setenv("GOROOT", t.TempDir())
		_, err := goSource(t.Context())
		mustSay(t, err, "go env GOROOT", "give a folder")
	})
	t.Run("no go", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		_, err := goSource(t.Context())
		mustSay(t, err, "go env GOROOT", "not found", "give a folder")
	})
}

func mustSay(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %q: %v", w, err)
		}
	}
}
