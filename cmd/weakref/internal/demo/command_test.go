package demo

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	dir := onDisk(t, files(30, 5))
	write(t, dir, "p3/broken.go", "package p\nfunc (")
	out, aside, err := execute(t.Context(), dir, "--json", "--files=1000", "--workers=3", "--rounds=10", "--seed=2")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Files, Unreadable, Unparsable int
		Interrupted                   bool
		Strategies                    []map[string]any
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v in:\n%s", err, out)
	}
	if got.Files != 151 || got.Unreadable != 0 || got.Unparsable != 1 || got.Interrupted {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(aside, "1 file could not be parsed") || !strings.Contains(aside, "plain map") {
		t.Errorf("said:\n%s", aside)
	}
	var names []any
	for _, s := range got.Strategies {
		names = append(names, s["name"])
		for _, key := range []string{
			"name", "requests", "parses", "hit_ratio", "max_alive", "duplicates", "max_copies",
			"empty_heap_bytes", "peak_heap_bytes", "heap_after_bytes", "entries_left", "wall_seconds",
		} {
			if _, ok := s[key]; !ok {
				t.Errorf("%v has no %s", s["name"], key)
			}
			delete(s, key)
		}
		if len(s) != 0 {
			t.Errorf("there is more: %v", s)
		}
	}
	if !slices.Equal(names, []any{"map", "lru", "weak", "weak-keep"}) {
		t.Errorf("strategies %v", names)
	}
}

func TestTable(t *testing.T) {
	dir := onDisk(t, files(10, 3))
	out, _, err := execute(t.Context(), dir, "--files=20", "--workers=2", "--rounds=5")
	if err != nil {
		t.Fatal(err)
	}
	unwrapped := strings.Join(strings.Fields(out), " ")
	for _, want := range []string{
		"20 of the 30 Go files in " + dir, "2 editors", "5 rounds", "seed 1", "room for 48 trees",
		"plain map", "LRU", "weak cache", "weak, Keep",
	} {
		if !strings.Contains(unwrapped, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
	for _, m := range measures {
		if !strings.Contains(out, "│ "+m.name+" ") {
			t.Errorf("no row %q in:\n%s", m.name, out)
		}
	}
}

func TestTheSameSeedAsksTheSame(t *testing.T) {
	dir := onDisk(t, files(10, 3))
	requests := func(seed string) (n int) {
		out, _, err := execute(t.Context(), dir, "--json", "--rounds=5", "--seed="+seed)
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Strategies []figures }
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		return got.Strategies[0].Requests
	}
	if a, b := requests("5"), requests("5"); a != b {
		t.Errorf("%d requests, and %d", a, b)
	}
}

func TestBadArguments(t *testing.T) {
	dir := onDisk(t, files(1, 1))
	empty := t.TempDir()
	write(t, empty, "readme.md", "no Go")
	file := filepath.Join(dir, "p0", "f0.go")
	for _, c := range []struct {
		args  []string
		words []string
	}{
		{[]string{dir, "--files=0"}, []string{"--files is 0"}},
		{[]string{dir, "--files=-3"}, []string{"--files is -3"}},
		{[]string{dir, "--files=many"}, []string{"--files", "many"}},
		{[]string{dir, "--workers=0"}, []string{"--workers is 0", "10000"}},
		{[]string{dir, "--workers=1000000"}, []string{"--workers is 1000000", "10000"}},
		{[]string{dir, "--rounds=0"}, []string{"--rounds is 0"}},
		{[]string{dir, "--rounds=2000000"}, []string{"--rounds is 2000000"}},
		{[]string{dir, "--seed=-1"}, []string{"--seed"}},
		{[]string{dir, "--html=" + dir}, []string{"--html", dir}},
		{[]string{dir, "--html=" + filepath.Join(dir, "no", "such.html")}, []string{"--html", "such.html"}},
		{[]string{dir, dir}, []string{"at most 1"}},
		{[]string{filepath.Join(dir, "missing")}, []string{"missing"}},
		{[]string{file}, []string{file, "is a file"}},
		{[]string{empty}, []string{"no Go files", empty}},
	} {
		out, _, err := execute(t.Context(), c.args...)
		if out != "" {
			t.Errorf("%q: printed %s", c.args, out)
		}
		mustSay(t, err, c.words...)
	}
}

func TestUnreadableFileOfTheSystem(t *testing.T) {
	dir := onDisk(t, files(3, 3))
	name := filepath.Join(dir, "p1", "f1.go")
	if err := os.Chmod(name, 0); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(name); err == nil {
		f.Close()
		t.Skip("permissions do not apply to this user")
	}
	out, _, err := execute(t.Context(), dir, "--rounds=20")
	if err != nil || !strings.Contains(out, "1 file could not be read") || !strings.Contains(out, "f1.go") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestInterruptedBeforeTheWork(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out, _, err := execute(ctx, onDisk(t, files(1, 1)))
	if !errors.Is(err, errInterrupted) || out != "" {
		t.Errorf("%v, %s", err, out)
	}
}

// interruptedAfter is a writer that ends a context when it is told of a strategy.
type interruptedAfter struct {
	what   string
	cancel context.CancelFunc
}

func (w interruptedAfter) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.what) {
		w.cancel()
	}
	return len(p), nil
}

func TestInterruptedReport(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	page := filepath.Join(t.TempDir(), "report.html")
	o := options{files: 100, workers: 2, rounds: 5, seed: 1, html: page}
	var out strings.Builder
	err := o.run(ctx, []string{onDisk(t, files(5, 5))}, &out, interruptedAfter{"weak cache", cancel})
	if !errors.Is(err, errInterrupted) {
		t.Error(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{out.String(), string(text)} {
		for _, want := range []string{"interrupted", "weak cache, interrupted", "LRU"} {
			if !strings.Contains(s, want) {
				t.Errorf("%q is missing in:\n%s", want, s)
			}
		}
	}
}
