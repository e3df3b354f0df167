package demo

import (
	"bytes"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
)

// TestTableFits checks that the report is for terminals of 80 columns and, as a list, for
// narrower ones.
func TestTableFits(t *testing.T) {
	r := &report{work: &work{source: &source{root: "/a/folder/that/is/far/down/in/the/tree/of/folders/src"}, files: 4000, found: 123456, editors: 10000, rounds: 1000000}}
	for _, k := range kinds {
		r.trials = append(r.trials, trial{kind: k, figures: figures{
			Requests: 123456789, Parses: 1234567, EmptyHeap: 1 << 20, PeakHeap: 1 << 40, HeapAfter: 1 << 30, EntriesLeft: 4000, WallSeconds: 12345,
		}})
	}
	var out bytes.Buffer
	if err := r.writeTable(&out); err != nil {
		t.Fatal(err)
	}
	if w := text.LongestLineLen(out.String()); w > columns {
		t.Errorf("%d columns:\n%s", w, out.String())
	}
	if w := text.LongestLineLen(r.list()); w > 40 {
		t.Errorf("%d columns:\n%s", w, r.list())
	}
}
