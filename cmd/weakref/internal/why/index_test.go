package why

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What was found is found again without the dump, as long as that is the same file.
func TestIndex(t *testing.T) {
	f := app(t)
	b, err := os.ReadFile(f.newer)
	if err != nil {
		t.Fatal(err)
	}
	dump := filepath.Join(t.TempDir(), "dump")
	if err := os.WriteFile(dump, b, 0o600); err != nil {
		t.Fatal(err)
	}
	o := options{binary: f.exe, max: 20, by: "retained", quiet: true}
	questions := []request{{query: "info"}, {query: "top"}, {query: "holders"}, {query: "goroutines"}, {"path", []string{"main.Session"}}}
	x := o.openIndex(dump)
	d, err := o.open(dump, func(string, float64) {})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	text := func(v *view, r request) string {
		a, err := queries[r.query].run(v, r.args)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		a.text(&b)
		return b.String()
	}
	want := map[string]string{}
	for _, r := range questions {
		if x.covers(r, o) {
			t.Errorf("an empty index covers %v", r)
		}
		want[r.query] = text(&view{Dump: d, index: x, file: dump, options: o}, r)
	}
	if err := x.save(time.Hour); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(dump + indexSuffix); err != nil || fi.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("%v, %v", fi, err)
	}
	x = o.openIndex(dump)
	for _, r := range questions {
		if !x.covers(r, o) {
			t.Errorf("the index does not cover %v", r)
		} else if got := text(&view{index: x, file: dump, options: o}, r); got != want[r.query] {
			t.Errorf("%v: from the index\n%s\nwant\n%s", r, got, want[r.query])
		}
	}
	// Another dump of that name, or another executable, is another matter.
	other := o
	other.binary = ""
	if x := other.openIndex(dump); x.Info != nil {
		t.Error("the index counts for another executable")
	}
	b[len(b)-1]++
	if err := os.WriteFile(dump, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if x := o.openIndex(dump); x.Info != nil {
		t.Error("the index counts for another dump")
	}
}
