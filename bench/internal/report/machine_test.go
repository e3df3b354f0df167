package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// on is a run as if of a machine.
func on(t *testing.T, machine, mode string) *Run {
	run := sample(t)
	for _, s := range run.sections {
		s.machine, s.mode = machine, mode
	}
	return run
}

// TestOtherMachine makes sure that figures of two kinds of machines, or of full and
// quick runs, never come to stand on one page.
func TestOtherMachine(t *testing.T) {
	base := t.TempDir()
	own := NewRun(false).section("").kind()
	for _, quick := range []bool{false, true} {
		if got, err := Folder(base, quick); got != base || err != nil {
			t.Fatalf("the first run goes to %s, %v", got, err)
		}
	}
	if err := Save(base, on(t, "a strange machine", full), false); err != nil {
		t.Fatal(err)
	}
	below, err := Folder(base, false)
	if err != nil || filepath.Dir(below) != base || below != filepath.Join(base, folderOf(own)) {
		t.Fatalf("a run on another machine goes to %s, %v", below, err)
	}
	other := NewRun(false)
	other.Add("Keys", "BenchmarkKeys/impl=x/op=hit/n=5 1 3 ns/op")
	if err := Save(base, other, false); err == nil || !strings.Contains(err.Error(), "a strange machine") {
		t.Errorf("saving among figures of another machine: %v", err)
	}
	if err := Save(below, on(t, own, full), false); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{base, below} {
		if err := os.WriteFile(filepath.Join(base, "notes.md"), []byte("## load-recipe-131072\n\n[Why](../../docs/why.md).\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := Write(folder); err != nil {
			t.Fatal(err)
		}
	}
	if page, link := read(t, base, "README.md"), "["+own+"]("+filepath.Base(below)+"/README.md)"; !strings.Contains(page, link) {
		t.Errorf("the page lacks %q:\n%s", link, page)
	}
	page := read(t, below, "README.md")
	for _, want := range []string{"These figures are of " + own, "[Why](../../../docs/why.md)"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of the other machine lacks %q:\n%s", want, page)
		}
	}

	// Whoever wants to can have them take the place of the others.
	if err := Save(base, on(t, own, full), true); err != nil {
		t.Fatal(err)
	}
	if got, err := Folder(base, false); got != base || err != nil {
		t.Errorf("a run on the same machine goes to %s, %v", got, err)
	}
	if got, err := Folder(base, true); got == base || err != nil {
		t.Errorf("a quick run goes where the figures of a full one are: %v", err)
	}
}
