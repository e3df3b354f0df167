package demo

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestPage(t *testing.T) {
	name := filepath.Join(t.TempDir(), "report.html")
	if _, _, err := execute(t.Context(), onDisk(t, files(10, 5)), "--workers=2", "--rounds=10", "--html", name); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, want := range []string{"prefers-color-scheme: dark", "plain map", "LRU", "weak cache", "weak, Keep", "everybody has let go"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, m := range measures {
		if !strings.Contains(page, m.name) || !strings.Contains(page, m.meaning) {
			t.Errorf("no row %q", m.name)
		}
	}
	charts := regexp.MustCompile(`(?s)<svg .*?</svg>`).FindAllString(page, -1)
	if len(charts) != len(kinds) {
		t.Fatalf("%d charts", len(charts))
	}
	for _, chart := range charts {
		mustBeXML(t, chart)
		for _, fill := range regexp.MustCompile(`fill:[^;"]*`).FindAllString(chart, -1) {
			if !regexp.MustCompile(`^fill:(none|var\(--\w+\))$`).MatchString(fill) {
				t.Errorf("%q is no colour", fill)
			}
		}
		if n := strings.Count(chart, "var(--line)"); n != 1 {
			t.Errorf("%d lines in a chart", n)
		}
	}
	// Nothing is fetched, and no colour is left that knows nothing of light and dark.
	names := regexp.MustCompile(`xmlns(:\w+)?="[^"]*"`)
	rest := names.ReplaceAllString(page, "")
	if found := regexp.MustCompile(`(?i)https?:|//|src=|href=|url\(|@import|<script|<link`).FindAllString(rest, -1); found != nil {
		t.Errorf("the page refers to something: %q", found)
	}
	if found := regexp.MustCompile(`#[0-9A-Fa-f]{6}`).FindAllString(strings.Join(charts, ""), -1); found != nil {
		t.Errorf("colours %q", found)
	}
}

func mustBeXML(t *testing.T, s string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(s)); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestPageEscapes(t *testing.T) {
	w := toDo(t, files(2, 2), 1, 1, 1)
	w.source.root = "<script>alert(1)</script>"
	w.source.note(&w.source.unreadable, "x.go", errors.New("<b>x.go</b>"))
	var page strings.Builder
	if err := w.run(t.Context(), quiet{}).writeHTML(&page); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), "<script>") || strings.Contains(page.String(), "<b>") {
		t.Error("a name of the user's is taken for markup")
	}
}
