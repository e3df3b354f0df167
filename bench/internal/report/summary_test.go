package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/bench/internal/suite"
)

// TestSummary makes sure that the page begins with the ratios, and that a file with a
// place for them gets the same lines, and keeps what stands around them.
func TestSummary(t *testing.T) {
	folder := t.TempDir()
	run := sample(t)
	for impl, figures := range map[string][2]float64{suite.ValueMap: {300, 60}, suite.Recipe: {1000, 240}} {
		name := suite.Name{Group: "Churn", Impl: impl, Op: "churn", N: 100_000, Threads: 1}
		run.Add("Churn", Line(name, []suite.Metric{{Value: figures[0], Unit: "cpu-ns/op"}, {Value: figures[1], Unit: "peak-MiB"}}))
	}
	readme := filepath.Join(folder, "TOP.md")
	if err := Save(folder, run, false); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(readme, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(folder); err != nil {
		t.Fatal(err)
	}
	if err := WriteReadme(readme, folder); err != nil {
		t.Fatal(err)
	}
	const lines = `| | 1 000 entries | 131 072 entries | 1 000 000 entries |
|---|---:|---:|---:|
| look-up | 0.25 × (12.0 ns) | 0.50 × (24.0 ns) | |

A million stores, of whose values the newest 100 000 are held, take 0.30 × the processor time and 0.25 × the peak memory.
Values of 64 bytes, int keys; `
	page := read(t, folder, "README.md")
	top := read(t, folder, "TOP.md")
	for name, text := range map[string]string{"page": page, "other file": top} {
		if !strings.Contains(text, lines) {
			t.Errorf("the %s lacks\n%s\nit is\n%s", name, lines, text)
		}
	}
	if !strings.HasPrefix(top, "before\n"+begin) || !strings.HasSuffix(top, end+"after\n") || strings.Contains(top, "old") {
		t.Errorf("around the figures there is\n%s", top)
	}
	if i := strings.Index(page, "summary.svg"); i < 0 || strings.Count(page[:i], "\n") > 25 {
		t.Errorf("the chart is not on the first screen:\n%s", page)
	}
	if svg := read(t, folder, "summary.svg"); !strings.Contains(svg, "131 072 entries") {
		t.Error("the chart has no legend")
	}
	if _, err := Readme([]byte("no place"), folder); err == nil {
		t.Error("figures were put into a file that has no place for them")
	}
}
