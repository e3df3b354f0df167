package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
)

// report is what a run has found out, for people and for machines.
type report struct {
	*work
	trials      []trial
	interrupted bool
}

// writeJSON writes the figures for machines.
func (r *report) writeJSON(w io.Writer) error {
	unreadable, unparsable := r.source.counts()
	all := struct {
		Files       int       `json:"files"`
		Unreadable  int       `json:"unreadable"` // files and folders
		Unparsable  int       `json:"unparsable"`
		Interrupted bool      `json:"interrupted"`
		Strategies  []figures `json:"strategies"`
	}{r.files, unreadable, unparsable, r.interrupted, []figures{}}
	for _, t := range r.trials {
		all.Strategies = append(all.Strategies, t.figures)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(all)
}

// title says what was done.
func (r *report) title() string {
	return fmt.Sprintf("%d of the %s in %s; %s, %s, seed %d; %s, %s",
		r.files, count(r.found, "Go file", "Go files"), r.source.root,
		count(r.editors, "editor", "editors"), count(r.rounds, "round", "rounds"), r.seed,
		count(runtime.GOMAXPROCS(0), "processor", "processors"), runtime.Version())
}

// sizes says what sizes the strategies had, and why.
func (r *report) sizes() string {
	return fmt.Sprintf("The LRU and Keep have room for %s: %d for each editor, which can have no more files open.",
		count(guess(r.editors), "tree", "trees"), tabs)
}

// remarks is what else there is to say.
func (r *report) remarks() []string {
	remarks := r.source.problems()
	if r.interrupted {
		remarks = append([]string{"The run was interrupted. These are the figures until then."}, remarks...)
	}
	return remarks
}

// measure is a row of the table.
type measure struct {
	name    string
	meaning string
	of      func(f *figures) string
}

var measures = []measure{
	{"requests", "How often an editor asked for a file.",
		func(f *figures) string { return fmt.Sprint(f.Requests) }},
	{"parses", "How often a file was parsed.",
		func(f *figures) string { return fmt.Sprint(f.Parses) }},
	{"hit ratio", "The part of the requests that got a tree without parsing.",
		func(f *figures) string { return fmt.Sprintf("%.1f %%", 100*f.HitRatio) }},
	{"most trees alive", "The most trees that were in memory at once: parsed, and not yet collected.",
		func(f *figures) string { return fmt.Sprint(f.MaxAlive) }},
	{"duplicates", "How often a request brought in a second tree of a file while somebody held the first.",
		func(f *figures) string { return fmt.Sprint(f.Duplicates) }},
	{"most copies of a file", "The most trees of one file that editors held at once.",
		func(f *figures) string { return fmt.Sprint(f.MaxCopies) }},
	{"empty heap", "The heap before the first request, after forced collections.",
		func(f *figures) string { return mebibytes(f.EmptyHeap) }},
	{"peak heap", "The largest heap, garbage not yet collected included.",
		func(f *figures) string { return mebibytes(f.PeakHeap) }},
	{"heap after", "The heap after everybody has let go, and forced collections.",
		func(f *figures) string { return mebibytes(f.HeapAfter) }},
	{"heap after / empty", "The same, as a multiple of the empty heap.",
		func(f *figures) string { return fmt.Sprintf("%.2f ×", f.afterToEmpty()) }},
	{"entries left", "How many entries the strategy has then.",
		func(f *figures) string { return fmt.Sprint(f.EntriesLeft) }},
	{"wall time", "The time from the first request until everybody has let go.",
		func(f *figures) string { return fmt.Sprintf("%.2f s", f.WallSeconds) }},
}

func (f *figures) afterToEmpty() float64 { return float64(f.HeapAfter) / float64(f.EmptyHeap) }

// heads returns the heads of the table's columns, one for each strategy.
func (r *report) heads() []string {
	var heads []string
	for _, t := range r.trials {
		if t.Interrupted {
			t.title += ", interrupted"
		}
		heads = append(heads, t.title)
	}
	return heads
}

// row is a row of the table, with a value for each strategy.
type row struct {
	Name, Meaning string
	Values        []string
}

func (r *report) rows() []row {
	var rows []row
	for _, m := range measures {
		row := row{Name: m.name, Meaning: m.meaning}
		for i := range r.trials {
			row.Values = append(row.Values, m.of(&r.trials[i].figures))
		}
		rows = append(rows, row)
	}
	return rows
}
